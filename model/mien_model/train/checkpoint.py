"""`mien_model checkpoint pack | unpack`: a run small enough for git, and back again.

The averaged weights and the raw ones go in fp16, and what the run needs to go on with the same data order and schedule. The
optimiser's moments stay behind (they are twice the weights): a run that was unpacked warms up again over REWARM_STEPS.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from .recipe import recipe_of
from .state import FILE, Progress, State, read_state, write_state

WEIGHTS = "checkpoint.safetensors"
NOTE = "checkpoint.json"
MOST_BYTES = 20_000_000


def pack(run: Path, target: Path) -> int:
    """Write the run's state to `target`; bytes of the weights. Raises ValueError where fp16 cannot hold them or they are too large."""
    state = read_state(run)
    tensors = {}
    for part in ("average", "network"):
        for name, tensor in getattr(state, part).items():
            if name.endswith("num_batches_tracked"):
                continue
            half = tensor.half()
            if not torch.isfinite(half).all():
                raise ValueError(f"{name} of the {part} has numbers beyond fp16: largest {tensor.abs().max().item():g}")
            # What is frozen is the same in both.
            if part == "average" or not torch.equal(half, tensors[f"average.{name}"]):
                tensors[f"{part}.{name}"] = half.contiguous()
    size = sum(tensor.numel() * 2 for tensor in tensors.values())
    if size > MOST_BYTES:
        raise ValueError(f"{size:,} bytes are too many for git: at most {MOST_BYTES:,}")
    target.mkdir(parents=True, exist_ok=True)
    partial = target / f"{WEIGHTS}.partial"
    save_file(tensors, partial)
    os.replace(partial, target / WEIGHTS)
    note = {"run": run.name, "progress": asdict(state.progress), "recipe": asdict(state.recipe)}
    (target / NOTE).write_text(json.dumps(note, indent=2) + "\n")
    return size


def unpack(source: Path, run: Path) -> Progress:
    """A run in `run` that `train NAME --resume` goes on with; where it stands. Raises ValueError where one lies there already."""
    if (run / FILE).exists():
        raise ValueError(f"{run} holds a run already: name another")
    try:
        note = json.loads((source / NOTE).read_text())
        with safe_open(source / WEIGHTS, "pt") as file:
            tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (no dictionary)
        recipe, progress = recipe_of(note["recipe"], NOTE), Progress(**note["progress"])
    except (json.JSONDecodeError, SafetensorError, KeyError, TypeError) as fault:
        raise ValueError(f"{source} holds no checkpoint that can be read: {fault}") from fault
    average = {name.removeprefix("average."): tensor for name, tensor in tensors.items() if name.startswith("average.")}
    network = average | {name.removeprefix("network."): tensor for name, tensor in tensors.items() if name.startswith("network.")}
    run.mkdir(parents=True, exist_ok=True)
    write_state(run, State(recipe, progress, network, average, None))
    return progress
