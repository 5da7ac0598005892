"""The vendor's toolkit behind three calls: compile, run in its simulator, export. What it prints is kept as text, not shown."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

VERSION = "2.5.0"


@dataclass(frozen=True)
class Recipe:
    """How a float network becomes INT8. chip: as rk3588. mean, std: (p - mean) / std of each channel, inside the file afterwards.

    algorithm: normal, kl_divergence or mmse. half: pairs of tensors; what lies between runs in 16-bit floats.
    """

    chip: str = "rk3588"
    mean: tuple[float, ...] = (127.5,) * 3
    std: tuple[float, ...] = (127.5,) * 3
    algorithm: str = "normal"
    half: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Step:
    """How a tensor is quantised: value = (q - zero_point) * scale, q in -128..127."""

    scale: float
    zero_point: int


class Compiled:
    """A network in the vendor's simulator. outputs: name -> its quantiser; `log` is what the compiler said. Made by `compiled`,
    which also releases it.
    """

    def __init__(self, rknn, outputs: dict[str, Step], log: str):
        self._rknn = rknn
        self.outputs = outputs
        self.log = log
        self._running = False

    def export(self, target: Path) -> None:
        """Write the .rknn file."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with quiet() as said:
            status = self._rknn.export_rknn(str(target.resolve()))
        check(status, "export", said())

    def run(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """u8 [n, h, w, 3] to f32 [n, ...] of every output, one picture at a time as on a board."""
        if not self._running:
            with quiet() as said:
                status = self._rknn.init_runtime()
            check(status, "simulator", said())
            self._running = True
        found: dict[str, list[np.ndarray]] = {name: [] for name in self.outputs}
        for picture in pixels:
            with quiet() as said:
                answers = self._rknn.inference(inputs=[picture[None]], data_format=["nhwc"])
            check(0 if answers is not None else -1, "simulator", said())
            for name, answer in zip(self.outputs, answers, strict=True):
                found[name].append(np.asarray(answer, np.float32))
        return {name: np.concatenate(answers) for name, answers in found.items()}


@contextmanager
def compiled(model: onnx.ModelProto, pixels: np.ndarray, recipe: Recipe) -> Iterator[Compiled]:
    """`model`: one input of f32 planes [1, 3, h, w]. pixels: u8 [n, h, w, 3] for calibration. Raises ValueError with the compiler's
    own words where it fails.
    """
    folder = tempfile.TemporaryDirectory(prefix="mien-rknn-")
    back = os.getcwd()
    made: list = []
    try:
        here = Path(folder.name)
        onnx.save(model, here / "network.onnx")
        dataset = _write_dataset(pixels, here)
        # The toolkit leaves its in-between files where it is called.
        os.chdir(here)
        with quiet() as said:
            rknn, stage, status = _build(here, dataset, recipe, made)
            log = said()
        check(status, stage, log)
        os.chdir(back)
        yield Compiled(rknn, _steps(here / "network.quantization.cfg", [output.name for output in model.graph.output]), log)
    finally:
        os.chdir(back)
        with quiet():
            for each in made:
                each.release()
        folder.cleanup()


def _build(here: Path, dataset: Path, recipe: Recipe, made: list):
    first = _configured(recipe, made)
    status = first.load_onnx(str(here / "network.onnx"))
    if status != 0:
        return first, "load", status
    # In two steps even where nothing stays in floats: only so does the toolkit tell the quantisers that it chose.
    status = first.hybrid_quantization_step1(dataset=str(dataset), custom_hybrid=[list(pair) for pair in recipe.half] or None)
    if status != 0:
        return first, "first step of quantisation", status
    second = _configured(recipe, made)
    files = {"model_input": "network.model", "data_input": "network.data", "model_quantization_cfg": "network.quantization.cfg"}
    return second, "second step of quantisation", second.hybrid_quantization_step2(**files)


def _steps(file: Path, outputs: list[str]) -> dict[str, Step]:
    from ruamel.yaml import YAML

    told = YAML(typ="safe").load(file.read_text())["quantize_parameters"]
    return {name: Step(float(told[f"{name}_int8"]["scale"][0]), int(told[f"{name}_int8"]["zero_point"][0])) for name in outputs}


def _configured(recipe: Recipe, made: list):
    from rknn.api import RKNN

    rknn = RKNN(verbose=True)
    made.append(rknn)
    rknn.config(
        mean_values=[list(recipe.mean)],
        std_values=[list(recipe.std)],
        target_platform=recipe.chip,
        quantized_algorithm=recipe.algorithm,
    )
    return rknn


def _write_dataset(pixels: np.ndarray, folder: Path) -> Path:
    from PIL import Image

    listed = []
    for place, picture in enumerate(pixels):
        file = folder / f"{place}.png"
        Image.fromarray(picture).save(file, compress_level=1)
        listed.append(str(file))
    (folder / "dataset.txt").write_text("\n".join(listed) + "\n")
    return folder / "dataset.txt"


def check(status: int, stage: str, said: str) -> None:
    """Raises ValueError with the toolkit's last lines of complaint where status is not 0."""
    if status == 0:
        return
    complaints = [line for line in said.splitlines() if "31mE" in line or "Error" in line]
    raise ValueError(f"rknn-toolkit2 failed in {stage}: {' / '.join(complaints[-5:]) or said[-500:]}")


@contextmanager
def quiet() -> Iterator:
    """Everything that this process prints inside, C libraries included, goes to a file; yields what reads it, inside and afterwards."""
    _flush()
    kept = [os.dup(1), os.dup(2)]
    with tempfile.NamedTemporaryFile(delete=False) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    text: list[str] = []

    def said() -> str:
        if text:
            return text[0]
        _flush()
        return Path(file.name).read_text(errors="replace")

    try:
        yield said
    finally:
        text.append(said())
        for descriptor, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, descriptor)
            os.close(copy)
        os.unlink(file.name)


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
