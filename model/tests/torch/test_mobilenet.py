"""Needs the `train` environment."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from safetensors.torch import save_file  # noqa: E402

from mien_model import network  # noqa: E402
from mien_model.export import export_float  # noqa: E402
from mien_model.mobilenet import FaceNetwork, load_network  # noqa: E402


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(4)
    state = {name: t.half() for name, t in FaceNetwork().state_dict().items() if not name.endswith("num_batches_tracked")}
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    save_file(state, path)
    return path


def test_parameters_are_those_of_the_table():
    assert sum(p.numel() for p in FaceNetwork().parameters()) == network.parameters()


def test_outputs_have_the_heads_shapes(weights):
    with torch.no_grad():
        age, gender, expression = load_network(weights)(torch.zeros(2, 3, 112, 112))
    assert (age.shape, gender.shape, expression.shape) == ((2, 1), (2, 1), (2, 3))


def test_export_equals_torch(weights, tmp_path):
    assert export_float(weights, tmp_path / "n.onnx") < 1e-4


def test_weights_of_another_network_are_refused(tmp_path):
    save_file({"stem.conv.weight": torch.zeros(48, 3, 3, 3), "other": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match=r"missing.*unexpected"):
        load_network(tmp_path / "x.safetensors")
