"""Where things lie. Only `release/`, `report/`, `bench/` and `checkpoint/` are committed; the cache can be thrown away at any time."""

import os
from pathlib import Path

MODEL = Path(__file__).resolve().parent.parent
RELEASE = MODEL / "release"
REPORT = MODEL / "report"
BENCH = MODEL / "bench"
CACHE = Path(os.environ.get("MIEN_CACHE") or MODEL / ".cache")
CHECKPOINT = MODEL / "checkpoint"
RECIPES = MODEL / "recipes"
REQUIREMENTS = MODEL / "requirements"
RUNS = MODEL / ".runs"
CLIP = MODEL.parent / "core" / "clip"
SHARED = MODEL.parent.parent / "shared"
SHARED_FACES = SHARED / "faces"
FACES = Path(os.environ.get("MIEN_FACES") or SHARED_FACES).absolute()
"""Where commands find labelled faces that are not told otherwise; the environment names your own (docs/your-own-faces.md)."""
START_WEIGHTS = SHARED / "weights" / "npu-head-start.safetensors"
WARM_WEIGHTS = SHARED / "weights" / "imagenet-1.4-warm.safetensors"
"""A trunk that knows ImageNet and no face."""


def faces_title(folder: Path = FACES) -> str:
    """For people: whose faces those in a folder are."""
    return "the shared faces" if folder == SHARED_FACES else f"the faces in {folder.name}/"
