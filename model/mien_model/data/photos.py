"""A photo with what is known of the face on it, before it is cropped."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .index import EMOTIONS, Row

Box = tuple[float, float, float, float]
"""left, top, right, bottom in pixels."""


@dataclass(frozen=True)
class Photo:
    """One face. name: unique within the source, with a picture's ending; picture: a file, or the pixels themselves (u8 gray [h, w]).

    Labels are None where unknown: age in years, gender 0 female 1 male, emotion of EMOTIONS, agreement the share of votes for it.
    box: roughly where the face is, for photos of several people. alone: the picture was cut around this face, which a detector
    may miss for that very reason. split: only where the source has its own.
    """

    name: str
    source: str
    picture: Path | np.ndarray
    age: float | None = None
    gender: int | None = None
    emotion: str | None = None
    agreement: float | None = None
    identity: str = ""
    box: Box | None = None
    alone: bool = False
    split: str = ""


def load(photo: Photo) -> np.ndarray:
    """u8 RGB [h, w, 3], upright as the file says. Raises ValueError naming the file where it is no picture."""
    from PIL import Image, ImageOps

    if isinstance(photo.picture, np.ndarray):
        return np.repeat(photo.picture[:, :, None], 3, 2)
    try:
        with Image.open(photo.picture) as picture:
            return np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as fault:
        raise ValueError(f"{photo.picture} is no readable picture: {fault}") from fault


def label_cells(photo: Photo) -> Row:
    """The index's cells that come from the photo's labels."""
    emo3 = None if photo.emotion is None else EMOTIONS[photo.emotion]
    cells = {"source": photo.source, "age": photo.age, "gender": photo.gender, "emotion": photo.emotion, "emo3": emo3}
    cells |= {"emotion_agree": photo.agreement, "identity": photo.identity, "orig_name": photo.name, "split": photo.split}
    return {name: "" if value is None else f"{value:g}" if isinstance(value, float) else str(value) for name, value in cells.items()}
