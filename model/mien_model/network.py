"""The paper's network as data, without torch: each convolution, its shapes, its parameters and multiply-adds.

MobileNetV2 of width 1.4 for a 112x112 face, one of three ways from 4x4x1792 to 1792 features, and a linear head per task.
"""

from collections.abc import Iterator
from dataclasses import dataclass

SIDE = 112
STEM = 48
INVERTED_RESIDUALS = (
    # expansion, channels, repeats, stride of the first repeat
    (1, 24, 1, 1),
    (6, 32, 2, 2),
    (6, 48, 3, 2),
    (6, 88, 4, 2),
    (6, 136, 3, 1),
    (6, 224, 3, 2),
    (6, 448, 1, 1),
)
LAST = 1792
HEADS = {"age": 1, "gender": 1, "emotion": 3}
EXPRESSIONS = ("negative", "neutral", "positive")
MOBILENET = "mobilenetv2-1.4"
RESNET = "resnet50"
"""For comparison; only the MobileNetV2 is described here."""
POOLING = "pooled"
FRONTS = {
    # name: (convolution, kernel, stride, channels in, channels out, depthwise) in order; no activation
    "npu-head": (("pool1", 3, 1, LAST, LAST, True), ("pool2", 2, 1, LAST, LAST, True)),
    "dense-head": (("pool1", 3, 2, LAST, 1024, False), ("pool2", 1, 1, 1024, LAST, False)),
    POOLING: (),
}
"""From 4x4 to 1x1 before the heads. `pooled` is the average; `npu-head` and `dense-head` are two readings of the paper's
customised variant (README.md): the second takes its 1024 filters literally, with a stride of 2 to come to 1x1."""


@dataclass(frozen=True)
class Architecture:
    """Which of the paper's networks. tasks: in the order of HEADS. Raises ValueError where there is no such network."""

    trunk: str = MOBILENET
    head: str = "npu-head"
    tasks: tuple[str, ...] = tuple(HEADS)

    def __post_init__(self):
        if self.trunk not in (MOBILENET, RESNET):
            raise ValueError(f"trunk must be {MOBILENET} or {RESNET}, came '{self.trunk}'")
        if self.trunk == RESNET and self.head != POOLING:
            raise ValueError(f"{RESNET} must have the head '{POOLING}', came '{self.head}'")
        if self.head not in FRONTS:
            raise ValueError(f"head must be one of {', '.join(FRONTS)}, came '{self.head}'")
        ordered = tuple(task for task in HEADS if task in self.tasks)
        if not self.tasks or self.tasks != ordered:
            raise ValueError(f"tasks must be some of {', '.join(HEADS)} in this order, came {', '.join(self.tasks) or 'none'}")


DEFAULT = Architecture()


@dataclass(frozen=True)
class Convolution:
    """A convolution without bias, then batch norm. `side`: of the (square) output. `activation`: ReLU6 follows."""

    name: str
    inputs: int
    outputs: int
    kernel: int
    stride: int
    padding: int
    groups: int
    side: int
    activation: bool

    @property
    def parameters(self) -> int:
        """Weights and batch norm's weight and bias."""
        return self.kernel**2 * self.inputs // self.groups * self.outputs + 2 * self.outputs

    @property
    def multiply_adds(self) -> int:
        return self.kernel**2 * self.inputs // self.groups * self.outputs * self.side**2


@dataclass(frozen=True)
class Block:
    """An inverted residual. `expansion` 1 has no expanding convolution; equal shapes have a skip connection."""

    name: str
    inputs: int
    outputs: int
    expansion: int
    stride: int

    @property
    def skip(self) -> bool:
        return self.stride == 1 and self.inputs == self.outputs


def blocks() -> list[Block]:
    """The 17 inverted residuals in order, named block00 ... block16."""
    found, inputs = [], STEM
    for expansion, channels, repeats, stride in INVERTED_RESIDUALS:
        for repeat in range(repeats):
            found.append(Block(f"block{len(found):02}", inputs, channels, expansion, stride if repeat == 0 else 1))
            inputs = channels
    return found


def convolutions(architecture: Architecture = DEFAULT) -> Iterator[Convolution]:
    """Every convolution of the MobileNetV2 from input to heads, in order."""
    side = SIDE // 2
    yield Convolution("stem", 3, STEM, 3, 2, 1, 1, side, True)
    channels = STEM
    for block in blocks():
        hidden = block.inputs * block.expansion
        if block.expansion != 1:
            yield Convolution(f"{block.name}.expand", block.inputs, hidden, 1, 1, 0, 1, side, True)
        side = (side - 1) // block.stride + 1
        yield Convolution(f"{block.name}.depthwise", hidden, hidden, 3, block.stride, 1, hidden, side, True)
        yield Convolution(f"{block.name}.project", hidden, block.outputs, 1, 1, 0, 1, side, False)
        channels = block.outputs
    yield Convolution("last", channels, LAST, 1, 1, 0, 1, side, True)
    for name, kernel, stride, inputs, outputs, depthwise in FRONTS[architecture.head]:
        side = (side - kernel) // stride + 1
        yield Convolution(name, inputs, outputs, kernel, stride, 0, inputs if depthwise else 1, side, False)


def parameters(architecture: Architecture = DEFAULT) -> int:
    """Trainable numbers of the whole network, heads included."""
    return sum(c.parameters for c in convolutions(architecture)) + sum(HEADS[task] * (LAST + 1) for task in architecture.tasks)


def multiply_adds(architecture: Architecture = DEFAULT) -> int:
    """For one face."""
    return sum(c.multiply_adds for c in convolutions(architecture)) + sum(HEADS[task] * LAST for task in architecture.tasks)
