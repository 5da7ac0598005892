"""eval, gate, card and release on the command line."""

import argparse
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from ..paths import CACHE, FACES, RECIPES, RELEASE, REQUIREMENTS, RUNS

NETWORK_FOLDER = CACHE / "network"


def eval_(arguments: argparse.Namespace) -> None:
    """Measure a release: report with plots, card, gate; or one ONNX file, as JSON."""
    if arguments.model:
        from .measure import measure_file

        print(json.dumps(measure_file(arguments.model, arguments.split, arguments.faces, arguments.most_padding), indent=2))
    else:
        from .command import evaluate_release

        command = "eval --scenes" if arguments.scenes else "eval"
        _print(evaluate_release(arguments.release, _report(arguments, arguments.release), scenes=arguments.scenes, faces=arguments.faces, command=command))


def gate(arguments: argparse.Namespace) -> None:
    """Whether the FP32 and INT8 files in a folder may be released; ends with 1 where not."""
    from ..faces import load_faces, read_index
    from .gate import gate_lines

    _print(gate_lines(arguments.network, load_faces(read_index("val", arguments.faces), arguments.faces)))


def card(arguments: argparse.Namespace) -> None:
    """The report and the release's MODEL_CARD.md drawn anew from figures.json and model.json: nothing is measured."""
    from .card import FIGURES, write_card
    from .command import write_report

    report = _report(arguments, arguments.release)
    _print(write_report(json.loads((report / FIGURES).read_text()), report))
    write_card(arguments.release, report)


def release(arguments: argparse.Namespace) -> None:
    """Gate, then write the release folder from the converted files, with report and card."""
    from ..release import build_release
    from .command import evaluate_release
    from .training import check_weights, training_record

    record, command = None, "release"
    if arguments.training:
        recipe = arguments.recipe or RECIPES / f"{arguments.training}.toml"
        record = training_record(RUNS / arguments.training, recipe, REQUIREMENTS / "train.txt")
        check_weights(record, arguments.network)
        command = f"release --run {arguments.training}"
    _print(build_release(arguments.detectors, arguments.network, arguments.to, arguments.faces))
    _print(evaluate_release(arguments.to, _report(arguments, arguments.to), training=record, faces=arguments.faces, command=command))


def _report(arguments: argparse.Namespace, release: Path) -> Path:
    return arguments.report or release.resolve().parent / "report"


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


def add_commands(command: Callable[[Callable], argparse.ArgumentParser]) -> None:
    """command: adds a parser for a function and returns it."""
    parts = command(eval_)
    parts.add_argument("model", type=Path, nargs="?", help="one ONNX file, measured as JSON; without one the release, with report and card")
    parts.add_argument("--faces", type=Path, default=FACES)
    parts.add_argument("--split", default="val", help="of the one file")
    parts.add_argument("--most-padding", type=float, default=None, help="of the one file: leave out crops with a larger share outside the picture")
    parts.add_argument("--scenes", action="store_true", help="whole pictures and the clip, too, through the product itself (needs Node)")
    parts.add_argument("--release", type=Path, default=RELEASE)
    parts.add_argument("--report", type=Path, default=None, help="folder of the report; `report` beside the release by default")
    parts = command(gate)
    parts.add_argument("--network", type=Path, default=NETWORK_FOLDER, help="folder of faces-npu-head-fp32.onnx and -int8.onnx")
    parts.add_argument("--faces", type=Path, default=FACES)
    parts = command(card)
    parts.add_argument("--release", type=Path, default=RELEASE)
    parts.add_argument("--report", type=Path, default=None)
    parts = command(release)
    parts.add_argument("--detectors", type=Path, default=CACHE / "detectors")
    parts.add_argument("--network", type=Path, default=NETWORK_FOLDER)
    parts.add_argument("--to", type=Path, default=RELEASE)
    parts.add_argument("--report", type=Path, default=None)
    parts.add_argument("--faces", type=Path, default=FACES)
    parts.add_argument("--run", dest="training", metavar="NAME", help="the run that made the weights: its log and recipe go into the card")
    parts.add_argument("--recipe", type=Path, default=None, help="of that run; recipes/NAME.toml by default")
