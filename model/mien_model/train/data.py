"""The faces of a run: pixels, targets and the order in which they are shown."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..faces import read_index
from .augment import augment
from .pixels import cached_pixels
from .recipe import Recipe
from .targets import Labels, Targets, read_labels


@dataclass(frozen=True)
class Split:
    """pixels u8 [n, 128, 128, 3]; clean [n]: little padding."""

    pixels: np.ndarray
    labels: Labels
    clean: np.ndarray
    key: str
    """Of the faces' names: what belongs to other faces has another key."""

    def __len__(self) -> int:
        return len(self.pixels)


def open_split(name: str, folder: Path, index: Path | None, recipe: Recipe, all_padding: bool) -> Split:
    """The faces of a split; all_padding: keep those that the recipe's `most_padding` drops, marked as not clean."""
    rows = read_index(name, folder, most_padding=None if all_padding else recipe.most_padding, index=index)
    if not rows:
        raise ValueError(f"{folder / 'index.csv'} has no face of split '{name}' that may be used")
    clean = np.array([float(row["pad_frac"] or 0) <= recipe.most_padding for row in rows])
    key = hashlib.sha256("\n".join(row["file"] for row in rows).encode()).hexdigest()[:16]
    return Split(cached_pixels(rows, folder), read_labels(rows), clean, key)


def steps_per_epoch(count: int, recipe: Recipe) -> int:
    """Whole batches; at least one."""
    return max(1, count // recipe.batch)


def order(count: int, seed: int, epoch: int) -> np.ndarray:
    """Which face comes when: a function of seed and epoch."""
    return np.random.default_rng((seed, epoch)).permutation(count)


@dataclass(frozen=True)
class Batch:
    """faces f32 [n, 3, 112, 112]; values and weights as `Targets`."""

    faces: torch.Tensor
    values: dict[str, torch.Tensor]
    weights: dict[str, torch.Tensor]

    def to(self, device: torch.device) -> "Batch":
        """The same there."""
        values, weights = ({head: tensor.to(device) for head, tensor in part.items()} for part in (self.values, self.weights))
        return Batch(self.faces.to(device), values, weights)


def make_batch(pixels: np.ndarray, targets: Targets, places: np.ndarray, recipe: Recipe, generator: torch.Generator) -> Batch:
    """The faces at `places`, augmented; in some batches blended with one another (mixup), and their targets alike."""
    faces = augment(torch.from_numpy(np.array(pixels[np.sort(places)])), recipe, generator)
    values = {head: torch.from_numpy(value[np.sort(places)]) for head, value in targets.values.items()}
    weights = {head: torch.from_numpy(weight[np.sort(places)]) for head, weight in targets.weights.items()}
    if float(torch.rand(1, generator=generator)) < recipe.mixup:
        share = 0.5 + 0.5 * float(torch.rand(1, generator=generator))
        other = torch.randperm(len(faces), generator=generator)
        faces = torch.lerp(faces[other], faces, share)
        # A head learns from a blend only as far as both faces teach it.
        both = {head: torch.minimum(weight, weight[other]) for head, weight in weights.items()}
        values = {head: torch.lerp(value[other], value, share) for head, value in values.items()}
        weights = both
    return Batch(faces, values, weights)
