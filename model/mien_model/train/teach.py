"""A teacher's answers for every face of a split, computed once per run and kept beside it."""

import hashlib
from pathlib import Path

import numpy as np
import torch

from ..face_network import load_network
from .data import Split
from .infer import probabilities
from .targets import Answers


def teach(weights: Path, split: Split, folder: Path, tell) -> Answers:
    """Mean of the answers for each face and its mirror image, from `folder` where they lie already."""
    key = f"{split.key}-{hashlib.sha256(weights.read_bytes()).hexdigest()[:16]}"
    kept = folder / f"teacher-{key}.npz"
    if not kept.exists():
        network = load_network(weights).to(memory_format=torch.channels_last)
        found = probabilities(network, split.pixels, mirrored=True, tell=tell)
        partial = folder / f"{kept.name}.partial"
        with open(partial, "wb") as file:
            np.savez(file, **found)
        partial.replace(kept)
    with np.load(kept) as stored:
        return {task: stored[task] for task in stored.files}
