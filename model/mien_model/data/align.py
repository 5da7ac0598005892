"""The product's detector and geometry on a photo: where its face is, and how far the crop reaches outside."""

from dataclasses import dataclass

import numpy as np

from ..blazeface import FULL, best_face, decode, iou, probability
from ..geometry import crop_transform, invert, letterbox
from .photos import Box

MARGINS = (0.0, 0.5)
"""Black border to try around the photo, as shares of its longer side: a detector misses faces that fill the whole picture."""
LEAST_OVERLAP = 0.2
MOUTH_OF_BLAZEFACE = 1.05
"""By how much the product takes BlazeFace to put the mouth too far from the eyes (core/src/sight/recognizer.ts tells how it was found)."""


@dataclass(frozen=True)
class Landmarks:
    """In pixels of the photo. score: the detector's, 0 where it found none and these are other photos' median."""

    right_eye: np.ndarray
    left_eye: np.ndarray
    mouth: np.ndarray
    score: float

    def transform(self, side: int) -> np.ndarray:
        """Photo to crop, as the product cuts it."""
        midpoint = (self.right_eye + self.left_eye) / 2
        return crop_transform(self.right_eye, self.left_eye, midpoint + (self.mouth - midpoint) / MOUTH_OF_BLAZEFACE, side)

    @property
    def roll(self) -> float:
        """Degrees by which the eyes' line falls to the right."""
        across = self.left_eye - self.right_eye
        return float(np.degrees(np.arctan2(across[1], across[0])))


class FaceFinder:
    """Finds the one face that a photo is about."""

    def __init__(self, session):
        self.session = session

    def find(self, photo: np.ndarray, box: Box | None, alone: bool) -> Landmarks | None:
        """The strongest face, or the one that fits the box; alone: try again with a margin. None where there is none."""
        for margin in MARGINS if alone else MARGINS[:1]:
            border = round(margin * max(photo.shape[:2]))
            bordered = np.pad(photo, ((border, border), (border, border), (0, 0))) if border else photo
            found = self._once(bordered, None if box is None else np.array(box) + border)
            if found is not None:
                score, points = found
                right_eye, left_eye, mouth = points - border
                return Landmarks(right_eye, left_eye, mouth, score)
        return None

    def _once(self, photo: np.ndarray, box: np.ndarray | None) -> tuple[float, np.ndarray] | None:
        square, scale, offset = letterbox(photo, FULL.side)
        pixels = np.ascontiguousarray((square.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)[None])
        boxes, scores = (value[0] for value in self.session.run(["boxes", "scores"], {"input": pixels}))
        scores = scores[:, 0]
        if box is not None:
            corners = (box.reshape(2, 2) * scale + offset) / FULL.side
            wanted = np.stack([corners.mean(0), corners[1] - corners[0]])
            near = iou(wanted, decode(FULL, boxes)) >= LEAST_OVERLAP
            if not near.any():
                return None
            scores = np.where(near, scores, -80)
        score, face = best_face(FULL, boxes, scores)
        if score < FULL.score_threshold or probability(scores.max()) < FULL.score_threshold:
            return None
        points = (face * FULL.side - offset) / scale
        # After the box's centre and size: right eye, left eye, nose, mouth.
        return score, points[[2, 3, 5]]


def padding(photo: np.ndarray, transform: np.ndarray, side: int) -> float:
    """Share of the crop that lies outside the photo."""
    centre = np.arange(side) + 0.5
    x, y = np.meshgrid(centre, centre)
    inverse = invert(transform)
    source = inverse[:, :2] @ np.stack([x.ravel(), y.ravel()]) + inverse[:, 2:]
    height, width = photo.shape[:2]
    inside = (source[0] >= 0) & (source[0] <= width) & (source[1] >= 0) & (source[1] <= height)
    return float(1 - inside.mean())


def median_landmarks(found: list[tuple[Landmarks, tuple[int, int]]], size: tuple[int, int]) -> Landmarks:
    """For a photo of `size` (height, width): where the faces of other photos of the same cut lie, as shares of their sizes."""

    def middle(name: str) -> np.ndarray:
        shares = [getattr(marks, name) / (width, height) for marks, (height, width) in found]
        return np.median(shares, axis=0) * (size[1], size[0])

    return Landmarks(middle("right_eye"), middle("left_eye"), middle("mouth"), 0.0)
