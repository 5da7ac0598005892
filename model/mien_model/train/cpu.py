"""What makes training on a few cores faster without changing what is computed."""

import ctypes

import torch

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
"""Of glibc's malloc.h."""


def prepare_cpu(threads: int) -> None:
    """Limit torch to `threads`, and have glibc keep freed memory.

    Activations are allocated and freed at every step; by default each goes back to the kernel and comes again as
    zeroed pages, which cost a fifth of a step (README.md has the figures). Without glibc nothing happens.
    """
    torch.set_num_threads(threads)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(M_TOP_PAD, 2**28)
