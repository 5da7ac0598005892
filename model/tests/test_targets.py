"""What each face teaches each head."""

import numpy as np
import pytest

from mien_model.train.recipe import Recipe
from mien_model.train.targets import Labels, gender_balance, make_targets

NAN = np.nan
LABELS = Labels(np.array([20, 60, NAN, NAN]), np.array([0, 1, NAN, NAN]), np.array([NAN, NAN, 2, 0]), np.array([NAN, NAN, 0.7, 1]))
PLAIN = Recipe(gender_smoothing=0, emotion_smoothing=0)
TEACHER = {
    "age": np.array([30, 50, 40, 44], np.float32),
    "gender": np.array([0.98, 0.9, 0.6, 0.3], np.float32),
    "emotion": np.array([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1], [0, 1, 0], [0, 0, 1]], np.float32),
}


def test_without_a_teacher_only_labels_count():
    found = make_targets(LABELS, None, PLAIN)
    assert found.weights["age"].tolist() == [1, 1, 0, 0] and found.weights["emotion"].tolist() == [0, 0, 1, 1]
    assert found.values["age"][:2, 0].tolist() == [20, 60]
    assert found.values["emotion"][2:].tolist() == [[0, 0, 1], [1, 0, 0]]
    assert all(np.isfinite(value).all() for value in found.values.values())


def test_a_teacher_shares_labels_and_fills_what_is_missing():
    found = make_targets(LABELS, TEACHER, Recipe(gender_smoothing=0, emotion_smoothing=0, distillation=0.25, unlabelled=0.2))
    assert found.values["age"][:, 0].tolist() == [22.5, 57.5, 40, 44]
    assert found.weights["age"].tolist() == pytest.approx([1, 1, 0.2, 0.2])
    # 70 % of the votes: the teacher says what the other 30 % meant.
    assert found.values["emotion"][2].tolist() == pytest.approx([0, 0.3, 0.7])
    assert found.values["emotion"][3].tolist() == pytest.approx([0.75, 0, 0.25])


def test_a_label_that_the_teacher_doubts_gives_way():
    found = make_targets(LABELS, TEACHER, Recipe(gender_smoothing=0, distillation=0.25, doubt=0.05))
    assert found.values["gender"][:2, 0].tolist() == pytest.approx([0.98, 0.975])


def test_smoothing_keeps_the_sum():
    found = make_targets(LABELS, None, Recipe(gender_smoothing=0.1, emotion_smoothing=0.3))
    assert found.values["gender"][:2, 0].tolist() == pytest.approx([0.05, 0.95])
    assert found.values["emotion"][2].tolist() == pytest.approx([0.1, 0.1, 0.8])


def test_balance_weighs_women_and_men_alike_in_a_band():
    age, gender = np.full(100, 55.0), (np.arange(100) >= 40).astype(float)
    weights = gender_balance(Labels(age, gender, age * NAN, age * NAN), 1.0)
    assert weights[:40].sum() == pytest.approx(weights[40:].sum(), rel=1e-5) and weights.mean() == pytest.approx(1)
    assert np.all(gender_balance(Labels(age, gender, age * NAN, age * NAN), 0.0) == 1)


def test_few_faces_do_not_rule():
    age, gender = np.full(100, 55.0), (np.arange(100) >= 2).astype(float)
    weights = gender_balance(Labels(age, gender, age * NAN, age * NAN), 1.0)
    assert weights[0] / weights[99] == pytest.approx(2 / (0.5 / 0.98), rel=1e-5)
