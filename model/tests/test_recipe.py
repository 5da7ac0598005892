from pathlib import Path

import pytest

from mien_model.paths import MODEL
from mien_model.train.recipe import Recipe, differences, read_recipe


@pytest.mark.parametrize("path", sorted((MODEL / "recipes").glob("*.toml")), ids=lambda path: path.stem)
def test_the_recipes_that_are_shipped_can_be_read(path):
    assert isinstance(read_recipe(path), Recipe)


@pytest.mark.parametrize(
    "text, wrong",
    [
        ("epoch = 3", r"r.toml: no setting 'epoch'; there are trunk"),
        ("epochs = 2.5", "'epochs' must be int, came 2.5"),
        ("epochs = true", "'epochs' must be int, came True"),
        ("epochs = 0", "epochs must be at least 1"),
        ('optimiser = "lion"', "'optimiser' must be one of adamw, sgd, came 'lion'"),
        ('head = "big"', "r.toml: head must be one of npu-head"),
        ('tasks = ["emotion", "age"]', "in this order"),
        ("epochs = ", r"r.toml is no TOML"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text, wrong):
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(ValueError, match=wrong):
        read_recipe(tmp_path / "r.toml")


def test_whole_numbers_and_lists_stand_for_floats_and_tuples(tmp_path: Path):
    (tmp_path / "r.toml").write_text('doubt = 0\nfrozen = ["stem"]')
    assert read_recipe(tmp_path / "r.toml") == Recipe(frozen=("stem",))


def test_differences_are_told():
    assert differences(Recipe(), Recipe(epochs=3)) == ["epochs 24 -> 3"]
