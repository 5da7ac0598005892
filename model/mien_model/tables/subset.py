"""The faces of the short runs: chosen by a hash of their names, half with age and gender, half with expression."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ..data.index import FILE, Row, read_rows, write_rows
from ..faces import MOST_PADDING


@dataclass(frozen=True)
class Size:
    """How many faces of each kind: to train with, and to watch between epochs (what is reported is measured on the whole val split)."""

    train: int = 3000
    watched: int = 150

    @property
    def told(self) -> str:
        """The rule in words."""
        return (
            f"of the train faces with at most {MOST_PADDING:g} of the crop outside the picture, the {self.train:,} with age and gender and the "
            f"{self.train:,} with expression whose names have the smallest SHA-256"
        )


def choose(rows: list[Row], size: Size) -> list[Row]:
    """Index rows of the subset: train, then val. Raises ValueError where there are too few faces of a kind."""
    return [
        row
        for split, count in (("train", size.train), ("val", size.watched))
        for kind, columns in (("age and gender", ("age", "gender")), ("expression", ("emo3",)))
        for row in _smallest(rows, split, kind, columns, count)
    ]


def _smallest(rows: list[Row], split: str, kind: str, columns: tuple[str, ...], count: int) -> list[Row]:
    fit = [row for row in rows if row["split"] == split and all(row[c] for c in columns) and float(row["pad_frac"] or 0) <= MOST_PADDING]
    if len(fit) < count:
        raise ValueError(f"the split '{split}' must have {count} faces with {kind}, it has {len(fit)}")
    return sorted(fit, key=lambda row: hashlib.sha256(row["file"].encode()).digest())[:count]


def write_subset(faces: Path, target: Path, size: Size) -> str:
    """An index file of the subset at `target`, for the shards in `faces`; a key that differs where the faces or their labels do."""
    chosen = choose(read_rows(faces / FILE), size)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_rows(chosen, target)
    return hashlib.sha256(target.read_bytes()).hexdigest()[:16]
