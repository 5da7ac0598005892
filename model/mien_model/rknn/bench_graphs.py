"""The networks that the paper's Table 6 compares the release's recogniser with, made from it: other pooling, or one head only."""

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.utils import Extractor

from .graphs import initializers, tidy
from .merge import merge_pair
from .recipes import POOLS


def single_task(model: onnx.ModelProto, output: str) -> onnx.ModelProto:
    """The network with that output alone, its numbers unchanged. Raises ValueError where there is no such output."""
    outputs = [value.name for value in model.graph.output]
    if output not in outputs:
        raise ValueError(f"there is no output '{output}', only {', '.join(outputs)}")
    # The extractor looks everything up by the shapes of a graph.
    return tidy(Extractor(onnx.shape_inference.infer_shapes(model)).extract_model([model.graph.input[0].name], [output]))


def pooled(model: onnx.ModelProto) -> onnx.ModelProto:
    """The mean in place of the two depthwise convolutions before the heads, on a copy.

    What a channel's convolutions do to a picture that is the same everywhere, a factor and an offset, goes into the heads: they
    say something like what they said, though nothing was trained.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    copy = merge_pair(copy, *POOLS)
    convolution = next(node for node in copy.graph.node if node.name == POOLS[1])
    constants = initializers(copy)
    factor = constants[convolution.input[1]].sum((1, 2, 3))
    offset = constants[convolution.input[2]]
    heads = [node for node in copy.graph.node if node.op_type == "Gemm"]
    changed = {}
    for head in heads:
        weight, bias = (constants[name] for name in head.input[1:])
        changed[head.input[1]] = weight * factor
        changed[head.input[2]] = bias + weight @ offset
    for tensor in copy.graph.initializer:
        if tensor.name in changed:
            tensor.CopyFrom(numpy_helper.from_array(changed[tensor.name].astype(np.float32), tensor.name))
    place = list(copy.graph.node).index(convolution)
    copy.graph.node.remove(convolution)
    copy.graph.node.insert(place, helper.make_node("GlobalAveragePool", convolution.input[:1], convolution.output, "mean"))
    return tidy(copy)
