"""Data sets as they are published, as photos with labels. Nothing is fetched: each takes a folder that lies here already.

IMDB-clean: its CSVs (imdb_{train,valid,test}_new*.csv) with the image tree below. UTKFace: labels in the file names. FER+:
fer2013new.csv (ten votes a picture) beside fer2013.csv (48x48 pixels). folders: plain pictures.
"""

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from .index import EMOTIONS, OLDEST, SPLITS, check_columns
from .photos import Photo

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
UTK_NAME = re.compile(r"(\d+)_([01])_\d(_\d*)?\.")
VOTES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")
FER_SIDE = 48
FER_SPLITS = {"Training": "train", "PublicTest": "val", "PrivateTest": "test"}
LEAST_AGREEMENT = 0.5
"""FER+ faces without a majority among the ten votes carry no label that can be trusted."""


def imdb_clean(folder: Path) -> Iterator[Photo]:
    """The identity is IMDb's number in the file name; each split is the data set's own."""
    tables = sorted(path for path in folder.rglob("imdb_*_new*.csv") if path.name.split("_")[1] in ("train", "valid", "test"))
    if not tables:
        raise ValueError(f"{folder} has no imdb_train_new.csv, imdb_valid_new.csv or imdb_test_new.csv")
    roots = {folder, *(path.parent for path in tables)}
    for table in tables:
        split = {"valid": "val"}.get(table.name.split("_")[1], table.name.split("_")[1])
        for where, row in _table(table, ("filename", "age", "gender", "x_min", "y_min", "x_max", "y_max")):
            name = row["filename"].removeprefix("./")
            picture = next((root / part for root in roots for part in (name, f"imdb/{name}", f"imdb-clean-1024/{name}") if (root / part).exists()), None)
            if picture is None:
                raise ValueError(f"{where}: no picture {name} below {folder}")
            if row["gender"] not in ("M", "F"):
                raise ValueError(f"{where}: gender must be M or F, came '{row['gender']}'")
            box = tuple(_number(where, row, side, -1e5, 1e5) for side in ("x_min", "y_min", "x_max", "y_max"))
            person = Path(name).name.split("_")[0]
            yield Photo(name, "imdb-clean", picture, _number(where, row, "age", 0, OLDEST), int(row["gender"] == "M"), identity=person, box=box, split=split)


def utkface(folder: Path) -> Iterator[Photo]:
    """age_gender_race_date.jpg, gender 0 for men; the few names that lack a part are left out. Pictures are single faces."""
    for picture in _pictures(folder):
        parts = UTK_NAME.match(picture.name)
        if parts and int(parts[1]) <= OLDEST:
            name = picture.relative_to(folder).as_posix()
            yield Photo(name, "utkface", picture, float(parts[1]), 1 - int(parts[2]), alone=picture.name.endswith(".chip.jpg"))


def fer_plus(folder: Path) -> Iterator[Photo]:
    """Faces with a majority; rows that the voters called no face have no image name and are left out."""
    with open(folder / "fer2013.csv", newline="") as pixels, open(folder / "fer2013new.csv", newline="") as votes:
        pairs = zip(_rows("fer2013.csv", pixels, ("pixels",)), _rows("fer2013new.csv", votes, ("Usage", "Image name", *VOTES)), strict=True)
        for number, (picture, row) in enumerate(pairs, 2):
            where = f"fer2013new.csv, row {number}"
            counts = [int(_number(where, row, vote, 0, 100)) for vote in VOTES]
            best = int(np.argmax(counts))
            if not row["Image name"] or VOTES[best] not in EMOTIONS or counts[best] < LEAST_AGREEMENT * sum(counts):
                continue
            values = picture["pixels"].split()
            if len(values) != FER_SIDE**2 or not all(value.isdigit() and int(value) < 256 for value in values):
                raise ValueError(f"fer2013.csv, row {number}: pixels must be {FER_SIDE**2} numbers from 0 to 255, came {len(values)}")
            if row["Usage"] not in FER_SPLITS:
                raise ValueError(f"{where}: Usage must be one of {', '.join(FER_SPLITS)}, came '{row['Usage']}'")
            face = np.array(values, np.uint8).reshape(FER_SIDE, FER_SIDE)
            share = counts[best] / sum(counts)
            yield Photo(row["Image name"], "fer2013+ferplus", face, emotion=VOTES[best], agreement=share, alone=True, split=FER_SPLITS[row["Usage"]])


def folders(folder: Path) -> Iterator[Photo]:
    """Pictures below a folder. A folder named after an emotion or a split on the way labels what is in it; beside them may lie
    labels.csv with `file` and any of age, gender, emotion, identity."""
    labels = {}
    if (folder / "labels.csv").exists():
        known = ("file", "age", "gender", "emotion", "identity")
        with open(folder / "labels.csv", newline="") as file:
            check_columns("labels.csv", csv.DictReader(file).fieldnames or [], ("file",), known)
        labels = {row["file"]: (where, row) for where, row in _table(folder / "labels.csv", ("file",))}
    for picture in _pictures(folder):
        name = picture.relative_to(folder).as_posix()
        where, row = labels.pop(name, ("", {}))
        parts = Path(name).parts
        emotion = row.get("emotion") or next((part for part in parts if part in EMOTIONS), None)
        if emotion is not None and emotion not in EMOTIONS:
            raise ValueError(f"{where}: emotion must be one of {', '.join(EMOTIONS)}, came '{emotion}'")
        age = _number(where, row, "age", 0, OLDEST) if row.get("age") else None
        if row.get("gender", "") not in ("", "0", "1"):
            raise ValueError(f"{where}: gender must be 0 for a woman, 1 for a man or empty, came '{row['gender']}'")
        gender = int(row["gender"]) if row.get("gender") else None
        split = next((part for part in parts if part in SPLITS), "")
        yield Photo(name, folder.name, picture, age, gender, emotion, identity=row.get("identity", ""), split=split)
    if labels:
        where, row = next(iter(labels.values()))
        raise ValueError(f"{where}: no picture {row['file']} in {folder}")


SOURCES: dict[str, Callable[[Path], Iterator[Photo]]] = {"imdb-clean": imdb_clean, "utkface": utkface, "fer-plus": fer_plus, "folders": folders}


def _pictures(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURES)
    if not found:
        raise ValueError(f"{folder} holds no pictures ({', '.join(sorted(PICTURES))})")
    return found


def _rows(name: str, file, needed: tuple[str, ...]) -> csv.DictReader:
    reader = csv.DictReader(file)
    check_columns(name, reader.fieldnames or [], needed)
    return reader


def _table(path: Path, needed: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    """(where, row) of a CSV; where names file and row for errors."""
    with open(path, newline="") as file:
        for number, row in enumerate(_rows(path.name, file, needed), 2):
            yield f"{path.name}, row {number}", row


def _number(where: str, row: dict[str, str], column: str, low: float, high: float) -> float:
    try:
        value = float(row[column])
    except (TypeError, ValueError):
        value = float("nan")
    if not low <= value <= high:
        raise ValueError(f"{where}: {column} must be a number from {low:g} to {high:g}, came '{row[column]}'")
    return value
