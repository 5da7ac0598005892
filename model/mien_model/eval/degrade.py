"""Faces as a camera would bring them from farther off or out of focus, made from sharp crops."""

import numpy as np

from ..geometry import resize_square
from ..network import SIDE

SIZES = (48, 64, 96, 112)
"""Pixels of the crop's side; the face box is 0.79 of it. 112 is the network's input: nothing is lost."""
SIGMAS = (1.0, 2.0, 3.0)
"""Of a Gaussian, in pixels of the 112-pixel crop."""


def small(images: np.ndarray, side: int) -> np.ndarray:
    """u8 [n, s, s, 3] averaged down to `side` pixels, then up to the network's side as the product scales: bilinear."""
    from PIL import Image

    shrunk = [np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BOX)) for image in images]
    return resize_square(np.stack(shrunk), SIDE)


def blurred(images: np.ndarray, sigma: float) -> np.ndarray:
    """u8 [n, s, s, 3] at the network's side, out of focus."""
    from PIL import Image, ImageFilter

    lens = ImageFilter.GaussianBlur(sigma)
    return np.stack([np.asarray(Image.fromarray(image).filter(lens)) for image in resize_square(images, SIDE)])


def sharpness(images: np.ndarray) -> np.ndarray:
    """Variance of the Laplacian of the gray crop at the network's side, as [n]; more is sharper, grain counts as sharp."""
    gray = np.concatenate([resize_square(images[i : i + 256], SIDE).astype(np.float32).mean(-1) for i in range(0, len(images), 256)])
    middle = gray[:, 1:-1, 1:-1]
    laplacian = gray[:, :-2, 1:-1] + gray[:, 2:, 1:-1] + gray[:, 1:-1, :-2] + gray[:, 1:-1, 2:] - 4 * middle
    return laplacian.reshape(len(gray), -1).var(1)


def thirds(values: np.ndarray, members: np.ndarray) -> np.ndarray:
    """0, 1, 2 [n] for the lowest, middle and highest third of the members' values; -1 for the others."""
    place = np.full(len(values), -1)
    order = np.flatnonzero(members)[np.argsort(values[members], kind="stable")]
    for third, part in enumerate(np.array_split(order, 3)):
        place[part] = third
    return place
