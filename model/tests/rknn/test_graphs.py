import numpy as np
import onnx
import pytest
from onnx import helper
from small_graphs import answers, made

from mien_model.blazeface import DETECTORS
from mien_model.paths import RELEASE
from mien_model.rknn.detector_graphs import dense_cycles, depthwise_cycles, prepare
from mien_model.rknn.graphs import take_planes, widen_by_convolution
from mien_model.rknn.merge import combine, merge_pair


def depthwise_then(kernel, groups, random):
    """A depthwise 3x3 convolution, padded, and a second one on its 4 channels."""
    constants = {
        "w1": random.normal(size=(4, 1, 3, 3)).astype(np.float32),
        "b1": random.normal(size=4).astype(np.float32),
        "w2": random.normal(size=(4, 4 // groups, kernel, kernel)).astype(np.float32),
        "b2": random.normal(size=4).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["input", "w1", "b1"], ["between"], "one", group=4, kernel_shape=[3, 3], pads=[1] * 4),
        helper.make_node("Conv", ["between", "w2", "b2"], ["out"], "two", group=groups, kernel_shape=[kernel] * 2),
    ]
    return nodes, constants


def test_the_network_takes_planes_and_says_the_same():
    pixels = np.random.default_rng(1).integers(0, 256, (1, 112, 112, 3), np.uint8)
    file = RELEASE / "faces-npu-head-fp32.onnx"
    model = take_planes(onnx.load(file))
    planes = ((pixels.astype(np.float32) - 127.5) / 127.5).transpose(0, 3, 1, 2)
    for mine, theirs in zip(answers(model, planes), answers(file, pixels), strict=True):
        assert np.abs(mine - theirs).max() < 1e-4
    assert [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim] == [1, 3, 112, 112]


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: d.name)
def test_prepared_detectors_say_the_same(detector):
    file = RELEASE / f"{detector.name}.onnx"
    model = prepare(onnx.load(file), detector.side)
    assert len(model.graph.node) < len(onnx.load(file).graph.node) + 4
    known = np.frombuffer((RELEASE / f"{detector.name}.known.bin").read_bytes(), np.uint8).reshape(-1, detector.side, detector.side, 3)
    for picture in known:
        tensor = (picture[None].astype(np.float32) / 127.5 - 1).transpose(0, 3, 1, 2)
        (boxes, scores), (raw_boxes, raw_scores) = answers(model, tensor), answers(file, tensor)
        boxes_off = off(boxes, np.clip(raw_boxes, -2 * detector.side, 2 * detector.side))
        assert off(scores, np.clip(raw_scores, -16, 16)).max() < 1e-4
        # Where there is no face at all, the short range's numbers come of sums around 100,000.
        assert boxes_off[raw_scores[..., 0] > -10].max() < 1e-4 and boxes_off.max() < 1e-3


def off(mine, expected):
    """Differences, relative above 1."""
    return np.abs(mine - expected) / np.maximum(1, np.abs(expected))


@pytest.mark.parametrize(("kernel", "groups"), [(1, 1), (2, 4)])
def test_two_convolutions_become_one(kernel, groups):
    random = np.random.default_rng(2)
    model = made(*depthwise_then(kernel, groups, random), [1, 4, 9, 9], ["out"])
    tensor = random.normal(size=(1, 4, 9, 9)).astype(np.float32)
    before = answers(model, tensor)[0]
    merged = merge_pair(model, "one", "two")
    assert len(merged.graph.node) == 1
    assert np.abs(answers(merged, tensor)[0] - before).max() < 1e-5


def test_what_else_is_read_is_not_merged():
    random = np.random.default_rng(3)
    with pytest.raises(ValueError, match="one is read by nobody, expected two alone"):
        nodes, constants = depthwise_then(1, 1, random)
        nodes[1].input[0] = "input"
        merge_pair(made(nodes, constants, [1, 4, 9, 9], ["between", "out"]), "one", "two")
    with pytest.raises(ValueError, match="do not merge"):
        combine(np.zeros((4, 1, 3, 3)), np.zeros(4), np.zeros((4, 4, 2, 2)), np.zeros(4))


def test_appended_channels_come_from_a_convolution():
    pads = {"pads": np.array([0, 0, 0, 0, 0, 5, 0, 0], np.int64)}
    model = made([helper.make_node("Pad", ["input", "pads"], ["out"], "pad")], pads, [1, 3, 4, 4], ["out"])
    tensor = np.random.default_rng(4).normal(size=(1, 3, 4, 4)).astype(np.float32)
    before = answers(model, tensor)[0]
    widened = widen_by_convolution(model)
    assert [node.op_type for node in widened.graph.node] == ["Conv"]
    assert (answers(widened, tensor)[0] == before).all()


def test_a_pad_of_the_picture_is_refused():
    pads = {"pads": np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)}
    model = made([helper.make_node("Pad", ["input", "pads"], ["out"], "pad")], pads, [1, 3, 4, 4], ["out"])
    with pytest.raises(ValueError, match="pad: expected a Pad that appends channels"):
        widen_by_convolution(model)


def test_cycles_are_those_of_the_compilers_table():
    # Area, kernel and channels of the full range, toolkit 2.5.0.
    assert depthwise_cycles(96 * 96, 9, 8) == 82_944
    assert depthwise_cycles(24 * 24, 9, 128) == 10_368
    assert dense_cycles(96 * 96, 1, 32, 8) == 36_864
    assert dense_cycles(96 * 96, 9, 32, 8) == 82_944
    assert dense_cycles(24 * 24, 1, 24, 96) == 6_912
