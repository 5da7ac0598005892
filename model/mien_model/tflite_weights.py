"""The convolutions of a TFLite file as float arrays, read with no TensorFlow: only the few tables of its format that hold them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CONVOLUTION, DEPTHWISE = 3, 4
"""Built-in operators of TFLite's schema."""
NUMBERS = {0: np.float32, 2: np.int32, 9: np.int8}
"""Tensor types of the schema that weights and biases have."""


@dataclass(frozen=True)
class Folded:
    """A convolution with its batch norm folded in. weight: [out, in, k, k] or, depthwise, [channels, 1, k, k]; bias: [out]."""

    weight: np.ndarray
    bias: np.ndarray
    depthwise: bool


def read_convolutions(file: Path) -> list[Folded]:
    """In the order they run. Raises ValueError where the file is no TFLite or its numbers are of another kind."""
    data = file.read_bytes()
    if data[4:8] != b"TFL3":
        raise ValueError(f"{file.name} is no TFLite file")
    model = _Table.root(data)
    codes = [max(code.number(0, "i1"), code.number(3, "<i4")) for code in model.tables(1)]
    graph, buffers = next(model.tables(2)), list(model.tables(4))
    tensors, found = list(graph.tables(0)), []
    for operator in graph.tables(3):
        code = codes[operator.number(0, "<u4")]
        if code in (CONVOLUTION, DEPTHWISE):
            _, weight, bias = operator.vector(1, "<i4")[:3]
            array = _values(tensors[weight], buffers, file)
            # TFLite has [out, k, k, in], and [1, k, k, channels] where depthwise.
            array = array.transpose(3, 0, 1, 2) if code == DEPTHWISE else array.transpose(0, 3, 1, 2)
            found.append(Folded(np.ascontiguousarray(array), _values(tensors[bias], buffers, file), code == DEPTHWISE))
    return found


def _values(tensor: "_Table", buffers: list["_Table"], file: Path) -> np.ndarray:
    """f32; (q - zero point) * scale, per channel where the file says so."""
    kind, shape = tensor.number(1, "i1"), tensor.vector(0, "<i4")
    if kind not in NUMBERS:
        raise ValueError(f"{file.name}: weights must be float32, int32 or int8, came type {kind} of TFLite's schema")
    values = buffers[tensor.number(2, "<u4")].vector(0, "u1").view(NUMBERS[kind]).reshape(shape).astype(np.float32)
    quantised = tensor.table(4)
    if quantised is None or not len(quantised.vector(2, "<f4")):
        return values
    scale, zero = quantised.vector(2, "<f4"), quantised.vector(3, "<i8").astype(np.float32)
    if len(scale) > 1:
        along = [1] * len(shape)
        along[quantised.number(6, "<i4")] = len(scale)
        scale, zero = scale.reshape(along), zero.reshape(along)
    return (values - zero) * scale


class _Table:
    """A FlatBuffers table: fields by their number in the schema."""

    def __init__(self, data: bytes, at: int):
        self.data = data
        self.at = at

    @classmethod
    def root(cls, data: bytes) -> "_Table":
        return cls(data, _read(data, 0, "<u4"))

    def _field(self, number: int) -> int | None:
        """Where the field lies; None where it has its default."""
        layout = self.at - _read(self.data, self.at, "<i4")
        place = 4 + 2 * number
        offset = _read(self.data, layout + place, "<u2") if place < _read(self.data, layout, "<u2") else 0
        return self.at + offset if offset else None

    def number(self, field: int, kind: str) -> int:
        """A scalar; 0 by default."""
        at = self._field(field)
        return 0 if at is None else int(_read(self.data, at, kind))

    def vector(self, field: int, kind: str) -> np.ndarray:
        """Of scalars; empty by default."""
        at = self._field(field)
        if at is None:
            return np.empty(0, kind)
        start = at + _read(self.data, at, "<u4")
        return np.frombuffer(self.data, kind, _read(self.data, start, "<u4"), start + 4)

    def table(self, field: int) -> "_Table | None":
        at = self._field(field)
        return None if at is None else _Table(self.data, at + _read(self.data, at, "<u4"))

    def tables(self, field: int) -> Iterator["_Table"]:
        """A vector of tables."""
        at = self._field(field)
        start = at + _read(self.data, at, "<u4") if at is not None else 0
        for place in range(start + 4, start + 4 + 4 * _read(self.data, start, "<u4") if at is not None else 0, 4):
            yield _Table(self.data, place + _read(self.data, place, "<u4"))


def _read(data: bytes, at: int, kind: str) -> int:
    return int(np.frombuffer(data, kind, 1, at)[0])
