"""Small folders of made-up faces for tests."""

import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from mien_model.data.index import FILE, write_rows


def jpeg(pixels: np.ndarray, quality: int = 95) -> bytes:
    """u8 [h, w, 3] encoded."""
    encoded = BytesIO()
    Image.fromarray(pixels).save(encoded, "JPEG", quality=quality)
    return encoded.getvalue()


def drawn_face(seed: int, side: int = 128) -> np.ndarray:
    """Smooth random colours, u8 [side, side, 3]: no two seeds look alike."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC))


def row(file: str, **cells: str) -> dict[str, str]:
    """An index row with defaults: an unlabelled train face."""
    empty = {"source": "made", "age": "", "gender": "", "emotion": "", "emo3": "", "split": "train", "shard": "made.zip", "pad_frac": "0", "identity": ""}
    return empty | {"file": file} | cells


def write_faces(folder: Path, rows: list[dict[str, str]], pictures: list[bytes] | None = None) -> Path:
    """An index folder with one shard; pictures: encoded crops in the rows' order, drawn ones by default."""
    write_rows(rows, folder / FILE)
    with zipfile.ZipFile(folder / "made.zip", "w") as shard:
        for place, cells in enumerate(rows):
            shard.writestr(cells["file"], pictures[place] if pictures else jpeg(drawn_face(place)))
    return folder
