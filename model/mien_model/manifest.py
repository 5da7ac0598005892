"""The parts of model.json that are the same for every release of these networks. Its schema is core's model-manifest.ts."""

import hashlib
from pathlib import Path

from .blazeface import KEYPOINTS, BlazeFace
from .geometry import EYE_MIDPOINT, EYE_TO_MOUTH
from .graph import MEAN, SCALE
from .network import EXPRESSIONS, SIDE

STATEMENT = "The face weights are for research and demonstration only: part of their training data forbids other use."
DETECTOR_LICENCE = {
    "use": "any",
    "name": "Apache-2.0",
    "file": "LICENSE-APACHE-2.0",
    "statement": "The face detectors are MediaPipe's BlazeFace, Apache-2.0; see NOTICE.",
}
DATA = [
    {"name": "UTKFace", "use": "age and gender: training, calibration, measuring", "terms": "non-commercial research only"},
    {
        "name": "FER2013 pixels with FER+ votes",
        "use": "expression: training, calibration, measuring",
        "terms": "labels MIT; pixels of a research challenge without a clear licence",
    },
    {
        "name": "LFW faces of muxspace/facial_expressions",
        "use": "expression: training, calibration, measuring",
        "terms": "label file Apache-2.0; the photographs are news photographs",
    },
    {"name": "ImageNet", "use": "the trunk's start (google-coral/test_data)", "terms": "weights Apache-2.0"},
]


def file_entry(file: Path, precision: str, opset: int) -> dict:
    """One ONNX file for the CPU."""
    data = file.read_bytes()
    return {
        "path": file.name,
        "backend": "onnx",
        "chip": "cpu",
        "precision": precision,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "opset": opset,
    }


def model_input(side: int, layout: str, dtype: str, normalised_by: str) -> dict:
    """RGB, square, (p - 127.5) / 127.5."""
    return {
        "name": "input",
        "width": side,
        "height": side,
        "layout": layout,
        "dtype": dtype,
        "colorOrder": "rgb",
        "mean": [MEAN] * 3,
        "scale": [SCALE] * 3,
        "normalisedBy": normalised_by,
    }


def detector_entry(detector: BlazeFace, file: dict, answers: dict) -> dict:
    """A detector network."""
    return {
        "role": "detector",
        "name": detector.name,
        "description": detector.description,
        "licence": DETECTOR_LICENCE,
        "files": [file],
        "input": model_input(detector.side, "nchw", "f32", "host"),
        "outputs": {"boxes": "boxes", "scores": "scores"},
        "anchors": [{"size": size, "perCell": per_cell} for size, per_cell in detector.anchors],
        "keypoints": list(KEYPOINTS),
        "coordinateScale": detector.side,
        "scoreActivation": "logit",
        "scoreThreshold": detector.score_threshold,
        "knownAnswers": answers,
    }


def recogniser_entry(files: list[dict], calibration: dict, quantisation: dict, measured: list[dict], answers: dict) -> dict:
    """The recogniser. calibration: `ageSd`, and `gender` and `expression` with their temperature and calibration error."""
    return {
        "role": "recognizer",
        "name": "faces-npu-head",
        "description": "MobileNetV2 1.4 with two depthwise convolutions for pooling; age, gender and expression of one aligned face",
        "files": files,
        "input": model_input(SIDE, "nhwc", "u8", "network"),
        "crop": {"eyeMidpoint": list(EYE_MIDPOINT), "eyeToMouth": EYE_TO_MOUTH, "border": "reflect101"},
        "heads": {
            "age": {"output": "age", "unit": "years", "range": [0, 116], "sd": calibration["ageSd"]},
            "gender": {"output": "gender", "activation": "logit", "labels": ["female", "male"], **calibration["gender"]},
            "expression": {
                "output": "expression",
                "activation": "logits",
                "labels": list(EXPRESSIONS),
                "valence": [-1, 0, 1],
                **calibration["expression"],
            },
        },
        "quantisation": quantisation,
        "measured": measured,
        "knownAnswers": answers,
    }


def manifest(version: str, networks: list[dict]) -> dict:
    """The whole."""
    return {
        "manifestVersion": 1,
        "name": "mien-faces",
        "version": version,
        "networks": networks,
        "licence": {"use": "research", "name": "research and demonstration only", "file": "LICENSE", "statement": STATEMENT},
        "data": DATA,
    }
