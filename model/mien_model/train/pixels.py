"""The faces' pixels, decoded once into a memory-mapped file that every run shares."""

import hashlib
import os
from pathlib import Path

import numpy as np

from ..faces import decode_rows
from ..paths import CACHE

SIDE = 128
"""Of the stored crops; other sizes are refused, so that all faces have one geometry."""


def cached_pixels(rows: list[dict[str, str]], folder: Path, cache: Path = CACHE / "faces") -> np.ndarray:
    """u8 RGB [n, 128, 128, 3], read-only, in the order of the index rows.

    The file is named after the rows and the shards' sizes and times: other faces make another file.
    """
    target = cache / f"{_key(rows, folder)}.u8"
    shape = (len(rows), SIDE, SIDE, 3)
    if not target.exists():
        cache.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(f".{os.getpid()}")
        pixels = np.memmap(partial, np.uint8, "w+", shape=shape)
        try:
            _decode(rows, folder, pixels)
            pixels.flush()
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)
    return np.memmap(target, np.uint8, "r", shape=shape)


def _key(rows: list[dict[str, str]], folder: Path) -> str:
    digest = hashlib.sha256()
    for shard in sorted({row["shard"] for row in rows}):
        status = (folder / shard).stat()
        digest.update(f"{shard} {status.st_size} {status.st_mtime_ns}\n".encode())
    for row in rows:
        digest.update(f"{row['shard']}/{row['file']}\n".encode())
    return digest.hexdigest()[:16]


def _decode(rows: list[dict[str, str]], folder: Path, pixels: np.ndarray) -> None:
    for place, face in enumerate(decode_rows(rows, folder, SIDE)):
        pixels[place] = face
