"""Training on a few made-up faces. Needs the `train` environment."""

import json
import zipfile

import numpy as np
import pytest
from miniature import drawn_face, jpeg, row, write_faces

torch = pytest.importorskip("torch")
torch.set_num_threads(1)
pytest.importorskip("safetensors")

from mien_model.face_network import load_network, save_network, start_network  # noqa: E402
from mien_model.faces import read_index  # noqa: E402
from mien_model.network import Architecture  # noqa: E402
from mien_model.train.command import Places, train_command, train_recipe  # noqa: E402
from mien_model.train.data import open_split  # noqa: E402
from mien_model.train.loop import new_run, resumed_run, train  # noqa: E402
from mien_model.train.pixels import cached_pixels  # noqa: E402
from mien_model.train.recipe import Recipe  # noqa: E402
from mien_model.train.state import read_state  # noqa: E402
from mien_model.train.targets import make_targets  # noqa: E402

RECIPE = Recipe(head="pooled", epochs=2, batch=4, dropout=0.1, trunk_lr=1e-3, heads_lr=1e-2, warmup_epochs=0, ema_decay=0.5, mixup=0.5)
LABELS = [{"age": "20", "gender": "0"}, {"age": "60", "gender": "1"}, {"emo3": "2", "emotion_agree": "0.8"}, {"emo3": "0"}]


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    rows = [row(f"{n}.jpg", split="val" if n >= 12 else "train", **LABELS[n % 4]) for n in range(16)]
    return write_faces(tmp_path_factory.mktemp("faces"), rows)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr(cached_pixels, "__defaults__", (tmp_path / "cache",))


def ready(faces, folder, recipe=RECIPE):
    torch.manual_seed(3)
    folder.mkdir(exist_ok=True)
    run = new_run(folder, recipe, start_network(None, recipe.architecture))
    split, val = (open_split(name, faces, None, recipe, True) for name in ("train", "val"))
    return run, split, make_targets(split.labels, None, recipe), val


def losses(folder):
    return [json.loads(line)["loss"] for line in (folder / "log.jsonl").read_text().splitlines() if '"step"' in line]


def test_steps_lower_the_loss_and_each_epoch_is_validated(faces, tmp_path):
    steady = {"dropout": 0.0, "affine": (0.0, 0.0, 0.0), "colour": 0.0, "grayscale": 0.0, "erasing": 0.0, "low_resolution": 0.0}
    recipe = Recipe(head="pooled", epochs=8, batch=12, trunk_lr=2e-4, heads_lr=2e-3, warmup_epochs=0, ema_decay=0.5, **steady)
    run, *rest = ready(faces, tmp_path / "run", recipe)
    assert train(run, *rest)
    found = losses(tmp_path / "run")
    assert len(found) == 8 and max(found[-2:]) < 0.8 * found[0]
    assert [set(figures) for figures in run.progress.history] == [{f"{p}{n}" for p in ("", "clean_") for n in ("age_mae", "gender", "emotion")}] * 8
    assert load_network(tmp_path / "run" / "ema.safetensors").architecture == recipe.architecture


def test_a_resumed_run_goes_on_with_the_same_curve(faces, tmp_path):
    whole, *rest = ready(faces, tmp_path / "whole")
    assert train(whole, *rest)
    broken, *rest = ready(faces, tmp_path / "broken")
    assert not train(broken, *rest, stop_after=1)
    state = read_state(tmp_path / "broken")
    assert (state.progress.epoch, state.progress.step) == (0, 1)
    resumed = resumed_run(tmp_path / "broken", start_network(None, RECIPE.architecture), state, 3)
    assert train(resumed, *rest)
    for name, tensor in whole.average.network.state_dict().items():
        assert torch.equal(tensor, resumed.average.network.state_dict()[name]), name
    assert resumed.progress.history == whole.progress.history


def test_frozen_stages_and_heads_without_labels_stay(faces, tmp_path):
    recipe = Recipe(head="pooled", epochs=1, batch=12, frozen=("stem", "block00"), weight_decay=0)
    run, split, targets, val = ready(faces, tmp_path / "run", recipe)
    targets.weights["emotion"][:] = 0
    before = {name: tensor.clone() for name, tensor in run.network.state_dict().items()}
    train(run, split, targets, val)
    moved = {name.split(".")[0] if "head" not in name else name for name, tensor in run.network.state_dict().items() if not torch.equal(tensor, before[name])}
    assert not moved & {"stem", "block00", "head.emotion.weight", "head.emotion.bias"}
    assert {"block01", "last", "head.age.weight", "head.gender.weight"} <= moved


def test_an_unknown_stage_cannot_be_frozen(faces, tmp_path):
    with pytest.raises(ValueError, match="no stage block99; there are stem"):
        ready(faces, tmp_path / "run", Recipe(frozen=("block99",)))


