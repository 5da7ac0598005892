"""Which split a face belongs to, decided by a hash: the same faces fall the same way each time, whatever else there is."""

import hashlib

from .index import Row


def assign(row: Row, val: float, test: float) -> str:
    """The row's own split where it has one; else by identity, so that nobody is in two splits, or by file where none is known.

    val, test: shares of 0..1.
    """
    if row.get("split"):
        return row["split"]
    key = f"{row['source']}/{row.get('identity') or row['file']}"
    place = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64
    return "test" if place < test else "val" if place < test + val else "train"


def shared_identities(rows: list[Row]) -> dict[str, set[str]]:
    """Identities found in several splits: source/identity -> splits."""
    found: dict[str, set[str]] = {}
    for row in rows:
        if row.get("identity"):
            found.setdefault(f"{row['source']}/{row['identity']}", set()).add(row["split"])
    return {identity: splits for identity, splits in found.items() if len(splits) > 1}
