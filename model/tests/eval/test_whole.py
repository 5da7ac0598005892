import json

import numpy as np
import pytest

from mien_model.eval import pictures, product, whole
from mien_model.faces import Faces


def crops(count):
    return np.stack([np.full((128, 128, 3), 40 + 10 * i, np.uint8) for i in range(count)])


def grounds():
    return [np.full((pictures.HEIGHT, pictures.WIDTH, 3), shade, np.uint8) for shade in (200, 220)]


def found(x, y, side, age=30.0, gender=0, expression=1):
    return product.Found((x - side / 2, y - side / 2, side, side), age, gender, expression)


def test_every_face_is_shown_once_at_every_size_and_lies_in_its_picture():
    shown = [face for _, placed in pictures.scenes(crops(10), grounds()) for face in placed]
    assert sorted((face.size, face.face) for face in shown) == [(size, face) for size in sorted(pictures.SIZES) for face in range(10)]
    for face in shown:
        for middle, length in zip(face.middle, (pictures.WIDTH, pictures.HEIGHT)):
            assert face.size / 2 <= middle <= length - face.size / 2


def test_a_face_is_where_the_ledger_says():
    for picture, placed in pictures.scenes(crops(10), grounds()):
        for face in placed:
            x, y = np.round(face.middle).astype(int)
            assert (picture[y, x] == 40 + 10 * face.face).all()


def test_scenes_are_the_same_each_time():
    one, other = (np.stack([picture for picture, _ in pictures.scenes(crops(3), grounds())]) for _ in range(2))
    assert (one == other).all()


def test_the_clip_is_cut_into_its_frames():
    frames = pictures.clip_frames()
    ledger = json.loads((whole.CLIP / "clip.json").read_text())
    assert len(frames) == ledger["frames"]
    assert pictures.read_picture(frames[0]).shape == (ledger["height"], ledger["width"], 3)


def test_boxes_match_the_nearest_face_of_their_size_once():
    middles, sizes = np.array([[100.0, 100], [300, 100], [500, 100]]), np.array([50.0, 50, 50])
    near, twin, large, far = found(104, 100, 48), found(110, 100, 48), found(300, 100, 120), found(560, 100, 50)
    assert product.match(middles, sizes, [twin, near, large, far]) == [near, None, None]


def test_recall_and_errors_by_size():
    faces = Faces(np.zeros((2, 1, 1, 3), np.uint8), np.array([30.0, 50]), np.array([0.0, 1]), np.array([1.0, np.nan]))
    truth = {"a.jpg": [pictures.Placed(0, 40, (100, 100)), pictures.Placed(1, 40, (400, 100))], "b.jpg": [pictures.Placed(0, 80, (100, 100))]}
    said = {"a.jpg": [found(100, 100, 40, 33.0), found(400, 100, 40, 48.0, 0), found(900, 500, 40)], "b.jpg": []}
    seen, false = whole.compare(truth, said)
    assert false == 1
    small = whole.size_row(40, [pair for pair in seen if pair[0].size == 40], faces)
    assert small["recall"]["value"] == 1.0
    assert (small["age"], small["gender"], small["expression"]) == ({"n": 2, "mae": 2.5, "bias": 0.5}, {"n": 2, "accuracy": 0.5}, {"n": 1, "accuracy": 1.0})
    large = whole.size_row(80, [pair for pair in seen if pair[0].size == 80], faces)
    assert (large["recall"]["value"], large["age"]) == (0.0, {"n": 0, "mae": None, "bias": None})


def test_the_clips_tables_leave_out_the_hidden_and_count_the_wrong():
    entry = {"person": "one", "box": [80, 80, 40, 40], "visible": 1.0}
    people = [{"id": "one", "gender": "male", "apparentAge": 40}, {"id": "two", "gender": "female", "apparentAge": 60}]
    entries = [[entry], [entry], [{**entry, "visible": 0.3}]]
    said = [[found(100, 100, 40, 50.0, 1), found(600, 100, 40)], [], []]
    told = whole.clip_tables(people, entries, said)
    assert told["rows"] == [{"from": 0, "below": 48, "n": 2, "recall": 0.5}]
    assert told["falseAlarms"] == 1
    assert told["people"] == [
        {"id": "one", "age": 40, "n": 1, "meanAge": 50.0, "genderRight": 1.0},
        {"id": "two", "age": 60, "n": 0, "meanAge": None, "genderRight": None},
    ]


def test_a_line_of_the_product_is_read():
    face = {"box": [1, 2, 3, 4], "age": {"years": 30.5}, "gender": {"label": "male", "p": 0.9}, "expression": {"label": "positive", "probs": {}}}
    assert product.read_line(json.dumps({"file": "/there/0001.jpg", "faces": [face]})) == ("0001.jpg", [product.Found((1, 2, 3, 4), 30.5, 1, 2)])
    with pytest.raises(ValueError, match=r"0002\.jpg: no picture"):
        product.read_line(json.dumps({"file": "0002.jpg", "error": {"code": "INPUT_INVALID", "message": "no picture"}}))


def test_a_product_that_fails_says_why(tmp_path, monkeypatch):
    program = tmp_path / "node"
    program.write_text("#!/bin/sh\necho no such release >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("MIEN_NODE", str(program))
    with pytest.raises(OSError, match="ended with 3: no such release"):
        product.analyze(tmp_path, tmp_path, "blazeface-full")
