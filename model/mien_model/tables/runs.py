"""Which short runs there are, and the committed file of what they measured."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from ..network import HEADS, MOBILENET, RESNET
from ..paths import MODEL

RESULTS = MODEL / "results" / "short-runs.json"
RECIPES = MODEL / "recipes"
ALL = tuple(HEADS)
SEEDED = 2
"""Seeds of the networks whose difference Table 5 is about."""


@dataclass(frozen=True)
class ShortRun:
    """One network of Table 3 or 5. recipe: a file of recipes/ by its name; warm: from the ImageNet warm start, else from random weights."""

    name: str
    recipe: str
    warm: bool
    trunk: str = MOBILENET
    head: str = "pooled"
    tasks: tuple[str, ...] = ALL
    seed: int = 1


def _warm(head: str, tasks: tuple[str, ...], seed: int = 1) -> ShortRun:
    name = "-".join(tasks) if tasks != ALL else f"triple-{head}"
    return ShortRun(f"{name}-seed{seed}", "short", True, head=head, tasks=tasks, seed=seed)


def _random(name: str, trunk: str, head: str) -> ShortRun:
    return ShortRun(f"random-{name}", "short-random", False, trunk, head)


SUBSETS = (("age",), ("gender",), ("emotion",), ("age", "gender"), ("age", "emotion"), ("gender", "emotion"), ALL)
RUNS = (
    *(_warm("pooled", tasks) for tasks in SUBSETS),
    _warm("npu-head", ALL),
    _random("pooled", MOBILENET, "pooled"),
    _random("npu-head", MOBILENET, "npu-head"),
    _random("resnet50", RESNET, "pooled"),
    *(_warm("pooled", tasks, seed) for seed in range(2, SEEDED + 1) for tasks in (*SUBSETS[:3], ALL)),
    *(_warm("npu-head", ALL, seed) for seed in range(2, SEEDED + 1)),
)


@dataclass(frozen=True)
class Result:
    """What a run measured: `figures` as age_mae in years, gender and emotion as shares, with the standard errors of one sample of faces.

    key: of recipe, faces and start; seconds: of training on a machine that was shared; weights: SHA-256 of the averaged weights, tensor by tensor.
    """

    name: str
    key: str
    recipe: dict
    start: str
    faces: int
    subset: str
    steps: int
    seconds: float
    finished: str
    weights: str
    measured_on: dict[str, int]
    figures: dict[str, float]
    standard_errors: dict[str, float]


def read_results(path: Path = RESULTS) -> dict[str, Result]:
    """By name; empty where nothing was run. Raises ValueError where the file is not what `write_results` wrote."""
    if not path.exists():
        return {}
    try:
        return {entry["name"]: Result(**entry) for entry in json.loads(path.read_text())["runs"]}
    except (json.JSONDecodeError, KeyError, TypeError) as fault:
        raise ValueError(f"{path} holds no results of short runs: {fault}") from fault


def write_results(results: dict[str, Result], path: Path = RESULTS) -> None:
    """In the order of RUNS; whole or not at all."""
    order = {run.name: place for place, run in enumerate(RUNS)}
    entries = [asdict(result) for result in sorted(results.values(), key=lambda result: order.get(result.name, len(order)))]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({"runs": entries}, indent=1) + "\n")
    os.replace(partial, path)


def chosen(names: list[str] | None) -> list[ShortRun]:
    """All runs, or those named. Raises ValueError for a name that there is not."""
    known = {run.name: run for run in RUNS}
    unknown = [name for name in names or [] if name not in known]
    if unknown:
        raise ValueError(f"no short run {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names] if names else list(RUNS)
