"""Pictures with faces of a known size and place, for the detectors: labelled crops on smooth backgrounds. Seeded, so repeatable."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..blazeface import BlazeFace, decode, iou, probability
from ..geometry import EYE_MIDPOINT, letterbox

SIDE = 640
FACE_OF_CROP = 0.79
"""The face box's share of a crop's side, after the shared faces' README."""


@dataclass(frozen=True)
class Scene:
    """picture: u8 [640, 640, 3]; eyes: the eye midpoints [n, 2] in it; face: pixels of a face box's side."""

    picture: np.ndarray
    eyes: np.ndarray
    face: float


def scenes(crops: np.ndarray, sizes: list[float], each: int, seed: int) -> Iterator[Scene]:
    """`each` scenes per face size (pixels of 640), each with up to four faces of that size taken in turn from u8 crops [n, s, s, 3]."""
    generator = np.random.default_rng(seed)
    place = 0
    for size in sizes:
        for _ in range(each):
            crop_side = size / FACE_OF_CROP
            cells = 2 if crop_side <= SIDE / 2 else 1
            picture, eyes = background(generator), []
            for cell in range(cells * cells):
                room = SIDE / cells - crop_side
                corner = np.array([cell % cells, cell // cells]) * SIDE / cells + generator.uniform(0, 1, 2) * room
                paste(picture, crops[place % len(crops)], corner, crop_side)
                eyes.append(corner + np.array(EYE_MIDPOINT) * crop_side)
                place += 1
            yield Scene(picture, np.array(eyes), size)


def background(generator: np.random.Generator) -> np.ndarray:
    """Smooth random colours with some grain, u8 [640, 640, 3]."""
    from PIL import Image

    cells = int(generator.integers(3, 12))
    tone = generator.uniform(50, 200, 3)
    coarse = np.clip(tone + generator.normal(0, 25, (cells, cells, 3)), 0, 255).astype(np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32)
    grain = generator.normal(0, generator.uniform(0, 6), smooth.shape)
    return np.clip(smooth + grain, 0, 255).astype(np.uint8)


def paste(picture: np.ndarray, crop: np.ndarray, corner: np.ndarray, side: float) -> None:
    """The crop, scaled to `side`, into the picture at `corner` (x, y), its rim faded out so that no square is seen, and with shoulders."""
    from PIL import Image

    pixels = max(2, round(side))
    height, width = picture.shape[:2]
    x, y = np.minimum(np.round(corner).astype(int), (width - pixels, height - pixels))
    shoulders(picture, x + pixels / 2, y + 0.9 * pixels, pixels, crop[-8:].mean((0, 1)) * 0.6)
    small = np.asarray(Image.fromarray(crop).resize((pixels, pixels), Image.Resampling.BILINEAR), np.float32)
    axis = np.abs((np.arange(pixels) + 0.5) / pixels * 2 - 1)
    radius = np.sqrt(axis[:, None] ** 2 + axis[None, :] ** 2)
    share = np.clip((1.3 - radius) / 0.3, 0, 1)[..., None]
    under = picture[y : y + pixels, x : x + pixels]
    picture[y : y + pixels, x : x + pixels] = np.rint(small * share + under * (1 - share)).astype(np.uint8)


def shoulders(picture: np.ndarray, middle: float, top: float, width: float, colour: np.ndarray) -> None:
    """A plain body under a face: without one the full range takes many faces for none."""
    y, x = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
    half = width * (0.35 + 0.6 * np.clip((y - top) / width, 0, 1))
    picture[(y > top) & (np.abs(x - middle) < half)] = colour


def network_squares(detector: BlazeFace, found: list[Scene]) -> np.ndarray:
    """What the detector gets of each scene, u8 [n, side, side, 3]."""
    return np.stack([letterbox(scene.picture, detector.side)[0] for scene in found])


def recall(detector: BlazeFace, found: list[Scene], boxes: np.ndarray, scores: np.ndarray) -> dict[float, tuple[float, float]]:
    """face size -> (share of faces found, median distance of the found eye midpoint as a share of the face). A face is found where a
    detection above the threshold has its eye midpoint within a quarter of the face.
    """
    by_size: dict[float, list[float]] = {}
    for scene, box, score in zip(found, boxes, scores, strict=True):
        points = eye_midpoints(detector, box, score.ravel()) * SIDE
        for eye in scene.eyes:
            nearest = np.linalg.norm(points - eye, axis=1).min() / scene.face if len(points) else np.inf
            by_size.setdefault(scene.face, []).append(nearest)
    return {size: found_share(np.array(off)) for size, off in by_size.items()}


def found_share(distances: np.ndarray) -> tuple[float, float]:
    """Recall and the median over those found (NaN where none is)."""
    hit = distances[distances < 0.25]
    return len(hit) / len(distances), float(np.median(hit)) if len(hit) else float("nan")


def eye_midpoints(detector: BlazeFace, boxes: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """[k, 2] as shares of the side, after a blending non-maximum suppression as the product does."""
    p = probability(logits)
    left = np.flatnonzero(p >= detector.score_threshold)
    faces, kept = decode(detector, boxes)[left], []
    p = p[left]
    while len(p):
        near = iou(faces[p.argmax()], faces) > 0.3
        near[p.argmax()] = True
        kept.append(np.average(faces[near], axis=0, weights=p[near])[2:4].mean(0))
        faces, p = faces[~near], p[~near]
    return np.array(kept).reshape(-1, 2)
