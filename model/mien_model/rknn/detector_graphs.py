"""The BlazeFace graphs as the NPU takes them best: merged where that costs fewer cycles, nothing on the CPU, outputs in bounds."""

import math

import numpy as np
import onnx
from onnx import helper, numpy_helper

from .graphs import channels, initializers, take_planes, tidy, widen_by_convolution
from .merge import merge_pair


def prepare(model: onnx.ModelProto, side: int) -> onnx.ModelProto:
    """A detector's ONNX graph, ready for the compiler. The same numbers to 1e-4, but for box numbers cut to +-2 sides and logits to +-16."""
    return bound_heads(merge_cheaper(widen_by_convolution(take_planes(model), native=True)), 2 * side)


def merge_cheaper(model: onnx.ModelProto) -> onnx.ModelProto:
    """Depthwise convolutions merged with the 1x1 convolution after them wherever the NPU does the one in fewer cycles."""
    for first, second in pairs(model):
        weights, widths, sides = initializers(model), channels(model), heights(model)
        a, b = (next(node for node in model.graph.node if node.name == name) for name in (first, second))
        taps = weights[a.input[1]].shape[2] ** 2
        area, before, after = sides[a.output[0]] ** 2, widths[a.output[0]], widths[b.output[0]]
        apart = depthwise_cycles(area, taps, before) + dense_cycles(area, 1, before, after)
        if dense_cycles(area, taps, before, after) < apart:
            model = merge_pair(model, first, second)
    return model


def dense_cycles(area: int, taps: int, before: int, after: int) -> float:
    """Cycles of a rk3588 core for one convolution, read off the compiler's own table: 32 by 32 channels a cycle, at least four."""
    return area * max(4, taps * before / 32 if taps == 1 else taps * math.ceil(before / 32)) * math.ceil(after / 32)


def depthwise_cycles(area: int, taps: int, width: int) -> float:
    """64 channels a cycle, after the same table."""
    return area * taps * math.ceil(width / 64)


def pairs(model: onnx.ModelProto) -> list[tuple[str, str]]:
    """Names of each depthwise convolution that only a 1x1 convolution reads, and of that one."""
    constants = initializers(model)
    found = []
    for node in model.graph.node:
        readers = [other for other in model.graph.node if node.output[0] in other.input]
        if node.op_type == "Conv" and len(readers) == 1 and readers[0].op_type == "Conv":
            weight, after = constants[node.input[1]], constants[readers[0].input[1]]
            if weight.shape[1] == 1 and weight.shape[0] > 1 and after.shape[2:] == (1, 1) and after.shape[1] == weight.shape[0]:
                found.append((node.name, readers[0].name))
    return found


def heights(model: onnx.ModelProto) -> dict[str, int]:
    """Third dimension of every tensor that has four."""
    inferred = onnx.shape_inference.infer_shapes(model).graph
    shapes = {value.name: value.type.tensor_type.shape.dim for value in [*inferred.input, *inferred.value_info]}
    return {name: dims[2].dim_value for name, dims in shapes.items() if len(dims) == 4}


def heads(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """The convolutions that `boxes` and `scores` are read from, box numbers first."""
    made = {node.output[0]: node for node in model.graph.node}
    found = []
    for output in ("boxes", "scores"):
        waiting = [output]
        while waiting:
            node = made[waiting.pop(0)]
            if node.op_type == "Conv":
                found.append(node)
            else:
                waiting += [name for name in node.input if name in made]
    return found


def bound_heads(model: onnx.ModelProto, boxes: float, scores: float = 16) -> onnx.ModelProto:
    """Box numbers cut to +-boxes and logits to +-scores, so that no quantiser's step is spent on numbers that mean nothing: where there
    is no face the short range says boxes around 100,000.
    """
    for head in heads(model):
        most = boxes if initializers(model)[head.input[1]].shape[0] % 16 == 0 else scores
        bounds = [f"{head.name}.least", f"{head.name}.most"]
        model.graph.initializer.extend(numpy_helper.from_array(np.float32(x), name) for x, name in zip((-most, most), bounds, strict=True))
        raw = f"{head.output[0]}.raw"
        clip = helper.make_node("Clip", [raw, *bounds], [head.output[0]], f"{head.name}.bound")
        head.output[0] = raw
        model.graph.node.insert(list(model.graph.node).index(head) + 1, clip)
    return tidy(model)
