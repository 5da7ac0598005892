"""ONNX graphs in the form that the vendor's compiler takes: planes of floats as input, and no operator that its NPU lacks."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Model = onnx.ModelProto


def initializers(model: Model) -> dict[str, np.ndarray]:
    """Every constant by name."""
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    return found | {node.output[0]: numpy_helper.to_array(node.attribute[0].t) for node in model.graph.node if node.op_type == "Constant"}


def take_planes(model: Model) -> Model:
    """The reverse of `graph.take_pixels`: a network of `input` u8 [n, h, w, 3] that normalises itself turned into one of `input`
    f32 [1, 3, h, w], for a compiler that brings its own normalisation. A network of float planes only gets a batch of 1.
    """
    graph = model.graph
    declared = graph.input[0]
    shape = [dim.dim_value for dim in declared.type.tensor_type.shape.dim]
    if declared.type.tensor_type.elem_type == TensorProto.UINT8:
        front = list(graph.node)[:4]
        if [node.op_type for node in front] != ["Transpose", "Cast", "Sub", "Mul"]:
            raise ValueError(f"expected Transpose, Cast, Sub and Mul after the u8 input, came {', '.join(node.op_type for node in front)}")
        shape = [1, shape[3], shape[1], shape[2]]
        normalised = front[-1].output[0]
        for node in front:
            graph.node.remove(node)
        for node in graph.node:
            node.input[:] = [declared.name if name == normalised else name for name in node.input]
    name = declared.name
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, *shape[1:]]))
    for output in graph.output:
        output.type.tensor_type.shape.dim[0].ClearField("dim_param")
        output.type.tensor_type.shape.dim[0].dim_value = 1
    return tidy(model)


def widen_by_convolution(model: Model, native: bool = False) -> Model:
    """Zero channels that a Pad appends come from a 1x1 convolution instead, which the NPU always has. The same numbers.

    native: Pads of a multiple of 16 channels stay, since the NPU of a rk3588 does those itself.
    """
    constants, widths = initializers(model), channels(model)
    for node in [node for node in model.graph.node if node.op_type == "Pad"]:
        before, after = widths[node.input[0]], widths[node.output[0]]
        if native and before % 16 == 0:
            continue
        pads = constants[node.input[1]]
        if pads.sum() != after - before or pads[5] != after - before:
            raise ValueError(f"{node.name}: expected a Pad that appends channels, came pads of {pads.tolist()}")
        weight = np.zeros((after, before, 1, 1), np.float32)
        weight[range(before), range(before)] = 1
        weight_name = f"{node.name}.widen"
        model.graph.initializer.append(numpy_helper.from_array(weight, weight_name))
        convolution = helper.make_node("Conv", [node.input[0], weight_name], node.output, node.name, kernel_shape=[1, 1])
        place = list(model.graph.node).index(node)
        model.graph.node.remove(node)
        model.graph.node.insert(place, convolution)
    return tidy(model)


def channels(model: Model) -> dict[str, int]:
    """Second dimension of every tensor that has four."""
    inferred = onnx.shape_inference.infer_shapes(model).graph
    found = {}
    for value in [*inferred.input, *inferred.value_info, *inferred.output]:
        dims = value.type.tensor_type.shape.dim
        if len(dims) == 4:
            found[value.name] = dims[1].dim_value
    return found


def tidy(model: Model) -> Model:
    """Checked, without the constants and shapes that an edit left behind."""
    used = {name for node in model.graph.node for name in node.input}
    kept = [tensor for tensor in model.graph.initializer if tensor.name in used]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    for node in [node for node in model.graph.node if node.op_type == "Constant" and node.output[0] not in used]:
        model.graph.node.remove(node)
    del model.graph.value_info[:]
    onnx.checker.check_model(model)
    return model
