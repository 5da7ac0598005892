import csv
import zipfile
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from mien_model import faces

COLUMNS = ["file", "source", "age", "gender", "emo3", "split", "shard", "pad_frac"]


@pytest.fixture
def folder(tmp_path):
    rows = [
        ["a.jpg", "one", "30", "1", "", "val", "s.zip", "0.1"],
        ["b.jpg", "two", "", "", "2", "val", "s.zip", "0.6"],
        ["c.jpg", "one", "8", "0", "", "train", "s.zip", "0"],
    ]
    with open(tmp_path / "index.csv", "w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as shard:
        for i, row in enumerate(rows):
            encoded = BytesIO()
            Image.new("RGB", (8, 8), (40 * i, 0, 0)).save(encoded, "JPEG")
            shard.writestr(row[0], encoded.getvalue())
    return tmp_path


def test_a_split_is_read_with_its_missing_labels(folder):
    found = faces.load_faces(faces.read_index("val", folder), folder)
    assert found.images.shape == (2, 8, 8, 3)
    assert found.age[0] == 30 and np.isnan(found.age[1])
    assert np.isnan(found.expression[0]) and found.expression[1] == 2


def test_padding_can_be_limited(folder):
    assert [row["file"] for row in faces.read_index("val", folder, most_padding=0.4)] == ["a.jpg"]


def test_a_sample_is_even_over_sources_and_repeatable():
    rows = [{"file": str(i), "source": "big" if i < 900 else "small", "age": str(i % 70), "gender": str(i % 2), "emo3": ""} for i in range(1000)]
    sample = faces.stratified_sample(rows, 100, seed=5)
    assert sum(row["source"] == "small" for row in sample) == 50
    assert len({row["file"] for row in sample}) == 100
    assert sample == faces.stratified_sample(rows, 100, seed=5)
