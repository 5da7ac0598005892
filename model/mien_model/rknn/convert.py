"""`mien_model convert` and `mien_model cycles`: any ONNX file of one picture input as an INT8 .rknn file."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx

from .account import parse, summary, table
from .container import read_container
from .equalise import equalise
from .graphs import take_planes
from .pictures import calibration_pixels
from .toolkit import Recipe, compiled


def convert(source: Path, calibration: Path, target: Path, recipe: Recipe, equalised: bool) -> Iterator[str]:
    """Writes `target` and says what the compiler made of it, a line at a time. Raises ValueError where it cannot."""
    model = load_planes(source)
    height, width = input_size(model)
    pixels = calibration_pixels(calibration, width, height)
    yield f"{source.name}: {width}x{height}, calibrated with {len(pixels)} pictures for {recipe.chip}"
    if equalised:
        model = equalise(model, (planes(picture[None], recipe) for picture in pixels))
    with compiled(model, pixels, recipe) as network:
        network.export(target)
        account = parse(network.log)
    container = read_container(target)
    yield summary(account)
    yield f"{target}: {target.stat().st_size:,} bytes, takes u8 [1, {height}, {width}, 3] RGB and normalises itself"
    yield ", ".join(f"{name} {list(shape)}" for name, shape in list(container.tensors.items())[container.inputs :])


def cycles(source: Path, recipe: Recipe, most: int | None) -> Iterator[str]:
    """The compiler's account of a network; the weights' steps do not matter for it, so one grey picture calibrates."""
    model = load_planes(source)
    height, width = input_size(model)
    with compiled(model, np.full((1, height, width, 3), 128, np.uint8), recipe) as network:
        yield table(parse(network.log), most)


def load_planes(source: Path) -> onnx.ModelProto:
    """Raises ValueError where the file is no ONNX or not of one picture input with a fixed size."""
    try:
        model = onnx.load(source)
    except Exception as fault:
        if isinstance(fault, OSError):
            raise
        raise ValueError(f"{source} is no readable ONNX file: {fault}") from fault
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in constants]
    shape = [dim.dim_value for dim in inputs[0].type.tensor_type.shape.dim] if len(inputs) == 1 else []
    if len(shape) != 4 or 0 in shape[1:] or 3 not in (shape[1], shape[3]):
        said = "; ".join(f"{value.name} {[dim.dim_value or '?' for dim in value.type.tensor_type.shape.dim]}" for value in inputs)
        raise ValueError(f"{source.name}: expected one input of three colours and a fixed size ([n, 3, h, w]), came {said}")
    return take_planes(model)


def input_size(model: onnx.ModelProto) -> tuple[int, int]:
    """Height and width of the planes."""
    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    return shape[2], shape[3]


def planes(pixels: np.ndarray, recipe: Recipe) -> np.ndarray:
    """u8 [n, h, w, 3] to normalised f32 [n, 3, h, w]."""
    normalised = (pixels.astype(np.float32) - np.float32(recipe.mean)) / np.float32(recipe.std)
    return np.ascontiguousarray(normalised.transpose(0, 3, 1, 2))
