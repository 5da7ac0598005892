"""release/MODEL_CARD.md: a function of release/model.json and report/figures.json, so that no figure in it can stray."""

import json
import shutil
from pathlib import Path

from . import tables
from .tables import percent, table, years

FILE = "MODEL_CARD.md"
FIGURES = "figures.json"
PLOTS = ("age.png", "confusion.png", "reliability.png", "small-and-blurred.png")
PLOT_PREFIX = "card-"
USE = """## What it is for, and what not
It guesses how old a face looks, whether it looks like a woman's or a man's, and whether its expression is negative, neutral or positive, so that a
robot or a kiosk may greet people fittingly. A wrong guess must do no harm.

- **Research and demonstration only.** The training data's terms forbid more (LICENSE).
- **No age gate.** Whether somebody may buy, enter or see something must not rest on it: see the error by age.
- **No emotions at work, in school or in training.** The European AI Act (Article 5) forbids it, but for medical and safety reasons.
  This card forbids it altogether. An expression is not a feeling.
- **No identity.** It neither knows nor stores who somebody is, and no decision about a person may rest on it.
- Gender here is what two labels in a data set say. It does not know anybody's gender."""
LIMITS = """- All age and gender labels are of one data set (UTKFace); no other test of them was made here. A share of those labels
  is noise: of 743 near-identical pairs 35 % share the age, and the mean difference is 4.0 years.
- Expression labels are of posed, found and mostly gray pictures. Anger, fear, sadness and disgust are one class.
- Profiles, masks, sunglasses and hands before the face were not measured apart.
- Val faces served to choose the recipe, and temperatures and spreads are fitted on them: on other faces expect a little more error.
- No board was seen: figures for the NPU are the vendor's simulator's."""


def card(manifest: dict, figures: dict) -> str:
    """The whole. Raises ValueError where the figures are of other files than the manifest's."""
    network = manifest["networks"][0]
    check_files(network, figures)
    parts = [
        f"# {manifest['name']} {manifest['version']}: age, gender and expression of one face",
        f"{network['description']}. Made anew by `mien_model release`, `rebuild-rknn` and `eval`: do not edit.",
        USE,
        *_data(manifest),
        *_training(figures.get("training")),
        *_errors(network, figures),
        *_groups(figures["crops"]),
        *_whole(figures.get("scenes")),
        "## Known weaknesses",
        "\n".join([*weaknesses(figures["crops"]), LIMITS]),
    ]
    return "\n\n".join(parts) + "\n"


def check_files(network: dict, figures: dict) -> None:
    """Raises ValueError where figures.json was measured on other ONNX files."""
    for file in network["files"]:
        if file["backend"] == "onnx" and figures["files"].get(file["path"]) != file["sha256"]:
            raise ValueError(f"report/figures.json is not of this {file['path']}: run `python -m mien_model eval` first")


def write_card(release: Path, report: Path) -> None:
    """MODEL_CARD.md and its plots into `release`, from its model.json and the report's figures.json."""
    text = card(json.loads((release / "model.json").read_text()), json.loads((report / FIGURES).read_text()))
    (release / FILE).write_text(text)
    for name in PLOTS:
        shutil.copyfile(report / name, release / f"{PLOT_PREFIX}{name}")


def _data(manifest: dict) -> list[str]:
    rows = [[each["name"], each["use"], each["terms"]] for each in manifest["data"]]
    return [
        "## Data and terms",
        table(["data", "used for", "terms"], rows),
        f"{manifest['licence']['statement']} The face detectors are Apache-2.0. Who wants a product trains on faces that he has the right to use: "
        "the tools in Mien's `model/` take them.",
    ]


def _training(record: dict | None) -> list[str]:
    if record is None:
        return ["## Training", "The weights were released without a record of a run (`release --run NAME` takes one from the run's log)."]
    recipe = ", ".join(f"{name} {_plain(value)}" for name, value in record["recipe"].items())
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    return [
        "## Training",
        f"`{record['command']}` (seed {record['recipe']['seed']}), started from {record['start']}; {record['epochs']} epochs over {record['faces']:,} faces in "
        f"{record['sessions']} sessions, {record['hours']:g} hours at work, ended {record['ended']}; {versions}. "
        f"Weights (running average): SHA-256 `{record['weights']}`.",
        f"Recipe: {recipe}.",
    ]


def _plain(value) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def measured_table(network: dict) -> str:
    """The manifest's measured rows."""
    rows = [
        [
            "RKNN INT8, simulated" if row.get("file", "").endswith(".rknn") else f"ONNX Runtime {row['precision'].upper()}",
            f"{row['n']:,}",
            years(row["ageMae"]),
            percent(row["genderAccuracy"], 2),
            percent(row["expressionAccuracy"], 2),
        ]
        for row in network["measured"]
    ]
    return table(["engine", "faces", "age error, years", "gender", "expression"], rows)


