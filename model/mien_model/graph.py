"""Edits of the network's ONNX graph: camera pixels as its input, normalisation inside."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .network import SIDE

MEAN = 127.5
SCALE = 127.5
"""A pixel p enters the network as (p - MEAN) / SCALE."""


def take_pixels(model: onnx.ModelProto) -> onnx.ModelProto:
    """A float network of `input` f32 [n, 3, 112, 112] turned into one of `input` u8 [n, 112, 112, 3], RGB, normalising itself."""
    _rename(model, "input", "normalised")
    model.graph.initializer.extend([numpy_helper.from_array(np.float32(MEAN), "mean"), numpy_helper.from_array(np.float32(1 / SCALE), "inverse_scale")])
    front = [
        helper.make_node("Transpose", ["input"], ["planes"], "planes", perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["planes"], ["float_planes"], "float_planes", to=TensorProto.FLOAT),
        helper.make_node("Sub", ["float_planes", "mean"], ["centred"], "centre"),
        helper.make_node("Mul", ["centred", "inverse_scale"], ["normalised"], "normalise"),
    ]
    return _with_pixel_input(model, front)


def shift_stem(model: onnx.ModelProto, offset: float) -> onnx.ModelProto:
    """The same network for inputs that are smaller by `offset` everywhere: the stem's bias takes it over.

    Exact but for the one-pixel border, where the stem's padding still means the unshifted zero.
    """
    stem = next(node for node in model.graph.node if "input" in node.input)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    weight = numpy_helper.to_array(tensors[stem.input[1]])
    bias = numpy_helper.to_array(tensors[stem.input[2]])
    tensors[stem.input[2]].CopyFrom(numpy_helper.from_array(bias + offset * weight.sum((1, 2, 3)), stem.input[2]))
    return model


def take_quantised_pixels(model: onnx.ModelProto) -> onnx.ModelProto:
    """A quantised network whose `input` is quantised to pixels turned into one that takes the pixels themselves, as u8
    [n, 112, 112, 3]: its first QuantizeLinear goes."""
    first = next(node for node in model.graph.node if node.op_type == "QuantizeLinear" and node.input[0] == "input")
    model.graph.node.remove(first)
    front = [helper.make_node("Transpose", ["input"], [first.output[0]], "planes", perm=[0, 3, 1, 2])]
    return _with_pixel_input(model, front)


def _rename(model: onnx.ModelProto, old: str, new: str) -> None:
    for node in model.graph.node:
        node.input[:] = [new if name == old else name for name in node.input]


def _with_pixel_input(model: onnx.ModelProto, front: list[onnx.NodeProto]) -> onnx.ModelProto:
    nodes = [*front, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    del model.graph.input[:]
    model.graph.input.append(helper.make_tensor_value_info("input", TensorProto.UINT8, ["n", SIDE, SIDE, 3]))
    del model.graph.value_info[:]
    # Quantisation drops the activations that it makes superfluous and leaves their bounds behind.
    used = {name for node in model.graph.node for name in node.input}
    for node in [node for node in model.graph.node if node.op_type == "Constant" and node.output[0] not in used]:
        model.graph.node.remove(node)
    kept = [tensor for tensor in model.graph.initializer if tensor.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    onnx.checker.check_model(model)
    return model
