"""What a release's manifest says that the tables need: measured figures, and the compiler's account of .rknn files."""

import json
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .paper import Figures

ACCOUNT = re.compile(r"([\d,]+) cycles .*?weights (\d+) kB, internal (\d+) kB")
"""As `rknn/account.py` sums up a build; it stands in a file's `made`."""


@dataclass(frozen=True)
class Measured:
    """A row of a manifest's `measured` with the file it is of. path, sha256: of the file; date: of the manifest, as 2026-11-24."""

    path: str
    backend: str
    precision: str
    sha256: str
    split: str
    faces: int
    figures: Figures
    date: str


@dataclass(frozen=True)
class NpuFile:
    """An .rknn file and the compiler's account of it, None where the manifest does not tell; kilobytes of 1,024 bytes."""

    network: str
    path: str
    chip: str
    bytes: int
    sha256: str
    cycles: int | None
    weights_kb: int | None
    internal_kb: int | None
    date: str

    @property
    def kilobytes(self) -> int | None:
        """All that the NPU holds."""
        return None if self.weights_kb is None or self.internal_kb is None else self.weights_kb + self.internal_kb


def read_manifest(folder: Path) -> dict:
    """Raises ValueError where the folder is no release."""
    path = folder / "model.json"
    if not path.exists():
        raise ValueError(f"{folder} is no release: there is no model.json")
    try:
        return json.loads(path.read_text())
    except json.JSONDecodeError as fault:
        raise ValueError(f"{path} is no JSON: {fault}") from fault


def measured(folder: Path) -> list[Measured]:
    """Of the recogniser, in the manifest's order."""
    rows, manifest, date = [], read_manifest(folder), day(folder / "model.json")
    for network in manifest["networks"]:
        for row in network.get("measured", []):
            # Without a name it is the one for the CPU.
            file = next(f for f in network["files"] if f["path"] == row.get("file") or ("file" not in row and _key(f) == ("cpu", row["precision"])))
            shares = [row[name] * 100 if name in row else None for name in ("genderAccuracy", "expressionAccuracy")]
            figures = Figures(row.get("ageMae"), *shares)
            rows.append(Measured(file["path"], file["backend"], row["precision"], file["sha256"], row["split"], row["n"], figures, date))
    return rows


def _key(file: dict) -> tuple[str, str]:
    return file["chip"], file["precision"]


def npu_files(folder: Path) -> list[NpuFile]:
    """The .rknn files of a release's recognisers."""
    found, manifest, date = [], read_manifest(folder), day(folder / "model.json")
    for network in manifest["networks"]:
        for file in network["files"]:
            if network["role"] == "recognizer" and file["backend"] == "rknn":
                told = ACCOUNT.search(file.get("made", ""))
                account = [int(number.replace(",", "")) for number in told.groups()] if told else [None] * 3
                found.append(NpuFile(network["name"], file["path"], file["chip"], file["bytes"], file["sha256"], *account, date))
    return found


def day(file: Path) -> str:
    """When a file was last committed or, outside git, written."""
    command = ["git", "log", "-1", "--format=%cs", "--", file.name]
    try:
        told = subprocess.run(command, cwd=file.parent, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        told = ""
    return told or time.strftime("%Y-%m-%d", time.gmtime(file.stat().st_mtime))