def _errors(network: dict, figures: dict) -> list[str]:
    crops = figures["crops"]
    heads = network["heads"]
    return [
        "## Errors",
        "On the val split of the training data, mean absolute error and shares told right:",
        measured_table(network),
        "In brackets 95 % intervals, by drawing the faces anew:",
        tables.headline_table(crops),
        f"![age]({PLOT_PREFIX}age.png)",
        f"![confusion]({PLOT_PREFIX}confusion.png)",
        tables.class_table(crops["int8"]["heads"]["expression"]),
        f"Calibrated by temperature: {heads['gender']['temperature']:g} for gender, {heads['expression']['temperature']:g} for expression; "
        "expected calibration error "
        f"{heads['gender']['expectedCalibrationError']:.4f} and {heads['expression']['expectedCalibrationError']:.4f} "
        f"(held out {crops['heldOut']['gender']:.4f} and {crops['heldOut']['expression']:.4f}). "
        f"The stated 90 % interval of age holds {percent(crops['heldOut']['ageIntervalCoverage'])} of held-out faces.",
        f"![reliability]({PLOT_PREFIX}reliability.png)",
        "Quantisation: " + network["quantisation"]["scheme"] + ".",
        "The gate of this release:",
        "\n".join(f"- {check['text']}: {'yes' if check['holds'] else 'NO'}" for check in crops["gate"]),
        "Small faces (crop's side in pixels) and blurred ones (sigma in pixels of 112), simulated:",
        tables.plain_table(crops["sizes"], "crop's side", lambda row: str(row["side"])),
        tables.plain_table(crops["blur"], "sigma", lambda row: f"{row['sigma']:g}"),
        f"![small and blurred]({PLOT_PREFIX}small-and-blurred.png)",
    ]


def _groups(crops: dict) -> list[str]:
    return [
        "## Errors by group",
        "INT8. For this card only: no head learns groups. UTKFace's codes are what its annotators saw. "
        "Rows marked (few) hold fewer than 100 faces and say little.",
        *(tables.group_table(crops["groups"][name], title) for name, title in (("age", "age"), ("gender", "gender"), ("utk", "UTKFace's code"))),
    ]


def _whole(scenes: dict | None) -> list[str]:
    if not scenes:
        return ["## On whole pictures", "Not measured for these weights."]
    parts = ["## On whole pictures", f"{scenes['n']} val faces pasted over photographs of 1280x720 at every size, found and read by Mien itself (INT8):"]
    for name, found in scenes["detectors"].items():
        parts += [f"`{name}`", tables.scene_table(found["rows"])]
    return parts


def weaknesses(crops: dict) -> list[str]:
    """Sentences about the worst rows of the figures."""
    bands = [row for row in crops["groups"]["age"] if row["ageBias"]["value"] is not None]
    sexes = [row for row in crops["groups"]["age"] if row["genderAccuracy"]["value"] is not None]
    groups = sorted((row for row in crops["groups"]["utk"] if row["genderAccuracy"]["value"] is not None), key=lambda row: row["genderAccuracy"]["value"])
    lines = []
    if bands:
        low, high = (pick(bands, key=lambda row: row["ageBias"]["value"]) for pick in (min, max))
        for word, row in (("too low", low), ("too high", high)):
            lines.append(f"- Ages come out {word} most for those of {row['name']}: bias {years(row['ageBias']['value'], True)} years.")
    if sexes:
        worst = min(sexes, key=lambda row: row["genderAccuracy"]["value"])
        lines.append(f"- Women and men are told apart worst among those of {worst['name']} years: {percent(worst['genderAccuracy']['value'])}.")
    if len(groups) > 1:
        told = [
            f"{percent(row['genderAccuracy']['value'])} for UTKFace's code '{row['name']}' (n {row['genderAccuracy']['n']})" for row in (groups[0], groups[-1])
        ]
        lines.append(f"- It is not equally right for all: gender {told[0]}, {told[1]}.")
    sharp, blurred = crops["blur"][0], crops["blur"][-1]
    if blurred["age"]["mae"] is not None:
        lines.append(
            f"- Blur of {blurred['sigma']:g} pixels takes the age error from {years(sharp['age']['mae'])} to {years(blurred['age']['mae'])} years "
            f"and expression from {percent(sharp['expression']['accuracy'])} to {percent(blurred['expression']['accuracy'])}."
        )
    return lines
