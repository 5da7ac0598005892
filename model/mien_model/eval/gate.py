"""What a release must hold on the val split, and the floors that are told, met or not."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..evaluate import Answers, answer, errors, open_session
from ..faces import Faces
from .spread import held_out_calibration_error, held_out_coverage

MOST_COST = {"ageMae": 0.3, "genderAccuracy": 0.005, "expressionAccuracy": 0.01}
"""Of INT8 against FP32, on every engine: years, shares."""
MOST_CALIBRATION_ERROR = 0.03
COVERAGE = (0.88, 0.92)
FLOORS = {"ageMae": 4.95, "genderAccuracy": 0.94, "expressionAccuracy": 0.87}
"""Of INT8 on ONNX Runtime: told, no reason to refuse."""
LABELS = {"ageMae": "age", "genderAccuracy": "gender", "expressionAccuracy": "expression"}
WORDS = {"ageMae": ("age error", 1, " years"), "genderAccuracy": ("gender", 100, " %"), "expressionAccuracy": ("expression", 100, " %")}


LEAST_FACES = 200
"""A check over fewer labelled faces is mostly chance: it is told, no reason to refuse."""


@dataclass(frozen=True)
class Check:
    """One line of the gate. needed: a release that breaks it is refused; the others are told only."""

    text: str
    holds: bool
    needed: bool = True

    def __str__(self) -> str:
        verdict = ("holds" if self.holds else "BROKEN") if self.needed else ("met" if self.holds else "not met")
        return f"{self.text}: {verdict}"


@dataclass(frozen=True)
class Measured:
    """fp32, int8: as `errors`; calibration_errors: of gender and expression after scaling; coverage: of the 90 % age interval; faces:
    how many carry the label, for each name of `errors`."""

    fp32: dict[str, float]
    int8: dict[str, float]
    calibration_errors: dict[str, float]
    coverage: float
    faces: dict[str, int]


def checks(found: Measured) -> list[Check]:
    """What a release must hold, then the floors; nothing of a label that no face carries."""
    enough = {name: count >= LEAST_FACES for name, count in found.faces.items() if count}
    told = []
    for name in enough:
        word, factor, unit = WORDS[name]
        loss, most = (found.int8[name] - found.fp32[name]) * (1 if name == "ageMae" else -1), MOST_COST[name]
        unit = unit if name == "ageMae" else " points"
        told.append(Check(f"INT8 costs {loss * factor:+.3f}{unit} of {word}, at most {most * factor:g} may go", loss <= most, enough[name]))
    for head, error in found.calibration_errors.items():
        if f"{head}Accuracy" in enough:
            text = f"expected calibration error of {head} {error:.4f} after scaling, at most {MOST_CALIBRATION_ERROR}"
            told.append(Check(text, error <= MOST_CALIBRATION_ERROR, enough[f"{head}Accuracy"]))
    if "ageMae" in enough:
        low, high = COVERAGE
        text = f"90 % age interval covers {found.coverage:.1%}, {low:.0%} to {high:.0%} are asked"
        told.append(Check(text, low <= found.coverage <= high, enough["ageMae"]))
    for name in enough:
        word, factor, unit = WORDS[name]
        value, floor, lower = found.int8[name], FLOORS[name], name == "ageMae"
        text = f"floor: {word} {value * factor:.3f}{unit} in INT8, {'at most' if lower else 'at least'} {floor * factor:g}"
        told.append(Check(text, value <= floor if lower else value >= floor, False))
    return told


def gate(answers: dict[str, Answers], faces: Faces) -> list[Check]:
    """answers: fp32 and int8, of the same faces. Calibration and coverage are held out: fitted on one half, measured on the other, both ways."""
    int8 = answers["int8"]
    counts = {name: int((~np.isnan(getattr(faces, label))).sum()) for name, label in LABELS.items()}
    calibration = {head: held_out_calibration_error(getattr(int8, head), getattr(faces, head)) for head in ("gender", "expression")}
    return checks(Measured(errors(answers["fp32"], faces), errors(int8, faces), calibration, held_out_coverage(int8, faces), counts))


def demand(found: list[Check], what: str) -> None:
    """Raises ValueError with every needed check that is broken."""
    broken = [check.text for check in found if check.needed and not check.holds]
    if broken:
        raise ValueError(f"{what} does not pass the gate: {'; '.join(broken)}. Try another calibration, more layers in float or fine-tuning (model/README.md)")


def answers_of(folder: Path, faces: Faces, name: str = "faces-npu-head") -> dict[str, Answers]:
    """fp32 and int8 answers of the recogniser's ONNX files in a folder."""
    return {kind: answer(open_session(folder / f"{name}-{kind}.onnx"), faces.images) for kind in ("fp32", "int8")}


def gate_lines(folder: Path, faces: Faces) -> Iterator[str]:
    """A line a check; raises ValueError at the end where one that is needed is broken."""
    found = gate(answers_of(folder, faces), faces)
    yield from map(str, found)
    demand(found, str(folder))
