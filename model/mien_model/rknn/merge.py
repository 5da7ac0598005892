"""Convolutions that follow each other with nothing between become one: fewer roundings, and other work for the NPU. Same numbers."""

import numpy as np
import onnx
from onnx import helper, numpy_helper

from .graphs import initializers, tidy


def merge_pair(model: onnx.ModelProto, first: str, second: str) -> onnx.ModelProto:
    """The convolutions named `first` (depthwise, padded as wished) and `second` (1x1 or depthwise without padding) as one, under
    the second's name. Raises ValueError where something else reads what is between, or the pair is of another kind.
    """
    nodes = {node.name: node for node in model.graph.node}
    a, b = nodes[first], nodes[second]
    readers = [node.name for node in model.graph.node if a.output[0] in node.input]
    if readers != [second]:
        raise ValueError(f"{first} is read by {', '.join(readers) or 'nobody'}, expected {second} alone")
    constants, one, two = initializers(model), _attributes(a), _attributes(b)
    if one.get("group", 1) == 1 or any(two.get("pads", [0])) or max(two.get("strides", [1])) > 1:
        raise ValueError(f"{first} and {second} are no depthwise convolution and one without padding and stride after it")
    weight, bias = combine(*(constants[name] for name in (*a.input[1:], *b.input[1:])), one.get("strides", [1, 1])[0])
    names = [f"{second}.merged.weight", f"{second}.merged.bias"]
    model.graph.initializer.extend(numpy_helper.from_array(value, name) for value, name in zip((weight, bias), names, strict=True))
    merged = helper.make_node(
        "Conv",
        [a.input[0], *names],
        b.output,
        second,
        group=two.get("group", 1),
        kernel_shape=list(weight.shape[2:]),
        pads=one.get("pads", [0] * 4),
        strides=one.get("strides", [1, 1]),
    )
    place = list(model.graph.node).index(b)
    model.graph.node.remove(b)
    model.graph.node.insert(place, merged)
    model.graph.node.remove(a)
    return tidy(model)


def combine(first: np.ndarray, first_bias: np.ndarray, second: np.ndarray, second_bias: np.ndarray, stride: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Weights [out, in, k, k] and bias of both. first: depthwise [c, 1, k, k]; second: [out, c, 1, 1], or depthwise [c, 1, m, m]
    (then `first` has stride 1).
    """
    a, b = first.astype(np.float64), second.astype(np.float64)
    if b.shape[2] == 1 and b.shape[1] == len(a):
        weight = b * a[:, 0]
        bias = second_bias + b[:, :, 0, 0] @ first_bias.astype(np.float64)
    elif stride == 1 and b.shape[1] == 1:
        k, m = a.shape[2], b.shape[2]
        weight = np.zeros((len(a), 1, k + m - 1, k + m - 1))
        for y in range(m):
            for x in range(m):
                weight[:, :, y : y + k, x : x + k] += a * b[:, :, y : y + 1, x : x + 1]
        bias = second_bias + b.sum((1, 2, 3)) * first_bias
    else:
        raise ValueError(f"weights of {list(first.shape)} and {list(second.shape)} do not merge")
    return weight.astype(np.float32), bias.astype(np.float32)


def _attributes(node: onnx.NodeProto) -> dict:
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
