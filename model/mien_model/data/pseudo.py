"""`mien_model pseudo-label`: cells that people left empty, filled by a network, marked as such, and measured against people."""

from collections.abc import Iterator

import numpy as np

from .guess import Guess
from .index import Row


def fill(rows: list[Row], guesses: list[Guess], least: float) -> list[Row]:
    """New rows: empty cells of train faces filled where the confidence is at least `least`; `pseudo` names the columns filled.

    What people said stays. Other splits stay as they are: no network may judge itself.
    """
    filled = []
    for place, row in enumerate(rows):
        new = dict(row)
        for guess in guesses:
            if row["split"] == "train" and not row[guess.column] and guess.confidence[place] >= least:
                new[guess.column] = guess.cells[place]
                new["pseudo"] = f"{new.get('pseudo', '')} {guess.column}".strip()
        filled.append(new)
    return filled


def agreement(rows: list[Row], guesses: list[Guess], least: float) -> Iterator[str]:
    """Lines of text: per split and column how far network and people agree, and how much would be filled."""
    for guess in guesses:
        for split in sorted({row["split"] for row in rows}):
            human = [p for p, row in enumerate(rows) if row["split"] == split and row[guess.column] and guess.column not in row.get("pseudo", "").split()]
            if not human:
                yield f"{guess.column}, {split}: no labels by people to compare with"
                continue
            said, meant = [guess.cells[p] for p in human], [rows[p][guess.column] for p in human]
            if guess.column == "age":
                yield f"age, {split}: {len(human)} faces, mean difference {np.mean([abs(float(a) - float(b)) for a, b in zip(said, meant)]):.2f} years"
                continue
            same, sure = np.array([a == b for a, b in zip(said, meant)]), guess.confidence[human] >= least
            told = f"{same[sure].mean():.2%} of the {sure.mean():.0%} with confidence {least:g} or more" if sure.any() else f"none has confidence {least:g}"
            yield f"{guess.column}, {split}: {len(human)} faces, {same.mean():.2%} agree; {told}"
            yield from _confusion(said, meant)
    for guess in guesses:
        empty = [p for p, row in enumerate(rows) if row["split"] == "train" and not row[guess.column]]
        yield f"{guess.column}: {sum(guess.confidence[p] >= least for p in empty)} of {len(empty)} empty cells of train filled"


def _confusion(said: list[str], meant: list[str]) -> Iterator[str]:
    kinds = sorted({*said, *meant})
    for kind in kinds:
        counts = [sum(a == other for a, b in zip(said, meant) if b == kind) for other in kinds]
        yield f"  people {kind}: network " + ", ".join(f"{other} {count}" for other, count in zip(kinds, counts))
