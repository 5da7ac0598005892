"""python -m mien_model <command>: see README.md for which environment each command needs."""

import argparse
import sys
from pathlib import Path

from .eval.words import add_commands as add_eval_commands
from .network import DEFAULT, FRONTS
from .paths import BENCH, CACHE, CHECKPOINT, CLIP, FACES, RELEASE, RUNS, START_WEIGHTS, WARM_WEIGHTS

DETECTORS_FOLDER = CACHE / "detectors"
NETWORK_FOLDER = CACHE / "network"


def describe(arguments: argparse.Namespace) -> None:
    """Print the network as the paper's Table 1, with parameters and multiply-adds."""
    from . import describe as table
    from .network import Architecture

    print(table.describe(Architecture(head=arguments.head, tasks=tuple(arguments.tasks.split(","))), arguments.each))


def detectors(arguments: argparse.Namespace) -> None:
    """Convert MediaPipe's face detectors (environment: detector)."""
    from .detectors import build_detectors

    build_detectors(arguments.to)


def train(arguments: argparse.Namespace) -> None:
    """Train the network on labelled faces, or go on with a run (environment: train)."""
    from .train.command import Places, train_command

    places = Places(RUNS / arguments.run_name, arguments.faces, arguments.index, arguments.start, arguments.teacher)
    train_command(arguments.recipe, places, arguments.threads, arguments.resume, arguments.device)


def checkpoint(arguments: argparse.Namespace) -> None:
    """Pack a run for git, or unpack one to go on with it (environment: train)."""
    from .train.checkpoint import pack, unpack

    run = RUNS / arguments.run_name
    if arguments.way == "pack":
        print(f"{pack(run, arguments.at):,} bytes in {arguments.at}")
    else:
        at = unpack(arguments.at, run)
        print(f"{run} stands in epoch {at.epoch}, step {at.step}: train {arguments.run_name} --resume goes on")


def short_runs(arguments: argparse.Namespace) -> None:
    """Train what Tables 3 and 5 compare, each for the same short time, into results/short-runs.json (environment: train)."""
    from .tables.runs import RESULTS, chosen
    from .tables.short import Bench
    from .tables.short import short_runs as run

    runs = chosen(arguments.only)
    _print(run(runs, Bench(RUNS / "short", arguments.faces, arguments.start, RESULTS, threads=arguments.threads)))


def table(arguments: argparse.Namespace) -> None:
    """One of the paper's Tables 3 to 6, its rows beside ours, in Markdown."""
    from .tables import accuracy, board
    from .tables.runs import read_results

    makers = {
        3: lambda: accuracy.table_3(arguments.release, read_results()),
        4: lambda: accuracy.table_4(arguments.release),
        5: lambda: accuracy.table_5(read_results()),
        6: lambda: board.table_6(arguments.release, BENCH, arguments.bench),
    }
    print(makers[arguments.number]())


def crop(arguments: argparse.Namespace) -> None:
    """Photos to aligned crops with an index, found and cut as in the product."""
    from .data.commands import crop as run

    _print(run(arguments.source, arguments.photos, arguments.to, arguments.val, arguments.test))


def pseudo_label(arguments: argparse.Namespace) -> None:
    """Fill labels that people left empty with a network's, and print how far it agrees with people."""
    from .data.commands import pseudo_label as run
    from .data.guess import Feeding

    feeding = None
    if arguments.classes:
        feeding = Feeding(tuple(arguments.classes.split(",")), arguments.mean, arguments.scale, arguments.bgr)
    _print(run(arguments.model, arguments.faces, arguments.to, arguments.least, feeding))


def audit(arguments: argparse.Namespace) -> None:
    """Counts, people in two splits, near-identical pictures and how far their labels differ."""
    from .data.commands import audit as run

    _print(run(arguments.faces))


def export(arguments: argparse.Namespace) -> None:
    """Weights to ONNX, FP32 and INT8 (environment: train)."""
    from .build_network import build_network

    build_network(arguments.weights, arguments.to)


def start_weights(arguments: argparse.Namespace) -> None:
    """Weights to begin a training with, from our FP32 ONNX file or from ImageNet's MobileNetV2 1.0 as TFLite (environment: train)."""
    from .start_weights import start_weights as run

    _print(run(arguments.source, arguments.to, arguments.faces))


