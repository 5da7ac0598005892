"""crop, pseudo-label and audit, from the command line's words to files and lines of text."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..blazeface import FULL
from ..evaluate import open_session
from ..faces import load_faces
from ..paths import RELEASE
from .align import FaceFinder
from .audit import Twins, counts, leaks, noise
from .crop import crop_photos
from .guess import Feeding, Guess, guess
from .index import FILE, Row, read_rows, write_rows
from .likeness import near_pairs, small_gray
from .pseudo import agreement, fill
from .sources import SOURCES

CHUNK = 1024
SHOWN = 10


def crop(source: str, folder: Path, target: Path, val: float, test: float) -> Iterator[str]:
    """Photos of a data set or folder to an index folder; what happened, as lines."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder")
    finder = FaceFinder(open_session(RELEASE / f"{FULL.name}.onnx"))
    outcome = crop_photos(SOURCES[source](folder), finder, target, val, test)
    yield f"{outcome.kept} crops in {target}; {outcome.faceless} photos without a face, {len(outcome.damaged)} unreadable"
    yield from (f"  {fault}" for fault in outcome.damaged[:SHOWN])


def pseudo_label(model: Path, faces: Path, target: Path, least: float, feeding: Feeding | None) -> Iterator[str]:
    """Write the index with the cells filled that `model` is sure of at `target`; agreement with people, as lines."""
    if target.exists():
        raise ValueError(f"{target} exists: name a new file, an index is never changed in place")
    rows, session = read_rows(faces / FILE), open_session(model)
    parts = [guess(session, images, feeding) for images in _images(rows, faces)]
    guesses = [Guess(same[0].column, [cell for g in same for cell in g.cells], np.concatenate([g.confidence for g in same])) for same in zip(*parts)]
    write_rows(fill(rows, guesses, least), target)
    yield from agreement(rows, guesses, least)


def audit(faces: Path) -> Iterator[str]:
    """What an index folder holds and what is wrong with it, as lines."""
    rows = read_rows(faces / FILE)
    yield from counts(rows)
    small = np.concatenate([small_gray(images) for images in _images(rows, faces)])
    twins = [Twins(rows[i], rows[j], correlation) for i, j, correlation in near_pairs(small)]
    yield from leaks(rows, twins)
    yield from noise(twins)


def _images(rows: list[Row], faces: Path) -> Iterator[np.ndarray]:
    """u8 [n, s, s, 3] in the rows' order, some at a time."""
    for start in range(0, len(rows), CHUNK):
        yield load_faces(rows[start : start + CHUNK], faces).images
