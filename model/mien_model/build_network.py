"""`mien_model export`: one folder with the recogniser's files and a note on how INT8 was made."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationMethod

from .export import export_float
from .faces import MOST_PADDING, load_faces, read_index, stratified_sample
from .geometry import resize_square
from .graph import MEAN, SCALE, take_pixels
from .network import SIDE
from .paths import faces_title
from .quantise import STRIDE, quantise
from .rknn.prune import drop_still_channels

SAMPLES = 256
METHOD = CalibrationMethod.Percentile
FLOAT = ("/block00", "/block01", "/pool1", "/pool2")
"""What stays in float. block00's depthwise weights (up to 180) multiply channels of the stem that move by less than one step
of a shared scale; block01 reads what it makes; pool1 and pool2 have no activation to bound them. README.md has the figures."""


def build_network(weights: Path, folder: Path) -> None:
    """The two ONNX files, quantisation.json (the manifest's `quantisation`) and weights.json (which weights they are of) in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    worst = export_float(weights, folder / "float.onnx")
    print(f"FP32 differs from PyTorch by at most {worst:.1e}")
    onnx.save(take_pixels(onnx.load(folder / "float.onnx")), folder / "faces-npu-head-fp32.onnx")
    rows = stratified_sample(read_index("train", most_padding=MOST_PADDING), SAMPLES, seed=1)
    if len(rows) < STRIDE:
        raise ValueError(f"INT8 needs at least {STRIDE} train faces with little padding to calibrate with, there are {len(rows)}")
    pixels = resize_square(load_faces(rows[: len(rows) // STRIDE * STRIDE]).images, SIDE)
    moving = drop_still_channels(onnx.load(folder / "float.onnx"), (planes(picture[None]) for picture in pixels))
    onnx.save(moving, folder / "moving.onnx")
    quantise(folder / "moving.onnx", folder / "faces-npu-head-int8.onnx", pixels, METHOD, FLOAT)
    note = {
        "scheme": "QDQ, weights s8 per channel, activations u8 per tensor; still channels gone; block00, block01, pool1, pool2 and the heads in float",
        "calibration": f"{METHOD.name} (99.999); train split of {faces_title()}, evenly over sources, age decades, genders, expressions",
        "calibrationSamples": len(pixels),
    }
    (folder / "quantisation.json").write_text(json.dumps(note, indent=2) + "\n")
    origin = {"file": weights.name, "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    (folder / "weights.json").write_text(json.dumps(origin) + "\n")


def planes(pixels: np.ndarray) -> np.ndarray:
    """u8 [n, h, w, 3] as the float network's input, f32 [n, 3, h, w] in -1..1."""
    return np.ascontiguousarray(((pixels.astype(np.float32) - MEAN) / SCALE).transpose(0, 3, 1, 2))
