"""Where things lie. Only `release/`, `bench/` and `checkpoint/` are committed; the cache can be thrown away at any time."""

from pathlib import Path

MODEL = Path(__file__).resolve().parent.parent
RELEASE = MODEL / "release"
BENCH = MODEL / "bench"
CACHE = MODEL / ".cache"
CHECKPOINT = MODEL / "checkpoint"
RUNS = MODEL / ".runs"
CLIP = MODEL.parent / "core" / "clip"
SHARED = MODEL.parent.parent / "shared"
FACES = SHARED / "faces"
START_WEIGHTS = SHARED / "weights" / "npu-head-start.safetensors"
WARM_WEIGHTS = SHARED / "weights" / "imagenet-1.4-warm.safetensors"
"""A trunk that knows ImageNet and no face."""
