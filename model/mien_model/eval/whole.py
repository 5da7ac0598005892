"""The product path measured: recall by face size, and how far age, gender and expression are off after detection and alignment."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..blazeface import DETECTORS
from ..evaluate import Answers, answer, open_session
from ..faces import Faces, load_faces, read_index, stratified_sample
from ..network import EXPRESSIONS
from ..paths import CLIP, FACES
from .metrics import GENDERS, mean_of, short
from .pictures import SIZES, Placed, backgrounds, clip_frames, scenes
from .product import Found, analyze, match

FACES_OF_SCENES = 160
MOST_PADDING = 0.2
QUALITY = 92
EVERY = 5
"""Frames of the clip: each fifth."""
LEAST_VISIBLE = 0.7
CLIP_SIZES = ((0, 48), (48, 64), (64, 96), (96, 128), (128, 1000))

Say = Callable[[str], None]
Seen = tuple[Placed, Found | None]


def measure_scenes(release: Path, folder: Path = FACES, say: Say = lambda text: None, count: int = FACES_OF_SCENES) -> dict:
    """{n, sizes, crops, detectors}; crops: what the network says of the very same crops without any detector."""
    faces = load_faces(stratified_sample(read_index("val", folder, MOST_PADDING), count, seed=6), folder)
    found = {"n": len(faces), "sizes": list(SIZES), "crops": short(answer(open_session(_int8(release)), faces.images), faces), "detectors": {}}
    with tempfile.TemporaryDirectory() as place:
        truth = write_scenes(faces.images, Path(place))
        for detector in DETECTORS:
            say(f"{detector.name} on {len(truth)} pictures with {len(faces)} faces at {len(SIZES)} sizes")
            said = analyze(Path(place), release, detector.name)
            seen, false = compare(truth, said)
            rows = [size_row(size, [pair for pair in seen if pair[0].size == size], faces) for size in SIZES]
            found["detectors"][detector.name] = {"rows": rows, "falseAlarms": false, "pictures": len(truth)}
    return found


def write_scenes(crops: np.ndarray, folder: Path) -> dict[str, list[Placed]]:
    """JPEGs in `folder`; file name -> the faces in it."""
    from PIL import Image

    truth = {}
    for number, (picture, placed) in enumerate(scenes(crops, backgrounds())):
        name = f"{number:04}.jpg"
        Image.fromarray(picture).save(folder / name, "JPEG", quality=QUALITY)
        truth[name] = placed
    return truth


def compare(truth: dict[str, list[Placed]], said: dict[str, list[Found]]) -> tuple[list[Seen], int]:
    """Every true face with what was found of it, and how many boxes were of no face."""
    seen: list[Seen] = []
    boxes = 0
    for name, placed in truth.items():
        middles = np.array([face.middle for face in placed])
        matched = match(middles, np.array([float(face.size) for face in placed]), said[name])
        seen += list(zip(placed, matched, strict=True))
        boxes += len(said[name])
    return seen, boxes - sum(found is not None for _, found in seen)


def size_row(size: int, seen: list[Seen], faces: Faces) -> dict:
    """{size, recall, age, gender, expression}; the attributes over the faces that were found."""
    hits = [(placed.face, found) for placed, found in seen if found is not None]
    recall = mean_of(np.array([float(found is not None) for _, found in seen]))
    if not hits:
        return {"size": size, "recall": recall, "age": {"n": 0, "mae": None, "bias": None}, **{h: {"n": 0, "accuracy": None} for h in ("gender", "expression")}}
    members = np.array([face for face, _ in hits])
    logits = np.eye(len(EXPRESSIONS))[[found.expression for _, found in hits]]
    told = Answers(np.array([found.age for _, found in hits]), np.array([found.gender - 0.5 for _, found in hits]), logits)
    part = Faces(faces.images[:1], faces.age[members], faces.gender[members], faces.expression[members])
    return {"size": size, "recall": recall, **short(told, part)}


def measure_clip(release: Path, clip: Path = CLIP, say: Say = lambda text: None) -> dict:
    """Of the bundled clip: {frames, detectors: {name: {rows, people, falseAlarms}}}; faces that are less than 70 % visible do not count."""
    ledger = json.loads((clip / "clip.json").read_text())
    frames = clip_frames(clip / "clip.mjpeg")[::EVERY]
    entries = ledger["ledger"][::EVERY]
    found = {"frames": len(frames), "leastVisible": LEAST_VISIBLE, "detectors": {}}
    with tempfile.TemporaryDirectory() as place:
        for number, frame in enumerate(frames):
            (Path(place) / f"{number:04}.jpg").write_bytes(frame)
        for detector in DETECTORS:
            say(f"{detector.name} on {len(frames)} frames of the clip")
            said = analyze(Path(place), release, detector.name)
            found["detectors"][detector.name] = clip_tables(ledger["people"], entries, [said[f"{number:04}.jpg"] for number in range(len(frames))])
    return found


def clip_tables(people: list[dict], entries: list[list[dict]], said: list[list[Found]]) -> dict:
    """rows: recall by the face's side; people: age and gender of each, over the frames in which it was found."""
    pairs: list[tuple[dict, Found | None]] = []
    false = 0
    for there, boxes in zip(entries, said, strict=True):
        middles = np.array([[e["box"][0] + e["box"][2] / 2, e["box"][1] + e["box"][3] / 2] for e in there]).reshape(-1, 2)
        matched = match(middles, np.array([float(e["box"][2]) for e in there]), boxes)
        false += len(boxes) - sum(face is not None for face in matched)
        pairs += [pair for pair in zip(there, matched, strict=True) if pair[0]["visible"] >= LEAST_VISIBLE]
    rows = []
    for low, high in CLIP_SIZES:
        hit = np.array([float(face is not None) for entry, face in pairs if low <= entry["box"][2] < high])
        if len(hit):
            rows.append({"from": low, "below": high, "n": len(hit), "recall": round(float(hit.mean()), 4)})
    told = []
    for person in people:
        seen = [face for entry, face in pairs if entry["person"] == person["id"] and face is not None]
        right = [GENDERS[face.gender] == person["gender"] for face in seen]
        told.append(
            {
                "id": person["id"],
                "age": person["apparentAge"],
                "n": len(seen),
                "meanAge": round(float(np.mean([face.age for face in seen])), 1) if seen else None,
                "genderRight": round(float(np.mean(right)), 4) if seen else None,
            }
        )
    return {"rows": rows, "people": told, "falseAlarms": false}


def _int8(release: Path) -> Path:
    return release / "faces-npu-head-int8.onnx"
