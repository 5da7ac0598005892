import numpy as np
from miniature import drawn_face

from mien_model.blazeface import FULL
from mien_model.rknn.scenes import SIDE, recall, scenes

CROPS = np.stack([drawn_face(seed) for seed in range(5)])


def test_scenes_hold_faces_of_the_size_asked_for():
    found = list(scenes(CROPS, [64, 400], 2, seed=1))
    assert [scene.face for scene in found] == [64, 64, 400, 400]
    assert [len(scene.eyes) for scene in found] == [4, 4, 1, 1]
    assert all(scene.picture.shape == (SIDE, SIDE, 3) and scene.eyes.min() > 0 and scene.eyes.max() < SIDE for scene in found)
    again = list(scenes(CROPS, [64, 400], 2, seed=1))
    assert all((a.picture == b.picture).all() for a, b in zip(found, again, strict=True))


def test_recall_counts_faces_whose_eyes_are_found():
    scene = next(scenes(CROPS, [400], 1, seed=2))
    boxes, scores = np.zeros((1, 2304, 16), np.float32), np.full((1, 2304, 1), -10, np.float32)
    assert recall(FULL, [scene], boxes, scores)[400][0] == 0
    eye = scene.eyes[0] / SIDE
    column, row = (eye * 48).astype(int)
    anchor = row * 48 + column
    away = (eye - (np.array([column, row]) + 0.5) / 48) * FULL.side
    boxes[0, anchor, 2:4] = 100
    boxes[0, anchor, 4:8] = np.tile(away, 2) + np.array([-20, 0, 20, 0])
    scores[0, anchor] = 5
    share, off = recall(FULL, [scene], boxes, scores)[400]
    assert share == 1 and off < 1e-3
    boxes[0, anchor, 4:8] += 0.4 * 400 / SIDE * FULL.side
    assert recall(FULL, [scene], boxes, scores)[400][0] == 0
