"""The committed release against its own manifest, with ONNX Runtime."""

import copy
import hashlib
import json

import numpy as np
import pytest

from mien_model.blazeface import DETECTORS, best_face
from mien_model.detectors import network_input
from mien_model.evaluate import open_session
from mien_model.paths import RELEASE

MANIFEST = json.loads((RELEASE / "model.json").read_text())
NETWORKS = MANIFEST["networks"]
FILES = [(network, file) for network in NETWORKS for file in network["files"] if file["backend"] == "onnx"]
EVERY_FILE = [(network, file) for network in NETWORKS for file in network["files"]]


def name_of(value):
    return value["path"] if "path" in value else value["name"]


def inputs_of(network):
    shape = (network["knownAnswers"]["n"], network["input"]["height"], network["input"]["width"], 3)
    pixels = np.frombuffer((RELEASE / network["knownAnswers"]["inputs"]).read_bytes(), np.uint8).reshape(shape)
    return pixels if network["input"]["dtype"] == "u8" else network_input(pixels)


def deviations(network, file):
    """(output, largest deviation, tolerance) of the file's answers from the manifest's."""
    known = network["knownAnswers"]
    session = open_session(RELEASE / file["path"], 1)
    found = []
    for output, expected in known["expected"][file["precision"]].items():
        answers = [session.run([output], {network["input"]["name"]: face[None]})[0].ravel() for face in inputs_of(network)]
        chosen = np.stack(answers)[:, known.get("select", {}).get(output, slice(None))]
        found.append((output, np.abs(chosen - np.array(expected)).max(), known["tolerance"][file["precision"]][output]))
    return found


@pytest.mark.parametrize(("network", "file"), EVERY_FILE, ids=name_of)
def test_files_are_those_of_the_manifest(network, file):
    data = (RELEASE / file["path"]).read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])


@pytest.mark.parametrize("network", NETWORKS, ids=name_of)
def test_known_inputs_are_those_of_the_manifest(network):
    data = (RELEASE / network["knownAnswers"]["inputs"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == network["knownAnswers"]["sha256"]


@pytest.mark.parametrize(("network", "file"), FILES, ids=name_of)
def test_known_answers_come_out(network, file):
    for output, off, tolerance in deviations(network, file):
        assert off <= tolerance, output


@pytest.mark.parametrize(("network", "file"), FILES, ids=name_of)
def test_one_flipped_known_answer_is_noticed(network, file):
    flipped = copy.deepcopy(network)
    output, rows = next(iter(flipped["knownAnswers"]["expected"][file["precision"]].items()))
    rows[0][0] = -rows[0][0] - 10
    assert any(name == output and off > tolerance for name, off, tolerance in deviations(flipped, file))


def test_known_answers_differ_by_more_than_their_tolerance():
    known = NETWORKS[0]["knownAnswers"]
    for precision, outputs in known["expected"].items():
        for output, rows in outputs.items():
            assert np.ptp(np.array(rows), axis=0).max() > 2 * known["tolerance"][precision][output]


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: d.name)
def test_detectors_find_the_eyes_of_every_portrait(detector):
    network = next(n for n in NETWORKS if n["name"] == detector.name)
    session = open_session(RELEASE / network["files"][0]["path"], 1)
    for tensor in inputs_of(network):
        boxes, scores = session.run(["boxes", "scores"], {"input": tensor[None]})
        p, (centre, size, right_eye, left_eye, nose, mouth, *_) = best_face(detector, boxes[0], scores[0, :, 0])
        assert p > network["scoreThreshold"]
        assert right_eye[0] < nose[0] < left_eye[0] and right_eye[1] < nose[1] < mouth[1]
        assert (np.abs(np.stack([right_eye, left_eye, mouth]) - centre) < size / 2).all()


def test_licence_is_named_and_there():
    licence = MANIFEST["licence"]
    assert licence["use"] == "research" and "research" in (RELEASE / licence["file"]).read_text()
    assert "MediaPipe" in (RELEASE / "NOTICE").read_text()


def test_release_is_small():
    assert sum(file.stat().st_size for file in RELEASE.iterdir()) < 35e6


def cpu_row(precision):
    return next(row for row in NETWORKS[0]["measured"] if row["precision"] == precision and "file" not in row)


def test_int8_costs_little():
    fp32, int8 = cpu_row("fp32"), cpu_row("int8")
    assert int8["ageMae"] - fp32["ageMae"] <= 0.15
    assert fp32["genderAccuracy"] - int8["genderAccuracy"] <= 0.005
    assert fp32["expressionAccuracy"] - int8["expressionAccuracy"] <= 0.01


def test_int8_on_the_npu_costs_little():
    fp32 = cpu_row("fp32")
    found = [row for row in NETWORKS[0]["measured"] if row.get("file", "").endswith(".rknn")]
    assert found
    for int8 in found:
        assert int8["n"] == fp32["n"]
        assert int8["ageMae"] - fp32["ageMae"] <= 0.3
        assert fp32["genderAccuracy"] - int8["genderAccuracy"] <= 0.005
        assert fp32["expressionAccuracy"] - int8["expressionAccuracy"] <= 0.01


def test_the_release_holds_what_the_manifest_names_and_no_other_network():
    named = {file["path"] for network in NETWORKS for file in network["files"]}
    assert {file.name for file in RELEASE.iterdir() if file.suffix in (".onnx", ".rknn")} == named
