import dataclasses

import numpy as np
import pytest

from mien_model.eval.gate import LEAST_FACES, Measured, checks, demand, gate
from mien_model.evaluate import Answers
from mien_model.faces import Faces

GOOD = Measured(
    {"ageMae": 4.7, "genderAccuracy": 0.95, "expressionAccuracy": 0.88},
    {"ageMae": 4.8, "genderAccuracy": 0.948, "expressionAccuracy": 0.875},
    {"gender": 0.01, "expression": 0.02},
    0.9,
    {"ageMae": 1500, "genderAccuracy": 1500, "expressionAccuracy": 1852},
)


def broken(measured):
    return [check.text for check in checks(measured) if check.needed and not check.holds]


def test_a_good_release_passes_and_tells_every_figure():
    found = checks(GOOD)
    demand(found, "this")
    assert len(found) == 9 and all(check.holds for check in found)
    assert str(found[0]) == "INT8 costs +0.100 years of age error, at most 0.3 may go: holds"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"int8": GOOD.int8 | {"ageMae": 5.01}}, "INT8 costs +0.310 years of age error"),
        ({"int8": GOOD.int8 | {"genderAccuracy": 0.944}}, "INT8 costs +0.600 points of gender"),
        ({"int8": GOOD.int8 | {"expressionAccuracy": 0.869}}, "INT8 costs +1.100 points of expression"),
        ({"calibration_errors": {"gender": 0.031, "expression": 0.02}}, "calibration error of gender 0.0310"),
        ({"calibration_errors": {"gender": 0.01, "expression": 0.04}}, "calibration error of expression 0.0400"),
        ({"coverage": 0.87}, "90 % age interval covers 87.0%"),
        ({"coverage": 0.93}, "90 % age interval covers 93.0%"),
    ],
)
def test_each_broken_limit_is_refused_by_name(change, words):
    bad = dataclasses.replace(GOOD, **change)
    assert [words in text for text in broken(bad)] == [True]
    with pytest.raises(ValueError, match=r"does not pass the gate: .*(at most|are asked)"):
        demand(checks(bad), "this")


def test_floors_are_told_and_refuse_nothing():
    low = Measured(GOOD.fp32 | {"ageMae": 4.99}, GOOD.int8 | {"ageMae": 5.0}, GOOD.calibration_errors, 0.9, GOOD.faces)
    assert broken(low) == []
    assert "floor: age error 5.000 years in INT8, at most 4.95: not met" in [str(check) for check in checks(low)]


def test_few_faces_refuse_nothing_and_absent_labels_are_not_told():
    few = dataclasses.replace(GOOD, coverage=0.5, faces={"ageMae": LEAST_FACES - 1, "genderAccuracy": 1500, "expressionAccuracy": 0})
    assert broken(few) == []
    texts = [check.text for check in checks(few)]
    assert any("covers 50.0%" in text for text in texts) and not any("expression" in text for text in texts)


def test_the_gate_measures_the_answers_it_is_given():
    generator = np.random.default_rng(1)
    count = 600
    age, sex = generator.uniform(5, 80, count), generator.integers(0, 2, count).astype(float)
    faces = Faces(np.zeros((count, 1, 1, 3), np.uint8), age, sex, np.full(count, np.nan))
    sure = np.where(generator.uniform(size=count) < 0.9, 1, -1) * (2 * sex - 1) * np.log(9)
    fp32 = Answers(age + generator.normal(0, 5, count), sure, np.zeros((count, 3)))
    assert [check for check in gate({"fp32": fp32, "int8": fp32}, faces) if check.needed and not check.holds] == []
    off = Answers(fp32.age + 4, fp32.gender, fp32.expression)
    refused = [check.text for check in gate({"fp32": fp32, "int8": off}, faces) if check.needed and not check.holds]
    assert len(refused) == 1 and "years of age error" in refused[0]
