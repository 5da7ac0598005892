"""Short runs on a few made-up faces. Needs the `train` environment."""

import json
import shutil
from functools import partial

import pytest
from miniature import row, write_faces

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
pytest.importorskip("safetensors")

from mien_model.face_network import save_network, start_network  # noqa: E402
from mien_model.network import Architecture  # noqa: E402
from mien_model.tables.runs import RUNS, chosen, read_results  # noqa: E402
from mien_model.tables.short import Bench, recipe_of_run, short_runs, trained_seconds  # noqa: E402
from mien_model.tables.subset import Size  # noqa: E402
from mien_model.train import command  # noqa: E402
from mien_model.train.loop import train  # noqa: E402
from mien_model.train.pixels import cached_pixels  # noqa: E402

LABELS = [{"age": "20", "gender": "0"}, {"emo3": "2"}, {"age": "60", "gender": "1"}, {"emo3": "0"}]


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setattr(cached_pixels, "__defaults__", (tmp_path / "cache",))
    rows = [row(f"{n}.jpg", split="val" if n >= 16 else "train", **LABELS[n % 4]) for n in range(28)]
    faces = tmp_path / "faces"
    faces.mkdir()
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    for name in ("short", "short-random"):
        (recipes / f"{name}.toml").write_text("epochs = 1\nbatch = 4\n")
    warm = tmp_path / "warm.safetensors"
    save_network(start_network(None, Architecture(tasks=("age",))), warm)
    return Bench(tmp_path / "runs", write_faces(faces, rows), warm, tmp_path / "results.json", Size(6, 2), recipes, 1)


def test_the_runs_are_trained_measured_and_not_run_again(bench):
    wanted = chosen(["age-gender-seed1", "random-npu-head"])
    assert len(list(short_runs(wanted, bench))) == 2
    found = read_results(bench.results)
    pair = found["age-gender-seed1"]
    assert set(pair.figures) == set(pair.standard_errors) == {"age_mae", "gender"}
    assert (pair.faces, pair.steps, pair.measured_on) == (12, 3, {"age": 6, "gender": 6})
    assert pair.start.startswith("warm.safetensors (") and found["random-npu-head"].start == "random weights"
    assert set(found["random-npu-head"].figures) == {"age_mae", "gender", "emotion"}
    assert all("measured on" in line for line in short_runs(wanted, bench))
    assert not list(bench.folder.rglob("state.pt"))


def test_a_changed_recipe_is_run_anew(bench):
    wanted = chosen(["age-seed1"])
    list(short_runs(wanted, bench))
    before = read_results(bench.results)["age-seed1"]
    (bench.recipes / "short.toml").write_text("epochs = 2\nbatch = 4\n")
    list(short_runs(wanted, bench))
    after = read_results(bench.results)["age-seed1"]
    assert (before.steps, after.steps) == (3, 6) and before.key != after.key


def test_a_stopped_run_goes_on_to_the_same_weights(bench, monkeypatch):
    wanted = chosen(["age-seed1"])
    list(short_runs(wanted, bench))
    whole = read_results(bench.results)["age-seed1"]
    bench.results.unlink()
    shutil.rmtree(bench.folder)
    with monkeypatch.context() as once:
        once.setattr(command, "train", partial(train, stop_after=1))
        assert list(short_runs(wanted, bench)) == ["age-seed1: stopped; the same command goes on"]
    assert read_results(bench.results) == {}
    list(short_runs(wanted, bench))
    assert read_results(bench.results)["age-seed1"].weights == whole.weights


def test_two_seeds_begin_and_end_apart(bench):
    list(short_runs(chosen(["age-seed1", "age-seed2"]), bench))
    found = read_results(bench.results)
    assert found["age-seed1"].weights != found["age-seed2"].weights


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_every_run_has_a_recipe_and_a_network(run):
    recipe = recipe_of_run(run)
    assert (recipe.architecture.tasks, recipe.seed) == (run.tasks, run.seed)


def test_pauses_are_no_training(tmp_path):
    kinds = [("start", 0), ("step", 10), ("val", 12), ("resume", 1000), ("step", 1005)]
    (tmp_path / "log.jsonl").write_text("\n".join(json.dumps({"kind": kind, "time": time}) for kind, time in kinds))
    assert trained_seconds(tmp_path / "log.jsonl") == 17
