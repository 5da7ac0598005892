"""Needs the `train` environment."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from safetensors.torch import save_file  # noqa: E402

from mien_model import network  # noqa: E402
from mien_model.export import export_float  # noqa: E402
from mien_model.face_network import FaceNetwork, load_network, save_network, start_network  # noqa: E402
from mien_model.mobilenet import ConvolutionNorm  # noqa: E402
from mien_model.network import Architecture  # noqa: E402


def save(state, path):
    save_file({name: t.half() for name, t in state.items() if not name.endswith("num_batches_tracked")}, path)
    return path


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(4)
    return save(FaceNetwork().state_dict(), tmp_path_factory.mktemp("weights") / "random.safetensors")


@pytest.mark.parametrize("head", network.FRONTS)
def test_parameters_are_those_of_the_table(head):
    architecture = Architecture(head=head, tasks=("age", "emotion"))
    assert sum(p.numel() for p in FaceNetwork(architecture).parameters()) == network.parameters(architecture)


def test_outputs_have_the_heads_shapes(weights):
    with torch.no_grad():
        age, gender, expression = load_network(weights)(torch.zeros(2, 3, 112, 112))
    assert (age.shape, gender.shape, expression.shape) == ((2, 1), (2, 1), (2, 3))


@pytest.mark.parametrize("head, tasks", [("pooled", ("gender",)), ("dense-head", ("age", "emotion"))])
def test_other_heads_and_tasks_answer(head, tasks):
    answers = FaceNetwork(Architecture(head=head, tasks=tasks)).eval()(torch.zeros(2, 3, 112, 112))
    assert [answer.shape[1] for answer in answers] == [network.HEADS[task] for task in tasks]


def test_export_equals_torch(weights, tmp_path):
    assert export_float(weights, tmp_path / "n.onnx") < 1e-4


def test_a_file_says_which_network_it_is_of_and_can_be_exported(tmp_path):
    network = FaceNetwork(Architecture(head="pooled", tasks=("age", "emotion")))
    save_network(network, tmp_path / "n.safetensors")
    assert load_network(tmp_path / "n.safetensors").architecture == network.architecture
    assert export_float(tmp_path / "n.safetensors", tmp_path / "n.onnx") < 1e-4


def test_resnet50_is_the_known_one():
    found = FaceNetwork(Architecture("resnet50", "pooled"))
    # 25,557,032 with a classifier of 1000, by the paper that it is from and by every library since.
    assert sum(p.numel() for p in found.parameters()) == 25_557_032 - 1000 * 2049 + 5 * 2049
    with torch.no_grad():
        assert [answer.shape for answer in found.eval()(torch.zeros(2, 3, 112, 112))] == [(2, 1), (2, 1), (2, 3)]


def test_weights_of_another_network_are_refused(tmp_path):
    save_file({"stem.conv.weight": torch.zeros(48, 3, 3, 3), "other": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match=r"missing.*unexpected"):
        load_network(tmp_path / "x.safetensors")


def test_training_starts_from_a_trunk_and_with_a_living_age(tmp_path, weights):
    found = start_network(weights, Architecture(head="dense-head", tasks=("age",)))
    assert torch.equal(found.last.conv.weight, load_network(weights).last.conv.weight)
    assert start_network(None, Architecture()).head["age"].bias.item() == 30
    with pytest.raises(ValueError, match="trunk"):
        start_network(save({"head.age.bias": torch.zeros(1)}, tmp_path / "head.safetensors"), Architecture())


def test_the_faster_halving_convolution_gives_the_same():
    torch.manual_seed(1)
    halving = next(c for c in network.convolutions() if c.stride == 2 and c.groups > 1)
    layer = ConvolutionNorm(halving).double()
    faces = torch.randn(2, halving.inputs, 7, 7, dtype=torch.double, requires_grad=True)
    plain = layer.activation(layer.bn(layer.conv(faces)))
    (expected,) = torch.autograd.grad(plain.square().sum(), faces)
    found = layer(faces)
    assert layer.halving and torch.allclose(found, plain)
    (gradient,) = torch.autograd.grad(found.square().sum(), faces)
    assert torch.allclose(gradient, expected)
