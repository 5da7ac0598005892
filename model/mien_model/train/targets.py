"""What each face teaches each head: labels, blended with a teacher's answers where there are any."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..network import HEADS
from .recipe import Recipe

AGE_BANDS = (0, 5, 12, 20, 30, 40, 50, 60, 70, 200)
EMOTIONS = HEADS["emotion"]


@dataclass(frozen=True)
class Labels:
    """Of n faces, NaN where unknown. age [n] years, gender [n] 0 female 1 male, emotion [n] class, agreement [n] share of votes."""

    age: np.ndarray
    gender: np.ndarray
    emotion: np.ndarray
    agreement: np.ndarray


Answers = dict[str, np.ndarray]
"""A network's answers for n faces by task: age [n] years, gender [n] P(male), emotion [n, 3] probabilities."""


@dataclass(frozen=True)
class Targets:
    """Of n faces: `values[head]` f32 [n, 1] (years, P(male)) or [n, 3], and `weights[head]` f32 [n], 0 where the head learns nothing."""

    values: dict[str, np.ndarray]
    weights: dict[str, np.ndarray]


def read_labels(rows: list[dict[str, str]]) -> Labels:
    """Of index rows."""

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name]) if row.get(name) else np.nan for row in rows], np.float32)

    return Labels(column("age"), column("gender"), column("emo3"), column("emotion_agree"))


def make_targets(labels: Labels, teacher: Answers | None, recipe: Recipe) -> Targets:
    """Labels and teacher as one soft target per face and head, and how much it weighs."""
    count = len(labels.age)
    aged, sexed, felt = (~np.isnan(column) for column in (labels.age, labels.gender, labels.emotion))
    age, gender, emotion = np.nan_to_num(labels.age), np.nan_to_num(labels.gender), _one_hot(labels)
    gender = gender * (1 - recipe.gender_smoothing) + recipe.gender_smoothing / 2
    emotion = emotion * (1 - recipe.emotion_smoothing) + recipe.emotion_smoothing / EMOTIONS
    weights = {"age": aged, "gender": sexed, "emotion": felt}
    weights = {head: known.astype(np.float32) for head, known in weights.items()}
    weights["gender"] *= gender_balance(labels, recipe.balance)
    if teacher is not None:
        share = np.full(count, recipe.distillation, np.float32)
        given = np.where(labels.gender == 1, teacher["gender"], 1 - teacher["gender"])
        doubted = np.where(sexed & (given < recipe.doubt), 1, share)
        age = _blend(age, teacher["age"], np.where(aged, share, 1))
        gender = _blend(gender, teacher["gender"], np.where(sexed, doubted, 1))
        # Votes for other classes are unknown: the teacher says which they may have been.
        disagreement = 1 - np.nan_to_num(labels.agreement, nan=1)
        emotion = _blend(emotion, teacher["emotion"], np.where(felt, np.maximum(share, disagreement), 1)[:, None])
        for head, known in (("age", aged), ("gender", sexed), ("emotion", felt)):
            weights[head] = np.where(known, weights[head], recipe.unlabelled).astype(np.float32)
    values = {"age": age[:, None], "gender": gender[:, None], "emotion": emotion}
    return Targets({head: value.astype(np.float32) for head, value in values.items()}, weights)


def gender_balance(labels: Labels, strength: float) -> np.ndarray:
    """Weights [n] of mean 1: in every age band women and men together weigh what the band weighs, at `strength` 1 half each.

    At most 2: few faces must not rule.
    """
    weights = np.ones(len(labels.age), np.float32)
    known = ~np.isnan(labels.gender) & ~np.isnan(labels.age)
    for low, high in pairwise(AGE_BANDS):
        band = known & (labels.age >= low) & (labels.age < high)
        for sex in (0, 1):
            members = band & (labels.gender == sex)
            if members.any():
                weights[members] = min(2.0, (0.5 * band.sum() / members.sum()) ** strength)
    if known.any():
        weights[known] /= weights[known].mean()
    return weights


def _one_hot(labels: Labels) -> np.ndarray:
    return (np.arange(EMOTIONS) == labels.emotion[:, None]).astype(np.float32)


def _blend(label: np.ndarray, taught: np.ndarray, share: np.ndarray) -> np.ndarray:
    return label * (1 - share) + taught * share
