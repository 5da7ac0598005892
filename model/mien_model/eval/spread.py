"""How far the age may be off as a function of what the network itself knows, and whether what it states holds on faces it was not fitted to."""

import numpy as np

from ..calibration import NORMAL_90, age_spread, expected_calibration_error, fit_temperature, interval_coverage, softmax
from ..evaluate import Answers
from ..faces import Faces
from .metrics import subset

BINS = 5


def knowledge(answers: Answers, sharpness: np.ndarray) -> dict[str, np.ndarray]:
    """What is known of each of n faces without its label."""
    return {
        "predicted age": answers.age,
        "gender certainty (size of the logit)": np.abs(answers.gender),
        "expression certainty (largest p)": softmax(answers.expression).max(1),
        "sharpness": sharpness,
    }


def spread_by(values: np.ndarray, error: np.ndarray) -> list[dict]:
    """{from, to, n, sd} of five equally filled bins of `values`; sd: that of the normal whose middle 90 % is as wide as the errors'."""
    rows = []
    for members in np.array_split(np.argsort(values, kind="stable"), BINS):
        if len(members):
            sd = float(np.quantile(np.abs(error[members]), 0.9)) / NORMAL_90
            low, high = float(values[members].min()), float(values[members].max())
            rows.append({"from": round(low, 2), "to": round(high, 2), "n": len(members), "sd": round(sd, 2)})
    return rows


def spread_tables(answers: Answers, faces: Faces, sharpness: np.ndarray) -> list[dict]:
    """For each thing known: {name, rows, ratio}, the widest by the narrowest sd: 1 says that it tells nothing."""
    aged = ~np.isnan(faces.age)
    tables = []
    for name, values in knowledge(answers, sharpness).items():
        rows = spread_by(values[aged], (answers.age - faces.age)[aged])
        sds = [row["sd"] for row in rows]
        tables.append({"name": name, "rows": rows, "ratio": round(max(sds) / min(sds), 2) if sds and min(sds) > 0 else None})
    return tables


def halves(count: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Indices of two random halves."""
    order = np.random.default_rng(seed).permutation(count)
    return order[: count // 2], order[count // 2 :]


def held_out_coverage(answers: Answers, faces: Faces, seed: int = 5) -> float:
    """Share of ages within the 90 % interval, its table fitted on one half of the faces and read on the other, both ways; NaN with fewer than two."""
    aged = np.flatnonzero(~np.isnan(faces.age))
    if len(aged) < 2:
        return float("nan")
    inside = 0.0
    one, other = (aged[part] for part in halves(len(aged), seed))
    for fit, judge in ((one, other), (other, one)):
        table = age_spread(*subset(answers, faces, fit))
        inside += interval_coverage(*subset(answers, faces, judge), table) * len(judge)
    return round(inside / len(aged), 4)


def held_out_calibration_error(logits: np.ndarray, labels: np.ndarray, seed: int = 5) -> float:
    """Of a head, its temperature fitted on one half and applied to the other, both ways. logits [n] or [n, classes]; NaN labels are left out;
    NaN with fewer than two labels."""
    if logits.ndim == 1:
        logits = np.stack([np.zeros_like(logits), logits], 1)
    there = ~np.isnan(labels)
    if there.sum() < 2:
        return float("nan")
    logits, labels = logits[there], labels[there]
    scaled = np.empty(logits.shape)
    one, other = halves(len(labels), seed)
    for fit, judge in ((one, other), (other, one)):
        scaled[judge] = softmax(logits[judge] / fit_temperature(logits[fit], labels[fit]))
    return round(expected_calibration_error(scaled, labels), 4)
