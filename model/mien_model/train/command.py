"""`mien_model train`: from the command line's words to a run."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from ..face_network import start_network
from ..network import HEADS
from .cpu import prepare_cpu
from .data import Split, open_split, steps_per_epoch
from .journal import Journal
from .loop import new_run, resumed_run, train
from .recipe import Recipe, differences, read_recipe
from .state import FILE, read_state
from .targets import Answers, make_targets
from .teach import teach


@dataclass(frozen=True)
class Places:
    """run: the run's folder; faces: an index folder; index: another index file for its shards; start, teacher: safetensors, None
    for random weights and for the start as the teacher."""

    run: Path
    faces: Path
    index: Path | None = None
    start: Path | None = None
    teacher: Path | None = None


def train_command(recipe_file: Path | None, places: Places, threads: int, resume: bool, device: str = "cpu") -> bool:
    """`train_recipe` with the recipe of a file; without one a run can only be resumed."""
    return train_recipe(read_recipe(recipe_file) if recipe_file else None, places, threads, resume, device)


def train_recipe(recipe: Recipe | None, places: Places, threads: int, resume: bool, device: str = "cpu") -> bool:
    """Start a run or, with `resume`, go on with the one that lies there; True when its last epoch is done.

    recipe: needed for a start; on a resume it may change nothing (its differences are told as an error). device: as PyTorch names it.
    """
    if device != "cpu" and not (device.split(":")[0] == "cuda" and torch.cuda.is_available()):
        raise ValueError(f"device must be cpu, or cuda where PyTorch finds one; came '{device}'{'' if torch.cuda.is_available() else ', and there is none'}")
    prepare_cpu(threads)
    places.run.mkdir(parents=True, exist_ok=True)
    if places.start is not None and not places.start.exists():
        raise ValueError(f"no start weights at {places.start}: name others with --start (`start-weights` makes them), or --start none")
    state = read_state(places.run) if resume else None
    if state is None and (places.run / FILE).exists():
        raise ValueError(f"{places.run} holds a run already: --resume goes on with it; another name starts anew")
    if recipe is None and state is None:
        raise ValueError("a run needs a recipe: --recipe FILE.toml")
    recipe = recipe or state.recipe
    if state and differences(state.recipe, recipe):
        raise ValueError(f"the run in {places.run} has another recipe: {'; '.join(differences(state.recipe, recipe))}")
    journal = Journal(places.run / "log.jsonl")
    split, val = (open_split(name, places.faces, places.index, recipe, all_padding=name == "val") for name in ("train", "val"))
    taught = _taught(recipe, places, split, journal)
    torch.manual_seed(recipe.seed)  # What no weights bring along is drawn now.
    network = start_network(places.start, recipe.architecture).to(device)
    dropout(network, recipe.dropout)
    run = resumed_run(places.run, network, state, steps_per_epoch(len(split), recipe)) if state else new_run(places.run, recipe, network)
    (places.run / "pid").write_text(f"{os.getpid()}\n")
    origin = places.start.name if places.start else "random"
    kind, at = "resume" if state else "start", run.progress
    journal.write(kind, epoch=at.epoch, step=at.step, faces=len(split), threads=torch.get_num_threads(), start=origin)
    return train(run, split, make_targets(split.labels, taught, recipe), val)


def _taught(recipe: Recipe, places: Places, split: Split, journal: Journal) -> Answers | None:
    """The teacher's answers, where the recipe uses any."""
    if not recipe.distillation and not recipe.unlabelled:
        return None
    weights = places.teacher or places.start
    if weights is None:
        raise ValueError("the recipe distils: name a --teacher or a --start")
    answers = teach(weights, split, places.run, lambda done, of: journal.progress("teacher", done, of))
    if set(HEADS) - set(answers):
        raise ValueError(f"a teacher must answer {', '.join(HEADS)}; {weights.name} answers {', '.join(answers)}")
    return answers


def dropout(network: nn.Module, share: float) -> None:
    """Dropout before each head while training; the state dict stays as it is."""

    def drop(module: nn.Module, inputs: tuple) -> tuple:
        return (nn.functional.dropout(inputs[0], share, module.training),)

    for head in network.head.values():
        head.register_forward_pre_hook(drop)
