"""From keypoints to the network's square input: the one geometry that training, measuring and the product share.

Points are in continuous pixels: the centre of the top-left pixel is (0.5, 0.5). Images are u8 arrays [height, width, 3].
"""

import numpy as np

EYE_MIDPOINT = (0.5, 0.325)
EYE_TO_MOUTH = 0.37


def crop_transform(right_eye, left_eye, mouth, side: int) -> np.ndarray:
    """Similarity [2, 3] from picture points to the crop of `side` pixels.

    The eyes come to lie level (the person's own right eye on the picture's left), their midpoint at EYE_MIDPOINT; the
    distance from the midpoint to the mouth becomes EYE_TO_MOUTH of the side.
    """
    right_eye, left_eye, mouth = (np.asarray(p, np.float64) for p in (right_eye, left_eye, mouth))
    midpoint = (right_eye + left_eye) / 2
    across = left_eye - right_eye
    down = np.linalg.norm(mouth - midpoint)
    if down == 0 or not np.any(across):
        raise ValueError("eyes and mouth must be distinct points")
    cos, sin = across / np.linalg.norm(across)
    scale = EYE_TO_MOUTH * side / down
    rotation = scale * np.array([[cos, sin], [-sin, cos]])
    offset = np.array(EYE_MIDPOINT) * side - rotation @ midpoint
    return np.column_stack([rotation, offset])


def invert(transform: np.ndarray) -> np.ndarray:
    """The inverse of an affine transform [2, 3]."""
    linear = np.linalg.inv(transform[:, :2])
    return np.column_stack([linear, -linear @ transform[:, 2]])


def reflect101(index: np.ndarray, size: int) -> np.ndarray:
    """Indices outside 0..size-1 mirrored about the border pixel, which is not repeated."""
    if size == 1:
        return np.zeros_like(index)
    period = 2 * (size - 1)
    index = np.abs(index) % period
    return np.where(index >= size, period - index, index)


def warp(image: np.ndarray, transform: np.ndarray, side: int) -> np.ndarray:
    """Bilinear warp of a u8 image [h, w, 3] by a picture-to-crop transform: u8 [side, side, 3], reflect-101 border."""
    inverse = invert(transform)
    centre = np.arange(side) + 0.5
    x = inverse[0, 0] * centre[None, :] + inverse[0, 1] * centre[:, None] + inverse[0, 2] - 0.5
    y = inverse[1, 0] * centre[None, :] + inverse[1, 1] * centre[:, None] + inverse[1, 2] - 0.5
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = (x - x0)[..., None], (y - y0)[..., None]
    height, width = image.shape[:2]
    columns = [reflect101(x0 + d, width) for d in (0, 1)]
    rows = [reflect101(y0 + d, height) for d in (0, 1)]
    top = image[rows[0], columns[0]] * (1 - fx) + image[rows[0], columns[1]] * fx
    bottom = image[rows[1], columns[0]] * (1 - fx) + image[rows[1], columns[1]] * fx
    return np.clip(np.rint(top * (1 - fy) + bottom * fy), 0, 255).astype(np.uint8)


def resize_weights(source: int, target: int) -> np.ndarray:
    """Bilinear interpolation along one axis as a matrix [target, source]; pixel centres, no smoothing."""
    position = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    low = np.minimum(position.astype(int), source - 2)
    share = position - low
    weights = np.zeros((target, source), np.float32)
    weights[np.arange(target), low] = 1 - share
    weights[np.arange(target), low + 1] += share
    return weights


def resize_square(images: np.ndarray, side: int) -> np.ndarray:
    """Square u8 images [n, s, s, 3] scaled whole to u8 [n, side, side, 3], bilinear."""
    if images.shape[1] == side:
        return images
    weights = resize_weights(images.shape[1], side)
    rows = np.einsum("ts,nswc->ntwc", weights, images.astype(np.float32), optimize=True)
    return np.rint(np.einsum("ts,nhsc->nhtc", weights, rows, optimize=True)).astype(np.uint8)


def letterbox(image: np.ndarray, side: int) -> tuple[np.ndarray, float, tuple[float, float]]:
    """The whole picture inside a black square: (u8 [side, side, 3], scale, (left, top)); square = picture * scale + offset."""
    from PIL import Image

    height, width = image.shape[:2]
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    square = Image.new("RGB", (side, side))
    square.paste(Image.fromarray(image).resize(size, Image.Resampling.BILINEAR), (left, top))
    return np.asarray(square), scale, (left, top)
