"""Everything that decides how a training run goes, as a TOML file: two runs with equal recipes and faces are the same run."""

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ..network import DEFAULT, Architecture

OPTIMISERS = ("adamw", "sgd")


@dataclass(frozen=True)
class Recipe:
    """Shares are 0..1, learning rates are peaks of the schedule, `epochs` count over all sessions of the run."""

    trunk: str = DEFAULT.trunk
    head: str = DEFAULT.head
    tasks: tuple[str, ...] = DEFAULT.tasks
    epochs: int = 24
    batch: int = 96
    seed: int = 1
    optimiser: str = "adamw"
    """adamw, or sgd with Nesterov's momentum of 0.9; rates are those of the chosen one."""
    trunk_lr: float = 6e-4
    heads_lr: float = 2e-3
    final_lr: float = 0.01
    """Share of the peak at the end of the cosine."""
    warmup_epochs: float = 0.5
    weight_decay: float = 0.02
    dropout: float = 0.2
    ema_decay: float = 0.999
    frozen: tuple[str, ...] = ()
    """Stages of the trunk (`stem`, `block00`) that stay as they are, batch statistics included."""
    most_padding: float = 0.4
    distillation: float = 0.0
    """Share of the teacher in the target of a labelled face; 0 needs no teacher."""
    unlabelled: float = 0.0
    """Weight of a head's loss on a face that only the teacher labels."""
    doubt: float = 0.0
    """A gender label that the teacher gives less than this probability weighs nothing against the teacher."""
    gender_smoothing: float = 0.02
    emotion_smoothing: float = 0.05
    balance: float = 0.0
    """0: gender counts as it comes; 1: men and women weigh the same in every age band."""
    mixup: float = 0.0
    """Share of batches whose faces are blended with others'."""
    affine: tuple[float, float, float] = (14.0, 0.12, 0.08)
    """Most rotation in degrees, scaling and shift as shares."""
    colour: float = 0.3
    grayscale: float = 0.3
    erasing: float = 0.25
    low_resolution: float = 0.25

    @property
    def architecture(self) -> Architecture:
        """Of the network to train."""
        return Architecture(self.trunk, self.head, self.tasks)


def read_recipe(path: Path) -> Recipe:
    """The recipe of a TOML file. Raises ValueError naming a setting that is unknown or of another type."""
    with open(path, "rb") as file:
        try:
            return recipe_of(tomllib.load(file), path.name)
        except tomllib.TOMLDecodeError as fault:
            raise ValueError(f"{path.name} is no TOML: {fault}") from fault


def recipe_of(values: dict, origin: str) -> Recipe:
    """Checked against the fields' types; a whole number may stand for a float, a list for a tuple."""
    fields = {field.name: field for field in dataclasses.fields(Recipe)}
    found = {}
    for name, value in values.items():
        if name not in fields:
            raise ValueError(f"{origin}: no setting '{name}'; there are {', '.join(fields)}")
        default = fields[name].default
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if isinstance(default, tuple) and isinstance(value, list):
            value = tuple(value)
        if type(value) is not type(default):
            raise ValueError(f"{origin}: '{name}' must be {type(default).__name__}, came {value!r}")
        found[name] = value
    recipe = Recipe(**found)
    if recipe.epochs < 1 or recipe.batch < 2:
        raise ValueError(f"{origin}: epochs must be at least 1 and batch at least 2, came {recipe.epochs} and {recipe.batch}")
    if recipe.optimiser not in OPTIMISERS:
        raise ValueError(f"{origin}: 'optimiser' must be one of {', '.join(OPTIMISERS)}, came '{recipe.optimiser}'")
    try:
        recipe.architecture  # noqa: B018 (raises where there is no such network)
    except ValueError as fault:
        raise ValueError(f"{origin}: {fault}") from fault
    return recipe


def differences(old: Recipe, new: Recipe) -> list[str]:
    """Settings that differ, as text."""
    pairs = ((field.name, getattr(old, field.name), getattr(new, field.name)) for field in dataclasses.fields(Recipe))
    return [f"{name} {a!r} -> {b!r}" for name, a, b in pairs if a != b]
