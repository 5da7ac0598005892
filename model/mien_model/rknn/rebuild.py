"""`mien_model rebuild-rknn`: every .rknn file of a release anew from its ONNX files, gated, with its entries in model.json."""

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..blazeface import DETECTORS
from ..eval.card import FIGURES, write_card
from ..known_answers import rows
from ..manifest import model_input
from ..paths import faces_title
from ..release import write_manifest
from . import gate
from .account import parse, summary
from .container import read_container
from .recipes import Prepared, float_file, prepare_network, read_manifest
from .toolkit import VERSION, Compiled, compiled

TOLERANCE = {"age": 1.5, "gender": 0.4, "expression": 0.4, "boxes": 4.0, "scores": 1.0}
"""A board may round otherwise than the simulator; wrong normalisation or colour order is off by far more."""


def rebuild(release: Path, chip: str, faces: int | None) -> Iterator[str]:
    """Says what it finds, a line at a time; `release` is changed only when every network passed. faces: so many of the val split, or all.

    Raises ValueError with every fault where a network breaks a limit.
    """
    manifest, faults = read_manifest(release), []
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        for network in manifest["networks"]:
            source = float_file(release, network)
            prepared = prepare_network(network["name"], source, chip)
            target = made / f"{network['name']}-{chip}-int8.rknn"
            with compiled(prepared.model, prepared.pixels, prepared.recipe) as found:
                found.export(target)
                account = parse(found.log)
                yield f"{target.name}: {target.stat().st_size:,} bytes, {summary(account)}"
                broken = list(gate.account_faults(network["name"], account, target.stat().st_size))
                broken += yield from _measure(network, found, source, target.name, faces)
                answers = known_answers(network, found, release)
            faults += [f"{target.name}: {fault}" for fault in broken]
            enter(network, target, prepared, found, answers)
        if faults:
            raise ValueError("; ".join(faults))
        for file in [*release.glob(f"*-{chip}-int8.rknn")]:
            file.unlink()
        for file in sorted(made.glob("*.rknn")):
            (release / file.name).write_bytes(file.read_bytes())
    write_manifest(manifest, release)
    report = release.resolve().parent / "report"
    if (report / FIGURES).exists():
        write_card(release, report)


def _measure(network: dict, found: Compiled, source: Path, name: str, faces: int | None) -> Iterator[str]:
    detector = next((each for each in DETECTORS if each.name == network["name"]), None)
    if detector:
        recall = gate.detector_recall(found, detector, source)
        yield from gate.recall_lines(recall)
        return list(gate.recall_faults(recall))
    cost = gate.recogniser_cost(found, source, gate.val_faces(faces))
    yield from gate.cost_lines(cost)
    split = f"val of {faces_title()}, {'all of it' if faces is None else 'chosen at random'}; the vendor's simulator"
    figures = {name: round(value, 4) for name, value in cost.int8.items()}
    row = {"precision": "int8", "file": name, "split": split, "n": cost.faces, **figures}
    network["measured"] = [*(other for other in network["measured"] if other.get("file") != name), row]
    return list(gate.cost_faults(cost))


def known_answers(network: dict, found: Compiled, release: Path) -> dict[str, list[list[float]]]:
    """What the simulator says of the release's known inputs, as the manifest's `expected` has it."""
    known = network["knownAnswers"]
    side = network["input"]["height"]
    pixels = np.frombuffer((release / known["inputs"]).read_bytes(), np.uint8).reshape(known["n"], side, side, 3)
    return {name: rows(values, known.get("select", {}).get(name)) for name, values in found.run(pixels).items()}


def enter(network: dict, target: Path, prepared: Prepared, found: Compiled, answers: dict) -> None:
    """The file's entry and its answers into the manifest's network, in place of an older one."""
    data, container = target.read_bytes(), read_container(target)
    chip = prepared.recipe.chip
    key = f"int8-{chip}"
    entry = {
        "path": target.name,
        "backend": "rknn",
        "chip": chip,
        "precision": "int8",
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "input": model_input(network["input"]["width"], "nhwc", "u8", "network"),
        "answers": key,
        "outputs": {
            name: {"dims": list(container.tensors[name]), "type": "i8", "zeroPoint": step.zero_point, "scale": step.scale}
            for name, step in found.outputs.items()
        },
        "made": f"rknn-toolkit2 {VERSION}, {prepared.recipe.algorithm}, {len(prepared.pixels)} pictures: {prepared.note}; {summary(parse(found.log))}",
    }
    network["files"] = [*(file for file in network["files"] if (file["backend"], file["chip"]) != ("rknn", chip)), entry]
    network["knownAnswers"]["expected"][key] = answers
    network["knownAnswers"]["tolerance"][key] = {name: TOLERANCE[name] for name in answers}
