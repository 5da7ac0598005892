"""Channels that say the same whatever is seen: a block's hidden channels of that kind go, and the next bias takes their value over."""

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import numpy_helper

from .graphs import initializers, tidy

ALIGNED = 8
"""Channels go in such portions: the NPU keeps tensors in groups of that size."""
STILL = 1e-6


def drop_still_channels(model: onnx.ModelProto, batches: Iterable[np.ndarray]) -> onnx.ModelProto:
    """Every dense convolution -> depthwise -> 1x1 (with activations between) without the hidden channels that did not move over
    `batches`. On those batches the network says the same.
    """
    found = chains(model)
    spans = channel_spans(model, [last for *_, last, _ in found], batches)
    weights = initializers(model)
    for wide, depthwise, last, narrow in found:
        low, high = spans[last]
        still = np.flatnonzero(high - low < STILL)
        gone = still[: len(still) // ALIGNED * ALIGNED]
        kept = np.setdiff1d(np.arange(len(low)), gone)
        weights[narrow.input[2]] = weights[narrow.input[2]] + weights[narrow.input[1]][:, gone, 0, 0] @ low[gone]
        weights[narrow.input[1]] = weights[narrow.input[1]][:, kept]
        for node in (wide, depthwise):
            for name in node.input[1:3]:
                weights[name] = weights[name][kept]
        group = next(attribute for attribute in depthwise.attribute if attribute.name == "group")
        group.i = len(kept)
    for tensor in model.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(weights[tensor.name].astype(numpy_helper.to_array(tensor).dtype), tensor.name))
    return tidy(model)


def chains(model: onnx.ModelProto) -> list[tuple[onnx.NodeProto, onnx.NodeProto, str, onnx.NodeProto]]:
    """(dense, depthwise, the tensor that the last reads, 1x1) for each such chain that nothing else reads."""
    made = {node.output[0]: node for node in model.graph.node}
    constants = initializers(model)
    found = []
    for node in model.graph.node:
        if node.op_type != "Conv" or constants[node.input[1]].shape[2:] != (1, 1) or _group(node) > 1:
            continue
        depthwise = _convolution_before(made, model, node.input[0])
        dense = depthwise and _group(depthwise) > 1 and _convolution_before(made, model, depthwise.input[0])
        if dense and _group(dense) == 1:
            found.append((dense, depthwise, node.input[0], node))
    return found


def channel_spans(model: onnx.ModelProto, tensors: list[str], batches: Iterable[np.ndarray]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """name -> the least and the largest value of each channel over all pictures."""
    import onnxruntime

    if not tensors:
        return {}
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    wide.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors)
    session = onnxruntime.InferenceSession(wide.SerializeToString(), providers=["CPUExecutionProvider"])
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for batch in batches:
        for name, value in zip(tensors, session.run(tensors, {model.graph.input[0].name: batch}), strict=True):
            low, high = value.min((0, 2, 3)), value.max((0, 2, 3))
            seen = found.get(name, (low, high))
            found[name] = (np.minimum(low, seen[0]), np.maximum(high, seen[1]))
    return found


def _convolution_before(made: dict, model: onnx.ModelProto, name: str) -> onnx.NodeProto | None:
    """The convolution that makes a tensor, through one activation, where each on the way has one reader."""
    node = made.get(name)
    while node is not None and sum(name in other.input for other in model.graph.node) == 1:
        if node.op_type == "Conv":
            return node
        if node.op_type not in ("Clip", "Relu"):
            return None
        name = node.input[0]
        node = made.get(name)
    return None


def _group(node: onnx.NodeProto) -> int:
    return next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)
