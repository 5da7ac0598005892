import numpy as np
import pytest

from mien_model.eval import degrade, groups, metrics
from mien_model.evaluate import Answers
from mien_model.faces import Faces

NAN = np.nan


def case():
    age = np.array([10, 20, 30, 40, NAN])
    faces = Faces(np.zeros((5, 4, 4, 3), np.uint8), age, np.array([0, 0, 1, 1, NAN]), np.array([NAN, 0, 1, 2, 2.0]))
    logits = np.eye(3)[[0, 0, 1, 0, 2]]
    return Answers(np.array([12, 20, 27, 39, 50.0]), np.array([-1, 1, 1, 2, 3.0]), logits), faces


def test_headline_is_over_the_faces_with_the_label():
    found = metrics.headline(*case())
    assert {name: (row["n"], row["value"]) for name, row in found.items()} == {
        "ageMae": (4, 1.5),
        "ageBias": (4, -0.5),
        "genderAccuracy": (4, 0.75),
        "expressionAccuracy": (4, 0.75),
    }
    low, high = found["ageMae"]["interval"]
    assert 0 <= low < 1.5 < high <= 3


def test_an_interval_narrows_with_the_root_of_the_faces():
    values = np.random.default_rng(1).normal(0, 1, 40_000)
    few, many = (np.diff(metrics.bootstrap(values[:count], draws=200))[0] for count in (400, 40_000))
    assert few / many == pytest.approx(10, rel=0.2)
    assert few == pytest.approx(2 * 1.96 / 20, rel=0.2)


def test_confusion_and_scores_of_each_class():
    head = metrics.heads(*case())["expression"]
    assert head["confusion"] == [[1, 0, 0], [0, 1, 0], [1, 0, 1]]
    assert [(row["precision"], row["recall"], row["f1"]) for row in head["classes"]] == [(0.5, 1.0, 0.6667), (1.0, 1.0, 1.0), (1.0, 0.5, 0.6667)]
    assert head["macroF1"] == pytest.approx(0.7778, abs=1e-4)


def test_a_class_that_nobody_is_or_was_told_to_be_has_no_score():
    row = metrics.class_scores(np.array([[2, 0], [0, 0]]), ("there", "absent"))[1]
    assert row == {"name": "absent", "n": 0, "precision": None, "recall": None, "f1": None}


def test_cost_is_positive_where_int8_is_worse():
    fp32, faces = case()
    worse = Answers(fp32.age + np.array([1, 0, 0, 0, 0]), -fp32.gender, fp32.expression)
    found = metrics.cost(worse, fp32, faces)
    assert [found[name]["value"] for name in ("ageMae", "genderAccuracy", "expressionAccuracy")] == [0.25, 0.5, 0.0]


def test_groups_by_age_gender_and_utkface_code():
    answers, faces = case()
    assert [(row["name"], row["ageMae"]["n"], row["few"]) for row in groups.age_bands(answers, faces)] == [
        ("5 to 11", 1, True),
        ("20 to 29", 1, True),
        ("30 to 39", 1, True),
        ("40 to 49", 1, True),
    ]
    assert [(row["name"], row["ageBias"]["value"], row["genderAccuracy"]["value"]) for row in groups.genders(answers, faces)] == [
        ("female", 1.0, 0.5),
        ("male", -2.0, 1.0),
    ]
    rows = [{"source": "utkface", "orig_name": f"10_0_{code}_2017.jpg"} for code in (0, 0, 4, 2)] + [{"source": "other", "orig_name": "10_0_1_2017.jpg"}]
    assert [(row["name"], row["ageMae"]["n"]) for row in groups.utk_groups(answers, faces, rows)] == [("White", 2), ("Asian", 1), ("other", 1)]


@pytest.mark.parametrize("name", ["61_1_20170109142408075.jpg", "fer001.png", "10_0_7_2017.jpg", ""])
def test_a_name_without_a_group_code_has_none(name):
    assert groups.utk_group({"source": "utkface", "orig_name": name}) is None


def test_small_and_blurred_faces_lose_what_is_fine_and_keep_what_is_coarse():
    stripes = np.zeros((1, 128, 128, 3), np.uint8)
    stripes[:, :, ::2] = 200
    plain = np.full((1, 128, 128, 3), 90, np.uint8)
    assert degrade.small(stripes, 48).std() < stripes.std() / 3
    assert degrade.blurred(stripes, 2.0).shape == (1, 112, 112, 3)
    assert (degrade.small(plain, 48) == 90).all() and (degrade.blurred(plain, 3.0) == 90).all()
    sharp, soft = degrade.sharpness(np.concatenate([stripes, plain]))
    assert sharp > 1000 and soft == 0


def test_thirds_are_of_the_members_only():
    values = np.array([5, 1, 9, 100, 3, 7, 8.0])
    members = np.array([True, True, True, False, True, True, True])
    assert degrade.thirds(values, members).tolist() == [1, 0, 2, -1, 0, 1, 2]
