"""The commands against the vendor's toolkit, where its environment was made: CI does not install it."""

import subprocess

import numpy as np
import onnx
import pytest
from onnx import helper
from small_graphs import made

from mien_model.__main__ import main
from mien_model.paths import MODEL
from mien_model.rknn.container import read_container

PYTHON = MODEL / ".venv-rknn" / "bin" / "python"
toolkit = pytest.mark.skipif(not PYTHON.exists(), reason="SKIPPED: model/.venv-rknn is not there (README.md: how to make it)")


@pytest.fixture
def folder(tmp_path):
    """net.onnx, a convolution and its ReLU, and calib.npz."""
    random = np.random.default_rng(1)
    constants = {"w": random.normal(size=(8, 3, 3, 3)).astype(np.float32), "b": np.zeros(8, np.float32)}
    nodes = [
        helper.make_node("Conv", ["input", "w", "b"], ["a"], "a", kernel_shape=[3, 3], pads=[1] * 4),
        helper.make_node("Relu", ["a"], ["out"], "r"),
    ]
    onnx.save(made(nodes, constants, [1, 3, 16, 16], ["out"]), tmp_path / "net.onnx")
    np.savez(tmp_path / "calib.npz", random.integers(0, 256, (4, 16, 16, 3), np.uint8))
    return tmp_path


def run(*words):
    return subprocess.run([PYTHON, "-m", "mien_model", *map(str, words)], cwd=MODEL, capture_output=True, text=True, timeout=300)


@toolkit
def test_any_network_becomes_a_file(folder):
    done = run("convert", folder / "net.onnx", "--calibration", folder / "calib.npz", "--out", folder / "net.rknn", "--equalise")
    assert done.returncode == 0, done.stderr
    assert "takes u8 [1, 16, 16, 3]" in done.stdout and "out [1, 8, 16, 16]" in done.stdout and "cycles" in done.stdout
    found = read_container(folder / "net.rknn")
    assert found.chips == ("rk3588",) and found.tensors == {"input": (1, 3, 16, 16), "out": (1, 8, 16, 16)}


@toolkit
def test_cycles_prints_the_compilers_table(folder):
    done = run("cycles", folder / "net.onnx")
    assert done.returncode == 0, done.stderr
    assert "ConvRelu" in done.stdout and "internal" in done.stdout


@toolkit
def test_what_the_compiler_says_of_a_wrong_chip_is_told(folder):
    done = run("convert", folder / "net.onnx", "--calibration", folder / "calib.npz", "--out", folder / "net.rknn", "--target", "rk9999")
    assert done.returncode == 1 and "rk9999" in done.stderr
    assert not (folder / "net.rknn").exists()


def test_faults_before_the_compiler_are_told(folder, capsys):
    (folder / "bad.onnx").write_bytes(b"no network")
    assert main(["convert", str(folder / "bad.onnx"), "--calibration", str(folder), "--out", str(folder / "x.rknn")]) == 1
    assert "no readable ONNX file" in capsys.readouterr().err
    wide = made([helper.make_node("Relu", ["input"], ["out"])], {}, [1, 4, 16, 16], ["out"])
    onnx.save(wide, folder / "wide.onnx")
    assert main(["convert", str(folder / "wide.onnx"), "--calibration", str(folder), "--out", str(folder / "x.rknn")]) == 1
    assert "expected one input of three colours and a fixed size" in capsys.readouterr().err
