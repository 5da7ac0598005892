import numpy as np

from mien_model.evaluate import Answers, gender_by_age
from mien_model.faces import Faces


def test_gender_is_told_by_age_and_sex():
    age = np.array([30, 31, 32, 33, 75, np.nan])
    faces = Faces(np.zeros((6, 2, 2, 3), np.uint8), age, np.array([0, 0, 1, 1, 0, 1.0]), np.full(6, np.nan))
    answers = Answers(age, np.array([-1, 2, 3, 4, 5, 6.0]), np.zeros((6, 3)))
    assert gender_by_age(answers, faces) == [
        {"ages": [30, 40], "women": {"n": 2, "right": 0.5}, "men": {"n": 2, "right": 1.0}},
        {"ages": [70, 200], "women": {"n": 1, "right": 0.0}, "men": {"n": 0, "right": None}},
    ]
