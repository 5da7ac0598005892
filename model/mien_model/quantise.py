"""`mien_model export`, second half: static INT8 quantisation in QDQ form, for ONNX Runtime on a CPU."""

import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from .graph import MEAN, SCALE, shift_stem, take_quantised_pixels

STRIDE = 16
"""Faces that the calibrator takes together."""
ZERO_POINT = 128
"""The pixel that stands for 0 in the quantised input: MEAN is no whole number, the stem's bias takes the half over."""


class PixelReader(CalibrationDataReader):
    """Feeds u8 faces [n, 112, 112, 3] to the calibrator, one at a time."""

    def __init__(self, pixels: np.ndarray):
        self.pixels = pixels
        self.set_range(0, len(pixels))

    def __len__(self) -> int:
        return len(self.pixels)

    def set_range(self, start_index: int, end_index: int) -> None:
        """Which faces `get_next` goes through."""
        self.indices = iter(range(start_index, end_index))

    def get_next(self) -> dict[str, np.ndarray] | None:
        index = next(self.indices, None)
        if index is None:
            return None
        normalised = (self.pixels[index].astype(np.float32) - ZERO_POINT) / SCALE
        return {"input": np.ascontiguousarray(normalised.transpose(2, 0, 1)[None])}


def quantise(
    source: Path,
    target: Path,
    pixels: np.ndarray,
    method: CalibrationMethod,
    exclude: tuple[str, ...] = (),
    reduce_range: bool = False,
) -> None:
    """The float network `source` (f32 NCHW input) as INT8 at `target` (u8 NHWC input).

    pixels: faces for calibration, u8 [n, 112, 112, 3]; n a multiple of STRIDE. exclude: nodes whose name starts so stay in float,
    and so do the heads. reduce_range: weights of 7 bits, for x86 processors without VNNI.
    """
    pixels_as_they_are = {
        "quant_type": QuantType.QUInt8,
        "scale": np.array(1 / SCALE, np.float32),
        "zero_point": np.array(ZERO_POINT, np.uint8),
    }
    with tempfile.TemporaryDirectory() as folder:
        shifted, prepared = Path(folder) / "shifted.onnx", Path(folder) / "prepared.onnx"
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        onnx.save(shift_stem(onnx.load(prepared), (ZERO_POINT - MEAN) / SCALE), shifted)
        nodes = [node.name for node in onnx.load(shifted).graph.node]
        quantize_static(
            shifted,
            target,
            PixelReader(pixels),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Add", "Clip"],
            per_channel=True,
            reduce_range=reduce_range,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[name for name in nodes if name.startswith(exclude)] if exclude else [],
            calibrate_method=method,
            extra_options={
                "CalibStridedMinMax": STRIDE,
                "TensorQuantOverrides": {"input": [pixels_as_they_are]},
            },
        )
    onnx.save(take_quantised_pixels(onnx.load(target)), target)
