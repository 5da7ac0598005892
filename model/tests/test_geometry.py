import numpy as np
import pytest

from mien_model import geometry


def test_keypoints_land_where_the_geometry_says():
    angle, scale = np.deg2rad(25), 1.7
    rotation = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    eyes_and_mouth = [rotation @ p + [300, 200] for p in ([-20.0, 0.0], [20.0, 0.0], [0.0, 45.0])]
    transform = geometry.crop_transform(*eyes_and_mouth, side=112)
    right, left, mouth = (transform[:, :2] @ p + transform[:, 2] for p in eyes_and_mouth)
    assert np.allclose((right + left) / 2, [56, 0.325 * 112])
    assert np.isclose(right[1], left[1]) and right[0] < left[0]
    assert np.allclose(mouth, [56, (0.325 + 0.37) * 112])


def test_coinciding_points_are_refused():
    with pytest.raises(ValueError, match="distinct"):
        geometry.crop_transform((1, 1), (1, 1), (2, 2), 112)


def test_reflection_leaves_the_border_pixel_single():
    assert geometry.reflect101(np.arange(-3, 8), 5).tolist() == [3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1]
    assert geometry.reflect101(np.array([-2, 0, 9]), 1).tolist() == [0, 0, 0]


def test_warp_by_the_identity_copies():
    image = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    assert (geometry.warp(image, np.eye(2, 3), 9) == image).all()


def test_warp_and_resize_agree_on_a_whole_square():
    image = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    scaled = geometry.warp(image, np.array([[112 / 128, 0, 0], [0, 112 / 128, 0]]), 112)
    assert np.abs(scaled.astype(int) - geometry.resize_square(image[None], 112)[0]).max() <= 1


def test_letterbox_places_the_picture():
    image = np.full((50, 100, 3), 200, np.uint8)
    square, scale, (left, top) = geometry.letterbox(image, 64)
    assert (scale, left, top) == (0.64, 0, 16)
    assert (square[:16] == 0).all() and (square[16:48] == 200).all() and (square[48:] == 0).all()
