"""A recogniser's answers, its errors and its speed. `mien_model eval` (the package eval) measures more."""

import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from .faces import Faces
from .geometry import resize_square
from .network import SIDE
from .train.targets import AGE_BANDS


@dataclass(frozen=True)
class Answers:
    """What the network says of n faces. age [n] years, gender [n] logit of male, expression [n, 3] logits."""

    age: np.ndarray
    gender: np.ndarray
    expression: np.ndarray


def open_session(model: Path | bytes, threads: int = 0):
    """An ONNX Runtime session on the CPU; 0 threads: as many as cores."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model if isinstance(model, bytes) else str(model), options, providers=["CPUExecutionProvider"])


def answer(session, images: np.ndarray, batch: int = 32) -> Answers:
    """Run u8 faces [n, side, side, 3], scaled whole to the network's side."""
    found = []
    for start in range(0, len(images), batch):
        found.append(session.run(["age", "gender", "expression"], {"input": resize_square(images[start : start + batch], SIDE)}))
    age, gender, expression = (np.concatenate(part) for part in zip(*found, strict=True))
    return Answers(age[:, 0], gender[:, 0], expression)


def errors(answers: Answers, faces: Faces) -> dict[str, float]:
    """ageMae in years; genderAccuracy and expressionAccuracy as shares; each over the faces that carry the label, NaN where none does."""
    aged, sexed, expressive = (~np.isnan(label) for label in (faces.age, faces.gender, faces.expression))
    return {
        "ageMae": _mean(np.abs(answers.age - faces.age)[aged]),
        "genderAccuracy": _mean(((answers.gender > 0) == faces.gender)[sexed]),
        "expressionAccuracy": _mean((answers.expression.argmax(1) == faces.expression)[expressive]),
    }


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def gender_by_age(answers: Answers, faces: Faces) -> list[dict]:
    """For every age band that holds faces: ages (from, below), and of women and of men the count and the share told right."""
    rows = []
    for low, high in pairwise(AGE_BANDS):
        row = {"ages": [low, high]}
        for name, sex in (("women", 0), ("men", 1)):
            members = (faces.age >= low) & (faces.age < high) & (faces.gender == sex)
            right = ((answers.gender > 0) == sex)[members]
            row[name] = {"n": len(right), "right": round(float(right.mean()), 4) if len(right) else None}
        if row["women"]["n"] or row["men"]["n"]:
            rows.append(row)
    return rows


def bench(session, runs: int = 200) -> float:
    """Median time of one face in milliseconds."""
    pixels = np.random.default_rng(1).integers(0, 256, (1, SIDE, SIDE, 3), np.uint8)
    times = []
    for _ in range(runs + 20):
        start = time.perf_counter()
        session.run(None, {"input": pixels})
        times.append(time.perf_counter() - start)
    return float(np.median(times[20:])) * 1e3
