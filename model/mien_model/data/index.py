"""The index form: `index.csv`, one face per row, beside uncompressed zips ("shards") of square JPEG crops."""

import csv
import os
from pathlib import Path

from ..network import EXPRESSIONS

FILE = "index.csv"
EMOTIONS = {
    "anger": 0,
    "disgust": 0,
    "fear": 0,
    "sadness": 0,
    "contempt": 0,
    "neutral": 1,
    "happiness": 2,
    "surprise": None,
}
"""Eight classes of human labels and the index in EXPRESSIONS that each stands for."""
SPLITS = ("train", "val", "test")
NEEDED = ("file", "source", "age", "gender", "emo3", "split", "shard", "pad_frac")
OPTIONAL = ("emotion", "emotion_agree", "identity", "orig_name", "det_score", "roll", "src_w", "src_h", "gray", "pseudo")
"""pseudo: names of the columns that a network filled in, with spaces between."""
COLUMNS = (
    *("file", "source", "age", "gender", "emotion", "emo3", "emotion_agree", "split", "shard"),
    *("identity", "orig_name", "det_score", "roll", "pad_frac", "src_w", "src_h", "gray", "pseudo"),
)
"""All of them, in the order of writing."""
OLDEST = 125
RANGES = {"age": (0, OLDEST), "emotion_agree": (0, 1), "pad_frac": (0, 1)}
CHOICES = {"gender": ("0", "1"), "emo3": tuple(str(n) for n in range(len(EXPRESSIONS))), "split": SPLITS, "emotion": tuple(EMOTIONS)}

Row = dict[str, str]


def read_rows(path: Path) -> list[Row]:
    """Every row of an index, checked. Raises ValueError naming the file, the row (the header is row 1) and what is wrong."""
    with open(path, newline="") as file:
        reader = csv.DictReader(file)
        check_columns(path.name, reader.fieldnames or [], NEEDED, (*NEEDED, *OPTIONAL))
        rows = list(reader)
    if not rows:
        raise ValueError(f"{path.name} holds no faces: it has a header at most")
    seen: dict[tuple[str, str], int] = {}
    for number, row in enumerate(rows, 2):
        wrong = fault(row)
        if wrong:
            raise ValueError(f"{path.name}, row {number} ({row['file'] or 'no file'}): {wrong}")
        twin = seen.setdefault((row["shard"], row["file"]), number)
        if twin != number:
            raise ValueError(f"{path.name}, row {number} ({row['file']}): the same face as row {twin}")
    return rows


def check_columns(name: str, found: list[str] | tuple[str, ...], needed: tuple[str, ...], known: tuple[str, ...] | None = None) -> None:
    """Raises ValueError naming columns that are missing or, where `known` is given, that nobody reads."""
    missing = [column for column in needed if column not in found]
    unknown = [column for column in found if known is not None and column not in known]
    if missing:
        raise ValueError(f"{name}, row 1: columns {', '.join(missing)} are missing; it has {', '.join(found) or 'none'}")
    if unknown:
        raise ValueError(f"{name}, row 1: unknown columns {', '.join(unknown)}; known are {', '.join(known or ())}")


def fault(row: Row) -> str | None:
    """What is wrong with a row, as text."""
    if None in row or None in row.values():
        return "it has more or fewer cells than the header"
    if not row["file"] or not row["shard"]:
        return "file and shard must be named"
    for column, choices in CHOICES.items():
        value = row.get(column, "")
        if value not in choices and (value or column == "split"):
            return f"{column} must be one of {', '.join(choices)}{'' if column == 'split' else ', or empty'}, came '{value}'"
    for column, (low, high) in RANGES.items():
        value = row.get(column, "")
        if value and not _within(value, low, high):
            return f"{column} must be a number from {low} to {high}, or empty, came '{value}'"
    return None


def _within(text: str, low: float, high: float) -> bool:
    try:
        return low <= float(text) <= high
    except ValueError:
        return False


def write_rows(rows: list[Row], path: Path) -> None:
    """All columns; a row's missing ones are left empty. Whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    with open(partial, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(partial, path)
