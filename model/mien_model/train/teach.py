"""A teacher's answers for every face of a split, computed once per run and kept beside it."""

import hashlib
from pathlib import Path

import numpy as np
import torch

from ..mobilenet import load_network
from .data import Split
from .infer import probabilities
from .targets import Teacher


def teach(weights: Path, split: Split, folder: Path, tell) -> Teacher:
    """Mean of the answers for each face and its mirror image, from `folder` where they lie already."""
    key = f"{split.key}-{hashlib.sha256(weights.read_bytes()).hexdigest()[:16]}"
    kept = folder / f"teacher-{key}.npz"
    if not kept.exists():
        network = load_network(weights).to(memory_format=torch.channels_last)
        found = probabilities(network, split.pixels, mirrored=True, tell=tell)
        partial = folder / f"{kept.name}.partial"
        with open(partial, "wb") as file:
            np.savez(file, age=found.age, gender=found.gender, emotion=found.emotion)
        partial.replace(kept)
    with np.load(kept) as stored:
        return Teacher(stored["age"], stored["gender"], stored["emotion"])
