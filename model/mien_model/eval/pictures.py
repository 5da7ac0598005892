"""Whole pictures with labelled faces of known size and place, pasted over photographs: what the product is tried on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..geometry import EYE_MIDPOINT
from ..paths import CLIP
from ..portraits import fetch_photograph
from ..rknn.scenes import FACE_OF_CROP, paste

WIDTH, HEIGHT = 1280, 720
COLUMNS, ROWS = 4, 2
SIZES = (24, 32, 48, 64, 96, 128, 160, 200)
"""Pixels of the face box's side, in a picture of 1280x720."""
FACE_BELOW_EYES = 0.163
"""How far the face box's middle lies below the eyes, as a share of the crop's side: 0.44 eye-to-mouth distances (clip/cutouts.py)."""
PHOTOGRAPHS = ("coffee.png", "rocket.jpg", "brick.png", "grass.png", "gravel.png")
"""scikit-image's own CC0 or public-domain photographs; nobody is in them."""


@dataclass(frozen=True)
class Placed:
    """One face in a picture. face: its index among the crops; size: of its box in pixels; middle: of its box (x, y)."""

    face: int
    size: int
    middle: tuple[float, float]


def backgrounds(folder: Path | None = None) -> list[np.ndarray]:
    """u8 [720, 1280, 3]: the photographs cut to the picture's shape, and the bundled clip's hall before anybody comes."""
    found = [cover(fetch_photograph(name) if folder is None else read_picture(folder / name)) for name in PHOTOGRAPHS]
    return [*found, cover(read_picture(clip_frame(0)))]


def clip_frame(index: int, clip: Path = CLIP / "clip.mjpeg") -> bytes:
    """One JPEG of the bundled clip."""
    return clip_frames(clip)[index]


def clip_frames(clip: Path = CLIP / "clip.mjpeg") -> list[bytes]:
    """Every JPEG of the bundled clip: they stand one after the other."""
    parts = clip.read_bytes().split(b"\xff\xd8\xff")[1:]
    return [b"\xff\xd8\xff" + part for part in parts]


def read_picture(source: Path | bytes) -> np.ndarray:
    """u8 RGB [h, w, 3]."""
    from io import BytesIO

    from PIL import Image

    return np.asarray(Image.open(BytesIO(source) if isinstance(source, bytes) else source).convert("RGB"))


def cover(picture: np.ndarray) -> np.ndarray:
    """Scaled and cut about its middle to WIDTH x HEIGHT."""
    from PIL import Image, ImageOps

    return np.asarray(ImageOps.fit(Image.fromarray(picture), (WIDTH, HEIGHT), Image.Resampling.BILINEAR))


def scenes(crops: np.ndarray, grounds: list[np.ndarray], seed: int = 4) -> Iterator[tuple[np.ndarray, list[Placed]]]:
    """Every crop once at every size: u8 pictures with up to eight faces of one size each. crops: u8 [n, s, s, 3]."""
    generator = np.random.default_rng(seed)
    each, turn = COLUMNS * ROWS, 0
    for size in SIZES:
        order = generator.permutation(len(crops))
        for start in range(0, len(order), each):
            picture = grounds[turn % len(grounds)].copy()
            turn += 1
            yield picture, [_place(picture, crops, int(face), cell, size, generator) for cell, face in enumerate(order[start : start + each])]


def _place(picture: np.ndarray, crops: np.ndarray, face: int, cell: int, size: int, generator: np.random.Generator) -> Placed:
    side = size / FACE_OF_CROP
    room = np.array([WIDTH / COLUMNS, HEIGHT / ROWS])
    corner = np.round(np.array([cell % COLUMNS, cell // COLUMNS]) * room + generator.uniform(0, 1, 2) * (room - side))
    paste(picture, crops[face], corner, side)
    middle = corner + side * np.array([EYE_MIDPOINT[0], EYE_MIDPOINT[1] + FACE_BELOW_EYES])
    return Placed(face, size, (float(middle[0]), float(middle[1])))
