"""The report's pictures, as PNG of at most 60 kB each (environment: base with requirements/report.txt)."""

from io import BytesIO
from pathlib import Path

import numpy as np

MOST_BYTES = 60_000
DPI = 100
BLUE, ORANGE, GRAY = "#2a6fb0", "#d9822b", "#888888"


def available() -> bool:
    """Whether matplotlib is there."""
    from importlib.util import find_spec

    return find_spec("matplotlib") is not None


def draw(figures: dict, folder: Path) -> list[str]:
    """Every picture that `figures` (report/figures.json) holds data for; their file names. Raises ValueError where one is too large."""
    from matplotlib.figure import Figure

    def picture(name: str, paint, columns: int) -> str:
        figure = Figure(figsize=(4.2 * columns, 3.4), dpi=DPI, layout="constrained")
        axes = figure.subplots(1, columns, squeeze=False)[0]
        paint(axes)
        _save(figure, folder / name)
        return name

    crops = figures["crops"]
    drawn = [
        picture("age.png", lambda axes: (_bands(axes[0], crops["groups"]["age"]), _spread(axes[1], crops["int8"]["ageSd"])), 2),
        picture("confusion.png", lambda axes: [_confusion(axis, head, crops["int8"]["heads"][head]) for axis, head in zip(axes, ("gender", "expression"))], 2),
        picture(
            "reliability.png", lambda axes: [_reliability(axis, head, crops["reliability"][head]) for axis, head in zip(axes, ("gender", "expression"))], 2
        ),
        picture("small-and-blurred.png", lambda axes: (_degraded(axes[0], crops["sizes"], "side"), _degraded(axes[1], crops["blur"], "sigma")), 2),
    ]
    if figures.get("scenes"):
        drawn.append(picture("scenes.png", lambda axes: (_recall(axes[0], figures["scenes"]), _after_detection(axes[1], figures["scenes"])), 2))
    return drawn


def _save(figure, path: Path) -> None:
    from PIL import Image

    whole = BytesIO()
    # No date and no version: the same figures give the same bytes.
    figure.savefig(whole, format="png", metadata={"Software": None})
    small = BytesIO()
    Image.open(whole).convert("RGB").quantize(64).save(small, "PNG", optimize=True)
    if small.tell() > MOST_BYTES:
        raise ValueError(f"{path.name} has {small.tell():,} bytes, at most {MOST_BYTES:,} are allowed: draw less")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(small.getvalue())


def _bands(axis, rows: list[dict]) -> None:
    values = np.array([row["ageMae"]["value"] for row in rows])
    low, high = np.array([row["ageMae"]["interval"] for row in rows]).T
    places = np.arange(len(rows))
    axis.bar(places, values, color=BLUE, yerr=[values - low, high - values], ecolor=GRAY, label="mean absolute error")
    axis.plot(places, [row["ageBias"]["value"] for row in rows], "o", color=ORANGE, label="bias")
    axis.axhline(0, color="black", linewidth=0.6)
    axis.set_xticks(places, [row["name"].replace(" to ", "-").replace(" and over", "+") for row in rows], rotation=45)
    axis.set(xlabel="true age", ylabel="years", title="Age error by age (95 % intervals)")
    axis.legend(fontsize=8)


def _spread(axis, table: list[list[float]]) -> None:
    years, sd = np.array(table).T
    axis.plot(years, sd, "o-", color=BLUE)
    axis.set(xlabel="predicted age", ylabel="stated sd, years", title="What the manifest states", ylim=(0, None))


def _confusion(axis, head: str, found: dict) -> None:
    counts = np.array(found["confusion"], float)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in range(len(counts)):
        for column in range(len(counts)):
            colour = "white" if shares[row, column] > 0.5 else "black"
            axis.text(column, row, f"{shares[row, column]:.1%}\n{int(counts[row, column])}", ha="center", va="center", color=colour, fontsize=9)
    axis.set_xticks(range(len(counts)), found["labels"])
    axis.set_yticks(range(len(counts)), found["labels"])
    axis.set(xlabel="told", ylabel="true", title=head)


def _reliability(axis, head: str, found: dict) -> None:
    low = min(row["confidence"] for rows in found.values() for row in rows)
    axis.plot([low, 1], [low, 1], color=GRAY, linewidth=0.8)
    for name, colour in (("before", ORANGE), ("after", BLUE)):
        axis.plot([row["confidence"] for row in found[name]], [row["right"] for row in found[name]], "o-", color=colour, label=f"{name} scaling")
    axis.set(xlabel="confidence", ylabel="share right", title=f"{head}: is it as sure as it is right?")
    axis.legend(fontsize=8)


def _degraded(axis, rows: list[dict], key: str) -> None:
    places = [row[key] for row in rows]
    axis.plot(places, [row["age"]["mae"] for row in rows], "o-", color=BLUE)
    axis.set(ylabel="age error, years", ylim=(0, 1.15 * max(row["age"]["mae"] for row in rows)))
    axis.set_xticks(places)
    axis.yaxis.label.set_color(BLUE)
    other = axis.twinx()
    for head, style in (("gender", "s--"), ("expression", "^:")):
        other.plot(places, [100 * row[head]["accuracy"] for row in rows], style, color=ORANGE, label=head)
    other.set(ylabel="right, %", ylim=(50, 100))
    other.yaxis.label.set_color(ORANGE)
    other.legend(fontsize=8, loc="lower center")
    axis.set(xlabel="crop's side, pixels" if key == "side" else "blur, sigma in pixels of 112", title="Small faces" if key == "side" else "Blurred faces")


def _recall(axis, scenes: dict) -> None:
    for (name, found), style in zip(scenes["detectors"].items(), ("o-", "s--")):
        axis.plot([row["size"] for row in found["rows"]], [100 * row["recall"]["value"] for row in found["rows"]], style, label=name)
    axis.set(xlabel="face box, pixels of 1280x720", ylabel="found, %", ylim=(0, 102), title="Recall on whole pictures")
    axis.legend(fontsize=8)


def _after_detection(axis, scenes: dict) -> None:
    for (name, found), style in zip(scenes["detectors"].items(), ("o-", "s--")):
        rows = [row for row in found["rows"] if row["age"]["n"]]
        axis.plot([row["size"] for row in rows], [row["age"]["mae"] for row in rows], style, label=name)
    axis.axhline(scenes["crops"]["age"]["mae"], color=GRAY, linewidth=0.8, label="the crops themselves")
    axis.set(xlabel="face box, pixels of 1280x720", ylabel="age error, years", ylim=(0, None), title="After detection and alignment")
    axis.legend(fontsize=8)
