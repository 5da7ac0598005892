"""`mien_model bench-networks`: what Table 6 is measured with beside the release, as a folder of the release's form. For speed and memory only."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx

from .. import manifest
from ..evaluate import answer, open_session
from ..known_answers import store_inputs
from ..network import SIDE
from ..release import calibrate, write_manifest
from . import gate
from .account import parse, summary
from .bench_graphs import pooled, single_task
from .rebuild import enter, known_answers
from .recipes import HALF, float_file, prepare_recogniser, read_manifest
from .toolkit import Recipe, compiled

SOURCE = "faces-npu-head"
TASKS = ("age", "gender", "expression")
INPUTS = "faces.known.bin"
MOST_BYTES = 5_000_000
"""Of each file: they are committed."""


def build_bench(release: Path, target: Path, chip: str) -> Iterator[str]:
    """Says what the compiler made of each network, a line at a time; `target` is changed only when all are made (LICENSE and NOTICE
    stay as they are).

    Raises ValueError with every fault where a layer falls to the CPU or a file is too large.
    """
    told = read_manifest(release)
    of = next(network for network in told["networks"] if network["name"] == SOURCE)
    model = onnx.load(float_file(release, of))
    mean = pooled(model)
    made = [(pooled_entry(of, mean), mean), *((single_entry(of, task), single_task(model, task)) for task in TASKS)]
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        known = np.frombuffer((release / of["knownAnswers"]["inputs"]).read_bytes(), np.uint8).reshape(-1, SIDE, SIDE, 3)
        stored = store_inputs(known, here / INPUTS)
        for network, graph in made:
            network["knownAnswers"] = {**stored, "expected": {}, "tolerance": {}}
            prepared = prepare_recogniser(network["name"], graph, Recipe(chip, half=HALF))
            file = here / f"{network['name']}-{chip}-int8.rknn"
            with compiled(prepared.model, prepared.pixels, prepared.recipe) as found:
                found.export(file)
                account = parse(found.log)
                yield f"{file.name}: {file.stat().st_size:,} bytes, {summary(account)}"
                faults += [f"{file.name}: {fault}" for fault in gate.account_faults(network["name"], account, file.stat().st_size)]
                if file.stat().st_size > MOST_BYTES:
                    faults.append(f"{file.name}: {file.stat().st_size:,} bytes, at most {MOST_BYTES:,} are allowed")
                enter(network, file, prepared, found, known_answers(network, found, here))
        if faults:
            raise ValueError("; ".join(faults))
        target.mkdir(parents=True, exist_ok=True)
        for file in target.glob(f"*-{chip}-int8.rknn"):
            file.unlink()
        for file in sorted(here.iterdir()):
            (target / file.name).write_bytes(file.read_bytes())
    whole = manifest.manifest(told["version"], [network for network, _ in made])
    write_manifest({**whole, "name": "mien-bench"}, target)


def pooled_entry(of: dict, model: onnx.ModelProto) -> dict:
    """Three heads; their calibration is measured on the float network, since it is not that of the release."""
    faces = gate.val_faces(None)
    found = calibrate(answer(open_session(model.SerializeToString()), faces.images), faces)
    heads = of["heads"]
    said = "the trunk and heads of faces-npu-head with average pooling, not trained anew; spread and temperatures are of its float form"
    return _entry(of, "faces-pooled", said, {"age": {**heads["age"], "sd": found["ageSd"]}, **{name: {**heads[name], **found[name]} for name in TASKS[1:]}})


def single_entry(of: dict, task: str) -> dict:
    """One head of the release's; its calibration is that of the release."""
    return _entry(of, f"faces-{task}", f"faces-npu-head with its {task} head alone; calibration as in the release", {task: of["heads"][task]})


def _entry(of: dict, name: str, said: str, heads: dict) -> dict:
    return {
        "role": "recognizer",
        "name": name,
        "description": f"For Table 6, speed and memory only: {said}",
        "files": [],
        "input": manifest.model_input(SIDE, "nhwc", "u8", "network"),
        "crop": of["crop"],
        "heads": heads,
        "measured": [],
    }
