"""Figures as Markdown tables, for the report and the card alike."""

from collections.abc import Iterable

DASH = "-"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    head = list(head)
    return "\n".join([f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *map(list, rows))])


def years(value: float | None, sign: bool = False) -> str:
    """To two digits."""
    return DASH if value is None else f"{value:+.2f}" if sign else f"{value:.2f}"


def percent(value: float | None, digits: int = 1) -> str:
    """Of a share."""
    return DASH if value is None else f"{100 * value:.{digits}f} %"


def with_interval(found: dict, kind: str) -> str:
    """'4.96 (4.71 to 5.21)'; kind: years, bias or share."""
    if found["value"] is None:
        return DASH
    low, high = found["interval"]
    if kind == "share":
        return f"{100 * found['value']:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
    return f"{years(found['value'], kind == 'bias')} ({years(low, kind == 'bias')} to {years(high, kind == 'bias')})"


def headline_table(crops: dict) -> str:
    """FP32 and INT8 with intervals, and what INT8 costs."""
    rows = []
    for name, word, kind in (
        ("ageMae", "age error, years", "years"),
        ("ageBias", "age bias, years", "bias"),
        ("genderAccuracy", "gender", "share"),
        ("expressionAccuracy", "expression", "share"),
    ):
        found = [crops[precision]["headline"][name] for precision in ("fp32", "int8")]
        cost = crops["cost"].get(name)
        told = DASH if cost is None else f"{cost['value']:+.3f} years" if name == "ageMae" else f"{100 * cost['value']:+.2f} points"
        rows.append([word, str(found[0]["n"]), *(with_interval(each, kind) for each in found), told])
    return table(["", "faces", "FP32", "INT8", "INT8 costs (+ is worse)"], rows)


def group_table(rows: list[dict], title: str) -> str:
    """Errors by group; few faces are marked."""
    cells = []
    for row in rows:
        count = max(row["ageMae"]["n"], row["genderAccuracy"]["n"])
        cells.append(
            [
                row["name"],
                f"{count}{' (few)' if row['few'] else ''}",
                with_interval(row["ageMae"], "years"),
                with_interval(row["ageBias"], "bias"),
                with_interval(row["genderAccuracy"], "share"),
            ]
        )
    return table([title, "faces", "age error, years", "age bias, years", "gender"], cells)


def class_table(head: dict) -> str:
    """Precision, recall and F1, and the confusion matrix."""
    labels = head["labels"]
    rows = []
    for place, row in enumerate(head["classes"]):
        scores = [percent(row[name]) for name in ("precision", "recall", "f1")]
        rows.append([row["name"], str(row["n"]), *scores, *map(str, head["confusion"][place])])
    return table(["true", "faces", "precision", "recall", "F1", *(f"told {label}" for label in labels)], rows)


def plain_table(rows: list[dict], first: str, cell) -> str:
    """Rows of `metrics.short`; cell: what stands in the first column."""
    return table(
        [first, "age error, years", "age bias, years", "gender", "expression"],
        [
            [cell(row), years(row["age"]["mae"]), years(row["age"]["bias"], True), percent(row["gender"]["accuracy"]), percent(row["expression"]["accuracy"])]
            for row in rows
        ],
    )


def scene_table(rows: list[dict]) -> str:
    """Recall, and the attributes of those found, by face size."""
    return table(
        ["face box, pixels", "found", "age error, years", "age bias, years", "gender", "expression"],
        [
            [
                str(row["size"]),
                with_interval(row["recall"], "share"),
                f"{years(row['age']['mae'])} (n {row['age']['n']})",
                years(row["age"]["bias"], True),
                f"{percent(row['gender']['accuracy'])} (n {row['gender']['n']})",
                f"{percent(row['expression']['accuracy'])} (n {row['expression']['n']})",
            ]
            for row in rows
        ],
    )
