"""All that a run needs to go on: kept in one file, written whole or not at all."""

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from .recipe import Recipe, recipe_of

FILE = "state.pt"
Tensors = dict[str, torch.Tensor]


@dataclass
class Progress:
    """epoch and step (within it) come next; history: one entry of validation figures per epoch; rewarmed_from: the step, counted
    from the run's start, at which it went on without the optimiser's moments."""

    epoch: int = 0
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    rewarmed_from: int | None = None


@dataclass(frozen=True)
class State:
    """network, average: state dicts; optimiser: its own, or None where it was left behind."""

    recipe: Recipe
    progress: Progress
    network: Tensors
    average: Tensors
    optimiser: dict | None


def write_state(folder: Path, state: State) -> None:
    """Write `folder`/state.pt."""
    partial = folder / f"{FILE}.partial"
    with open(partial, "wb") as file:
        torch.save({**vars(state), "recipe": asdict(state.recipe), "progress": asdict(state.progress)}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, folder / FILE)


def read_state(folder: Path) -> State:
    """What write_state wrote. Raises ValueError where there is none or a damaged one."""
    path = folder / FILE
    if not path.exists():
        raise ValueError(f"{folder} holds no {FILE}: there is nothing to resume; start without --resume")
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as fault:
        raise ValueError(f"{path} is damaged: {fault}") from fault
    return State(**values | {"recipe": recipe_of(values["recipe"], FILE), "progress": Progress(**values["progress"])})
