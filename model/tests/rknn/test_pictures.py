import numpy as np
import pytest
from PIL import Image

from mien_model.rknn.pictures import calibration_pixels


def test_a_folder_of_pictures_is_scaled(tmp_path):
    for i in range(3):
        Image.new("RGB", (40, 30), (50 * i, 0, 0)).save(tmp_path / f"{i}.png")
    pixels = calibration_pixels(tmp_path, 16, 8)
    assert pixels.shape == (3, 8, 16, 3) and pixels.dtype == np.uint8
    assert pixels[:, 0, 0, 0].tolist() == [0, 50, 100]


def test_an_npz_is_taken_as_it_is(tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (2, 8, 16, 3), np.uint8)
    np.savez(tmp_path / "a.npz", pixels=pixels)
    assert (calibration_pixels(tmp_path / "a.npz", 16, 8) == pixels).all()


def test_what_does_not_fit_is_named(tmp_path):
    with pytest.raises(ValueError, match="holds no pictures"):
        calibration_pixels(tmp_path, 16, 8)
    np.savez(tmp_path / "a.npz", pixels=np.zeros((2, 8, 8, 3), np.float32))
    with pytest.raises(ValueError, match=r"expected u8 \[n, 8, 16, 3\], came float32 \[2, 8, 8, 3\]"):
        calibration_pixels(tmp_path / "a.npz", 16, 8)
    (tmp_path / "b.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"b\.png is no readable picture"):
        calibration_pixels(tmp_path, 16, 8)
    with pytest.raises(ValueError, match=r"expected a folder of pictures or an \.npz"):
        calibration_pixels(tmp_path / "b.png", 16, 8)