def test_the_command_starts_stops_nothing_twice_and_resumes_only_its_own(faces, tmp_path):
    recipe = tmp_path / "r.toml"
    recipe.write_text('head = "pooled"\ntasks = ["gender"]\nepochs = 1\nbatch = 4\n')
    places = Places(tmp_path / "run", faces)
    with pytest.raises(ValueError, match="nothing to resume"):
        train_command(recipe, places, 1, resume=True)
    with pytest.raises(ValueError, match="needs a recipe"):
        train_command(None, places, 1, resume=False)
    assert train_command(recipe, places, 1, resume=False)
    with pytest.raises(ValueError, match="holds a run already"):
        train_command(recipe, places, 1, resume=False)
    recipe.write_text('head = "pooled"\ntasks = ["gender"]\nepochs = 3\nbatch = 4\n')
    with pytest.raises(ValueError, match="another recipe: epochs 1 -> 3"):
        train_command(recipe, places, 1, resume=True)
    assert train_command(None, places, 1, resume=True)
    recipe.write_text("distillation = 0.5\n")
    with pytest.raises(ValueError, match="name a --teacher"):
        train_command(recipe, Places(tmp_path / "other", faces), 1, resume=False)


def test_a_teacher_fills_in_and_must_answer_everything(faces, tmp_path):
    recipe = tmp_path / "r.toml"
    recipe.write_text("epochs = 1\nbatch = 12\ndistillation = 0.5\nunlabelled = 0.3\n")
    torch.manual_seed(3)
    save_network(start_network(None, Architecture()), tmp_path / "all.safetensors")
    save_network(start_network(None, Architecture(tasks=("age",))), tmp_path / "age.safetensors")
    assert train_command(recipe, Places(tmp_path / "run", faces, start=tmp_path / "all.safetensors"), 1, resume=False)
    (kept,) = (tmp_path / "run").glob("teacher-*.npz")
    with np.load(kept) as answers:
        assert {task: values.shape for task, values in answers.items()} == {"age": (12,), "gender": (12,), "emotion": (12, 3)}
    with pytest.raises(ValueError, match=r"a teacher must answer age, gender, emotion; age.safetensors answers age"):
        train_command(recipe, Places(tmp_path / "other", faces, teacher=tmp_path / "age.safetensors"), 1, resume=False)


def test_sgd_learns_too_and_resumes_with_its_momentum(faces, tmp_path):
    steady = {"dropout": 0.0, "affine": (0.0, 0.0, 0.0), "colour": 0.0, "grayscale": 0.0, "erasing": 0.0, "low_resolution": 0.0}
    rates = {"optimiser": "sgd", "trunk_lr": 5e-2, "heads_lr": 5e-2, "warmup_epochs": 0}
    recipe = Recipe(head="pooled", tasks=("gender",), epochs=14, batch=12, ema_decay=0.5, **rates, **steady)
    whole, *rest = ready(faces, tmp_path / "whole", recipe)
    assert isinstance(whole.optimiser, torch.optim.SGD) and train(whole, *rest)
    assert min(losses(tmp_path / "whole")) < 0.9 * losses(tmp_path / "whole")[0]
    broken, *rest = ready(faces, tmp_path / "broken", recipe)
    assert not train(broken, *rest, stop_after=2)
    resumed = resumed_run(tmp_path / "broken", start_network(None, recipe.architecture), read_state(tmp_path / "broken"), 1)
    assert train(resumed, *rest)
    assert losses(tmp_path / "broken") == losses(tmp_path / "whole")


def test_missing_start_weights_and_devices_are_told(faces, tmp_path):
    with pytest.raises(ValueError, match=r"no start weights at .*none.safetensors: name others with --start"):
        train_recipe(Recipe(), Places(tmp_path / "run", faces, start=tmp_path / "none.safetensors"), 1, resume=False)
    with pytest.raises(ValueError, match="device must be cpu, or cuda where PyTorch finds one; came 'tpu'"):
        train_recipe(Recipe(), Places(tmp_path / "run", faces), 1, resume=False, device="tpu")


def test_a_damaged_state_is_told(tmp_path):
    (tmp_path / "state.pt").write_bytes(b"half a file")
    with pytest.raises(ValueError, match=r"state.pt is damaged"):
        read_state(tmp_path)


@pytest.mark.parametrize(
    "picture, wrong",
    [
        (b"no jpeg", r"index.csv, row 2: made.zip/0.jpg is no readable picture"),
        (jpeg(drawn_face(1, 64)), r"index.csv, row 2: made.zip/0.jpg must be 128x128, came 64x64"),
    ],
)
def test_a_bad_picture_is_named_and_leaves_no_cache(tmp_path, picture, wrong):
    write_faces(tmp_path, [row("0.jpg")], [picture])
    with pytest.raises(ValueError, match=wrong):
        open_split("train", tmp_path, None, Recipe(), False)
    assert not list((tmp_path / "cache").iterdir())


def test_a_split_without_faces_is_told(faces):
    with pytest.raises(ValueError, match="no face of split 'test'"):
        open_split("test", faces, None, Recipe(), False)


def test_other_pixels_make_another_cache(tmp_path):
    write_faces(tmp_path, [row("0.jpg")])
    rows = read_index("train", tmp_path)
    first = np.array(cached_pixels(rows, tmp_path))
    with zipfile.ZipFile(tmp_path / "made.zip", "w") as shard:
        shard.writestr("0.jpg", jpeg(drawn_face(77)))
    assert not np.array_equal(first, cached_pixels(rows, tmp_path))
