"""`mien_model release-own`: a release of weights trained on one's own faces, under one's own name and terms."""

import json
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .faces import read_index
from .paths import RELEASE
from .release import build_release, write_manifest

USES = ("research", "any")
NEEDED = {"name": str, "version": str, "licence": dict, "data": list}
LICENCE_NEEDED = ("use", "name", "statement", "file")
DATA_NEEDED = ("name", "use", "terms")
OURS = ("LICENSE-APACHE-2.0", "NOTICE")
"""Of Mien's release: the detectors and the self-test's pictures stay what they are."""
LEAST_VAL = 10
"""Faces with each label: fewer cannot fill the bins of the age error's spread."""


@dataclass(frozen=True)
class Terms:
    """name, version: of the release; licence, data: as in model.json; text: the licence's file."""

    name: str
    version: str
    licence: dict[str, str]
    data: list[dict[str, str]]
    text: Path


def read_terms(file: Path) -> Terms:
    """Raises ValueError naming what is missing or wrong in the TOML file."""
    with open(file, "rb") as stream:
        try:
            told = tomllib.load(stream)
        except tomllib.TOMLDecodeError as fault:
            raise ValueError(f"{file.name} is no TOML: {fault}") from fault
    for key, kind in NEEDED.items():
        if not isinstance(told.get(key), kind):
            raise ValueError(f"{file.name}: '{key}' must be a {kind.__name__}, came {told.get(key)!r}")
    _texts(f"{file.name}, [licence]", told["licence"], LICENCE_NEEDED)
    for number, each in enumerate(told["data"], 1):
        _texts(f"{file.name}, [[data]] {number}", each, DATA_NEEDED)
    if told["licence"]["use"] not in USES:
        raise ValueError(f"{file.name}, [licence]: 'use' must be one of {', '.join(USES)}, came '{told['licence']['use']}'")
    text = file.parent / told["licence"]["file"]
    if not text.is_file() or text.name != told["licence"]["file"] or text.name in OURS:
        raise ValueError(f"{file.name}, [licence]: 'file' must be a text file beside it, and none of {', '.join(OURS)}; came '{told['licence']['file']}'")
    return Terms(told["name"], told["version"], told["licence"], told["data"], text)


def _texts(where: str, table: dict, needed: tuple[str, ...]) -> None:
    wrong = [key for key in needed if not isinstance(table.get(key), str) or not table[key]]
    unknown = sorted(set(table) - set(needed))
    if wrong or unknown:
        raise ValueError(f"{where}: {', '.join(needed)} must be texts; missing or wrong: {', '.join(wrong) or 'none'}, unknown: {', '.join(unknown) or 'none'}")


def own_release(network: Path, target: Path, terms_file: Path, faces: Path) -> Iterator[str]:
    """Write `target` from the exported files in `network`, with the detectors of Mien's release; says what the gate finds, a line at a
    time. faces: the index folder whose val split it is measured on.

    Raises ValueError, before anything is written, where the terms are wrong or the gate does not hold.
    """
    terms = read_terms(terms_file)
    check_val(read_index("val", faces))
    yield from build_release(RELEASE, network, target, faces)
    manifest = json.loads((target / "model.json").read_text())
    write_manifest(manifest | {"name": terms.name, "version": terms.version, "licence": terms.licence, "data": terms.data}, target)
    shutil.copyfile(terms.text, target / terms.text.name)
    for name in OURS:
        shutil.copyfile(RELEASE / name, target / name)
    yield f"{target}: {terms.name} {terms.version}, use: {terms.licence['use']}"


def check_val(rows: list[dict[str, str]]) -> None:
    """Raises ValueError where a label is too rare to measure anything."""
    counts = {name: sum(bool(row[column]) for row in rows) for name, column in (("age", "age"), ("gender", "gender"), ("expression", "emo3"))}
    if min(counts.values()) < LEAST_VAL:
        told = ", ".join(f"{count} with {name}" for name, count in counts.items())
        raise ValueError(f"the val split must have at least {LEAST_VAL} faces with each label, hundreds for figures worth telling; it has {told}")
