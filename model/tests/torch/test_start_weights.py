"""Weights to begin with, from folded networks. Needs the `train` environment."""

import numpy as np
import pytest
from miniature import drawn_face, row, write_faces

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
pytest.importorskip("safetensors")
import onnx  # noqa: E402
from torch.nn import functional  # noqa: E402

from mien_model.export import export_float  # noqa: E402
from mien_model.face_network import FaceNetwork, load_network, save_network, start_network  # noqa: E402
from mien_model.network import Architecture, Convolution  # noqa: E402
from mien_model.start_weights import settle_norms, start_weights  # noqa: E402
from mien_model.tflite_weights import Folded  # noqa: E402
from mien_model.train.augment import plain  # noqa: E402
from mien_model.widen import widen  # noqa: E402


def convolution(name, inputs, outputs, kernel=1, depthwise=False):
    return Convolution(name, inputs, outputs, kernel, 1, kernel // 2, inputs if depthwise else 1, 4, True)


NARROW = [
    *[convolution("stem", 3, 4, 3), convolution("block00.depthwise", 4, 4, 3, True), convolution("block00.project", 4, 3)],
    *[convolution("block01.expand", 3, 6), convolution("block01.depthwise", 6, 6, 3, True), convolution("block01.project", 6, 3)],
    convolution("last", 3, 5),
]
WIDE = [
    *[convolution("stem", 3, 6, 3), convolution("block00.depthwise", 6, 6, 3, True), convolution("block00.project", 6, 5)],
    *[convolution("block01.expand", 5, 12), convolution("block01.depthwise", 12, 12, 3, True), convolution("block01.project", 12, 5)],
    convolution("last", 5, 8),
]


def folded(generator):
    return [
        Folded(generator.normal(size=(c.outputs, c.inputs // c.groups, c.kernel, c.kernel)).astype(np.float32), generator.normal(size=c.outputs), c.groups > 1)
        for c in NARROW
    ]


def run(network, layers, x):
    entered = x
    for c, layer in zip(layers, network):
        entered = x if c.name == "block01.expand" else entered
        groups = len(layer.bias) if layer.depthwise else 1
        x = functional.conv2d(x, torch.tensor(layer.weight), torch.tensor(layer.bias, dtype=torch.float32), padding=c.padding, groups=groups)
        if not c.name.endswith("project"):
            x = functional.relu6(x)
        elif c.name == "block01.project":
            x = x + entered
    return x


def test_a_widened_network_computes_the_same():
    narrow = folded(np.random.default_rng(1))
    wide = widen(narrow, WIDE, {"block01"})
    x = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    before, after = run(narrow, NARROW, x), run(wide, WIDE, x)
    assert torch.allclose(after[:, :5], before, atol=1e-4)
    assert all(any(torch.allclose(after[:, k], before[:, j], atol=1e-4) for j in range(5)) for k in (5, 6, 7))
    assert not torch.allclose(before[:, 0], before[:, 1])


def test_a_network_that_does_not_fit_is_told():
    narrow = folded(np.random.default_rng(1))
    with pytest.raises(ValueError, match="must have 7 convolutions, came 6"):
        widen(narrow[:6], WIDE, set())
    with pytest.raises(ValueError, match="stem: 4 channels cannot become 9"):
        widen(narrow, [convolution("stem", 3, 9, 3), *WIDE[1:]], set())


def lively(architecture):
    """A network whose batch norms have something to fold."""
    torch.manual_seed(5)
    network = start_network(None, architecture)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.uniform_(-0.5, 0.5)
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
    return network.eval()


@pytest.fixture
def faces(tmp_path):
    folder = tmp_path / "faces"
    folder.mkdir()
    return write_faces(folder, [row(f"{n}.jpg", age="30") for n in range(16)])


@pytest.mark.parametrize("head, tasks", [("npu-head", ("age", "gender", "emotion")), ("pooled", ("gender",))])
def test_weights_of_our_own_onnx_file_say_the_same(tmp_path, faces, head, tasks):
    save_network(lively(Architecture(head=head, tasks=tasks)), tmp_path / "w.safetensors")
    export_float(tmp_path / "w.safetensors", tmp_path / "n.onnx")
    (told,) = start_weights(tmp_path / "n.onnx", tmp_path / "start.safetensors", faces)
    assert "with its heads, statistics of 16 faces" in told
    before, after = load_network(tmp_path / "w.safetensors"), load_network(tmp_path / "start.safetensors")
    assert after.architecture == before.architecture
    x = plain(torch.from_numpy(np.stack([drawn_face(n) for n in range(90, 94)])))
    with torch.no_grad():
        assert all(torch.allclose(a, b, atol=1e-3) for a, b in zip(before(x), after(x)))


def test_statistics_are_those_of_the_faces():
    network = FaceNetwork(Architecture(head="pooled", tasks=("age",)))
    images = np.stack([drawn_face(n) for n in range(8)])
    settle_norms(network, images)
    with torch.no_grad():
        seen = network.stem.conv(plain(torch.from_numpy(images)))
    assert torch.allclose(network.stem.bn.running_mean, seen.mean((0, 2, 3)), atol=1e-4)
    assert torch.allclose(network.stem.bn.running_var, seen.var((0, 2, 3), unbiased=False), rtol=1e-3)


def test_what_it_cannot_begin_with_is_told(tmp_path, faces):
    with pytest.raises(ValueError, match=r"n.pb must be an .onnx file of ours or a .tflite file"):
        list(start_weights(tmp_path / "n.pb", tmp_path / "s", faces))
    node = onnx.helper.make_node("Relu", ["x"], ["y"])
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1]) for name in "xy"]
    onnx.save(onnx.helper.make_model(onnx.helper.make_graph([node], "g", values[:1], values[1:])), tmp_path / "other.onnx")
    with pytest.raises(ValueError, match=r"other.onnx is no FP32 file of ours"):
        list(start_weights(tmp_path / "other.onnx", tmp_path / "s", faces))
