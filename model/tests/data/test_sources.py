import numpy as np
import pytest
from miniature import drawn_face, jpeg

from mien_model.data.photos import label_cells, load
from mien_model.data.sources import VOTES, fer_plus, folders, imdb_clean, utkface

IMDB = "filename,age,gender,x_min,y_min,x_max,y_max,head_roll,head_yaw,head_pitch"


@pytest.fixture
def picture():
    return jpeg(drawn_face(1, 32))


def place(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)


def imdb(folder, picture, line="00/nm0000100_rm1_1955-1-6_2003.jpg,48,M,10,20,30,40,0,0,0"):
    place(folder / "data" / "imdb" / "00" / "nm0000100_rm1_1955-1-6_2003.jpg", picture)
    (folder / "data" / "imdb_valid_new.csv").write_text(f"{IMDB}\n{line}\n")
    return folder


def test_imdb_clean_knows_who_and_where(tmp_path, picture):
    (photo,) = imdb_clean(imdb(tmp_path, picture))
    assert (photo.age, photo.gender, photo.identity, photo.box, photo.split) == (48, 1, "nm0000100", (10, 20, 30, 40), "val")
    assert load(photo).shape == (32, 32, 3)


@pytest.mark.parametrize(
    "line, wrong",
    [
        ("00/nm1_rm1.jpg,48,M,1,2,3,4,0,0,0", "imdb_valid_new.csv, row 2: no picture 00/nm1_rm1.jpg"),
        ("00/nm0000100_rm1_1955-1-6_2003.jpg,48,X,1,2,3,4,0,0,0", "row 2: gender must be M or F, came 'X'"),
        ("00/nm0000100_rm1_1955-1-6_2003.jpg,-3,F,1,2,3,4,0,0,0", "row 2: age must be a number from 0 to 125, came '-3'"),
    ],
)
def test_imdb_clean_names_what_is_wrong(tmp_path, picture, line, wrong):
    with pytest.raises(ValueError, match=wrong):
        list(imdb_clean(imdb(tmp_path, picture, line)))


def test_utkface_reads_names_and_turns_its_gender(tmp_path, picture):
    for name in ("25_0_2_20170116174525125.jpg", "7_1_0_20170109150557335.jpg.chip.jpg", "61_1_20170109142408075.jpg", "300_0_1_2017.jpg"):
        place(tmp_path / name, picture)
    found = {photo.age: (photo.gender, photo.alone) for photo in utkface(tmp_path)}
    assert found == {25: (1, False), 7: (0, True)}


SEVENS = " ".join(["7"] * 2304)


def fer(folder, votes, pixels=SEVENS, usage="Training", name="fer0000000.png"):
    (folder / "fer2013.csv").write_text(f"emotion,pixels,Usage\n0,{pixels},Training\n")
    counts = [str(votes.get(kind, 0)) for kind in VOTES]
    (folder / "fer2013new.csv").write_text(f"Usage,Image name,{','.join(VOTES)}\n{usage},{name},{','.join(counts)}\n")
    return folder


def test_fer_plus_takes_the_majority_and_keeps_its_share(tmp_path):
    (photo,) = fer_plus(fer(tmp_path, {"sadness": 7, "neutral": 3}))
    cells = label_cells(photo)
    assert (cells["emotion"], cells["emo3"], cells["emotion_agree"], cells["age"], cells["split"]) == ("sadness", "0", "0.7", "", "train")
    assert np.array_equal(load(photo), np.full((48, 48, 3), 7, np.uint8))


@pytest.mark.parametrize("votes, name", [({"sadness": 4, "neutral": 3, "fear": 3}, "a.png"), ({"NF": 10}, "a.png"), ({"neutral": 10}, "")])
def test_fer_plus_leaves_out_what_voters_do_not_agree_on(tmp_path, votes, name):
    assert list(fer_plus(fer(tmp_path, votes, name=name))) == []


def test_fer_plus_names_broken_pixels(tmp_path):
    with pytest.raises(ValueError, match=r"fer2013.csv, row 2: pixels must be 2304 numbers"):
        list(fer_plus(fer(tmp_path, {"neutral": 10}, pixels="1 2 3")))


def test_surprise_has_no_class_of_three(tmp_path):
    (photo,) = fer_plus(fer(tmp_path, {"surprise": 9, "fear": 1}))
    assert (label_cells(photo)["emotion"], label_cells(photo)["emo3"]) == ("surprise", "")


def test_folders_label_by_folder_name_and_table(tmp_path, picture):
    place(tmp_path / "train" / "happiness" / "a.jpg", picture)
    place(tmp_path / "b.png", picture)
    (tmp_path / "labels.csv").write_text("file,age,gender,identity\nb.png,33,0,anna\n")
    found = {photo.name: photo for photo in folders(tmp_path)}
    assert (found["train/happiness/a.jpg"].emotion, found["train/happiness/a.jpg"].split) == ("happiness", "train")
    assert (found["b.png"].age, found["b.png"].gender, found["b.png"].identity) == (33, 0, "anna")


@pytest.mark.parametrize(
    "table, wrong",
    [
        ("file,age\nc.png,3\n", "labels.csv, row 2: no picture c.png"),
        ("file,height\nb.png,3\n", "labels.csv, row 1: unknown columns height"),
        ("file,gender\nb.png,0.5\n", "row 2: gender must be 0 for a woman"),
        ("file,emotion\nb.png,joy\n", "row 2: emotion must be one of anger"),
    ],
)
def test_folders_name_what_is_wrong(tmp_path, picture, table, wrong):
    place(tmp_path / "b.png", picture)
    (tmp_path / "labels.csv").write_text(table)
    with pytest.raises(ValueError, match=wrong):
        list(folders(tmp_path))


@pytest.mark.parametrize("source", [utkface, folders, imdb_clean])
def test_an_empty_folder_is_told(tmp_path, source):
    with pytest.raises(ValueError, match=r"holds no pictures|has no imdb"):
        list(source(tmp_path))
