"""How each network of a release becomes an INT8 file: its graph, its calibration pictures, what stays in 16-bit floats."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from ..blazeface import DETECTORS, BlazeFace
from ..faces import MOST_PADDING, load_faces, read_index, stratified_sample
from ..geometry import resize_square
from ..network import SIDE
from .convert import planes
from .detector_graphs import prepare
from .equalise import equalise
from .graphs import take_planes
from .merge import merge_pair
from .prune import drop_still_channels
from .scenes import network_squares, scenes
from .toolkit import Recipe

SAMPLES = 256
SCENE_SIZES = [32, 64, 96, 128, 192, 256, 320, 400, 500]
SCENES_EACH = 8
POOLS = ("/pool1/conv/Conv", "/pool2/conv/Conv")
HALF = (("/stem/activation/Clip_output_0", "/block00/depthwise/activation/Clip_output_0"),)
"""block00's depthwise convolution: its weights reach 180 on channels of the stem that hardly move. README.md has the figures."""


@dataclass(frozen=True)
class Prepared:
    """A network ready for the compiler. model: planes as input; pixels: u8 calibration pictures; note: for the manifest."""

    name: str
    model: onnx.ModelProto
    pixels: np.ndarray
    recipe: Recipe
    note: str


def prepare_network(name: str, source: Path, chip: str) -> Prepared:
    """The recogniser or a detector from the release's float ONNX file."""
    model = onnx.load(source)
    for detector in DETECTORS:
        if detector.name == name:
            note = "depthwise and 1x1 convolutions merged where that is faster; scenes with train faces from 32 to 500 pixels of 640"
            return Prepared(name, prepare(model, detector.side), detector_pixels(detector), Recipe(chip), note)
    return prepare_recogniser(name, model, Recipe(chip, half=HALF))


def prepare_recogniser(name: str, model: onnx.ModelProto, recipe: Recipe) -> Prepared:
    """Still channels gone, equalised; a front of two depthwise convolutions becomes one; block00's depthwise convolution in 16-bit floats."""
    rows = stratified_sample(read_index("train", most_padding=MOST_PADDING), SAMPLES, seed=1)
    pixels = resize_square(load_faces(rows).images, SIDE)
    model = take_planes(model)
    pools = {node.name for node in model.graph.node}.issuperset(POOLS)
    if pools:
        model = merge_pair(model, *POOLS)
    model = drop_still_channels(model, (planes(picture[None], recipe) for picture in pixels))
    model = equalise(model, (planes(picture[None], recipe) for picture in pixels))
    kept = f"{'pools merged, ' if pools else ''}block00's depthwise convolution in 16-bit floats"
    note = f"still channels gone, equalised by activations, {kept}; the faces of the ONNX calibration"
    return Prepared(name, model, pixels, recipe, note)


def detector_pixels(detector: BlazeFace) -> np.ndarray:
    """Letterboxed scenes with train faces of all sizes, u8 [n, side, side, 3]."""
    crops = load_faces(stratified_sample(read_index("train", most_padding=0.2), 200, seed=2)).images
    return network_squares(detector, list(scenes(crops, SCENE_SIZES, SCENES_EACH, seed=1)))


def read_manifest(release: Path) -> dict:
    """model.json."""
    return json.loads((release / "model.json").read_text())


def float_file(release: Path, network: dict) -> Path:
    """The network's FP32 ONNX file. Raises ValueError where it has none."""
    for file in network["files"]:
        if file["backend"] == "onnx" and file["precision"] == "fp32":
            return release / file["path"]
    raise ValueError(f"{network['name']} has no FP32 ONNX file in {release}: rebuild the release first")
