import numpy as np
import pytest

from mien_model.calibration import head_calibration, reliability
from mien_model.eval import spread
from mien_model.evaluate import Answers
from mien_model.faces import Faces


def aged(count=3000):
    """Ages whose error grows with the age: sd 2 to 10 years."""
    generator = np.random.default_rng(2)
    age = generator.uniform(0, 80, count)
    told = age + generator.normal(0, 2 + age / 10, count)
    empty = np.full(count, np.nan)
    return Answers(told, generator.normal(0, 1, count), np.zeros((count, 3))), Faces(np.zeros((count, 1, 1, 3), np.uint8), age, empty, empty)


def test_what_tells_the_spread_is_told_from_what_does_not():
    answers, faces = aged()
    tables = {table["name"]: table for table in spread.spread_tables(answers, faces, np.random.default_rng(3).uniform(size=len(faces)))}
    assert tables["predicted age"]["ratio"] > 2.5
    assert [row["n"] for row in tables["predicted age"]["rows"]] == [600] * 5
    assert tables["sharpness"]["ratio"] < 1.3


def test_held_out_coverage_is_near_the_stated_one():
    assert spread.held_out_coverage(*aged()) == pytest.approx(0.9, abs=0.02)


def test_held_out_calibration_error_of_an_honest_and_of_a_wrong_head():
    generator = np.random.default_rng(1)
    logits = generator.normal(0, 2, 8000)
    labels = (generator.uniform(size=8000) < 1 / (1 + np.exp(-logits))).astype(float)
    assert spread.held_out_calibration_error(3 * logits, labels) < 0.015
    # A head that is sure of everything and right on nine of ten whatever it sees: no temperature mends both ends.
    bent = np.where(np.abs(logits) < 1, 8 * np.sign(logits), 0.2 * np.sign(logits))
    assert spread.held_out_calibration_error(bent, labels) > 0.1


def test_without_labels_there_is_nothing_to_say():
    answers, faces = aged(4)
    nobody = Faces(faces.images, np.full(4, np.nan), faces.gender, faces.expression)
    assert np.isnan(spread.held_out_coverage(answers, nobody))
    assert np.isnan(spread.held_out_calibration_error(answers.gender, faces.gender))
    with pytest.raises(ValueError, match="no face of the split carries the label"):
        head_calibration(answers.gender, faces.gender)


def test_reliability_bins():
    probabilities = np.array([[0.05, 0.95], [0.07, 0.93], [0.6, 0.4], [0.35, 0.65]])
    assert reliability(probabilities, np.array([1, 0, 0, 1])) == [
        {"confidence": 0.625, "right": 1.0, "n": 2},
        {"confidence": 0.94, "right": 0.5, "n": 2},
    ]
