"""`mien_model eval`: a release measured, with report and card."""

import json
import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from ..faces import load_faces, read_index
from ..paths import FACES
from . import plots
from .card import FIGURES, write_card
from .measure import measure
from .report import report
from .training import file_hash
from .whole import measure_clip, measure_scenes

PRECISIONS = ("fp32", "int8")


def evaluate_release(
    release: Path, to: Path, *, scenes: bool = False, training: dict | None = None, faces: Path = FACES, command: str = "eval"
) -> Iterator[str]:
    """Measure, write `to`/figures.json, README.md and plots, then the release's card; says what it does, a line at a time.

    Kept from an older figures.json of the same files: the training's record, and whole pictures where `scenes` is False.
    Raises ValueError at once where matplotlib is missing.
    """
    if not plots.available():
        raise ValueError("the report's plots need matplotlib: .venv-base/bin/pip install -r requirements/report.txt")
    files = {kind: release / f"faces-npu-head-{kind}.onnx" for kind in PRECISIONS}
    hashes = {file.name: file_hash(file) for file in files.values()}
    kept = _kept(to / FIGURES, hashes)
    rows = read_index("val", faces)
    yield f"measuring {', '.join(hashes)} on {len(rows)} faces and their small and blurred copies"
    figures = {
        "made": _made(command),
        "files": hashes,
        "training": training or kept.get("training"),
        "crops": measure(files, rows, load_faces(rows, faces), _say),
        "scenes": kept.get("scenes"),
        "clip": kept.get("clip"),
    }
    if scenes:
        # What stands so far is kept, should the product fail.
        yield from write_report(figures, to)
        yield "whole pictures, through the product itself"
        figures |= {"scenes": measure_scenes(release, faces, _say), "clip": measure_clip(release, say=_say)}
    yield from write_report(figures, to)
    write_card(release, to)
    yield f"{release / 'MODEL_CARD.md'}"
    yield from (f"  {check['text']}: {'yes' if check['holds'] else 'NO'}" for check in figures["crops"]["gate"])


def write_report(figures: dict, to: Path) -> Iterator[str]:
    """figures.json, README.md and plots."""
    to.mkdir(parents=True, exist_ok=True)
    (to / FIGURES).write_text(json.dumps(figures, indent=1) + "\n")
    (to / "README.md").write_text(report(figures))
    yield f"{to / 'README.md'}, {', '.join(plots.draw(figures, to))}"


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def _kept(path: Path, hashes: dict[str, str]) -> dict:
    """What an older figures.json says, where it is of the same files."""
    if not path.exists():
        return {}
    old = json.loads(path.read_text())
    return old if old["files"] == hashes else {}


def _made(command: str) -> dict:
    return {
        "command": f"python -m mien_model {command}",
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in ("onnxruntime", "numpy", "pillow")}},
        "cpu": cpu(),
    }


def cpu() -> str:
    """The processor's name as Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
