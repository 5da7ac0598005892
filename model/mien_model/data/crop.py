"""`mien_model crop`: photos to an index folder of aligned crops."""

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np

from ..geometry import warp
from .align import FaceFinder, Landmarks, median_landmarks, padding
from .index import FILE, Row, write_rows
from .photos import Photo, label_cells, load
from .split import assign

SIDE = 128
QUALITY = 92
SHARD_FACES = 20_000
MEDIAN_FACES = 500
"""So many found faces settle where those lie that the detector misses."""


@dataclass
class Outcome:
    """kept: crops written; faceless: photos without a face; damaged: no readable pictures, as text."""

    kept: int = 0
    faceless: int = 0
    damaged: list[str] = field(default_factory=list)


def crop_photos(photos: Iterable[Photo], finder: FaceFinder, target: Path, val: float, test: float) -> Outcome:
    """Write shards and index.csv in `target`, which must not hold an index yet; val, test: shares where a source has no splits.

    A photo that holds no face or no picture is counted, not kept. Raises ValueError where nothing is kept.
    """
    if (target / FILE).exists():
        raise ValueError(f"{target} holds an index already: name an empty folder")
    target.mkdir(parents=True, exist_ok=True)
    outcome, rows = Outcome(), []
    shards = Shards(target)
    try:
        for photo, image, marks in _aligned(photos, finder, outcome):
            transform = marks.transform(SIDE)
            crop = warp(image, transform, SIDE)
            row = label_cells(photo) | _measures(image, transform, marks, crop)
            row["file"] = f"{photo.source}_{photo.name}".replace("/", "_").rsplit(".", 1)[0] + ".jpg"
            row["split"] = assign(row, val, test)
            row["shard"] = shards.add(row["file"], crop)
            rows.append(row)
    finally:
        shards.close()
    if not rows:
        raise ValueError(f"no face was kept: {outcome.faceless} photos without a face, {len(outcome.damaged)} unreadable")
    write_rows(rows, target / FILE)
    outcome.kept = len(rows)
    return outcome


def _aligned(photos: Iterable[Photo], finder: FaceFinder, outcome: Outcome) -> Iterator[tuple[Photo, np.ndarray, Landmarks]]:
    """Each photo with a face. Those cut around one face that the detector misses come last, at the others' median."""
    found: list[tuple[Landmarks, tuple[int, int]]] = []
    missed: list[Photo] = []
    for photo in photos:
        try:
            image = load(photo)
        except ValueError as fault:
            outcome.damaged.append(str(fault))
            continue
        marks = finder.find(image, photo.box, photo.alone)
        if marks is not None:
            if photo.alone and len(found) < MEDIAN_FACES:
                found.append((marks, image.shape[:2]))
            yield photo, image, marks
        elif photo.alone:
            missed.append(photo)
        else:
            outcome.faceless += 1
    if not found:
        outcome.faceless += len(missed)
        return
    for photo in missed:
        image = load(photo)
        yield photo, image, median_landmarks(found, image.shape[:2])


def _measures(image: np.ndarray, transform: np.ndarray, marks: Landmarks, crop: np.ndarray) -> Row:
    height, width = image.shape[:2]
    gray = bool((crop.max(2).astype(int) - crop.min(2) <= 2).all())
    return {
        "det_score": f"{marks.score:.3f}",
        "roll": f"{marks.roll:.1f}",
        "pad_frac": f"{padding(image, transform, SIDE):.3f}",
        "src_w": str(width),
        "src_h": str(height),
        "gray": str(int(gray)),
    }


class Shards:
    """Uncompressed zips of JPEGs in a folder, a new one after SHARD_FACES faces."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.count = 0
        self.file: zipfile.ZipFile | None = None
        self.names: set[str] = set()

    def add(self, name: str, crop: np.ndarray) -> str:
        """The shard that now holds the crop. Raises ValueError where the name is taken."""
        from PIL import Image

        if name in self.names:
            raise ValueError(f"two photos would be stored as {name}")
        self.names.add(name)
        if self.count % SHARD_FACES == 0:
            self.close()
            self.file = zipfile.ZipFile(self.folder / self._name(), "w", zipfile.ZIP_STORED)
        encoded = BytesIO()
        Image.fromarray(crop).save(encoded, "JPEG", quality=QUALITY)
        shard = self._name()
        self.file.writestr(zipfile.ZipInfo(name), encoded.getvalue())
        self.count += 1
        return shard

    def _name(self) -> str:
        return f"faces_{self.count // SHARD_FACES:02}.zip"

    def close(self) -> None:
        """Finish the shard that is being written."""
        if self.file is not None:
            self.file.close()
            self.file = None
