"""What INT8 costs in the vendor's simulator, against FP32 on the same pictures, and the limits of a release."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..blazeface import BlazeFace
from ..detectors import network_input
from ..eval.gate import MOST_COST
from ..evaluate import Answers, answer, errors, open_session
from ..faces import Faces, load_faces, read_index, stratified_sample
from ..geometry import resize_square
from ..network import SIDE
from .account import Account
from .scenes import network_squares, recall, scenes
from .toolkit import Compiled

MOST_CYCLES = {"faces-npu-head": 600_000, "blazeface-full": 1_087_000, "blazeface-short": 700_000}
MOST_BYTES = {"faces-npu-head": 5_200_000}
TEST_SIZES = [48, 64, 96, 128, 192, 256, 320, 400]
TEST_EACH = 6
MOST_RECALL_LOST = 0.05
"""Over all sizes."""


@dataclass(frozen=True)
class Cost:
    """What INT8 measured and how much worse that is than FP32 (years, shares)."""

    faces: int
    float32: dict[str, float]
    int8: dict[str, float]

    def loss(self, name: str) -> float:
        return (self.int8[name] - self.float32[name]) * (1 if name == "ageMae" else -1)


def val_faces(count: int | None, seed: int = 7) -> Faces:
    """The val split, or so many of it at random."""
    rows = read_index("val")
    chosen = range(len(rows)) if count is None else np.sort(np.random.default_rng(seed).permutation(len(rows))[:count])
    return load_faces([rows[i] for i in chosen])


def recogniser_cost(network: Compiled, float_file: Path, faces: Faces) -> Cost:
    """Simulated INT8 against ONNX Runtime's FP32."""
    found = network.run(resize_square(faces.images, SIDE))
    int8 = Answers(found["age"][:, 0], found["gender"][:, 0], found["expression"])
    return Cost(len(faces), errors(answer(open_session(float_file), faces.images), faces), errors(int8, faces))


def cost_lines(cost: Cost) -> Iterator[str]:
    """For people."""
    for name, unit, factor in (("ageMae", "years", 1), ("genderAccuracy", "%", 100), ("expressionAccuracy", "%", 100)):
        before, after = cost.float32[name] * factor, cost.int8[name] * factor
        yield f"  {name}: FP32 {before:.3f}, INT8 {after:.3f} {unit}; costs {cost.loss(name) * factor:+.3f} of {MOST_COST[name] * factor:g} allowed"


def detector_recall(network: Compiled, detector: BlazeFace, float_file: Path) -> dict[str, dict[float, tuple[float, float]]]:
    """fp32, int8 -> face size -> recall and median eye distance; scenes with val faces that calibration has not seen."""
    crops = load_faces(stratified_sample(read_index("val", most_padding=0.2), 200, seed=3)).images
    found = list(scenes(crops, TEST_SIZES, TEST_EACH, seed=2))
    squares = network_squares(detector, found)
    session = open_session(float_file)
    answers = [session.run(["boxes", "scores"], {"input": tensor[None]}) for tensor in network_input(squares)]
    boxes, scores = (np.concatenate(part) for part in zip(*answers, strict=True))
    int8 = network.run(squares)
    return {"fp32": recall(detector, found, boxes, scores), "int8": recall(detector, found, int8["boxes"], int8["scores"])}


def recall_lines(found: dict[str, dict[float, tuple[float, float]]]) -> Iterator[str]:
    """For people."""
    for size in found["fp32"]:
        parts = (f"{kind} {rows[size][0]:.0%} (eyes off by {rows[size][1]:.3f})" for kind, rows in found.items())
        yield f"  faces of {size} px in 640: {', '.join(parts)}"


def account_faults(name: str, account: Account, size: int) -> Iterator[str]:
    """What the compiler's account and the file's size break."""
    if account.fallen:
        yield f"{', '.join(layer.name for layer in account.fallen)} falls to the CPU"
    if account.cycles > MOST_CYCLES.get(name, np.inf):
        yield f"{account.cycles:,} cycles, at most {MOST_CYCLES[name]:,} are allowed"
    if size > MOST_BYTES.get(name, np.inf):
        yield f"{size:,} bytes, at most {MOST_BYTES[name]:,} are allowed"


def cost_faults(cost: Cost) -> Iterator[str]:
    """What INT8 costs too much."""
    for name, most in MOST_COST.items():
        if cost.loss(name) > most:
            yield f"{name} loses {cost.loss(name):.4f}, at most {most} is allowed"


def recall_faults(found: dict[str, dict[float, tuple[float, float]]]) -> Iterator[str]:
    """Faces that INT8 loses."""
    means = {kind: np.mean([share for share, _ in rows.values()]) for kind, rows in found.items()}
    if means["fp32"] - means["int8"] > MOST_RECALL_LOST:
        yield f"recall falls from {means['fp32']:.1%} to {means['int8']:.1%}, at most {MOST_RECALL_LOST:.0%} may be lost"
