"""Known answers: public-domain faces with what each file of the release says of them, for the self-test at every load."""

import hashlib
from pathlib import Path

import numpy as np

from .blazeface import FULL, BlazeFace, best_face, probability
from .detectors import network_input
from .evaluate import open_session
from .geometry import crop_transform, letterbox, warp
from .network import SIDE


def aligned_portraits(detector_file: Path, portraits: dict[str, np.ndarray]) -> np.ndarray:
    """The portraits' faces and their mirror images, u8 [2 n, 112, 112, 3], found and aligned as in the product."""
    session = open_session(detector_file)
    crops = []
    for portrait in portraits.values():
        square, scale, offset = letterbox(portrait, FULL.side)
        boxes, scores = session.run(["boxes", "scores"], {"input": network_input(square[None])})
        score, face = best_face(FULL, boxes[0], scores[0, :, 0])
        if score < FULL.score_threshold:
            raise ValueError(f"a portrait's face was not found: {score:.2f}")
        right_eye, left_eye, _, mouth, *_ = (face[2:] * FULL.side - offset) / scale
        crops.append(warp(portrait, crop_transform(right_eye, left_eye, mouth, SIDE), SIDE))
    return np.stack([*crops, *(crop[:, ::-1] for crop in crops)])


def store_inputs(pixels: np.ndarray, target: Path) -> dict:
    """Write u8 [n, h, w, 3] packed; the manifest's inputs, sha256 and n."""
    data = np.ascontiguousarray(pixels).tobytes()
    target.write_bytes(data)
    return {"inputs": target.name, "sha256": hashlib.sha256(data).hexdigest(), "n": len(pixels)}


def rows(values: np.ndarray, select: list[int] | None = None, digits: int = 5) -> list[list[float]]:
    """One row of rounded numbers an image; only the flat indices of `select` where given."""
    flat = values.reshape(len(values), -1)
    return [[round(float(x), digits) for x in row] for row in (flat if select is None else flat[:, select])]


def recogniser_answers(files: dict[str, Path], pixels: np.ndarray, stored: dict, tolerance: dict) -> dict:
    """The manifest's knownAnswers of the recogniser. files: precision -> ONNX file."""
    names = list(next(iter(tolerance.values())))
    expected = {}
    for precision, file in files.items():
        session = open_session(file, 1)
        # One at a time, as the product does.
        found = [session.run(names, {"input": face[None]}) for face in pixels]
        expected[precision] = {name: rows(np.concatenate([f[i] for f in found])) for i, name in enumerate(names)}
    return {**stored, "expected": expected, "tolerance": tolerance}


def detector_answers(detector: BlazeFace, file: Path, squares: np.ndarray, stored: dict, tolerance: dict) -> dict:
    """The manifest's knownAnswers of a detector: for every image, the numbers of each image's strongest anchor."""
    session = open_session(file, 1)
    found = [session.run(["boxes", "scores"], {"input": network_input(square[None])}) for square in squares]
    boxes, scores = (np.concatenate(part) for part in zip(*found, strict=True))
    if probability(scores.max((1, 2))).min() < detector.score_threshold:
        raise ValueError(f"{detector.name} misses a portrait")
    anchors = sorted({int(a) for a in scores[:, :, 0].argmax(1)})
    select = {"boxes": [16 * a + i for a in anchors for i in range(16)], "scores": anchors}
    expected = {"boxes": rows(boxes, select["boxes"]), "scores": rows(scores, select["scores"])}
    return {**stored, "select": select, "expected": {"fp32": expected}, "tolerance": {"fp32": tolerance}}
