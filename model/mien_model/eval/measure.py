"""Everything that is measured of a release's recogniser on labelled crops, as one value that JSON can hold."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from ..calibration import age_spread, head_calibration, interval_coverage, reliability, softmax
from ..evaluate import Answers, answer, bench, errors, gender_by_age, open_session
from ..faces import Faces, load_faces, read_index
from ..paths import FACES
from . import degrade, groups
from .gate import gate
from .metrics import age_error, cost, expression_right, gender_right, headline, heads, known, mean_of, short
from .spread import held_out_calibration_error, held_out_coverage, spread_tables

Say = Callable[[str], None]


def measure_file(model: Path, split: str, folder: Path = FACES, most_padding: float | None = None) -> dict:
    """Of any ONNX file with the recogniser's outputs: errors, calibration, intervals, milliseconds on one thread."""
    faces = load_faces(read_index(split, folder, most_padding), folder)
    answers = answer(open_session(model), faces.images)
    return {"file": model.name, "split": split, "n": len(faces), **of_answers(answers, faces), "msOneThread": round(bench(open_session(model, 1)), 3)}


def of_answers(answers: Answers, faces: Faces) -> dict:
    """Headline, heads and calibration."""
    spread = age_spread(answers, faces)
    return {
        **errors(answers, faces),
        "headline": headline(answers, faces),
        "heads": heads(answers, faces),
        "genderByAge": gender_by_age(answers, faces),
        "gender": head_calibration(answers.gender, faces.gender),
        "expression": head_calibration(answers.expression, faces.expression),
        "ageSd": spread,
        "ageIntervalCoverage": round(interval_coverage(answers, faces, spread), 4),
    }


def measure(files: dict[str, Path], rows: list[dict[str, str]], faces: Faces, say: Say = lambda text: None) -> dict:
    """files: fp32 and int8. The tables are INT8's, which runs by default; `rows` are the faces' index rows."""
    answers = {}
    for kind, file in files.items():
        say(f"{file.name} on {len(faces)} faces")
        answers[kind] = answer(open_session(file), faces.images)
    int8, session = answers["int8"], open_session(files["int8"])
    sharp = degrade.sharpness(faces.images)
    return {
        "n": len(faces),
        "fp32": of_answers(answers["fp32"], faces),
        "int8": of_answers(int8, faces),
        "cost": cost(int8, answers["fp32"], faces),
        "gate": [{"text": check.text, "holds": check.holds, "needed": check.needed} for check in gate(answers, faces)],
        "groups": {
            "age": groups.age_bands(int8, faces),
            "gender": groups.genders(int8, faces),
            "utk": groups.utk_groups(int8, faces, rows),
        },
        "sources": groups.sources(int8, faces, rows),
        "sizes": _sizes(session, int8, faces, say),
        "blur": _blur(session, int8, faces, say),
        "sharpness": _sharpness(int8, faces, sharp),
        "reliability": _reliability(int8, faces),
        "spread": spread_tables(int8, faces, sharp),
        "heldOut": {
            "ageIntervalCoverage": held_out_coverage(int8, faces),
            "gender": held_out_calibration_error(int8.gender, faces.gender),
            "expression": held_out_calibration_error(int8.expression, faces.expression),
        },
    }


def _sizes(session, plain: Answers, faces: Faces, say: Say) -> list[dict]:
    rows = []
    for side in degrade.SIZES:
        say(f"crops of {side} pixels")
        whole = side == degrade.SIDE
        found = plain if whole else answer(session, degrade.small(faces.images, side))
        rows.append({"side": side, **short(found, faces)})
    return rows


def _blur(session, plain: Answers, faces: Faces, say: Say) -> list[dict]:
    rows = [{"sigma": 0.0, **short(plain, faces)}]
    for sigma in degrade.SIGMAS:
        say(f"blur of {sigma:g} pixels")
        rows.append({"sigma": sigma, **short(answer(session, degrade.blurred(faces.images, sigma)), faces)})
    return rows


def _sharpness(answers: Answers, faces: Faces, sharp: np.ndarray) -> list[dict]:
    """Per label, since the sources differ in sharpness: thirds of the faces that carry it."""
    found = []
    off, sexes, felt = age_error(answers, faces), gender_right(answers, faces), expression_right(answers, faces)
    for name, values in (("ageMae", np.abs(off)), ("genderAccuracy", sexes), ("expressionAccuracy", felt)):
        place = degrade.thirds(sharp, ~np.isnan(values))
        found.append({"name": name, "thirds": [mean_of(known(values[place == third])) for third in range(3)]})
    return found


def _reliability(answers: Answers, faces: Faces) -> dict[str, dict]:
    """gender, expression: bins before and after scaling by the temperature fitted on the same faces."""
    found = {}
    both = {"gender": np.stack([np.zeros_like(answers.gender), answers.gender], 1), "expression": answers.expression}
    for name, logits in both.items():
        labels = getattr(faces, name)
        there = ~np.isnan(labels)
        temperature = head_calibration(logits, labels)["temperature"]
        found[name] = {
            "before": reliability(softmax(logits[there]), labels[there]),
            "after": reliability(softmax(logits[there] / temperature), labels[there]),
        }
    return found
