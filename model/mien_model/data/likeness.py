"""Near-identical crops among many, by a perceptual hash and then by their pixels."""

from collections.abc import Iterator

import numpy as np

HASH_SIDE = 16
MOST_BITS = 46
SMALL_SIDE = 32
LEAST_CORRELATION = 0.95
"""Both bounds by eye on UTKFace's crops: of the 24 likest pairs of over 0.95, the 17 of at most 43 differing bits (of 256) are one
photo twice, the seven from 51 on are two people. Aligned faces resemble each other, so neither measure does alone."""
CHUNK = 256


def small_gray(images: np.ndarray) -> np.ndarray:
    """u8 RGB [n, s, s, 3], s a multiple of 32, to f32 [n, 32, 32] of mean 0 and length 1: block means of the brightness."""
    step = images.shape[1] // SMALL_SIDE
    gray = images.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    blocks = gray.reshape(len(images), SMALL_SIDE, step, SMALL_SIDE, step).mean((2, 4))
    blocks -= blocks.mean((1, 2), keepdims=True)
    return blocks / np.maximum(np.linalg.norm(blocks, axis=(1, 2), keepdims=True), 1e-6)


def hashes(small: np.ndarray) -> np.ndarray:
    """u64 [n, 4]: 256 bits, whether brightness rises from one cell of 16x16 to the one right of it (the last column: to the first)."""
    step = SMALL_SIDE // HASH_SIDE
    cells = small.reshape(len(small), HASH_SIDE, step, HASH_SIDE, step).mean((2, 4))
    bits = np.roll(cells, -1, 2) > cells
    return np.ascontiguousarray(np.packbits(bits.reshape(len(small), -1), axis=1)).view(np.uint64)


def near_pairs(small: np.ndarray) -> Iterator[tuple[int, int, float]]:
    """(place, place, correlation) of faces that are nearly the same picture, as they are or mirrored. small: of `small_gray`."""
    straight, mirrored = hashes(small), hashes(small[:, :, ::-1])
    for start in range(0, len(small), CHUNK):
        block = straight[start : start + CHUNK, None]
        for others, flipped in ((straight, False), (mirrored, True)):
            bits = np.bitwise_count(block ^ others[None, start:]).sum(2, dtype=np.uint16)
            for i, j in np.argwhere(bits <= MOST_BITS):
                if start + i < start + j:
                    twin = small[start + j, :, ::-1] if flipped else small[start + j]
                    correlation = float((small[start + i] * twin).sum())
                    if correlation >= LEAST_CORRELATION:
                        yield int(start + i), int(start + j), correlation
