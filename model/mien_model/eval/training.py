"""Which run made the weights: read from its log and recipe, for the card."""

import hashlib
import json
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from ..train.recipe import read_recipe

PAUSE_S = 900
"""A longer silence in a log is a pause, not training: the log has a line every 20 steps."""


def training_record(run: Path, recipe: Path, pins: Path) -> dict:
    """Of a run's folder with log.jsonl and ema.safetensors; recipe: its TOML file; pins: the environment's requirements.

    Raises ValueError where the folder holds no finished epoch, FileNotFoundError where a file is missing.
    """
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    begun = [line for line in lines if line["kind"] in ("start", "resume")]
    val = [line for line in lines if line["kind"] == "val"]
    if not val or not begun:
        raise ValueError(f"{run / 'log.jsonl'} tells of no finished epoch: there are no weights of this run to release")
    last, times = val[-1], [line["time"] for line in lines]
    worked = sum(min(b - a, PAUSE_S) for a, b in pairwise(times))
    return {
        "run": run.name,
        "command": f"python -m mien_model train {run.name} --recipe recipes/{recipe.name}",
        "start": begun[0]["start"],
        "faces": begun[0]["faces"],
        "sessions": len(begun),
        "epochs": last["epoch"] + 1,
        "hours": round(worked / 3600, 1),
        "ended": datetime.fromtimestamp(last["time"], UTC).strftime("%Y-%m-%d"),
        "recipe": {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(read_recipe(recipe)).items()},
        "versions": versions(pins, ("torch", "numpy", "onnx", "onnxruntime")),
        "weights": file_hash(run / "ema.safetensors"),
        "validation": {"ageMae": last["age_mae"], "genderAccuracy": last["gender"], "expressionAccuracy": last["emotion"]},
    }


def versions(pins: Path, names: tuple[str, ...]) -> dict[str, str]:
    """The pinned versions of some packages."""
    found = dict(line.strip().split("==") for line in pins.read_text().splitlines() if "==" in line)
    return {name: found[name] for name in names if name in found}


def file_hash(path: Path) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_weights(record: dict, network: Path) -> None:
    """Raises ValueError where the converted files in `network` are of other weights than the run's (export notes them in weights.json)."""
    note = network / "weights.json"
    if not note.exists():
        raise ValueError(f"{note} is missing: run `export --weights .runs/{record['run']}/ema.safetensors` first")
    exported = json.loads(note.read_text())
    if exported["sha256"] != record["weights"]:
        raise ValueError(
            f"the converted files are of {exported['file']} ({exported['sha256'][:12]}), the run {record['run']} holds {record['weights'][:12]}: "
            f"run `export --weights .runs/{record['run']}/ema.safetensors` first"
        )
