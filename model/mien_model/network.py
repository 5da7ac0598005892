"""The paper's network as a table, without torch: what each stage is, its shapes, its parameters and multiply-adds.

MobileNetV2 of width 1.4 for a 112x112 face, then the `npu-head`: the pooling replaced by two depthwise convolutions with
batch norm and no activation (4x4 -> 2x2 -> 1x1), and three linear heads.
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


def convolutions() -> Iterator[Convolution]:
    """Every convolution from input to heads, in order."""
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
    for name, kernel in (("pool1", 3), ("pool2", 2)):
        side = side - kernel + 1
        yield Convolution(name, LAST, LAST, kernel, 1, 0, LAST, side, False)


def parameters() -> int:
    """Trainable numbers of the whole network, heads included."""
    return sum(c.parameters for c in convolutions()) + sum(n * (LAST + 1) for n in HEADS.values())


def multiply_adds() -> int:
    """For one face."""
    return sum(c.multiply_adds for c in convolutions()) + sum(n * LAST for n in HEADS.values())


def describe() -> str:
    """The network's table as text."""
    rows = [f"{'stage':<20}{'kernel':>7}{'stride':>7}{'groups':>7}{'channels':>9}{'output':>10}{'parameters':>12}"]
    for c in convolutions():
        rows.append(f"{c.name:<20}{c.kernel:>7}{c.stride:>7}{c.groups:>7}{c.outputs:>9}{f'{c.side}x{c.side}':>10}{c.parameters:>12,}")
    for name, n in HEADS.items():
        rows.append(f"{'head.' + name:<20}{'-':>7}{'-':>7}{'-':>7}{n:>9}{'':>10}{n * (LAST + 1):>12,}")
    return "\n".join([*rows, f"{parameters():,} parameters, {multiply_adds():,} multiply-adds"])
