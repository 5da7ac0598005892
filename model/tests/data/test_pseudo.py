import numpy as np
import pytest
from miniature import drawn_face, row

from mien_model.data.guess import Feeding, Guess, class_cells, guess
from mien_model.data.pseudo import agreement, fill
from mien_model.evaluate import open_session
from mien_model.paths import RELEASE


class Output:
    def __init__(self, name, shape=None, kind="tensor(float)"):
        self.name, self.shape, self.type = name, shape, kind


class Network:
    """A foreign classifier that answers with the mean of each of its input's channels."""

    def __init__(self, shape, kind="tensor(float)", name="scores"):
        self.shape, self.kind, self.name = shape, kind, name
        self.seen = []

    def get_inputs(self):
        return [Output("in", self.shape, self.kind)]

    def get_outputs(self):
        return [Output(self.name)]

    def run(self, outputs, feed):
        self.seen.append(feed["in"])
        return [feed["in"].reshape(len(feed["in"]), 3, -1).mean(2)]


FACES = np.stack([np.broadcast_to(np.array(colour, np.uint8), (32, 32, 3)) for colour in ((250, 10, 10), (10, 250, 10), (10, 10, 250))])
GUESS = Guess("gender", ["1", "0", "1", "1"], np.array([0.99, 0.95, 0.6, 0.99]))


def test_a_classifier_is_fed_as_it_says():
    network = Network(["n", 3, 16, 16])
    (found,) = guess(network, FACES, Feeding(("anger", "neutral", "happiness"), 0, 1, bgr=True))
    assert network.seen[0].shape == (3, 3, 16, 16) and network.seen[0].dtype == np.float32
    assert (found.column, found.cells) == ("emo3", ["2", "1", "0"])
    assert found.confidence.min() > 0.99


def test_classes_of_one_cell_count_together_and_none_never_wins():
    network = Network(["n", 3, 16, 16])
    (found,) = guess(network, FACES[:1], Feeding(("surprise", "anger", "fear"), 0, 100))
    assert found.cells == ["0"]
    assert class_cells(("female", "-", "male")) == ("gender", ["0", "", "1"])


@pytest.mark.parametrize(
    "network, feeding, wrong",
    [
        (Network(["n", 3, 16, 16]), Feeding(("anger", "joy", "fear")), "unknown classes joy"),
        (Network(["n", 3, 16, 16]), Feeding(("anger", "fear")), "2 classes are named"),
        (Network(["n", 10]), Feeding(("anger", "fear", "neutral")), "must be a picture"),
        (Network(["n", 3, 16, 16]), None, "name the classes"),
        (Network([2, 3, 16, 16]), Feeding(("anger", "fear", "neutral")), "batches of exactly 2"),
    ],
)
def test_what_does_not_fit_is_told(network, feeding, wrong):
    with pytest.raises(ValueError, match=wrong):
        guess(network, FACES, feeding)


def test_our_own_network_guesses_all_three():
    faces = np.stack([drawn_face(n) for n in range(3)])
    found = guess(open_session(RELEASE / "faces-npu-head-int8.onnx"), faces, None)
    assert [(g.column, len(g.cells), len(g.confidence)) for g in found] == [("age", 3, 3), ("gender", 3, 3), ("emo3", 3, 3)]
    assert all(0.3 <= c <= 1 for g in found for c in g.confidence)


def test_only_empty_cells_of_train_that_are_sure_are_filled_and_marked():
    rows = [row("a.jpg"), row("b.jpg", gender="1"), row("c.jpg"), row("d.jpg", split="val")]
    filled = fill(rows, [GUESS], 0.9)
    assert [(r["gender"], r.get("pseudo", "")) for r in filled] == [("1", "gender"), ("1", ""), ("", ""), ("", "")]
    assert rows[0]["gender"] == ""


def test_agreement_counts_people_only():
    rows = [row("a.jpg", gender="1"), row("b.jpg", gender="1"), row("c.jpg", gender="1", pseudo="gender"), row("d.jpg")]
    told = "\n".join(agreement(rows, [GUESS], 0.9))
    assert "gender, train: 2 faces, 50.00% agree; 50.00% of the 100% with confidence 0.9" in told
    assert "people 1: network 0 1, 1 1" in told
    assert "gender: 1 of 1 empty cells of train filled" in told


def test_ages_are_compared_in_years():
    rows = [row("a.jpg", age="30", split="val"), row("b.jpg", age="40", split="val")]
    told = list(agreement(rows, [Guess("age", ["32.0", "39.0"], np.ones(2))], 0.5))
    assert told[0] == "age, val: 2 faces, mean difference 1.50 years"
