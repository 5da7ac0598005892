"""`mien_model detectors`: MediaPipe's face detectors from TFLite to ONNX, checked against the TFLite interpreter."""

import subprocess
import tarfile
from pathlib import Path

import numpy as np

from .blazeface import DETECTORS, BlazeFace
from .geometry import letterbox
from .paths import CACHE
from .portraits import fetch_portraits

PACKAGE = "@mediapipe/face_detection@0.4.1657300184"
OPSET = 17
LARGEST_DIFFERENCE = 2e-4
"""On raw numbers (boxes in pixels of the input, scores as logits), absolute up to 1 and relative beyond: the short range
answers with numbers around 100,000 where there is no face."""


def fetch_tflite(folder: Path = CACHE / "mediapipe") -> Path:
    """The folder with the .tflite files, unpacked from the npm package."""
    unpacked = folder / "package"
    if not unpacked.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(folder.glob("*.tgz"))) as tar:
            tar.extractall(folder, filter="data")
    return unpacked


def convert(detector: BlazeFace, tflite: Path, target: Path) -> None:
    """TFLite to ONNX: input [1, 3, side, side] f32 in -1..1, outputs `boxes` [1, n, 16] and `scores` [1, n, 1] (logits)."""
    import onnx
    import tf2onnx

    model, _ = tf2onnx.convert.from_tflite(str(tflite), opset=OPSET, inputs_as_nchw=["input"])
    names = {"input": "input"}
    for output in model.graph.output:
        names[output.name] = "boxes" if output.type.tensor_type.shape.dim[-1].dim_value == 16 else "scores"
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for value in [*model.graph.input, *model.graph.output]:
        value.name = names[value.name]
    ordered = sorted(model.graph.output, key=lambda output: output.name)
    del model.graph.output[:]
    model.graph.output.extend(ordered)
    del model.graph.value_info[:]
    model.graph.name = detector.name
    model.doc_string = f"{PACKAGE} {detector.tflite}, Apache-2.0, converted by tf2onnx {tf2onnx.__version__}"
    onnx.checker.check_model(model)
    onnx.save(model, target)


def network_input(squares: np.ndarray) -> np.ndarray:
    """u8 [n, side, side, 3] to f32 [n, 3, side, side] in -1..1."""
    return np.ascontiguousarray((squares.astype(np.float32) / 127.5 - 1).transpose(0, 3, 1, 2))


def difference(detector: BlazeFace, tflite: Path, onnx_file: Path, pictures: list[np.ndarray]) -> dict[str, float]:
    """Largest difference (as LARGEST_DIFFERENCE) between the two runtimes by output, over letterboxed pictures."""
    import onnxruntime
    import tensorflow

    plain = tensorflow.lite.experimental.OpResolverType.BUILTIN_REF
    interpreter = tensorflow.lite.Interpreter(str(tflite), experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    indices = {("boxes" if o["shape"][-1] == 16 else "scores"): o["index"] for o in interpreter.get_output_details()}
    session = onnxruntime.InferenceSession(str(onnx_file), providers=["CPUExecutionProvider"])
    worst = {"boxes": 0.0, "scores": 0.0}
    for picture in pictures:
        tensor = network_input(letterbox(picture, detector.side)[0][None])
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], tensor.transpose(0, 2, 3, 1))
        interpreter.invoke()
        for name, value in zip(worst, session.run(list(worst), {"input": tensor}), strict=True):
            reference = interpreter.get_tensor(indices[name])
            off = np.abs(value - reference) / np.maximum(1, np.abs(reference))
            worst[name] = max(worst[name], float(off.max()))
    return worst


def build_detectors(folder: Path) -> None:
    """Both detectors as ONNX in `folder`. Raises ValueError where the runtimes disagree."""
    source = fetch_tflite()
    portraits = list(fetch_portraits().values())
    mirrored = [np.ascontiguousarray(p[:, ::-1]) for p in portraits]
    folder.mkdir(parents=True, exist_ok=True)
    for detector in DETECTORS:
        target = folder / f"{detector.name}.onnx"
        convert(detector, source / detector.tflite, target)
        worst = difference(detector, source / detector.tflite, target, portraits + mirrored)
        print(f"{detector.name}: {target.stat().st_size} bytes, differs by at most {worst} on {2 * len(portraits)} pictures")
        if max(worst.values()) > LARGEST_DIFFERENCE:
            raise ValueError(f"{detector.name}: ONNX and TFLite differ by {worst}, at most {LARGEST_DIFFERENCE} is allowed")
