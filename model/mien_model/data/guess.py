"""What an ONNX network says of crops, in the index's terms: our own networks, or any classifier whose classes are named."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..calibration import softmax
from ..geometry import resize_square
from ..network import EXPRESSIONS
from .index import EMOTIONS

BATCH = 32
GENDERS = ("female", "male")


@dataclass(frozen=True)
class Guess:
    """Of n faces: the cell a network would write in `column`, and its confidence 0..1 (1 for ages: it gives none)."""

    column: str
    cells: list[str]
    confidence: np.ndarray


@dataclass(frozen=True)
class Feeding:
    """How a foreign classifier wants a crop: (pixel - mean) / scale, bgr: blue first. classes: in the order of its output, each one
    of EMOTIONS, EXPRESSIONS, female, male or `-` (never chosen)."""

    classes: tuple[str, ...]
    mean: float = 127.5
    scale: float = 127.5
    bgr: bool = False


def guess(session, images: np.ndarray, feeding: Feeding | None) -> list[Guess]:
    """u8 crops [n, s, s, 3]; without `feeding` the network must be one of ours (outputs age, gender, expression)."""
    names = {output.name for output in session.get_outputs()}
    if feeding is not None:
        return [_classified(_run(session, images, feeding, [session.get_outputs()[0].name])[0], feeding.classes)]
    if not names & {"age", "gender", "expression"}:
        raise ValueError(f"outputs must be age, gender or expression, came {', '.join(sorted(names))}: name the classes of another network")
    ours = [name for name in ("age", "gender", "expression") if name in names]
    answers = dict(zip(ours, _run(session, images, None, ours)))
    found = []
    if "age" in answers:
        found.append(Guess("age", [f"{years:.1f}" for years in answers["age"][:, 0]], np.ones(len(images))))
    if "gender" in answers:
        logits = np.concatenate([np.zeros_like(answers["gender"]), answers["gender"]], 1)
        found.append(_classified(logits, GENDERS))
    if "expression" in answers:
        found.append(_classified(answers["expression"], EXPRESSIONS))
    return found


def _run(session, images: np.ndarray, feeding: Feeding | None, outputs: list[str]) -> list[np.ndarray]:
    name = session.get_inputs()[0].name
    parts = [session.run(outputs, {name: batch}) for batch in _batches(session, images, feeding)]
    return [np.concatenate(part) for part in zip(*parts)]


def _batches(session, images: np.ndarray, feeding: Feeding | None) -> Iterator[np.ndarray]:
    """Crops as the network's first input wants them: side, layout, channels and number type are read from it."""
    shape, kind = session.get_inputs()[0].shape, session.get_inputs()[0].type
    last = len(shape) == 4 and shape[3] in (1, 3)
    if len(shape) != 4 or not (last or shape[1] in (1, 3)):
        raise ValueError(f"the network's input must be a picture [n, 1 or 3, s, s] or [n, s, s, 1 or 3], came {shape}")
    side = shape[1] if last else shape[2]
    size = shape[0] if isinstance(shape[0], int) else BATCH
    if not isinstance(side, int):
        raise ValueError(f"the network's input must have a fixed side, came {shape}")
    for start in range(0, len(images), size):
        batch = resize_square(images[start : start + size], side)
        if isinstance(shape[0], int) and len(batch) != size:
            raise ValueError(f"the network takes batches of exactly {size}; export it with a free batch size")
        if shape[3 if last else 1] == 1:
            batch = np.rint(batch @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
        elif feeding and feeding.bgr:
            batch = batch[..., ::-1]
        if kind != "tensor(uint8)":
            mean, scale = (feeding.mean, feeding.scale) if feeding else (127.5, 127.5)
            batch = ((batch - mean) / scale).astype(np.float32)
        yield np.ascontiguousarray(batch if last else batch.transpose(0, 3, 1, 2))


def _classified(scores: np.ndarray, classes: tuple[str, ...]) -> Guess:
    """The likeliest class and its probability; scores [n, classes] that are no probabilities yet are taken as logits."""
    if scores.ndim != 2 or scores.shape[1] != len(classes):
        raise ValueError(f"the network's output is {list(scores.shape[1:])}, but {len(classes)} classes are named: {', '.join(classes)}")
    probabilities = scores if (scores >= 0).all() and np.allclose(scores.sum(1), 1, atol=1e-3) else softmax(scores)
    column, cells = class_cells(classes)
    # Classes that mean the same cell count together; `-` and classes without a cell never win.
    kinds = sorted({cell for cell in cells if cell})
    together = np.stack([probabilities[:, [c == kind for c in cells]].sum(1) for kind in kinds], 1)
    return Guess(column, [kinds[place] for place in together.argmax(1)], together.max(1))


def class_cells(classes: tuple[str, ...]) -> tuple[str, list[str]]:
    """The column that classes speak of, and the cell of each ('' where there is none). Raises ValueError for unknown or mixed ones."""
    meanings = {"-": ""}
    if set(classes) & set(GENDERS):
        column, meanings = "gender", meanings | {"female": "0", "male": "1"}
    else:
        column = "emo3"
        meanings |= {name: "" if place is None else str(place) for name, place in EMOTIONS.items()}
        meanings |= {name: str(place) for place, name in enumerate(EXPRESSIONS)}
    unknown = [name for name in classes if name not in meanings]
    if unknown:
        raise ValueError(f"unknown classes {', '.join(unknown)} for {column}; known are {', '.join(meanings)}")
    return column, [meanings[name] for name in classes]
