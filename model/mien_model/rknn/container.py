"""What stands in a .rknn file for anyone to read: format version, chip, toolkit, and its inputs and outputs."""

import json
import struct
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"RKNN\0\0\0\0"
MAIN = 64
"""Where the main section starts; its length stands at 16, and 8 bytes of length and then JSON follow it."""


@dataclass(frozen=True)
class Container:
    """tensors: name -> shape, inputs first (an image input as planes, whatever it takes at run time)."""

    version: int
    chips: tuple[str, ...]
    toolkit: str
    inputs: int
    tensors: dict[str, tuple[int, ...]]


def read_container(file: Path) -> Container:
    """Raises ValueError where the file is no .rknn or is cut short."""
    data = file.read_bytes()
    if len(data) < MAIN + 8 or not data.startswith(MAGIC):
        raise ValueError(f"{file.name} is no .rknn file")
    version, length = struct.unpack_from("<QQ", data, 8)
    start = MAIN + length + 8
    size = struct.unpack_from("<Q", data, MAIN + length)[0] if len(data) >= start else len(data)
    if len(data) < start + size:
        raise ValueError(f"{file.name} is cut short: {len(data)} bytes of at least {start + size}")
    told = json.loads(data[start : start + size])
    tensors = {tensor["url"]: tuple(tensor["size"]) for tensor in told["norm_tensor"]}
    return Container(version, tuple(told["target_platform"]), told["version"], told["input_num"], tensors)
