"""All that a run needs to go on: kept in one file, written whole or not at all."""

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from .optimise import Average
from .recipe import Recipe, recipe_of

FILE = "state.pt"


@dataclass
class Progress:
    """epoch and step (within it) come next; history: one entry of validation figures per epoch."""

    epoch: int = 0
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


def save_state(folder: Path, recipe: Recipe, progress: Progress, network: nn.Module, average: Average, optimiser: torch.optim.Optimizer) -> None:
    """Write `folder`/state.pt."""
    state = {
        "recipe": asdict(recipe),
        "progress": asdict(progress),
        "network": network.state_dict(),
        "average": average.network.state_dict(),
        "optimiser": optimiser.state_dict(),
    }
    partial = folder / f"{FILE}.partial"
    with open(partial, "wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, folder / FILE)


def read_state(folder: Path) -> dict:
    """What save_state wrote, with `recipe` and `progress` as their classes. Raises ValueError where there is none or a damaged one."""
    path = folder / FILE
    if not path.exists():
        raise ValueError(f"{folder} holds no {FILE}: there is nothing to resume; start without --resume")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as fault:
        raise ValueError(f"{path} is damaged: {fault}") from fault
    return {**state, "recipe": recipe_of(state["recipe"], FILE), "progress": Progress(**state["progress"])}


def save_average(average: Average, target: Path) -> None:
    """The averaged weights as safetensors in fp32, named as in `shared/weights`: what `export` takes."""
    tensors = {name: tensor.contiguous() for name, tensor in average.network.state_dict().items() if not name.endswith("num_batches_tracked")}
    partial = target.with_suffix(".partial")
    save_file(tensors, partial)
    os.replace(partial, target)
