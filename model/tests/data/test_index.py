import pytest
from miniature import row, write_faces

from mien_model.data.index import COLUMNS, read_rows, write_rows
from mien_model.faces import load_faces, read_index


def test_what_is_written_is_read(tmp_path):
    write_rows([row("a.jpg", age="31", gender="1", pseudo="gender")], tmp_path / "index.csv")
    (found,) = read_rows(tmp_path / "index.csv")
    assert list(found) == list(COLUMNS)
    assert (found["age"], found["pseudo"], found["det_score"]) == ("31", "gender", "")


@pytest.mark.parametrize(
    "cells, wrong",
    [
        ({"age": "200"}, r"row 3 \(b.jpg\): age must be a number from 0 to 125, or empty, came '200'"),
        ({"age": "nan"}, "age must be a number"),
        ({"gender": "2"}, "gender must be one of 0, 1, or empty, came '2'"),
        ({"emo3": "3"}, "emo3 must be one of 0, 1, 2, or empty"),
        ({"emotion": "joy"}, "emotion must be one of anger"),
        ({"split": ""}, "split must be one of train, val, test, came ''"),
        ({"pad_frac": "-0.1"}, "pad_frac must be a number from 0 to 1"),
        ({"shard": ""}, "file and shard must be named"),
        ({"file": "a.jpg"}, r"row 3 \(a.jpg\): the same face as row 2"),
    ],
)
def test_a_wrong_cell_is_named_with_file_and_row(tmp_path, cells, wrong):
    write_rows([row("a.jpg"), row("b.jpg") | cells], tmp_path / "index.csv")
    with pytest.raises(ValueError, match=rf"index.csv, row 3.*{wrong}" if not wrong.startswith("row") else f"index.csv, {wrong}"):
        read_rows(tmp_path / "index.csv")


@pytest.mark.parametrize(
    "text, wrong",
    [
        ("", "row 1: columns file, source, age, gender, emo3, split, shard, pad_frac are missing; it has none"),
        ("file,source,age,gender,emo3,split,shard\n", "row 1: columns pad_frac are missing"),
        ("file,source,age,gender,emo3,split,shard,pad_frac,mood\n", "row 1: unknown columns mood; known are file"),
        ("file,source,age,gender,emo3,split,shard,pad_frac\n", "holds no faces"),
        ("file,source,age,gender,emo3,split,shard,pad_frac\na.jpg,x\n", "row 2 .a.jpg.: it has more or fewer cells"),
    ],
)
def test_a_wrong_table_is_named(tmp_path, text, wrong):
    (tmp_path / "index.csv").write_text(text)
    with pytest.raises(ValueError, match=wrong):
        read_rows(tmp_path / "index.csv")


def test_a_damaged_or_missing_picture_is_named(tmp_path):
    rows = [row("a.jpg")]
    write_faces(tmp_path, rows, [b"no jpeg"])
    with pytest.raises(ValueError, match=r"index.csv, row 2: made.zip/a.jpg is no readable picture"):
        load_faces(read_index("train", tmp_path), tmp_path)
    with pytest.raises(ValueError, match=r"made.zip/b.jpg, which is not in index.csv: made.zip/b.jpg is in the index but not in the shard"):
        load_faces([row("b.jpg")], tmp_path)


def test_another_index_may_stand_for_the_folders_own(tmp_path):
    write_faces(tmp_path, [row("a.jpg"), row("b.jpg")])
    write_rows([row("b.jpg", age="5")], tmp_path / "other.csv")
    assert [found["age"] for found in read_index("train", tmp_path, index=tmp_path / "other.csv")] == ["5"]
