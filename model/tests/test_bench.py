"""The committed networks of Table 6 against their manifest; no toolkit needed."""

import hashlib
import json

import numpy as np
import pytest

from mien_model.paths import BENCH, MODEL, RELEASE
from mien_model.rknn.container import read_container

MANIFEST = json.loads((BENCH / "model.json").read_text())
NETWORKS = {network["name"]: network for network in MANIFEST["networks"]}
OUTPUTS = {
    "faces-pooled": ["age", "gender", "expression"],
    "faces-age": ["age"],
    "faces-gender": ["gender"],
    "faces-expression": ["expression"],
}


def test_the_networks_of_the_table_and_no_other_are_there():
    assert list(NETWORKS) == list(OUTPUTS)
    named = {file["path"] for network in NETWORKS.values() for file in network["files"]} | {"faces.known.bin", "model.json", "LICENSE", "NOTICE"}
    assert {file.name for file in BENCH.iterdir()} == named


@pytest.mark.parametrize("name", OUTPUTS)
def test_each_file_is_that_of_the_manifest_and_small(name):
    (file,) = NETWORKS[name]["files"]
    data = (BENCH / file["path"]).read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
    assert len(data) <= 5_000_000


def test_together_they_are_small():
    assert sum(file.stat().st_size for file in BENCH.iterdir()) < 20_000_000


@pytest.mark.parametrize("name", OUTPUTS)
def test_each_file_has_the_outputs_of_its_heads(name):
    network = NETWORKS[name]
    (file,) = network["files"]
    container = read_container(BENCH / file["path"])
    outputs = dict(list(container.tensors.items())[container.inputs :])
    assert list(outputs) == list(file["outputs"]) == list(network["heads"]) == OUTPUTS[name]
    assert [list(shape) for shape in outputs.values()] == [quantised["dims"] for quantised in file["outputs"].values()]
    assert container.chips == ("rk3588",) and file["input"] == network["input"]
    assert (network["input"]["dtype"], network["input"]["layout"], network["input"]["normalisedBy"]) == ("u8", "nhwc", "network")


@pytest.mark.parametrize("name", OUTPUTS)
def test_known_answers_are_steps_of_their_quantiser_and_differ(name):
    network = NETWORKS[name]
    known, (file,) = network["knownAnswers"], network["files"]
    data = (BENCH / known["inputs"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == known["sha256"] and len(data) == known["n"] * 112 * 112 * 3
    expected, tolerance = known["expected"][file["answers"]], known["tolerance"][file["answers"]]
    for output, quantised in file["outputs"].items():
        rows = np.array(expected[output])
        steps = rows / quantised["scale"] + quantised["zeroPoint"]
        assert np.abs(steps - steps.round()).max() < 0.01 and steps.min() >= -128 and steps.max() <= 127.01
        assert np.ptp(rows, axis=0).max() > 2 * tolerance[output]


def test_a_head_alone_answers_like_the_release_on_the_npu():
    release = json.loads((RELEASE / "model.json").read_text())["networks"][0]["knownAnswers"]
    for name in ("age", "gender", "expression"):
        alone = NETWORKS[f"faces-{name}"]["knownAnswers"]
        assert alone["sha256"] == release["sha256"]
        off = np.abs(np.array(alone["expected"]["int8-rk3588"][name]) - np.array(release["expected"]["int8-rk3588"][name])).max()
        assert off <= release["tolerance"]["int8-rk3588"][name], name


def test_they_say_what_they_are_for_and_stay_out_of_the_package():
    assert all("speed and memory only" in network["description"] for network in NETWORKS.values())
    assert MANIFEST["name"] == "mien-bench" and MANIFEST["licence"]["use"] == "research"
    assert "research" in (BENCH / MANIFEST["licence"]["file"]).read_text()
    packed = json.loads((MODEL / "package.json").read_text())["files"]
    assert packed == ["release", "README.md"]
