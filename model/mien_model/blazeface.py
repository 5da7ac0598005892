"""What the two BlazeFace networks' numbers mean, after MediaPipe's published detector options."""

from dataclasses import dataclass

import numpy as np

KEYPOINTS = ("rightEye", "leftEye", "noseTip", "mouthCentre", "rightEar", "leftEar")
"""In output order; right and left are the person's own."""


@dataclass(frozen=True)
class BlazeFace:
    """One detector. `anchors`: (grid cells along a side, anchors per cell) by layer, in output order."""

    name: str
    tflite: str
    side: int
    anchors: tuple[tuple[int, int], ...]
    score_threshold: float
    description: str


FULL = BlazeFace(
    "blazeface-full",
    "face_detection_full_range.tflite",
    192,
    ((48, 1),),
    0.6,
    "MediaPipe face detection, full range: faces up to about 5 m, 192x192 letterboxed on black",
)
SHORT = BlazeFace(
    "blazeface-short",
    "face_detection_short_range.tflite",
    128,
    ((16, 2), (8, 6)),
    0.5,
    "MediaPipe face detection, short range: faces within about 2 m, 128x128 letterboxed on black",
)
DETECTORS = (FULL, SHORT)


def anchor_centres(detector: BlazeFace) -> np.ndarray:
    """Centres [n, 2] (x, y) as shares of the side: rows first, then columns, then the anchors of a cell."""
    layers = []
    for size, per_cell in detector.anchors:
        centre = (np.arange(size) + 0.5) / size
        x, y = np.meshgrid(centre, centre)
        layers.append(np.repeat(np.stack([x.ravel(), y.ravel()], 1), per_cell, 0))
    return np.concatenate(layers)


def decode(detector: BlazeFace, boxes: np.ndarray) -> np.ndarray:
    """Raw boxes [n, 16] to shares of the side [n, 8, 2]: box centre, box size, then the six KEYPOINTS."""
    points = boxes.reshape(-1, 8, 2) / detector.side
    points[:, [0, *range(2, 8)]] += anchor_centres(detector)[:, None]
    return points


def probability(logits: np.ndarray) -> np.ndarray:
    """Raw scores to probabilities."""
    return 1 / (1 + np.exp(-np.clip(logits, -80, 80)))


def best_face(detector: BlazeFace, boxes: np.ndarray, scores: np.ndarray) -> tuple[float, np.ndarray]:
    """The strongest face of one picture: (probability, [8, 2] as `decode`), blended from the anchors that agree with it.

    boxes [n, 16], scores [n]; the weighted part of MediaPipe's non-maximum suppression (IoU over 0.3).
    """
    faces, p = decode(detector, boxes), probability(scores)
    top = int(np.argmax(p))
    overlap = iou(faces[top], faces)
    near = (overlap > 0.3) & (p >= min(detector.score_threshold, p[top]))
    return float(p[top]), np.average(faces[near], axis=0, weights=p[near])


def iou(face: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Intersection over union of one decoded face [8, 2] with many [n, 8, 2]."""
    low = np.maximum(face[0] - face[1] / 2, faces[:, 0] - faces[:, 1] / 2)
    high = np.minimum(face[0] + face[1] / 2, faces[:, 0] + faces[:, 1] / 2)
    inter = np.prod(np.clip(high - low, 0, None), axis=1)
    return inter / (np.prod(face[1]) + np.prod(faces[:, 1], axis=1) - inter)
