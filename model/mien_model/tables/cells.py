"""Markdown tables and the cells they share."""

from statistics import mean

from .paper import Figures
from .runs import Result

NONE = "-"


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A table; every row as long as its head."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def years(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"


def percent(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


def paper_cells(figures: Figures) -> list[str]:
    """As the paper prints them."""
    return [NONE if value is None else f"{value:g}" for value in (figures.age, figures.gender, figures.emotion)]


def figures_of(results: list[Result]) -> Figures:
    """Means over runs that differ in nothing but the seed."""

    def over(name: str, factor: float) -> float | None:
        found = [result.figures[name] * factor for result in results if name in result.figures]
        return mean(found) if found else None

    return Figures(over("age_mae", 1), over("gender", 100), over("emotion", 100))


def result_cells(results: list[Result]) -> list[str]:
    """age, gender, emotion: the mean over the seeds and, with several, how far they lie apart."""
    figures = figures_of(results)
    cells = [years(figures.age), percent(figures.gender), percent(figures.emotion)]
    for place, (name, factor, digits) in enumerate((("age_mae", 1, 3), ("gender", 100, 2), ("emotion", 100, 2))):
        found = [result.figures[name] * factor for result in results if name in result.figures]
        if len(found) > 1:
            cells[place] += f" ({min(found):.{digits}f} to {max(found):.{digits}f})"
    return cells


def hashes(results: list[Result]) -> str:
    """Of the weights, shortened."""
    return ", ".join(result.weights[:12] for result in results)


def dates(results: list[Result]) -> str:
    """First and last day."""
    days = sorted({result.finished for result in results})
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


def budget(result: Result) -> str:
    """Faces, epochs and steps of a short run, and its start."""
    return f"{result.faces:,} shared faces x {result.recipe['epochs']} epochs ({result.steps} steps of {result.recipe['batch']}), from {result.start}"
