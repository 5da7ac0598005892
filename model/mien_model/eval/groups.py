"""Errors by group of people and by source, for the report and the card: these labels teach no head and never will."""

import re
from itertools import pairwise

import numpy as np

from ..evaluate import Answers
from ..faces import Faces
from ..train.targets import AGE_BANDS
from .metrics import GENDERS, age_error, gender_right, known, mean_of, short, subset

FEW = 100
"""Faces; a figure of fewer is told with a warning."""
UTK_GROUPS = ("White", "Black", "Asian", "Indian", "other")
"""As UTKFace's authors name the codes 0 to 4 of a file's name (age_gender_race_date). They are what annotators saw, no more."""
UTK_NAME = re.compile(r"\d+_[01]_([0-4])_\d+")


def utk_group(row: dict[str, str]) -> int | None:
    """The group code in a UTKFace row's original name; None for other sources and for names without one (three files have none)."""
    found = UTK_NAME.match(row.get("orig_name", "")) if row["source"] == "utkface" else None
    return int(found[1]) if found else None


def age_bands(answers: Answers, faces: Faces) -> list[dict]:
    """A row for every band that holds faces."""
    masks = [(f"{low} to {high - 1}" if high < 150 else f"{low} and over", (faces.age >= low) & (faces.age < high)) for low, high in pairwise(AGE_BANDS)]
    return _rows(answers, faces, masks)


def genders(answers: Answers, faces: Faces) -> list[dict]:
    """Two rows."""
    return _rows(answers, faces, [(name, faces.gender == code) for code, name in enumerate(GENDERS)])


def utk_groups(answers: Answers, faces: Faces, rows: list[dict[str, str]]) -> list[dict]:
    """A row for every group code among the faces."""
    codes = np.array([-1 if code is None else code for code in map(utk_group, rows)])
    return _rows(answers, faces, [(name, codes == code) for code, name in enumerate(UTK_GROUPS)])


def sources(answers: Answers, faces: Faces, rows: list[dict[str, str]]) -> list[dict]:
    """A row for every data set, with what it has labels for."""
    names = np.array([row["source"] for row in rows])
    return [{"name": str(name), **short(*subset(answers, faces, names == name))} for name in np.unique(names)]


def _rows(answers: Answers, faces: Faces, masks: list[tuple[str, np.ndarray]]) -> list[dict]:
    off, right = age_error(answers, faces), gender_right(answers, faces)
    rows = []
    for name, mask in masks:
        years, sexes = known(off[mask]), known(right[mask])
        if not len(years) and not len(sexes):
            continue
        rows.append(
            {
                "name": name,
                "few": max(len(years), len(sexes)) < FEW,
                "ageMae": mean_of(np.abs(years)),
                "ageBias": mean_of(years),
                "genderAccuracy": mean_of(sexes),
            }
        )
    return rows
