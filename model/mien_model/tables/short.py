"""`mien_model short-runs`: the networks of Tables 3 and 5, trained one after the other on the same few faces for the same short time."""

import dataclasses
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from ..face_network import load_network
from ..train.command import Places, train_recipe
from ..train.data import Split, open_split, steps_per_epoch
from ..train.infer import probabilities, score
from ..train.recipe import Recipe, differences, read_recipe
from ..train.state import FILE as STATE
from ..train.targets import Answers, Labels
from .runs import RECIPES, Result, ShortRun, read_results, write_results
from .subset import Size, write_subset

WEIGHTS = "ema.safetensors"
REPORTED = Size()


@dataclass(frozen=True)
class Bench:
    """Where short runs happen. folder: of the runs; faces: an index folder; warm: safetensors of the warm start; results: the JSON file."""

    folder: Path
    faces: Path
    warm: Path
    results: Path
    size: Size = REPORTED
    recipes: Path = RECIPES
    threads: int = 2


def short_runs(runs: list[ShortRun], bench: Bench) -> Iterator[str]:
    """Trains and measures what the results lack, a line of text at a time; each result is written at once, and a run that was
    stopped goes on where it was."""
    index = bench.folder / "index.csv"
    subset = write_subset(bench.faces, index, bench.size)
    for run in runs:
        recipe = recipe_of_run(run, bench.recipes)
        start = bench.warm if run.warm else None
        key = _key(recipe, subset, start)
        known = read_results(bench.results)
        if run.name in known and known[run.name].key == key:
            yield f"{run.name}: measured on {known[run.name].finished}"
            continue
        places = Places(bench.folder / f"{run.name}-{key}", bench.faces, index, start)
        if not train_recipe(recipe, places, bench.threads, resume=(places.run / STATE).exists()):
            yield f"{run.name}: stopped; the same command goes on"
            return
        result = _measure(run, recipe, key, places, bench)
        write_results(read_results(bench.results) | {run.name: result}, bench.results)
        # The weights and the log stay, the optimiser's moments have done their work.
        (places.run / STATE).unlink()
        yield f"{run.name}: " + ", ".join(f"{name} {value:.4f}" for name, value in result.figures.items()) + f", {result.seconds:.0f} s"


def recipe_of_run(run: ShortRun, recipes: Path = RECIPES) -> Recipe:
    """The recipe file's with the run's network and seed."""
    return dataclasses.replace(read_recipe(recipes / f"{run.recipe}.toml"), trunk=run.trunk, head=run.head, tasks=run.tasks, seed=run.seed)


def _key(recipe: Recipe, subset: str, start: Path | None) -> str:
    # A setting that recipes gain later, with a default that changes nothing, leaves the key as it is.
    parts = [*differences(Recipe(), recipe), subset, _sha256(start) if start else "random"]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def tensors_sha256(weights: Path) -> str:
    """Of names and numbers: safetensors writes its notes in any order, so that equal weights make different files."""
    digest = hashlib.sha256()
    for name, tensor in sorted(load_file(weights).items()):
        digest.update(name.encode() + tensor.tobytes())
    return digest.hexdigest()


def _measure(run: ShortRun, recipe: Recipe, key: str, places: Places, bench: Bench) -> Result:
    val = open_split("val", bench.faces, None, recipe, all_padding=True)
    answers = probabilities(load_network(places.run / WEIGHTS), val.pixels)
    count = 2 * bench.size.train
    return Result(
        name=run.name,
        key=key,
        recipe=dataclasses.asdict(recipe),
        start=f"{places.start.name} ({_sha256(places.start)[:12]})" if places.start else "random weights",
        faces=count,
        subset=bench.size.told,
        steps=recipe.epochs * steps_per_epoch(count, recipe),
        seconds=round(trained_seconds(places.run / "log.jsonl"), 1),
        finished=time.strftime("%Y-%m-%d", time.gmtime()),
        weights=tensors_sha256(places.run / WEIGHTS),
        measured_on=_counts(val, recipe),
        figures={name: round(value, 5) for name, value in score(answers, val.labels).items()},
        standard_errors={name: round(value, 5) for name, value in standard_errors(answers, val.labels).items()},
    )


def _counts(val: Split, recipe: Recipe) -> dict[str, int]:
    """Faces of the val split that carry the label of each task."""
    return {task: int((~np.isnan(getattr(val.labels, task))).sum()) for task in recipe.tasks}


def standard_errors(answers: Answers, labels: Labels) -> dict[str, float]:
    """Of the figures of `score`: how much they would differ on other faces of the same kind."""
    errors = {}
    if "age" in answers:
        off = np.abs(answers["age"] - labels.age)[~np.isnan(labels.age)]
        errors["age_mae"] = off.std(ddof=1) / len(off) ** 0.5
    for task, right in score(answers, labels).items():
        if task != "age_mae":
            n = int((~np.isnan(getattr(labels, task))).sum())
            errors[task] = (right * (1 - right) / n) ** 0.5
    return {name: float(value) for name, value in errors.items()}


def trained_seconds(log: Path) -> float:
    """Between the lines of a run's log, without the pauses before each resume."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return sum(after["time"] - before["time"] for before, after in pairwise(lines) if after["kind"] not in ("start", "resume"))
