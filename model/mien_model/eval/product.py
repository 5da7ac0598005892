"""Mien itself over a folder of pictures (`mien analyze --json`): what its detector finds and its recogniser says."""

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..network import EXPRESSIONS
from ..paths import MODEL

PROGRAM = MODEL.parent / "core" / "src" / "cli.ts"
NODE_OF_REPOSITORY = MODEL.parent / ".mien" / "node" / "bin" / "node"
TIMEOUT_S = 1800
NEAR = 0.5
"""A face is found where a box has its middle within so many of its sides; its side must be within a factor of two."""


@dataclass(frozen=True)
class Found:
    """A face that the product tells of. box: x, y, width, height in pixels; age in years; gender and expression: indices of the classes."""

    box: tuple[float, float, float, float]
    age: float
    gender: int
    expression: int

    @property
    def middle(self) -> np.ndarray:
        return np.array([self.box[0] + self.box[2] / 2, self.box[1] + self.box[3] / 2])


def analyze(folder: Path, release: Path, detector: str, precision: str = "int8") -> dict[str, list[Found]]:
    """file name -> faces. Raises OSError where Node or the product cannot be run, ValueError where a picture could not be read."""
    with tempfile.TemporaryDirectory() as place:
        config = Path(place) / "mien.yaml"
        config.write_text(json.dumps({"version": 2, "model": {"release": str(release.resolve()), "detector": detector, "precision": precision}}))
        command = [node(), str(PROGRAM), "analyze", str(folder), "--json", "--config", str(config)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S)
    if done.returncode:
        raise OSError(f"`mien analyze` ended with {done.returncode}: {done.stderr.strip()[-500:] or done.stdout.strip()[-500:]}")
    return dict(read_line(line) for line in done.stdout.splitlines())


def node() -> str:
    """MIEN_NODE, the repository's own, or the one on the PATH. Raises OSError where there is none."""
    for candidate in (os.environ.get("MIEN_NODE"), str(NODE_OF_REPOSITORY), "node"):
        found = candidate and shutil.which(candidate)
        if found:
            return found
    raise OSError("the product path needs Node: put it on the PATH or name it in MIEN_NODE")


def read_line(line: str) -> tuple[str, list[Found]]:
    """File name and faces of one line of `mien analyze --json`."""
    said = json.loads(line)
    name = Path(said["file"]).name
    if "error" in said:
        raise ValueError(f"{name}: {said['error'].get('message', said['error'])}")
    return name, [_found(face) for face in said["faces"]]


def _found(face: dict) -> Found:
    return Found(tuple(face["box"]), face["age"]["years"], int(face["gender"]["label"] == "male"), EXPRESSIONS.index(face["expression"]["label"]))


def match(middles: np.ndarray, sizes: np.ndarray, found: list[Found]) -> list[Found | None]:
    """For each true face (middle [n, 2], side [n]) the nearest box that fits it, each box at most once."""
    pairs = []
    for place, (middle, size) in enumerate(zip(middles, sizes, strict=True)):
        for number, face in enumerate(found):
            distance = float(np.linalg.norm(face.middle - middle)) / size
            if distance < NEAR and 0.5 <= face.box[2] / size <= 2:
                pairs.append((distance, place, number))
    matched: list[Found | None] = [None] * len(middles)
    taken: set[int] = set()
    for _, place, number in sorted(pairs):
        if matched[place] is None and number not in taken:
            matched[place] = found[number]
            taken.add(number)
    return matched
