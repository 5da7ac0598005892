"""A small, whole value like report/figures.json, made by measuring a made-up network on made-up faces."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper
from onnx.numpy_helper import from_array

from mien_model.faces import Faces


def labelled_faces(count: int = 60, seed: int = 1) -> tuple[list[dict[str, str]], Faces]:
    """Index rows and faces: two thirds as UTKFace's with age, gender and a group code, the rest with an expression."""
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (count, 32, 32, 3), np.uint8)
    # Brightness tells the age, so that the made-up network can be right.
    images = np.clip(images * 0.2 + np.linspace(10, 190, count)[:, None, None, None], 0, 255).astype(np.uint8)
    aged = np.arange(count) % 3 != 2
    age = np.where(aged, np.round(np.linspace(1, 90, count)), np.nan)
    gender = np.where(aged, np.arange(count) % 2, np.nan)
    expression = np.where(aged, np.nan, np.arange(count) // 3 % 3)
    rows = [
        {"source": "utkface" if aged[i] else "fer2013+ferplus", "orig_name": f"{int(age[i])}_{int(gender[i])}_{i % 5}_2017.jpg" if aged[i] else f"fer{i}.png"}
        for i in range(count)
    ]
    return rows, Faces(images, age, gender, expression)


def brightness_network(path: Path, age_per_level: float = 0.45, shift: float = 0.0) -> Path:
    """An ONNX file with the recogniser's input and outputs, all of them linear in the crop's mean brightness of each colour."""
    weights = np.array([[age_per_level / 3, 0.002, 0.01, 0, -0.01]] * 3, np.float32)
    bias = np.array([shift, -0.3, -1, 0, 1], np.float32)
    nodes = [
        helper.make_node("Cast", ["input"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["colours"], axes=[1, 2], keepdims=0),
        helper.make_node("Gemm", ["colours", "weights", "bias"], ["all"]),
        helper.make_node("Split", ["all", "sizes"], ["age", "gender", "expression"], axis=1),
    ]
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width]) for name, width in (("age", 1), ("gender", 1), ("expression", 3))]
    graph = helper.make_graph(
        nodes,
        "brightness",
        [helper.make_tensor_value_info("input", TensorProto.UINT8, ["n", 112, 112, 3])],
        outputs,
        [from_array(weights, "weights"), from_array(bias, "bias"), from_array(np.array([1, 1, 3], np.int64), "sizes")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), path)
    return path
