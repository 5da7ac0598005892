import numpy as np
import onnx
import pytest
from onnx import helper
from small_graphs import answers, made

from mien_model.paths import RELEASE
from mien_model.rknn.bench_graphs import pooled, single_task
from mien_model.rknn.recipes import POOLS


def recogniser(random):
    """The end of the recogniser with five channels: 4x4 to features to two heads."""
    constants = {
        "w1": random.normal(size=(5, 1, 3, 3)).astype(np.float32),
        "b1": random.normal(size=5).astype(np.float32),
        "w2": random.normal(size=(5, 1, 2, 2)).astype(np.float32),
        "b2": random.normal(size=5).astype(np.float32),
        "age": random.normal(size=(1, 5)).astype(np.float32),
        "age0": random.normal(size=1).astype(np.float32),
        "mood": random.normal(size=(3, 5)).astype(np.float32),
        "mood0": random.normal(size=3).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["input", "w1", "b1"], ["half"], POOLS[0], group=5),
        helper.make_node("Conv", ["half", "w2", "b2"], ["one"], POOLS[1], group=5),
        helper.make_node("Flatten", ["one"], ["features"]),
        helper.make_node("Gemm", ["features", "age", "age0"], ["first"], transB=1),
        helper.make_node("Gemm", ["features", "mood", "mood0"], ["second"], transB=1),
    ]
    return made(nodes, constants, [1, 5, 4, 4], ["first", "second"])


def test_pooled_says_the_same_of_what_is_the_same_everywhere():
    random = np.random.default_rng(1)
    model = recogniser(random)
    flat = np.broadcast_to(random.normal(size=(1, 5, 1, 1)), (1, 5, 4, 4)).astype(np.float32)
    for before, after in zip(answers(model, flat), answers(pooled(model), flat), strict=True):
        assert np.abs(before - after).max() < 1e-4


def test_pooled_looks_at_the_mean_alone_and_leaves_its_model_as_it_was():
    random = np.random.default_rng(2)
    model = recogniser(random)
    picture = random.normal(size=(1, 5, 4, 4)).astype(np.float32)
    before, mean = answers(model, picture), pooled(model)
    assert [node.op_type for node in mean.graph.node] == ["GlobalAveragePool", "Flatten", "Gemm", "Gemm"]
    turned = np.ascontiguousarray(picture[:, :, ::-1, ::-1])
    for one, other in zip(answers(mean, picture), answers(mean, turned), strict=True):
        assert np.abs(one - other).max() < 1e-4
    for one, other in zip(before, answers(model, picture), strict=True):
        assert (one == other).all()


@pytest.mark.parametrize("task", ["age", "gender", "expression"])
def test_a_head_alone_says_what_it_said_among_three(task):
    model = onnx.load(RELEASE / "faces-npu-head-fp32.onnx")
    face = np.random.default_rng(3).integers(0, 256, (1, 112, 112, 3), np.uint8)
    alone = single_task(model, task)
    assert sum(node.op_type == "Gemm" for node in alone.graph.node) == 1
    before = dict(zip([value.name for value in model.graph.output], answers(model, face), strict=True))
    (after,) = answers(alone, face)
    assert np.abs(before[task] - after).max() < 1e-3


def test_a_head_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="no output 'height', only first, second"):
        single_task(recogniser(np.random.default_rng(4)), "height")
