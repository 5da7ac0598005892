"""Runs packed for git. Needs the `train` environment."""

from itertools import pairwise

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")
torch.set_num_threads(1)

from mien_model.face_network import FaceNetwork  # noqa: E402
from mien_model.train.checkpoint import pack, unpack  # noqa: E402
from mien_model.train.loop import new_run, resumed_run, save  # noqa: E402
from mien_model.train.optimise import REWARM_STEPS, rate_share  # noqa: E402
from mien_model.train.recipe import Recipe  # noqa: E402
from mien_model.train.state import read_state  # noqa: E402

RECIPE = Recipe(epochs=10, warmup_epochs=1, final_lr=0, frozen=("stem",))


@pytest.fixture
def run(tmp_path):
    (tmp_path / "run").mkdir()
    run = new_run(tmp_path / "run", RECIPE, FaceNetwork())
    with torch.no_grad():
        run.network.last.conv.weight.add_(0.5)
    run.progress.epoch, run.progress.step, run.progress.history = 4, 7, [{"age_mae": 5.5}]
    save(run)
    return run


def test_what_is_packed_goes_on_where_it_stood(run, tmp_path):
    size = pack(run.folder, tmp_path / "packed")
    assert size == sum(path.stat().st_size for path in (tmp_path / "packed").glob("*.safetensors")) - (size_of_header(tmp_path)) < 20e6
    at = unpack(tmp_path / "packed", tmp_path / "again")
    assert (at.epoch, at.step, at.history) == (4, 7, [{"age_mae": 5.5}])
    found = resumed_run(tmp_path / "again", FaceNetwork(), read_state(tmp_path / "again"), 100)
    assert found.recipe == RECIPE and found.progress.rewarmed_from == 407
    for mine, theirs in ((run.network, found.network), (run.average.network, found.average.network)):
        for name, tensor in mine.state_dict().items():
            if "num_batches" not in name:
                assert torch.equal(tensor.half().float(), theirs.state_dict()[name]), name
    assert not torch.equal(found.network.last.conv.weight, found.average.network.last.conv.weight)


def size_of_header(tmp_path):
    with open(tmp_path / "packed" / "checkpoint.safetensors", "rb") as file:
        return 8 + int.from_bytes(file.read(8), "little")


def test_numbers_beyond_fp16_are_told(run, tmp_path):
    run.average.network.last.bn.running_var.fill_(1e6)
    save(run)
    with pytest.raises(ValueError, match=r"last.bn.running_var of the average has numbers beyond fp16: largest 1e\+06"):
        pack(run.folder, tmp_path / "packed")


def test_nothing_is_written_over_and_rubbish_is_told(run, tmp_path):
    pack(run.folder, tmp_path / "packed")
    with pytest.raises(ValueError, match="holds a run already"):
        unpack(tmp_path / "packed", run.folder)
    (tmp_path / "packed" / "checkpoint.safetensors").write_bytes(b"half")
    with pytest.raises(ValueError, match="no checkpoint that can be read"):
        unpack(tmp_path / "packed", tmp_path / "again")


def test_the_rate_warms_up_falls_and_warms_up_again():
    shares = [rate_share(step, 100, RECIPE) for step in range(1000)]
    assert shares[0] == 0.01 and shares[99] == 1 and shares[549] == pytest.approx(0.5, abs=0.01) and shares[-1] < 1e-4
    assert all(a >= b for a, b in pairwise(shares[99:]))
    again = [rate_share(step, 100, RECIPE, 407) for step in range(407, 700)]
    assert again[0] == pytest.approx(shares[407] / REWARM_STEPS)
    assert again[REWARM_STEPS:] == shares[407 + REWARM_STEPS : 700]
