import json
import struct

import pytest

from mien_model.paths import RELEASE
from mien_model.rknn.container import read_container

TOLD = {
    "target_platform": ["rk3588"],
    "version": "2.5.0",
    "input_num": 1,
    "norm_tensor": [{"url": "input", "size": [1, 3, 8, 8]}, {"url": "age", "size": [1, 1]}],
}


def container(told=TOLD, main=b"weights", version=6):
    """The bytes of a file of this form."""
    text = json.dumps(told).encode()
    return b"RKNN\0\0\0\0" + struct.pack("<QQ", version, len(main)) + bytes(40) + main + struct.pack("<Q", len(text)) + text


def test_a_file_tells_its_chip_and_tensors(tmp_path):
    (tmp_path / "a.rknn").write_bytes(container())
    found = read_container(tmp_path / "a.rknn")
    assert (found.version, found.chips, found.toolkit, found.inputs) == (6, ("rk3588",), "2.5.0", 1)
    assert found.tensors == {"input": (1, 3, 8, 8), "age": (1, 1)}


@pytest.mark.parametrize(("cut", "said"), [(0, "no .rknn file"), (63, "no .rknn file"), (75, "cut short"), (-1, "cut short")])
def test_a_file_that_is_cut_is_refused(tmp_path, cut, said):
    (tmp_path / "a.rknn").write_bytes(container()[:cut])
    with pytest.raises(ValueError, match=said):
        read_container(tmp_path / "a.rknn")


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.rknn").write_bytes(b"\x08\x07" * 100)
    with pytest.raises(ValueError, match=r"a\.rknn is no \.rknn file"):
        read_container(tmp_path / "a.rknn")


NETWORKS = json.loads((RELEASE / "model.json").read_text())["networks"]
FILES = [(network, file) for network in NETWORKS for file in network["files"] if file["backend"] == "rknn"]


def test_every_network_has_a_file_for_the_npu():
    assert [network["name"] for network, file in FILES if file["chip"] == "rk3588"] == [network["name"] for network in NETWORKS]
    assert sum(file["bytes"] for _, file in FILES) < 20e6


@pytest.mark.parametrize(("network", "file"), FILES, ids=lambda value: value.get("path", value.get("name")))
def test_released_files_are_what_the_manifest_says(network, file):
    found = read_container(RELEASE / file["path"])
    side = network["input"]["height"]
    assert (found.version, found.chips, found.inputs) == (6, (file["chip"],), 1)
    assert found.tensors["input"] == (1, 3, side, side)
    outputs = {name: list(shape) for name, shape in found.tensors.items() if name != "input"}
    assert outputs == {name: step["dims"] for name, step in file["outputs"].items()}
    assert file["input"]["normalisedBy"] == "network" and (file["input"]["dtype"], file["input"]["layout"]) == ("u8", "nhwc")


@pytest.mark.parametrize(("network", "file"), FILES, ids=lambda value: value.get("path", value.get("name")))
def test_expected_answers_are_steps_of_the_quantiser(network, file):
    for name, rows in network["knownAnswers"]["expected"][file["answers"]].items():
        step = file["outputs"][name]
        for row in rows:
            for value in row:
                q = value / step["scale"] + step["zeroPoint"]
                assert abs(q - round(q)) < 0.02 and -128 <= round(q) <= 127
