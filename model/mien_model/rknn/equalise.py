"""Cross-layer equalisation by what activations do: channels of one tensor share a quantiser's scale, so those that hardly move are
scaled up where they are made and their weights down where they are read. In float the network stays the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import numpy_helper

from .graphs import initializers

SHARED = ("Clip", "Relu", "Add", "MaxPool", "GlobalAveragePool", "Flatten", "Resize")
"""Operators whose output has the scale of each input channel, once all inputs have the same."""
READERS = ("Conv", "Gemm")
MARGIN = 1.5
"""A channel under a Clip may be this much larger on other pictures than on those it was measured on, before it is cut off."""
LARGEST = 1e4


@dataclass
class Group:
    """Tensors whose channels must be scaled alike: made by `makers`, read by `readers`; cap: the upper bound of a Clip among them."""

    tensors: set[str] = field(default_factory=set)
    makers: list[onnx.NodeProto] = field(default_factory=list)
    readers: list[onnx.NodeProto] = field(default_factory=list)
    cap: float | None = None


def equalise(model: onnx.ModelProto, batches: Iterable[np.ndarray]) -> onnx.ModelProto:
    """`model` (one input of planes) scaled by what its channels do over `batches` of that input; changed in place and returned."""
    groups = find_groups(model)
    if not groups:
        return model
    largest = channel_maxima(model, {min(group.tensors): group for group in groups}, batches)
    weights = initializers(model)
    for group in groups:
        scale = channel_scales(group, largest[min(group.tensors)], weights)
        for maker in group.makers:
            weights[maker.input[1]] = weights[maker.input[1]] * scale.reshape(-1, 1, 1, 1)
            weights[maker.input[2]] = weights[maker.input[2]] * scale
        for reader in group.readers:
            weight = weights[reader.input[1]]
            weights[reader.input[1]] = weight / (scale.reshape(-1, 1, 1, 1) if _depthwise(reader) else scale.reshape(1, -1, *[1] * (weight.ndim - 2)))
    for tensor in model.graph.initializer:
        tensor.CopyFrom(numpy_helper.from_array(weights[tensor.name].astype(numpy_helper.to_array(tensor).dtype), tensor.name))
    return model


def find_groups(model: onnx.ModelProto) -> list[Group]:
    """Those groups that can be scaled: no input or output of the network, no operator but convolutions and SHARED ones."""
    constants = initializers(model)
    roots: dict[str, str] = {}

    def root(name: str) -> str:
        while roots.setdefault(name, name) != name:
            name = roots[name]
        return name

    fixed = [value.name for value in [*model.graph.input, *model.graph.output]]
    for node in model.graph.node:
        if node.op_type in SHARED:
            for name in node.input:
                if name and name not in constants:
                    roots[root(name)] = root(node.output[0])
        elif node.op_type not in (*READERS, "Constant"):
            fixed += [name for name in (*node.input, *node.output) if name not in constants]
    groups: dict[str, Group] = {}
    for name in list(roots) + [node.output[0] for node in model.graph.node if node.op_type == "Conv"]:
        groups.setdefault(root(name), Group()).tensors.add(name)
    for node in model.graph.node:
        if node.op_type in READERS and root(node.input[0]) in groups:
            groups[root(node.input[0])].readers.append(node)
        if node.op_type == "Conv":
            groups[root(node.output[0])].makers.append(node)
        if node.op_type == "Clip":
            groups[root(node.output[0])].cap = float(constants[node.input[2]])
    closed = {root(name) for name in fixed}
    return [group for name, group in groups.items() if name not in closed and group.makers and group.readers]


def channel_maxima(model: onnx.ModelProto, groups: dict[str, Group], batches: Iterable[np.ndarray]) -> dict[str, np.ndarray]:
    """name -> the largest magnitude of each channel over all tensors of a group and all pictures."""
    import onnxruntime

    tensors = sorted({tensor for group in groups.values() for tensor in group.tensors})
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    wide.graph.output.extend(onnx.ValueInfoProto(name=name) for name in tensors)
    session = onnxruntime.InferenceSession(wide.SerializeToString(), providers=["CPUExecutionProvider"])
    found: dict[str, np.ndarray] = {}
    # Under a Clip only what passes it counts.
    capped = {t for g in groups.values() if g.cap is not None for n in model.graph.node if n.op_type == "Clip" for t in n.input[:1] if t in g.tensors}
    for batch in batches:
        for name, value in zip(tensors, session.run(tensors, {model.graph.input[0].name: batch}), strict=True):
            largest = np.abs(value).reshape(*value.shape[:2], -1).max((0, 2))
            found[name] = np.maximum(found.get(name, 0), largest)
    return {name: np.max([found[t] for t in group.tensors if t not in capped], 0) for name, group in groups.items()}


def channel_scales(group: Group, largest: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """What each channel is multiplied by, in f64.

    A depthwise reader has a scale of its own for each channel, so all channels may fill the range. A dense one shares a scale
    over its inputs: a channel is scaled by the root of what its weights leave room for. Under a Clip nothing may shrink.
    """
    alive = np.maximum(largest, largest.max() / LARGEST).astype(np.float64)
    if all(_depthwise(reader) for reader in group.readers):
        scale = alive.max() / alive
    else:
        scale = np.sqrt(np.max([_share(weights[reader.input[1]]) for reader in group.readers], 0) / alive)
        scale *= alive.max() / (scale * alive).max()
    if group.cap is None:
        return scale
    return np.clip(scale, 1, np.maximum(1, group.cap / (MARGIN * alive)))


def _share(weight: np.ndarray) -> np.ndarray:
    """How much of its row's range an input channel's largest weight takes, at most 1."""
    magnitude = np.abs(weight).reshape(*weight.shape[:2], -1).max(2)
    share = (magnitude / np.maximum(magnitude.max(1, keepdims=True), 1e-12)).max(0)
    return np.maximum(share, 1e-3).astype(np.float64)


def _depthwise(node: onnx.NodeProto) -> bool:
    return any(attribute.name == "group" and attribute.i > 1 for attribute in node.attribute)
