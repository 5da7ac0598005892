import numpy as np

from mien_model import blazeface


def test_anchor_counts_are_the_networks():
    assert len(blazeface.anchor_centres(blazeface.FULL)) == 48 * 48
    assert len(blazeface.anchor_centres(blazeface.SHORT)) == 16 * 16 * 2 + 8 * 8 * 6


def test_anchors_go_row_by_row_with_those_of_a_cell_together():
    centres = blazeface.anchor_centres(blazeface.SHORT)
    assert centres[:3].tolist() == [[0.5 / 16, 0.5 / 16]] * 2 + [[1.5 / 16, 0.5 / 16]]
    assert centres[512:518].tolist() == [[0.5 / 8, 0.5 / 8]] * 6


def test_a_box_is_relative_to_its_anchor_and_in_pixels():
    boxes = np.zeros((2304, 16))
    boxes[0] = [19.2, 0, 38.4, 57.6, 9.6, 19.2] + [0] * 10
    face = blazeface.decode(blazeface.FULL, boxes)[0]
    assert np.allclose(face[:3], [[0.1 + 0.5 / 48, 0.5 / 48], [0.2, 0.3], [0.05 + 0.5 / 48, 0.1 + 0.5 / 48]])


def test_extreme_scores_stay_finite():
    assert blazeface.probability(np.array([-1e5, 0, 1e5], np.float32)).round(6).tolist() == [0, 0.5, 1]
