import numpy as np
import onnx
from onnx import helper
from small_graphs import answers, made

from mien_model.rknn.equalise import MARGIN, channel_maxima, equalise, find_groups


def network(random):
    """Convolution, ReLU6, depthwise, ReLU6, 1x1: as a block of MobileNetV2. Channel 0 of the first hardly moves."""
    weights = random.normal(size=(4, 3, 3, 3)).astype(np.float32)
    weights[0] *= 0.001
    constants = {
        "w1": weights,
        "b1": np.full(4, 0.01, np.float32),
        "w2": random.normal(size=(4, 1, 3, 3)).astype(np.float32),
        "b2": np.zeros(4, np.float32),
        "w3": random.normal(size=(2, 4, 1, 1)).astype(np.float32),
        "b3": np.zeros(2, np.float32),
        "zero": np.float32(0),
        "six": np.float32(6),
    }
    nodes = [
        helper.make_node("Conv", ["input", "w1", "b1"], ["a"], "a"),
        helper.make_node("Clip", ["a", "zero", "six"], ["a6"]),
        helper.make_node("Conv", ["a6", "w2", "b2"], ["b"], "b", group=4),
        helper.make_node("Clip", ["b", "zero", "six"], ["b6"]),
        helper.make_node("Conv", ["b6", "w3", "b3"], ["out"], "c"),
    ]
    return made(nodes, constants, [1, 3, 12, 12], ["out"])


def test_channels_fill_the_range_and_the_network_says_the_same():
    random = np.random.default_rng(1)
    model = network(random)
    pictures = random.uniform(-1, 1, (6, 1, 3, 12, 12)).astype(np.float32)
    before = [answers(model, picture)[0] for picture in pictures]
    narrow = channel_maxima(model, {"a": find_groups(model)[0]}, pictures)["a"]
    equalise(model, pictures)
    wide = channel_maxima(model, {"a": find_groups(model)[0]}, pictures)["a"]
    assert narrow.max() / narrow.min() > 50
    assert wide.min() > 0.1 * wide.max() and wide.max() <= 6
    assert wide[0] * MARGIN <= 6.001
    for picture, expected in zip(pictures, before, strict=True):
        assert np.abs(answers(model, picture)[0] - expected).max() < 1e-4


def test_inputs_outputs_and_other_operators_are_left_alone():
    model = network(np.random.default_rng(2))
    assert sorted(sorted(group.tensors) for group in find_groups(model)) == [["a", "a6"], ["b", "b6"]]
    model.graph.node.append(helper.make_node("Sigmoid", ["b6"], ["other"]))
    model.graph.output.append(onnx.helper.make_tensor_value_info("other", 1, list("nchw")))
    assert [sorted(group.tensors) for group in find_groups(model)] == [["a", "a6"]]


def test_a_mean_before_a_head_shares_its_scale_with_what_it_is_the_mean_of():
    random = np.random.default_rng(3)
    constants = {
        "w1": random.normal(size=(4, 3, 3, 3)).astype(np.float32) * np.float32([1, 1, 1, 0.001]).reshape(4, 1, 1, 1),
        "b1": np.float32([1, 1, 1, 0.001]),
        "head": random.normal(size=(2, 4)).astype(np.float32),
        "head0": np.zeros(2, np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["input", "w1", "b1"], ["a"], "a"),
        helper.make_node("GlobalAveragePool", ["a"], ["mean"], "mean"),
        helper.make_node("Flatten", ["mean"], ["features"]),
        helper.make_node("Gemm", ["features", "head", "head0"], ["out"], "head", transB=1),
    ]
    model = made(nodes, constants, [1, 3, 12, 12], ["out"])
    (group,) = find_groups(model)
    assert sorted(group.tensors) == ["a", "features", "mean"] and [node.name for node in group.readers] == ["head"]
    picture = random.uniform(-1, 1, (1, 3, 12, 12)).astype(np.float32)
    (before,) = answers(model, picture)
    weight = onnx.numpy_helper.to_array(model.graph.initializer[0])
    equalise(model, [picture])
    after = onnx.numpy_helper.to_array(next(tensor for tensor in model.graph.initializer if tensor.name == "w1"))
    assert np.abs(after[3]).max() > 10 * np.abs(weight[3]).max()
    assert np.abs(answers(model, picture)[0] - before).max() < 1e-4
