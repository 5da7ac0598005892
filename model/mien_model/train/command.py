"""`mien_model train`: from the command line's words to a run."""

import os
from pathlib import Path

import torch
from torch import nn

from ..mobilenet import start_network
from ..network import Architecture
from .cpu import prepare_cpu
from .data import open_split
from .journal import Journal
from .loop import new_run, resumed_run, train
from .recipe import differences, read_recipe
from .state import FILE, read_state
from .targets import make_targets
from .teach import teach


def train_command(recipe_file: Path | None, folder: Path, start: Path | None, teacher: Path | None, faces: Path, threads: int, resume: bool) -> bool:
    """Start a run in `folder` or, with `resume`, go on with the one that lies there; True when its last epoch is done.

    recipe_file: needed for a start; on a resume it may change nothing (its differences are told as an error).
    """
    prepare_cpu(threads)
    folder.mkdir(parents=True, exist_ok=True)
    state = read_state(folder) if resume else None
    if state is None and (folder / FILE).exists():
        raise ValueError(f"{folder} holds a run already: --resume goes on with it; another --run starts anew")
    recipe = read_recipe(recipe_file) if recipe_file else state["recipe"] if state else None
    if recipe is None:
        raise ValueError("a run needs a recipe: --recipe FILE.toml")
    if state and differences(state["recipe"], recipe):
        raise ValueError(f"the run in {folder} has another recipe: {'; '.join(differences(state['recipe'], recipe))}")
    (folder / "pid").write_text(f"{os.getpid()}\n")
    journal = Journal(folder / "log.jsonl")
    split, val = open_split("train", faces, recipe, False), open_split("val", faces, recipe, True)
    taught = None
    if recipe.distillation or recipe.unlabelled:
        if teacher is None and start is None:
            raise ValueError("the recipe distils: name a --teacher or a --start")
        taught = teach(teacher or start, split, folder, lambda done, of: journal.progress("teacher", done, of))
    network = start_network(start, Architecture(recipe.head, recipe.tasks))
    dropout(network, recipe.dropout)
    run = resumed_run(folder, network, state) if state else new_run(folder, recipe, network)
    kind = "resume" if state else "start"
    origin = start.name if start else "random"
    journal.write(kind, epoch=run.progress.epoch, step=run.progress.step, faces=len(split), threads=torch.get_num_threads(), start=origin)
    return train(run, split, make_targets(split.labels, taught, recipe), val)


def dropout(network: nn.Module, share: float) -> None:
    """Dropout before each head while training; the state dict stays as it is."""

    def drop(module: nn.Module, inputs: tuple) -> tuple:
        return (nn.functional.dropout(inputs[0], share, module.training),)

    for head in network.head.values():
        head.register_forward_pre_hook(drop)
