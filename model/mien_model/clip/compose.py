"""One instant of the script as a picture, and what the ledger says of it."""

from dataclasses import dataclass

import cv2
import numpy as np

from .cutouts import Cutout, face_box
from .script import COLUMN_DEPTH, Pose, poses

CLOTHES_DEFOCUS = 1.3  # px of sigma, added below the chin


@dataclass(frozen=True)
class Stage:
    """`room`, `column`: f32 RGB [h, w, 3] in 0..1; `column_alpha`: [h, w]; `cutouts` by person."""

    room: np.ndarray
    column: np.ndarray
    column_alpha: np.ndarray
    cutouts: dict[str, Cutout]


def draw(stage: Stage, seconds: float) -> tuple[np.ndarray, list[dict]]:
    """u8 RGB [h, w, 3] and the ledger's entries for the faces in it."""
    picture = stage.room.copy()
    shown: list[tuple[Pose, list[np.ndarray]]] = []  # each face with the opacities in front of it

    def cover(colour: np.ndarray, alpha: np.ndarray) -> None:
        np.multiply(picture, 1 - alpha[..., None], out=picture)
        np.add(picture, colour, out=picture)
        for _, front in shown:
            front.append(alpha)

    column_drawn = False
    for pose in poses(seconds):
        if pose.side > COLUMN_DEPTH and not column_drawn:
            cover(stage.column * stage.column_alpha[..., None], stage.column_alpha)
            column_drawn = True
        sprite = _sprite(stage.cutouts[pose.person], pose, picture.shape[1], picture.shape[0])
        cover(sprite[..., :3], sprite[..., 3])
        shown.append((pose, []))
    if not column_drawn:
        cover(stage.column * stage.column_alpha[..., None], stage.column_alpha)
    entries = [_entry(stage.cutouts[pose.person], pose, front, picture.shape) for pose, front in shown]
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8), [e for e in entries if e["visible"] > 0]


def _bend(cutout: Cutout, pose: Pose, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points of the picture to points of the portrait. The head turns about the neck while the shoulders stay."""
    middle_x, middle_y, side = cutout.portrait.box
    scale = pose.side / side
    u, v = (x - pose.x) / scale, (y - pose.y) / scale  # portrait pixels from the middle of the face
    neck = 0.6 * side
    share = np.clip((0.95 * side - v) / (0.75 * side), 0, 1)  # 0 at the shoulders, 1 from the mouth up
    share = share * share * (3 - 2 * share)
    angle = -np.radians(pose.roll_deg) * share
    u, v = u * np.cos(angle) - (v - neck) * np.sin(angle), u * np.sin(angle) + (v - neck) * np.cos(angle) + neck
    # a turn of the head moves what is near the camera: the middle of the face most, the outline not at all
    near = np.clip(1 - (u / (0.62 * side)) ** 2 - (v / (0.8 * side)) ** 2, 0, 1)
    u = u - np.sin(np.radians(pose.yaw_deg)) * 0.36 * side * near
    return u + middle_x, v + middle_y


def _place(cutout: Cutout, pose: Pose, point: tuple[float, float]) -> list[float]:
    """A point of the portrait in the picture: the inverse of `_bend`, by fixed-point steps."""
    middle_x, middle_y, side = cutout.portrait.box
    scale = pose.side / side
    x, y = np.float64(pose.x + (point[0] - middle_x) * scale), np.float64(pose.y + (point[1] - middle_y) * scale)
    for _ in range(12):
        u, v = _bend(cutout, pose, x, y)
        x, y = x + (point[0] - u) * scale, y + (point[1] - v) * scale
    return [float(x), float(y)]


def _sprite(cutout: Cutout, pose: Pose, width: int, height: int) -> np.ndarray:
    """The person alone: premultiplied f32 RGBA [height, width, 4]."""
    portrait = cutout.portrait
    _, middle, side = portrait.box
    shrink = side * portrait.scale / pose.side
    level = int(np.clip(np.floor(np.log2(max(shrink, 1)) + 0.35), 0, len(cutout.levels) - 1))
    source = cutout.levels[level]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    u, v = _bend(cutout, pose, x, y)
    k = portrait.scale / 2**level
    u, v = ((u + 0.5) * k - 0.5).astype(np.float32), ((v + 0.5) * k - 0.5).astype(np.float32)
    sprite = cv2.remap(source, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(0, 0, 0, 0))
    # a lens near its limit: the face is in focus, the clothes are a little less so
    below = np.clip((v / k - middle - 0.65 * side) / (0.4 * side), 0, 1)[..., None]
    face = cv2.GaussianBlur(sprite, (0, 0), pose.defocus)
    sprite = face + (cv2.GaussianBlur(sprite, (0, 0), pose.defocus + CLOTHES_DEFOCUS) - face) * below
    length = float(np.hypot(*pose.smear))
    if length > 1:
        sprite = cv2.filter2D(sprite, -1, _streak(pose.smear, length))
    return sprite


def _streak(smear: tuple[float, float], length: float) -> np.ndarray:
    """A line of unit weight along the movement during the shutter."""
    reach = int(np.ceil(length / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    for at in np.linspace(-0.5, 0.5, 33):
        x, y = reach + at * smear[0], reach + at * smear[1]
        for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
            column, row = int(x) + i, int(y) + j
            kernel[row, column] += max(0.0, 1 - abs(x - column)) * max(0.0, 1 - abs(y - row))
    return kernel / kernel.sum()


def _entry(cutout: Cutout, pose: Pose, front: list[np.ndarray], shape: tuple[int, ...]) -> dict:
    portrait = cutout.portrait
    eyes = [_place(cutout, pose, eye) for eye in portrait.eyes]
    mouth = _place(cutout, pose, portrait.mouth)
    x, y, side = face_box(eyes, mouth)
    box = [x - side / 2, y - side / 2, side, side]
    x0, y0 = (int(np.clip(round(box[i]), 0, shape[1 - i])) for i in (0, 1))
    x1, y1 = (int(np.clip(round(box[i] + box[i + 2]), 0, shape[1 - i])) for i in (0, 1))
    clear = np.ones((y1 - y0, x1 - x0), np.float32)
    for alpha in front:
        clear *= 1 - alpha[y0:y1, x0:x1]
    roll = np.degrees(np.arctan2(eyes[1][1] - eyes[0][1], eyes[1][0] - eyes[0][0]))
    return {
        "person": pose.person,
        "box": [round(v) for v in box],
        "eyes": [[round(v, 1) for v in eye] for eye in eyes],
        "mouth": [round(v, 1) for v in mouth],
        "rollDeg": round(float(roll), 1),
        "visible": round(min(1.0, float(clear.sum()) / side**2), 2),
        "blur": round(float(np.sqrt(pose.defocus**2 + np.hypot(*pose.smear) ** 2 / 12)), 1),
    }
