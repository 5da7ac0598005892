"""`mien_model release`: model/release/ from the converted files, with everything measured anew."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from . import manifest
from .blazeface import DETECTORS, FULL
from .calibration import age_spread, head_calibration
from .eval.gate import answers_of, demand, gate
from .evaluate import Answers, errors
from .export import OPSET
from .faces import Faces, load_faces, read_index
from .geometry import letterbox
from .known_answers import aligned_portraits, detector_answers, recogniser_answers, store_inputs
from .paths import FACES, faces_title
from .portraits import fetch_portraits

VERSION = "0.1.0"
PRECISIONS = ("fp32", "int8")
TOLERANCE = {
    "fp32": {"age": 0.02, "gender": 0.005, "expression": 0.005},
    "int8": {"age": 1.5, "gender": 0.4, "expression": 0.4},
}
"""INT8 kernels of other processors round otherwise; a wrong normalisation or colour order is off by far more."""
DETECTOR_TOLERANCE = {"boxes": 0.02, "scores": 0.01}


def network_file(precision: str) -> str:
    """The recogniser's file name."""
    return f"faces-npu-head-{precision}.onnx"


def build_release(detectors: Path, network: Path, target: Path, folder: Path = FACES) -> Iterator[str]:
    """Write `target` (LICENSE and NOTICE stay as they are); says what it finds, a line at a time. detectors, network: the folders of the
    converted ONNX files; folder: the faces whose val split it is measured on.

    Raises ValueError, before anything is written, where the gate does not hold.
    """
    faces = load_faces(read_index("val", folder), folder)
    answers = answers_of(network, faces)
    found = gate(answers, faces)
    yield from map(str, found)
    demand(found, str(network))
    target.mkdir(parents=True, exist_ok=True)
    portraits = fetch_portraits()
    for detector in DETECTORS:
        shutil.copyfile(detectors / f"{detector.name}.onnx", target / f"{detector.name}.onnx")
    for precision in PRECISIONS:
        shutil.copyfile(network / network_file(precision), target / network_file(precision))
    quantisation = json.loads((network / "quantisation.json").read_text())
    networks = [_recogniser(target, portraits, quantisation, answers, faces)]
    networks += [_detector(detector, target, portraits) for detector in DETECTORS]
    write_manifest(manifest.manifest(VERSION, networks), target)
    yield f"{target / 'model.json'}"


def write_manifest(value: dict, target: Path) -> None:
    """model.json in the folder `target`."""
    (target / "model.json").write_text(_short_rows(json.dumps(value, indent=2)) + "\n")


def _recogniser(target: Path, portraits: dict[str, np.ndarray], quantisation: dict, answers: dict[str, Answers], faces: Faces) -> dict:
    files = {precision: target / network_file(precision) for precision in PRECISIONS}
    pixels = aligned_portraits(target / f"{FULL.name}.onnx", portraits)
    stored = store_inputs(pixels, target / "faces-npu-head.known.bin")
    return manifest.recogniser_entry(
        [manifest.file_entry(files[precision], precision, OPSET) for precision in PRECISIONS],
        calibrate(answers["int8"], faces),
        quantisation,
        [measured(precision, answers[precision], faces) for precision in PRECISIONS],
        recogniser_answers(files, pixels, stored, TOLERANCE),
    )


def _detector(detector, target: Path, portraits: dict[str, np.ndarray]) -> dict:
    file = target / f"{detector.name}.onnx"
    squares = np.stack([letterbox(portrait, detector.side)[0] for portrait in portraits.values()])
    stored = store_inputs(squares, target / f"{detector.name}.known.bin")
    answers = detector_answers(detector, file, squares, stored, DETECTOR_TOLERANCE)
    return manifest.detector_entry(detector, manifest.file_entry(file, "fp32", OPSET), answers)


def calibrate(answers: Answers, faces: Faces) -> dict:
    """The manifest's calibrated numbers, from the file that runs by default."""
    heads = {"gender": head_calibration(answers.gender, faces.gender)}
    heads["expression"] = head_calibration(answers.expression, faces.expression)
    for head in heads.values():
        del head["before"]
    return {"ageSd": age_spread(answers, faces), **heads}


def measured(precision: str, answers: Answers, faces: Faces) -> dict:
    """A row of the manifest's `measured`."""
    found = {name: round(value, 4) for name, value in errors(answers, faces).items()}
    return {"precision": precision, "split": f"val of {faces_title()}, all of it", "n": len(faces), **found}


def _short_rows(text: str) -> str:
    """Lists of numbers on one line each."""
    import re

    return re.sub(r"\[[-\d.,e\s]+\]", lambda found: re.sub(r"\s+", " ", found[0]).replace("[ ", "[").replace(" ]", "]"), text)
