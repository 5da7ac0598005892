"""Errors of labelled faces as tables: every function takes answers and faces and leaves out those without the label it needs."""

from collections.abc import Callable

import numpy as np

from ..evaluate import Answers
from ..faces import Faces
from ..network import EXPRESSIONS

GENDERS = ("female", "male")
DRAWS = 1000


def bootstrap(values: np.ndarray, seed: int = 1, draws: int = DRAWS) -> list[float]:
    """The middle 95 % of the mean over faces drawn anew with replacement, as [low, high]; values: one number a face."""
    generator = np.random.default_rng(seed)
    means = [values[generator.integers(0, len(values), len(values))].mean() for _ in range(draws)]
    return [round(float(q), 4) for q in np.quantile(means, [0.025, 0.975])]


def mean_of(values: np.ndarray) -> dict:
    """{n, value, interval}: the mean with its bootstrap interval; value and interval are None where there is no face."""
    if not len(values):
        return {"n": 0, "value": None, "interval": None}
    return {"n": len(values), "value": round(float(values.mean()), 4), "interval": bootstrap(values)}


def age_error(answers: Answers, faces: Faces) -> np.ndarray:
    """Predicted minus true, years [n], NaN where the age is unknown."""
    return answers.age - faces.age


def gender_right(answers: Answers, faces: Faces) -> np.ndarray:
    """1 or 0 [n], NaN where the gender is unknown."""
    return np.where(np.isnan(faces.gender), np.nan, (answers.gender > 0) == faces.gender)


def expression_right(answers: Answers, faces: Faces) -> np.ndarray:
    """1 or 0 [n], NaN where the expression is unknown."""
    return np.where(np.isnan(faces.expression), np.nan, answers.expression.argmax(1) == faces.expression)


def known(values: np.ndarray) -> np.ndarray:
    """Without NaN."""
    return values[~np.isnan(values)]


def headline(answers: Answers, faces: Faces) -> dict[str, dict]:
    """ageMae and ageBias in years, genderAccuracy and expressionAccuracy as shares: each {n, value, interval}."""
    off = known(age_error(answers, faces))
    return {
        "ageMae": mean_of(np.abs(off)),
        "ageBias": mean_of(off),
        "genderAccuracy": mean_of(known(gender_right(answers, faces))),
        "expressionAccuracy": mean_of(known(expression_right(answers, faces))),
    }


def short(answers: Answers, faces: Faces) -> dict:
    """The headline's values only, each with its n: for tables of many rows."""
    off, sexes, felt = (known(f(answers, faces)) for f in (age_error, gender_right, expression_right))
    return {
        "age": {"n": len(off), "mae": _mean(np.abs(off), 3), "bias": _mean(off, 3)},
        "gender": {"n": len(sexes), "accuracy": _mean(sexes, 4)},
        "expression": {"n": len(felt), "accuracy": _mean(felt, 4)},
    }


def _mean(values: np.ndarray, digits: int) -> float | None:
    return round(float(values.mean()), digits) if len(values) else None


def confusion(told: np.ndarray, true: np.ndarray, classes: int) -> np.ndarray:
    """Counts [true, told]; NaN in `true` is left out."""
    there = ~np.isnan(true)
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (true[there].astype(int), told[there].astype(int)), 1)
    return counts


def class_scores(counts: np.ndarray, names: tuple[str, ...]) -> list[dict]:
    """{name, n, precision, recall, f1} for each class; None where nothing can be said."""
    rows = []
    for place, name in enumerate(names):
        hit, told, true = counts[place, place], counts[:, place].sum(), counts[place].sum()
        f1 = 2 * hit / (told + true) if told + true else None
        rows.append(
            {"name": name, "n": int(true), "precision": _share(hit, told), "recall": _share(hit, true), "f1": None if f1 is None else round(float(f1), 4)}
        )
    return rows


def _share(part: int, whole: int) -> float | None:
    return round(float(part / whole), 4) if whole else None


def heads(answers: Answers, faces: Faces) -> dict[str, dict]:
    """gender, expression: {labels, confusion [true][told], classes, macroF1}."""
    told = {"gender": (answers.gender > 0, faces.gender, GENDERS), "expression": (answers.expression.argmax(1), faces.expression, EXPRESSIONS)}
    found = {}
    for name, (guess, true, labels) in told.items():
        counts = confusion(guess, true, len(labels))
        classes = class_scores(counts, labels)
        scores = [row["f1"] for row in classes if row["f1"] is not None]
        found[name] = {
            "labels": list(labels),
            "confusion": counts.tolist(),
            "classes": classes,
            "macroF1": round(float(np.mean(scores)), 4) if scores else None,
        }
    return found


def subset(answers: Answers, faces: Faces, members: np.ndarray) -> tuple[Answers, Faces]:
    """Those of a mask or of indices."""
    part = Answers(answers.age[members], answers.gender[members], answers.expression[members])
    return part, Faces(faces.images[members], faces.age[members], faces.gender[members], faces.expression[members])


Measure = Callable[[Answers, Faces], np.ndarray]
"""One number a face, NaN where unknown."""


def cost(int8: Answers, fp32: Answers, faces: Faces) -> dict[str, dict]:
    """How much worse INT8 is than FP32 on the same faces (years, shares; positive is worse), with the interval of the paired difference."""
    age = known(np.abs(age_error(int8, faces)) - np.abs(age_error(fp32, faces)))
    found = {"ageMae": mean_of(age)}
    measures: tuple[tuple[str, Measure], ...] = (("genderAccuracy", gender_right), ("expressionAccuracy", expression_right))
    for name, measure in measures:
        found[name] = mean_of(known(measure(fp32, faces) - measure(int8, faces)))
    return found
