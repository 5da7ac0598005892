"""report/README.md from report/figures.json."""

from . import tables
from .tables import table, years

SIZE_NOTE = (
    "Simulated: each crop averaged down to so many pixels a side and scaled up again as the product does; the face box is 0.79 of it "
    "(48: 38 pixels, 112: 88). FER2013's crops have 48 pixels to begin with."
)
SCENE_NOTE = (
    "Faces of the val split, pasted with plain shoulders over photographs that the registry package scikit-image carries (CC0 or public domain) "
    "and over the bundled clip's empty hall, 1280x720, JPEG 92; each face once at every size. Mien itself (`mien analyze --json`, INT8) finds, "
    "aligns and reads them: a face counts as found where a box lies within half a face of its place and within a factor of two of its size. "
    "Of a still picture the product searches a pyramid of regions (core/src/sight/regions.ts); of a video's frame fewer, so a camera finds small faces "
    "later or not at all. Pasted faces are no photographs of people: take the recall as a comparison of sizes and detectors."
)
GROUP_NOTE = (
    "For this report only: no head learns groups, none ever will. The groups of the last table are the codes in UTKFace's file names, "
    "what its annotators saw. Rows of fewer than 100 faces say little."
)
HELD_OUT_NOTE = (
    "Expected calibration error (15 bins). Held out: the temperature fitted on one half of the faces and measured on the other, both ways; "
    "the gate takes this one."
)
SPREAD_NOTE = (
    "The spread (sd, years) of the age error by fifths, from the least to the most, of what the network knows itself; "
    "a ratio of 1 would tell nothing. The manifest states it by the predicted age."
)
CLIP_NOTE = "Four people are no statistics; the true age is the calendar's at the time of the picture."


def report(figures: dict) -> str:
    """The whole, as Markdown."""
    crops = figures["crops"]
    parts = [*_head(figures), *_errors(crops), *_conditions(crops), *_certainty(crops), *_whole(figures)]
    return "\n\n".join(parts) + "\n"


def _head(figures: dict) -> list[str]:
    made = figures["made"]
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    files = table(["file", "SHA-256"], [[name, f"`{digest}`"] for name, digest in figures["files"].items()])
    return [
        "# What the recogniser gets right and wrong",
        f"Made by `{made['command']}` on {made['date']}; seeds are fixed in the code; {versions}; "
        f"{made['cpu']}. Do not edit: the command writes it anew. `figures.json` holds every number here.",
        files,
        f"The val split of the shared faces, {figures['crops']['n']:,} crops. In brackets: 95 % intervals by drawing the faces anew {1000:,} times. "
        "Tables without a name are of INT8 on ONNX Runtime, which runs by default.",
    ]


def _errors(crops: dict) -> list[str]:
    int8 = crops["int8"]
    return [
        "## Errors",
        tables.headline_table(crops),
        "![age](age.png)",
        "![confusion](confusion.png)",
        "Gender",
        tables.class_table(int8["heads"]["gender"]),
        "Expression",
        tables.class_table(int8["heads"]["expression"]),
        "By data set",
        tables.plain_table(crops["sources"], "source", lambda row: row["name"]),
        "## By group",
        GROUP_NOTE,
        *(tables.group_table(crops["groups"][name], title) for name, title in (("age", "age"), ("gender", "gender"), ("utk", "UTKFace's code"))),
        "## The gate",
        "\n".join(f"- {check['text']}: {_verdict(check)}" for check in crops["gate"]),
    ]


def _verdict(check: dict) -> str:
    if check["needed"]:
        return "holds" if check["holds"] else "**broken**"
    return "met" if check["holds"] else "**not met**"


def _conditions(crops: dict) -> list[str]:
    thirds = [
        [word, *(f"{tables.with_interval(part, kind)}" for part in row["thirds"])]
        for row, (word, kind) in zip(crops["sharpness"], (("age error, years", "years"), ("gender", "share"), ("expression", "share")))
    ]
    return [
        "## Small and blurred faces",
        SIZE_NOTE,
        tables.plain_table(crops["sizes"], "crop's side, pixels", lambda row: str(row["side"])),
        "Blurred by a Gaussian of so many pixels of the 112-pixel crop:",
        tables.plain_table(crops["blur"], "sigma", lambda row: f"{row['sigma']:g}"),
        "![small and blurred](small-and-blurred.png)",
        "As they come, by measured sharpness (variance of the Laplacian), thirds of the faces with the label:",
        table(["", "least sharp", "middle", "sharpest"], thirds),
    ]


def _certainty(crops: dict) -> list[str]:
    int8, held = crops["int8"], crops["heldOut"]
    rows = [
        [head, f"{int8[head]['before']:.4f}", f"{int8[head]['expectedCalibrationError']:.4f}", f"{held[head]:.4f}", f"{int8[head]['temperature']:g}"]
        for head in ("gender", "expression")
    ]
    spreads = [[each["name"], *(years(row["sd"]) for row in each["rows"]), f"{each['ratio']:g}"] for each in crops["spread"]]
    return [
        "## Is it as sure as it is right?",
        HELD_OUT_NOTE,
        table(["head", "before scaling", "after", "after, held out", "temperature"], rows),
        "![reliability](reliability.png)",
        f"The 90 % age interval covers {int8['ageIntervalCoverage']:.1%}; {held['ageIntervalCoverage']:.1%} held out.",
        SPREAD_NOTE,
        table(["known", "1st", "2nd", "3rd", "4th", "5th", "widest : narrowest"], spreads),
    ]


def _whole(figures: dict) -> list[str]:
    if not figures.get("scenes"):
        return ["## Whole pictures", "Not measured for these weights yet: `python -m mien_model eval --scenes`."]
    scenes, clip = figures["scenes"], figures["clip"]
    crops = tables.plain_table([{"name": "the same faces as crops, no detector", **scenes["crops"]}], "", lambda row: row["name"])
    parts = ["## Whole pictures", SCENE_NOTE, f"{scenes['n']} faces.", "![whole pictures](scenes.png)", crops]
    for name, found in scenes["detectors"].items():
        parts += [f"`{name}`; boxes of no face: {found['falseAlarms']} in {found['pictures']} pictures", tables.scene_table(found["rows"])]
    parts += [
        "## The bundled clip",
        f"{clip['frames']} of its frames; faces that are at least {clip['leastVisible']:.0%} visible. {CLIP_NOTE}",
    ]
    for name, found in clip["detectors"].items():
        recall = [
            [f"{row['from']} to {row['below'] - 1}" if row["below"] < 1000 else f"{row['from']} and over", str(row["n"]), tables.percent(row["recall"])]
            for row in found["rows"]
        ]
        people = [[row["id"], str(row["n"]), str(row["age"]), f"{row['meanAge']}", tables.percent(row["genderRight"])] for row in found["people"]]
        parts += [f"`{name}`; boxes of no face: {found['falseAlarms']}"]
        parts += [table(["face box, pixels", "faces", "found"], recall), table(["person", "frames", "age", "mean told", "gender right"], people)]
    return parts
