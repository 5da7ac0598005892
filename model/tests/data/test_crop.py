import numpy as np
import pytest
from miniature import jpeg
from PIL import Image

from mien_model.data.align import FaceFinder
from mien_model.data.commands import crop
from mien_model.data.crop import crop_photos
from mien_model.data.index import read_rows
from mien_model.data.photos import Photo
from mien_model.evaluate import open_session
from mien_model.faces import load_faces
from mien_model.geometry import warp
from mien_model.paths import RELEASE

BLANK = np.full((60, 80), 128, np.uint8)


@pytest.fixture(scope="module")
def finder():
    return FaceFinder(open_session(RELEASE / "blazeface-full.onnx"))


@pytest.fixture(scope="module")
def portraits():
    """Four letterboxed portraits, u8 [4, 192, 192, 3]."""
    return np.frombuffer((RELEASE / "blazeface-full.known.bin").read_bytes(), np.uint8).reshape(-1, 192, 192, 3)


def likeness(one, other):
    one, other = (face.astype(float).mean(2).ravel() for face in (one, other))
    return np.corrcoef(one, other)[0, 1]


def test_crops_lie_as_the_releases_aligned_faces_do(tmp_path, portraits):
    for place, portrait in enumerate(portraits):
        Image.fromarray(portrait).save(tmp_path / f"{place}.png")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    (tmp_path / "blank.jpg").write_bytes(jpeg(np.repeat(BLANK[:, :, None], 3, 2)))
    told = list(crop("folders", tmp_path, tmp_path / "out", 0.1, 0))
    assert told[0].startswith("4 crops in") and told[0].endswith("1 photos without a face, 1 unreadable")
    assert "broken.jpg is no readable picture" in told[1]
    rows = read_rows(tmp_path / "out" / "index.csv")
    assert all(float(row["det_score"]) > 0.6 and abs(float(row["roll"])) < 20 for row in rows)
    found = load_faces(rows, tmp_path / "out").images
    aligned = np.frombuffer((RELEASE / "faces-npu-head.known.bin").read_bytes(), np.uint8).reshape(-1, 112, 112, 3)
    # The release cuts by BlazeFace's keypoints as they are, the product a twentieth closer about the eyes.
    closer = np.array([[1.05, 0, -0.05 * 56], [0, 1.05, -0.05 * 0.325 * 112]])
    for crop128, face in zip(found, [warp(face, closer, 112) for face in aligned]):
        small = np.asarray(Image.fromarray(crop128).resize((112, 112), Image.Resampling.BILINEAR))
        # The source is a fifth of the release's: blurred, but not moved.
        assert likeness(small, face) > 0.9 > likeness(np.roll(small, 8, 0), face)


def test_a_box_picks_one_of_two_people(finder, portraits):
    both = np.concatenate([portraits[1], portraits[2]], 1)
    left = finder.find(both, (72, 40, 124, 105), alone=False)
    right = finder.find(both, (192 + 84, 20, 192 + 122, 66), alone=False)
    assert left.mouth[0] < 192 < right.mouth[0]
    assert finder.find(both, (0, 185, 10, 192), alone=False) is None


def test_a_missed_face_that_stands_alone_takes_the_others_place(tmp_path, finder, portraits):
    gray = portraits[0].mean(2).astype(np.uint8)
    photos = [Photo("a.png", "made", gray, alone=True), Photo("b.png", "made", np.full((96, 96), 90, np.uint8), alone=True, emotion="fear")]
    outcome = crop_photos(photos, finder, tmp_path / "out", 0, 0)
    rows = {row["file"]: row for row in read_rows(tmp_path / "out" / "index.csv")}
    assert (outcome.kept, outcome.faceless) == (2, 0)
    assert float(rows["made_b.jpg"]["det_score"]) == 0 and rows["made_b.jpg"]["emo3"] == "0"
    assert rows["made_a.jpg"]["gray"] == "1" and rows["made_a.jpg"]["split"] == "train"


def test_nothing_to_keep_and_a_taken_folder_are_told(tmp_path, finder):
    with pytest.raises(ValueError, match="no face was kept: 1 photos without a face"):
        crop_photos([Photo("a.png", "made", BLANK)], finder, tmp_path / "out", 0, 0)
    (tmp_path / "out" / "index.csv").write_text("")
    with pytest.raises(ValueError, match="holds an index already"):
        crop_photos([], finder, tmp_path / "out", 0, 0)


def test_two_photos_of_one_name_are_told(tmp_path, finder, portraits):
    gray = portraits[0].mean(2).astype(np.uint8)
    with pytest.raises(ValueError, match=r"two photos would be stored as made_a_b.jpg"):
        crop_photos([Photo("a/b.png", "made", gray), Photo("a_b.png", "made", gray)], finder, tmp_path / "out", 0, 0)
