"""Calibration pictures that a user brings: a folder of pictures or an .npz."""

from pathlib import Path

import numpy as np

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
MOST = 500


def calibration_pixels(source: Path, width: int, height: int) -> np.ndarray:
    """u8 [n, height, width, 3], RGB, at most MOST. source: a folder of pictures, each scaled whole, or an .npz whose only array has
    this form. Raises ValueError naming what does not fit.
    """
    if source.is_dir():
        return _folder(source, width, height)
    if source.suffix != ".npz":
        raise ValueError(f"{source}: expected a folder of pictures or an .npz file for calibration")
    with np.load(source) as archive:
        if len(archive.files) != 1:
            raise ValueError(f"{source}: expected one array of pictures, it holds {len(archive.files)}: {', '.join(archive.files)}")
        pixels = archive[archive.files[0]]
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1:] != (height, width, 3) or not len(pixels):
        raise ValueError(f"{source}: expected u8 [n, {height}, {width}, 3], came {pixels.dtype} {list(pixels.shape)}")
    return pixels[:MOST]


def _folder(folder: Path, width: int, height: int) -> np.ndarray:
    from PIL import Image

    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in ENDINGS)
    if not files:
        raise ValueError(f"{folder} holds no pictures ({', '.join(ENDINGS)}): calibration needs some like those the network will see")
    # Evenly over the folder, whose order often goes by class.
    chosen = [files[i] for i in np.linspace(0, len(files) - 1, min(MOST, len(files))).astype(int)]
    pixels = []
    for file in chosen:
        try:
            pixels.append(np.asarray(Image.open(file).convert("RGB").resize((width, height), Image.Resampling.BILINEAR)))
        except (OSError, SyntaxError) as fault:
            raise ValueError(f"{file} is no readable picture: {fault}") from fault
    return np.stack(pixels)
