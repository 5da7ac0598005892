import numpy as np
from onnx import helper
from small_graphs import answers, made

from mien_model.rknn.graphs import initializers
from mien_model.rknn.prune import ALIGNED, drop_still_channels


def block(random, still):
    """1x1, ReLU6, depthwise, ReLU6, 1x1 with 24 hidden channels, `still` of them shut or stuck."""
    wide = random.normal(size=(24, 3, 1, 1)).astype(np.float32)
    bias = random.normal(size=24).astype(np.float32)
    wide[:still], bias[:still] = 0, -1
    constants = {
        "w1": wide,
        "b1": bias,
        "w2": random.normal(size=(24, 1, 3, 3)).astype(np.float32),
        "b2": random.uniform(0.1, 1, 24).astype(np.float32),
        "w3": random.normal(size=(5, 24, 1, 1)).astype(np.float32),
        "b3": np.zeros(5, np.float32),
        "zero": np.float32(0),
        "six": np.float32(6),
    }
    nodes = [
        helper.make_node("Conv", ["input", "w1", "b1"], ["a"], "a"),
        helper.make_node("Clip", ["a", "zero", "six"], ["a6"]),
        helper.make_node("Conv", ["a6", "w2", "b2"], ["b"], "b", group=24, pads=[1] * 4),
        helper.make_node("Clip", ["b", "zero", "six"], ["b6"]),
        helper.make_node("Conv", ["b6", "w3", "b3"], ["out"], "c"),
    ]
    return made(nodes, constants, [1, 3, 8, 8], ["out"])


def test_still_channels_go_and_the_network_says_the_same():
    random = np.random.default_rng(1)
    model = block(random, 11)
    pictures = random.uniform(-1, 1, (4, 1, 3, 8, 8)).astype(np.float32)
    before = [answers(model, picture)[0] for picture in pictures]
    pruned = drop_still_channels(model, pictures)
    assert initializers(pruned)["w2"].shape == (24 - ALIGNED, 1, 3, 3)
    for picture, expected in zip(pictures, before, strict=True):
        assert np.abs(answers(pruned, picture)[0] - expected).max() < 1e-4


def test_what_moves_stays():
    random = np.random.default_rng(2)
    model = block(random, 0)
    drop_still_channels(model, random.uniform(-1, 1, (4, 1, 3, 8, 8)).astype(np.float32))
    assert len(initializers(model)["w2"]) == 24
