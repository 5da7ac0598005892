"""A network's answers for many faces, in batches; used for teachers and for validation."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from .augment import plain
from .targets import Labels, Teacher

BATCH = 128


@torch.no_grad()
def probabilities(network: nn.Module, pixels: np.ndarray, mirrored: bool = False, tell=None) -> Teacher:
    """u8 faces [n, 128, 128, 3] to years and probabilities, in bf16. mirrored: the mean with those of the mirror image.

    tell(done, of): called after every batch.
    """
    network.eval()
    parts = []
    for start in range(0, len(pixels), BATCH):
        faces = plain(torch.from_numpy(np.array(pixels[start : start + BATCH])))
        views = [faces, faces.flip(3)] if mirrored else [faces]
        parts.append([sum(view) / len(views) for view in zip(*(_answers(network, view) for view in views))])
        if tell is not None:
            tell(min(start + BATCH, len(pixels)), len(pixels))
    age, gender, emotion = (torch.cat(part).numpy() for part in zip(*parts))
    return Teacher(age[:, 0], gender[:, 0], emotion)


def _answers(network: nn.Module, faces: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    with torch.autocast("cpu", torch.bfloat16):
        age, gender, emotion = network(faces.contiguous(memory_format=torch.channels_last))
    return age.float(), gender.float().sigmoid(), emotion.float().softmax(1)


@dataclass(frozen=True)
class Score:
    """Over the labelled faces: mean age error in years, shares of right genders and expressions; NaN where no face has the label."""

    age_mae: float
    gender: float
    emotion: float


def score(answers: Teacher, labels: Labels, kept: np.ndarray | None = None) -> Score:
    """How far answers are from labels; kept [n]: only these faces."""
    kept = np.ones(len(labels.age), bool) if kept is None else kept

    def mean(values: np.ndarray, label: np.ndarray) -> float:
        counted = kept & ~np.isnan(label)
        return float(values[counted].mean()) if counted.any() else float("nan")

    return Score(
        mean(np.abs(answers.age - labels.age), labels.age),
        mean((answers.gender > 0.5) == (labels.gender == 1), labels.gender),
        mean(answers.emotion.argmax(1) == labels.emotion, labels.emotion),
    )
