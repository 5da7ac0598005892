"""Table 6: what the networks take of a board. Memory and cycles are the vendor compiler's own account; speed needs a board."""

import json
from pathlib import Path

from . import paper
from .cells import NONE, markdown
from .released import NpuFile, npu_files

HEAD = ["", "CPU, %", "NPU memory, kB", "cycles", "frames/s", "from", "weights", "date"]
SETUPS = {
    "three heads, pooled": ("faces-pooled",),
    "three heads, for the NPU": ("faces-npu-head",),
    "three networks at once": ("faces-age", "faces-gender", "faces-expression"),
    "three networks in turn": ("faces-age", "faces-gender", "faces-expression"),
}


def table_6(release: Path, bench: Path, measured: Path | None) -> str:
    """measured: a file of `mien bench --table6 --json`, or None."""
    files = {file.network: file for folder in (release, bench) for file in npu_files(folder)}
    speeds = read_speeds(measured) if measured else {}
    rows = []
    for name, board in paper.TABLE_6.items():
        rows.append([f"paper: {name}", f"{board.cpu:g}", f"{board.kilobytes}", NONE, f"{board.frames:g}", "an Orange Pi 5", NONE, NONE])
        rows.append([f"ours: {name}", *_account_cells([files.get(network) for network in SETUPS[name]])])
        if name in speeds:
            rows.append([f"ours: {name}", *speeds[name]])
    notes = [
        "Memory (weights and internal) and cycles are what rknn-toolkit2 says of each .rknn file, summed over the networks of a row; inputs, "
        "outputs and the driver's own memory come on top on a board. Of networks in turn all stay loaded.",
    ]
    if not measured:
        notes.append("No speed of ours: nobody has run it on a board. `mien bench --table6 --json > FILE` there, and `--bench FILE` here, add it.")
    return "\n\n".join(["On the NPU of an rk3588.", markdown(HEAD, rows), *notes])


def _account_cells(files: list[NpuFile | None]) -> list[str]:
    known = [file for file in files if file is not None]
    if len(known) < len(files):
        return [NONE, NONE, NONE, NONE, "no .rknn file: `bench-networks` makes it", NONE, NONE]
    weights, day = ", ".join(file.sha256[:12] for file in known), max(file.date for file in known)
    if any(file.cycles is None for file in known):
        return [NONE, NONE, NONE, NONE, "the manifest holds no account: `rebuild-rknn` or `bench-networks` enters it", weights, day]
    kilobytes = f"{sum(file.weights_kb for file in known)} + {sum(file.internal_kb for file in known)} = {sum(file.kilobytes for file in known)}"
    return [NONE, kilobytes, f"{sum(file.cycles for file in known):,}", NONE, "the compiler's account", weights, day]


def read_speeds(path: Path) -> dict[str, list[str]]:
    """The cells of each row that `mien bench --table6 --json` measured. Raises ValueError where the file is something else."""
    try:
        told = json.loads(path.read_text())
        simulated, machine = told["detail"]["simulated"], told["detail"]["machine"]
        where = "the simulated NPU: no speed of a board" if simulated else _machine(machine)
        cells = {}
        for row in told["rows"]:
            numbers = [f"{row['cpuPercent']:.2f}", f"{row['npuKb']:.0f}", NONE, f"{row['framesPerSecond']:.1f}"]
            cells[row["name"]] = [*numbers, f"`mien bench --table6`, {where}", NONE, NONE]
        return cells
    except (json.JSONDecodeError, KeyError, TypeError) as fault:
        raise ValueError(f"{path} must be the output of `mien bench --table6 --json`: {fault!r}") from fault


def _machine(machine) -> str:
    return machine if isinstance(machine, str) else ", ".join(str(value) for value in machine.values())
