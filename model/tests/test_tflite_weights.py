"""Convolutions out of a small TFLite file that is made here, field by field."""

import flatbuffers
import numpy as np
import pytest

from mien_model.tflite_weights import read_convolutions

CONVOLUTION, DEPTHWISE, ADD = 3, 4, 0
INT8, INT32 = 9, 2


def table(builder, fields):
    """fields: number -> ("kind", value) of scalars, or an offset."""
    builder.StartObject(max(fields) + 1)
    for number, value in fields.items():
        if isinstance(value, tuple):
            getattr(builder, f"Prepend{value[0]}Slot")(number, value[1], 0)
        else:
            builder.PrependUOffsetTRelativeSlot(number, value, 0)
    return builder.EndObject()


def tables(builder, offsets):
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return builder.EndVector()


def tensor(builder, buffer, kind, shape, scale, zero, along):
    quantised = {2: builder.CreateNumpyVector(np.array(scale, np.float32)), 3: builder.CreateNumpyVector(np.array(zero, np.int64)), 6: ("Int32", along)}
    shape = builder.CreateNumpyVector(np.array(shape, np.int32))
    return table(builder, {0: shape, 1: ("Int8", kind), 2: ("Uint32", buffer), 4: table(builder, quantised)})


def operator(builder, code, inputs):
    return table(builder, {0: ("Uint32", code), 1: builder.CreateNumpyVector(np.array(inputs, np.int32))})


@pytest.fixture
def made(tmp_path):
    """A convolution 1x1 of 3 to 2 channels, an addition, a depthwise 2x2 one of 2 channels."""
    weight, deep = np.arange(6, dtype=np.int8).reshape(2, 1, 1, 3), np.arange(8, dtype=np.int8).reshape(1, 2, 2, 2)
    builder = flatbuffers.Builder(0)
    contents = [np.empty(0, np.uint8), weight, np.array([10, 20], np.int32), deep, np.array([-1, 1], np.int32)]
    data = [builder.CreateNumpyVector(np.frombuffer(array.tobytes(), np.uint8)) for array in contents]
    buffers = tables(builder, [table(builder, {0: each}) for each in data])
    tensors = [
        tensor(builder, 0, INT8, (1, 4, 4, 3), [1], [0], 0),
        tensor(builder, 1, INT8, weight.shape, [0.5, 2], [0, 1], 0),
        tensor(builder, 2, INT32, (2,), [0.1], [0], 0),
        tensor(builder, 3, INT8, deep.shape, [1, 10], [0, 0], 3),
        tensor(builder, 4, INT32, (2,), [1], [0], 0),
    ]
    tensors = tables(builder, tensors)
    operators = tables(builder, [operator(builder, 0, [0, 1, 2]), operator(builder, 1, [0, 0]), operator(builder, 2, [0, 3, 4])])
    graph = tables(builder, [table(builder, {0: tensors, 3: operators})])
    codes = tables(builder, [table(builder, {0: ("Int8", code), 3: ("Int32", code)}) for code in (CONVOLUTION, ADD, DEPTHWISE)])
    builder.Finish(table(builder, {1: codes, 2: graph, 4: buffers}), b"TFL3")
    file = tmp_path / "small.tflite"
    file.write_bytes(builder.Output())
    return file


def test_weights_come_out_as_floats_in_the_order_of_pytorch(made):
    first, second = read_convolutions(made)
    assert (first.weight.shape, first.depthwise, second.weight.shape, second.depthwise) == ((2, 3, 1, 1), False, (2, 1, 2, 2), True)
    assert first.weight[:, :, 0, 0].tolist() == [[0, 0.5, 1], [4, 6, 8]]
    assert np.allclose(first.bias, [1, 2])
    assert second.weight[:, 0].tolist() == [[[0, 2], [4, 6]], [[10, 30], [50, 70]]]
    assert second.bias.tolist() == [-1, 1]


def test_another_file_is_told(tmp_path):
    (tmp_path / "a.tflite").write_bytes(b"no model at all")
    with pytest.raises(ValueError, match=r"a.tflite is no TFLite file"):
        read_convolutions(tmp_path / "a.tflite")
