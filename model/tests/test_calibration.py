import numpy as np

from mien_model import calibration
from mien_model.evaluate import Answers, errors
from mien_model.faces import Faces


def sample(n=4000):
    generator = np.random.default_rng(3)
    age = generator.uniform(5, 80, n)
    truth = Faces(np.zeros((n, 1, 1, 3), np.uint8), age, np.full(n, np.nan), np.full(n, np.nan))
    return truth, Answers(age + generator.normal(0, 6, n), np.zeros(n), np.zeros((n, 3)))


def test_temperature_undoes_overconfidence():
    generator = np.random.default_rng(1)
    logits = generator.normal(0, 2, 20000)
    labels = (generator.uniform(size=20000) < 1 / (1 + np.exp(-logits))).astype(float)
    found = calibration.head_calibration(2 * logits, labels)
    assert abs(found["temperature"] - 2) < 0.1
    assert found["expectedCalibrationError"] < 0.01 < found["before"]


def test_stated_interval_holds_nine_of_ten():
    truth, answers = sample()
    spread = calibration.age_spread(answers, truth)
    assert all(5 < sd < 7 for _, sd in spread)
    assert 0.88 < calibration.interval_coverage(answers, truth, spread) < 0.92


def test_errors_leave_out_faces_without_the_label():
    truth = Faces(np.zeros((3, 1, 1, 3), np.uint8), np.array([10.0, np.nan, 30]), np.array([1, np.nan, 0]), np.array([np.nan, 2, np.nan]))
    answers = Answers(np.array([12.0, 99, 26]), np.array([3.0, -3, 3]), np.array([[9.0, 0, 0], [0, 0, 9], [9, 0, 0]]))
    assert errors(answers, truth) == {"ageMae": 3.0, "genderAccuracy": 0.5, "expressionAccuracy": 1.0}
