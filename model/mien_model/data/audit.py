"""`mien_model audit`: what an index holds, who is in two splits, which pictures are there twice, and how far their labels differ."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..network import EXPRESSIONS
from .index import Row
from .split import shared_identities

SHOWN = 20


@dataclass(frozen=True)
class Twins:
    """Two rows with nearly the same picture."""

    one: Row
    other: Row
    correlation: float


def counts(rows: list[Row]) -> Iterator[str]:
    """Faces per split and source; then per split by age decade, gender and expression."""
    for (split, source), count in sorted(Counter((row["split"], row["source"]) for row in rows).items()):
        yield f"{split}, {source}: {count} faces"
    for split in sorted({row["split"] for row in rows}):
        members = [row for row in rows if row["split"] == split]
        decades = Counter((int(float(row["age"])) // 10 * 10, row["gender"]) for row in members if row["age"])
        for decade in sorted({decade for decade, _ in decades}):
            women, men, unknown = (decades[decade, gender] for gender in ("0", "1", ""))
            yield f"{split}, age {decade}-{decade + 9}: {women} women, {men} men" + (f", {unknown} unknown" if unknown else "")
        felt = Counter(row["emo3"] for row in members if row["emo3"])
        yield f"{split}, expressions: " + (", ".join(f"{felt[str(n)]} {name}" for n, name in enumerate(EXPRESSIONS)) if felt else "none")
        made = Counter(column for row in members for column in row.get("pseudo", "").split())
        if made:
            yield f"{split}, filled by a network: " + ", ".join(f"{count} {column}" for column, count in sorted(made.items()))


def noise(twins: list[Twins]) -> Iterator[str]:
    """How far labels of nearly the same picture differ: a bound of what any network can be measured at."""
    for column, name in (("age", "age"), ("gender", "gender"), ("emo3", "expression")):
        pairs = [(pair.one[column], pair.other[column]) for pair in twins if pair.one[column] and pair.other[column]]
        if not pairs:
            yield f"{name}: no near-identical pair carries it twice"
        elif column == "age":
            off = np.array([abs(float(a) - float(b)) for a, b in pairs])
            yield f"age: {len(pairs)} near-identical pairs, {(off == 0).mean():.1%} with the same age, mean difference {off.mean():.2f} years"
        else:
            yield f"{name}: {len(pairs)} near-identical pairs, {np.mean([a != b for a, b in pairs]):.1%} with another label"


def leaks(rows: list[Row], twins: list[Twins]) -> Iterator[str]:
    """Identities and near-identical pictures in two splits: what makes a validation figure too good."""
    split_people = shared_identities(rows)
    yield f"identities in several splits: {len(split_people)}"
    yield from (f"  {identity}: {', '.join(sorted(splits))}" for identity, splits in list(split_people.items())[:SHOWN])
    across = [pair for pair in twins if pair.one["split"] != pair.other["split"]]
    yield f"near-identical pairs: {len(twins)}, across splits: {len(across)}"
    for pair in sorted(across, key=lambda pair: -pair.correlation)[:SHOWN]:
        yield f"  {pair.one['split']} {pair.one['file']} = {pair.other['split']} {pair.other['file']} ({pair.correlation:.3f})"