def release_own(arguments: argparse.Namespace) -> None:
    """A release of weights trained on your own faces, under your own name and terms."""
    from .own_release import own_release

    _print(own_release(arguments.network, arguments.to, arguments.terms, arguments.faces))


def convert(arguments: argparse.Namespace) -> None:
    """Any ONNX file of one picture input as an INT8 .rknn file (environment: rknn)."""
    from .rknn.convert import convert as run
    from .rknn.toolkit import Recipe

    recipe = Recipe(arguments.target, arguments.mean, arguments.std, arguments.algorithm)
    _print(run(arguments.model, arguments.calibration, arguments.out, recipe, arguments.equalise))


def cycles(arguments: argparse.Namespace) -> None:
    """The vendor compiler's account of an ONNX file by layer: target, cycles, memory (environment: rknn)."""
    from .rknn.convert import cycles as run
    from .rknn.toolkit import Recipe

    _print(run(arguments.model, Recipe(arguments.target), arguments.most))


def rebuild_rknn(arguments: argparse.Namespace) -> None:
    """All .rknn files of a release anew from its ONNX files, simulated, gated, entered in model.json (environment: rknn)."""
    from .rknn.rebuild import rebuild

    _print(rebuild(arguments.release, arguments.target, arguments.val_faces))


def bench_networks(arguments: argparse.Namespace) -> None:
    """The networks of the paper's Table 6 from a release's recogniser, for speed and memory only (environment: rknn)."""
    from .rknn.bench_networks import build_bench

    _print(build_bench(arguments.release, arguments.to, arguments.target))


def clip(arguments: argparse.Namespace) -> None:
    """Compose the bundled clip and its ledger (environment: clip)."""
    from .clip import build_clip

    build_clip(arguments.to)


def _print(lines) -> None:
    for line in lines:
        print(line, flush=True)


