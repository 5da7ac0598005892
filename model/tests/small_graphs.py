"""Small ONNX graphs for tests, and what they say."""

import onnx
from onnx import TensorProto, helper, numpy_helper

from mien_model.evaluate import open_session


def answers(model, tensor):
    return open_session(model.SerializeToString() if isinstance(model, onnx.ModelProto) else model, 1).run(None, {"input": tensor})


def made(nodes, constants, shape, outputs):
    """A graph of `input` f32 [shape]."""
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)
    results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, list("nchw")) for name in outputs]
    graph = helper.make_graph(nodes, "made", [given], results, [numpy_helper.from_array(value, name) for name, value in constants.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
