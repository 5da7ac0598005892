"""Tables 3, 4 and 5: accuracy, the paper's rows beside ours."""

from collections.abc import Iterator
from pathlib import Path

from ..network import MOBILENET, RESNET
from . import paper
from .cells import NONE, budget, dates, figures_of, hashes, markdown, paper_cells, percent, result_cells, years
from .paper import Figures
from .released import Measured, measured
from .runs import ALL, RUNS, SUBSETS, Result, ShortRun

HEAD = ["", "trained on", "measured on", "age, years", "gender, %", "emotion, %", "weights", "date"]
MOST_LOST = Figures(0.15, 0.5, 1.0)
"""What the triple network may lose against the single ones (issue 4)."""
FULL = "the whole budget of the release: MODEL_CARD.md and README.md tell it"


def table_3(release: Path, results: dict[str, Result]) -> str:
    """FP32, three networks."""
    rows = [[f"paper: {name}", paper.TABLE_3_DATA, "validation of both", *paper_cells(figures), NONE, NONE] for name, figures in paper.TABLE_3.items()]
    rows += [["**release**: npu-head, FP32", FULL, *_measured_cells(row)] for row in measured(release) if row.precision == "fp32"]
    wanted = [(warm, trunk, head) for warm in (False, True) for trunk, head in ((RESNET, "pooled"), (MOBILENET, "pooled"), (MOBILENET, "npu-head"))]
    for warm, trunk, head in wanted:
        runs = [run for run in RUNS if (run.warm, run.trunk, run.head, run.tasks) == (warm, trunk, head, ALL)]
        if runs:
            rows.append(_short_row(f"short: {trunk}, {head}", runs, results))
    return "\n\n".join(["FP32.", markdown(HEAD, rows), *_notes(results)])


def table_4(release: Path) -> str:
    """INT8."""
    rows = [["paper: customised, INT8 on the board", NONE, name, *paper_cells(figures), NONE, NONE] for name, figures in paper.TABLE_4.items()]
    found = measured(release)
    names = {"onnx": "npu-head, ONNX Runtime on a CPU", "rknn": "npu-head, RKNN"}
    rows += [[f"{names[row.backend]}, {row.precision.upper()}", FULL, *_measured_cells(row)] for row in found]
    float32 = next((row.figures for row in found if row.precision == "fp32"), None)
    costs = [f"- {row.path}: {_cost(float32, row.figures)}" for row in found if float32 and row.precision == "int8"]
    title = "INT8. Nobody has run our files on a board: RKNN is the vendor's simulator."
    return "\n\n".join([title, markdown(HEAD, rows), "What INT8 costs us against FP32:\n\n" + "\n".join(costs)])


def _cost(before: Figures, after: Figures) -> str:
    return f"{after.age - before.age:+.3f} years, {after.gender - before.gender:+.2f} and {after.emotion - before.emotion:+.2f} points"


def table_5(results: dict[str, Result]) -> str:
    """One network for one, two or three tasks."""
    rows = []
    for head, tasks in [*(("pooled", tasks) for tasks in SUBSETS), ("npu-head", ALL)]:
        name = f"{' + '.join(tasks)}{', npu-head' if head == 'npu-head' else ''}"
        runs = [run for run in RUNS if run.warm and (run.head, run.tasks) == (head, tasks)]
        rows.append([f"paper: {name}", paper.TABLE_5_DATA, "IMDB-clean, test", *paper_cells(paper.TABLE_5[head, tasks]), NONE, NONE])
        rows.append(_short_row(f"short: {name}", runs, results))
    return "\n\n".join(["FP32, 4.3 M parameters each.", markdown(HEAD, rows), *_notes(results), *_verdict(results)])


def _measured_cells(row: Measured) -> list[str]:
    figures = row.figures
    cells = [years(figures.age), percent(figures.gender), percent(figures.emotion)]
    return [f"{row.split} ({row.faces:,})", *cells, row.sha256[:12], row.date]


def _short_row(name: str, runs: list[ShortRun], results: dict[str, Result]) -> list[str]:
    found = [results[run.name] for run in runs if run.name in results]
    if not found:
        return [name, f"not run yet: `short-runs --only {runs[0].name}`", *[NONE] * (len(HEAD) - 2)]
    seeds = f", {len(found)} seeds" if len(found) > 1 else ""
    on = ", ".join(f"{count:,} {task}" for task, count in found[0].measured_on.items())
    return [name, budget(found[0]) + seeds, f"val of the shared faces ({on})", *result_cells(found), hashes(found), dates(found)]


def _notes(results: dict[str, Result]) -> Iterator[str]:
    """How the short runs' faces were chosen."""
    for rule in sorted({result.subset for result in results.values()}):
        yield f"Short runs: {rule}. Each head sees the same labels as often in every run; figures of several seeds are means, with the range."


def _verdict(results: dict[str, Result]) -> Iterator[str]:
    """The triple network against the single ones."""

    def of(tasks: tuple[str, ...], head: str = "pooled") -> list[Result]:
        return [results[run.name] for run in RUNS if run.warm and (run.head, run.tasks) == (head, tasks) and run.name in results]

    lines = []
    for head in ("pooled", "npu-head"):
        triple = of(ALL, head)
        for task, figure, unit in (("age", "age_mae", "years"), ("gender", "gender", "points"), ("emotion", "emotion", "points")):
            single = of((task,))
            if not triple or not single:
                continue
            one, three, most = (getattr(figures, task) for figures in (figures_of(single), figures_of(triple), MOST_LOST))
            lost = three - one if task == "age" else one - three
            factor = 1 if task == "age" else 100
            # As if the faces were others for each network: the same faces make the true noise smaller, the seeds' chance larger.
            noise = factor * (single[0].standard_errors[figure] ** 2 + triple[0].standard_errors[figure] ** 2) ** 0.5
            told = f"{lost:+.3f} {unit}, {'within' if lost <= most else '**beyond**'} the {most:g} allowed"
            seeds = f"{len(triple)} and {len(single)} seeds"
            lines.append(f"- triple ({head}) against {task} alone: {told}; standard error of such a difference {noise:.2f}; {seeds}")
    if lines:
        yield "What three tasks in one network lose (minus: it gains):\n\n" + "\n".join(lines)
