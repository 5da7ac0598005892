"""Labelled face crops in the index form of the shared faces: index.csv beside uncompressed zips of square JPEGs."""

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from .data.index import FILE, read_rows
from .paths import FACES

MOST_PADDING = 0.4
"""Crops with a larger share outside their source picture are left out of clean batches."""


@dataclass(frozen=True)
class Faces:
    """n faces. images: u8 RGB [n, side, side, 3]; age in years, gender (0 female, 1 male), expression (0..2): NaN where unknown."""

    images: np.ndarray
    age: np.ndarray
    gender: np.ndarray
    expression: np.ndarray

    def __len__(self) -> int:
        return len(self.images)


def read_index(split: str, folder: Path = FACES, most_padding: float | None = None, index: Path | None = None) -> list[dict[str, str]]:
    """The index rows of a split, in the index's order; index: another file than the folder's own index.csv.

    Raises FileNotFoundError where there are no faces, ValueError naming file and row where the index is wrong.
    """
    rows = [row for row in read_rows(index or folder / FILE) if row["split"] == split]
    return [row for row in rows if most_padding is None or float(row["pad_frac"] or 0) <= most_padding]


def load_faces(rows: list[dict[str, str]], folder: Path = FACES) -> Faces:
    """Decode the crops of index rows; errors as `decode_rows`."""
    images = np.stack(list(decode_rows(rows, folder)))
    return Faces(images, _numbers(rows, "age"), _numbers(rows, "gender"), _numbers(rows, "emo3"))


def decode_rows(rows: list[dict[str, str]], folder: Path, side: int | None = None) -> Iterator[np.ndarray]:
    """The crops of index rows, u8 RGB [side, side, 3], one after the other.

    Raises ValueError naming the index row, shard and file where one is missing, damaged or of another side than `side`.
    """
    with ExitStack() as stack:
        shards: dict[str, zipfile.ZipFile] = {}
        for row in rows:
            try:
                if row["shard"] not in shards:
                    shards[row["shard"]] = stack.enter_context(zipfile.ZipFile(folder / row["shard"]))
                face = decode_face(shards[row["shard"]], row["file"])
                if side is not None and face.shape != (side, side, 3):
                    raise ValueError(f"{row['shard']}/{row['file']} must be {side}x{side}, came {face.shape[1]}x{face.shape[0]}")
            except (ValueError, OSError, zipfile.BadZipFile) as fault:
                raise ValueError(f"{_place(row, folder)}: {fault}") from fault
            yield face


def _place(row: dict[str, str], folder: Path) -> str:
    """File and row of the folder's index."""
    known = read_rows(folder / FILE) if (folder / FILE).exists() else []
    numbers = [number for number, each in enumerate(known, 2) if (each["shard"], each["file"]) == (row["shard"], row["file"])]
    return f"{FILE}, row {numbers[0]}" if numbers else f"{row['shard']}/{row['file']}, which is not in {FILE}"


def decode_face(shard: zipfile.ZipFile, file: str) -> np.ndarray:
    """One crop, u8 RGB. Raises ValueError naming shard and file where it is missing or damaged."""
    from PIL import Image

    where = f"{Path(shard.filename or '').name}/{file}"
    try:
        return np.asarray(Image.open(BytesIO(shard.read(file))).convert("RGB"))
    except KeyError as fault:
        raise ValueError(f"{where} is in the index but not in the shard") from fault
    except (OSError, SyntaxError, zipfile.BadZipFile) as fault:
        raise ValueError(f"{where} is no readable picture: {fault}") from fault


def _numbers(rows: list[dict[str, str]], column: str) -> np.ndarray:
    return np.array([float(row[column]) if row[column] else np.nan for row in rows])


def stratified_sample(rows: list[dict[str, str]], count: int, seed: int) -> list[dict[str, str]]:
    """At most `count` rows spread evenly over sources, and within them over age decades, gender and expression."""
    generator = np.random.default_rng(seed)
    strata: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in rows:
        decade = str(int(float(row["age"])) // 10) if row["age"] else ""
        strata.setdefault((row["source"], decade, row["gender"], row["emo3"]), []).append(row)
    by_source: dict[str, list[list[dict[str, str]]]] = {}
    for key, members in sorted(strata.items()):
        by_source.setdefault(key[0], []).append([members[i] for i in generator.permutation(len(members))])
    sample = []
    for groups in by_source.values():
        share, taken, depth = -(-count // len(by_source)), [], 0
        while len(taken) < share and any(depth < len(group) for group in groups):
            taken += [group[depth] for group in groups if depth < len(group)]
            depth += 1
        sample += taken[:share]
    return sample[:count]
