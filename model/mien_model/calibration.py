"""How sure the network may say it is: temperatures of the probabilities and the spread of the age error."""

import numpy as np

from .evaluate import Answers
from .faces import Faces

BINS = 15
NORMAL_90 = 1.6449
"""Half the width, in standard deviations, of the interval that holds 90 % of a normal distribution."""


def softmax(logits: np.ndarray) -> np.ndarray:
    """Along the last axis."""
    exponent = np.exp(logits - logits.max(-1, keepdims=True))
    return exponent / exponent.sum(-1, keepdims=True)


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Of the likelier class, over 15 equal bins of confidence. probabilities [n, classes], labels [n]."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(confidence[bins == b].sum() - right[bins == b].sum()) for b in range(BINS)]
    return float(sum(gaps) / len(labels))


def reliability(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> list[dict]:
    """{confidence, right, n} of each equal bin of the likelier class's confidence that holds faces; both as means."""
    confidence, right = probabilities.max(1), probabilities.argmax(1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return [
        {"confidence": round(float(confidence[place == b].mean()), 4), "right": round(float(right[place == b].mean()), 4), "n": int((place == b).sum())}
        for b in range(bins)
        if (place == b).any()
    ]


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature T that makes softmax(logits / T) likeliest for the labels. logits [n, classes], labels [n]."""
    candidates = np.geomspace(0.25, 4, 401)
    chosen = np.arange(len(labels)), labels.astype(int)
    losses = [-np.log(softmax(logits / t)[chosen] + 1e-12).mean() for t in candidates]
    return float(candidates[int(np.argmin(losses))])


def head_calibration(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """temperature and expectedCalibrationError (after it) over the labelled faces; `before` without it.

    Raises ValueError where no face carries the label.
    """
    known = ~np.isnan(labels)
    if not known.any():
        raise ValueError("no face of the split carries the label: there is nothing to calibrate the head on")
    if logits.ndim == 1:
        logits = np.stack([np.zeros_like(logits), logits], 1)
    logits, labels = logits[known], labels[known]
    temperature = fit_temperature(logits, labels)
    return {
        "temperature": round(temperature, 3),
        "expectedCalibrationError": round(expected_calibration_error(softmax(logits / temperature), labels), 4),
        "before": round(expected_calibration_error(softmax(logits), labels), 4),
    }


def age_spread(answers: Answers, faces: Faces, bins: int = 10) -> list[list[float]]:
    """[[predicted years, sd]] at the medians of equally filled bins.

    sd is that of the normal distribution whose middle 90 % is as wide as the errors': few large errors do not rule it, and
    the stated 90 % interval holds. Raises ValueError where no face has an age.
    """
    known = ~np.isnan(faces.age)
    if not known.any():
        raise ValueError("no face of the split has an age: there is nothing to fit the age's spread to")
    predicted, error = answers.age[known], np.abs(answers.age - faces.age)[known]
    table = []
    for members in np.array_split(np.argsort(predicted), min(bins, len(predicted))):
        table.append([round(float(np.median(predicted[members])), 1), round(float(np.quantile(error[members], 0.9)) / NORMAL_90, 2)])
    return table


def interval_coverage(answers: Answers, faces: Faces, spread: list[list[float]]) -> float:
    """Share of the ages that lie within the stated 90 % interval."""
    known = ~np.isnan(faces.age)
    years, sd = np.array(spread).T
    half = NORMAL_90 * np.interp(answers.age[known], years, sd)
    return float((np.abs(answers.age - faces.age)[known] <= half).mean())