def _three(text: str) -> tuple[float, ...]:
    values = tuple(float(word) for word in text.split(","))
    if len(values) not in (1, 3):
        raise argparse.ArgumentTypeError(f"expected one number or three with commas between, came '{text}'")
    return values * (3 // len(values))


def _start(word: str) -> Path | None:
    return None if word == "none" else Path(word)


def main(words: list[str] | None = None) -> int:
    """Run one command; 0 when done, 1 with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="mien_model", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(function):
        found = commands.add_parser(function.__name__.strip("_").replace("_", "-"), help=function.__doc__, description=function.__doc__)
        found.set_defaults(run=function)
        return found

    parts = command(describe)
    parts.add_argument("--head", default=DEFAULT.head, help=", ".join(FRONTS))
    parts.add_argument("--tasks", default=",".join(DEFAULT.tasks), help="with commas between")
    parts.add_argument("--each", action="store_true", help="every convolution, too")
    command(detectors).add_argument("--to", type=Path, default=DETECTORS_FOLDER)
    parts = command(train)
    parts.add_argument("run_name", metavar="NAME", help="of the run: its folder in model/.runs")
    parts.add_argument("--recipe", type=Path, help="TOML file; needed to start")
    parts.add_argument("--resume", action="store_true", help="go on where the run stopped, with the same curve")
    parts.add_argument("--start", type=_start, default=START_WEIGHTS, help="safetensors the network starts from; none: at random")
    parts.add_argument("--teacher", type=Path, default=None, help="safetensors of the teacher; by default the start")
    parts.add_argument("--faces", type=Path, default=FACES, help="folder with index.csv and its shards")
    parts.add_argument("--index", type=Path, default=None, help="another index file than the folder's index.csv")
    parts.add_argument("--threads", type=int, default=2)
    parts.add_argument("--device", default="cpu", help="cpu, or cuda (nobody has tried it)")
    parts = command(checkpoint)
    parts.add_argument("way", choices=("pack", "unpack"))
    parts.add_argument("run_name", metavar="NAME")
    parts.add_argument("--at", type=Path, default=CHECKPOINT, help="folder of the packed run")
    parts = command(short_runs)
    parts.add_argument("--only", action="append", metavar="NAME", help="this run; may be given several times")
    parts.add_argument("--start", type=Path, default=WARM_WEIGHTS, help="safetensors of the warm start")
    parts.add_argument("--faces", type=Path, default=FACES)
    parts.add_argument("--threads", type=int, default=2)
    parts = command(table)
    parts.add_argument("number", type=int, choices=(3, 4, 5, 6))
    parts.add_argument("--release", type=Path, default=RELEASE)
    parts.add_argument("--bench", type=Path, default=None, help="Table 6: a file of `mien bench --table6 --json`, for the speed")
    parts = command(crop)
    parts.add_argument("source", choices=("imdb-clean", "utkface", "fer-plus", "folders"))
    parts.add_argument("photos", type=Path, help="folder of the data set as published")
    parts.add_argument("--to", type=Path, required=True, help="folder for index.csv and the shards")
    parts.add_argument("--val", type=float, default=0.08, help="share, where the source has no splits of its own")
    parts.add_argument("--test", type=float, default=0.0)
    parts = command(pseudo_label)
    parts.add_argument("model", type=Path, help="ONNX; one of ours, or any classifier with --classes")
    parts.add_argument("--faces", type=Path, default=FACES)
    parts.add_argument("--to", type=Path, required=True, help="the new index file; train takes it with --index")
    parts.add_argument("--least", type=float, default=0.9, help="confidence below which a cell stays empty")
    parts.add_argument("--classes", help="of another network's output, with commas between: emotions, female, male, or - for none")
    parts.add_argument("--mean", type=float, default=127.5)
    parts.add_argument("--scale", type=float, default=127.5)
    parts.add_argument("--bgr", action="store_true", help="the network takes blue first")
    command(audit).add_argument("--faces", type=Path, default=FACES)
    parts = command(export)
    parts.add_argument("--weights", type=Path, default=START_WEIGHTS)
    parts.add_argument("--to", type=Path, default=NETWORK_FOLDER)
    add_eval_commands(command)
    parts = command(start_weights)
    parts.add_argument("source", type=Path, help=".onnx of ours, heads included, or .tflite of MobileNetV2 1.0")
    parts.add_argument("--to", type=Path, required=True, help="safetensors; train takes it with --start")
    parts.add_argument("--faces", type=Path, default=FACES, help="their statistics go into the batch norms")
    parts = command(release_own)
    parts.add_argument("--network", type=Path, required=True, help="folder that `export` wrote")
    parts.add_argument("--terms", type=Path, required=True, help="TOML: name, version, [licence], [[data]] (docs/your-own-faces.md)")
    parts.add_argument("--to", type=Path, required=True, help="folder of the release")
    parts.add_argument("--faces", type=Path, default=FACES)
    parts = command(convert)
    parts.add_argument("model", type=Path, help="ONNX with one input of three colours and a fixed size")
    parts.add_argument("--calibration", type=Path, required=True, help="folder of pictures, or .npz with u8 [n, h, w, 3]")
    parts.add_argument("--out", type=Path, required=True, help="the .rknn file")
    parts.add_argument("--target", default="rk3588", help="chip")
    parts.add_argument("--mean", type=_three, default=_three("127.5"), help="of red, green, blue, or one for all")
    parts.add_argument("--std", type=_three, default=_three("127.5"))
    parts.add_argument("--algorithm", choices=("normal", "kl_divergence", "mmse"), default="normal")
    parts.add_argument("--equalise", action="store_true", help="scale channels by what they do; for networks of convolutions and ReLU6")
    parts = command(cycles)
    parts.add_argument("model", type=Path)
    parts.add_argument("--target", default="rk3588")
    parts.add_argument("--most", type=int, default=None, help="only so many of the dearest layers")
    parts = command(rebuild_rknn)
    parts.add_argument("--release", type=Path, default=RELEASE)
    parts.add_argument("--target", default="rk3588")
    parts.add_argument("--val-faces", type=int, default=None, help="so many of the val split at random; all by default")
    parts = command(bench_networks)
    parts.add_argument("--release", type=Path, default=RELEASE)
    parts.add_argument("--to", type=Path, default=BENCH)
    parts.add_argument("--target", default="rk3588")
    command(clip).add_argument("--to", type=Path, default=CLIP)
    arguments = parser.parse_args(words)
    try:
        arguments.run(arguments)
    except (OSError, ValueError) as fault:
        print(f"mien_model: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
