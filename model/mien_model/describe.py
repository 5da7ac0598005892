"""`mien_model describe`: the network as the rows of the paper's Table 1, or convolution by convolution."""

from collections.abc import Iterator
from dataclasses import dataclass

from .network import DEFAULT, HEADS, INVERTED_RESIDUALS, LAST, POOLING, SIDE, Architecture, Convolution, convolutions, multiply_adds, parameters


@dataclass(frozen=True)
class Stage:
    """A row of Table 1. expansion: None where there is none; side: of the output; parameters, multiply_adds: of all repeats."""

    operator: str
    expansion: int | None
    channels: int
    repeats: int
    stride: int
    side: int
    parameters: int
    multiply_adds: int


def stages(architecture: Architecture = DEFAULT) -> list[Stage]:
    """The trunk's rows and what follows it, heads left out, summed from the network's convolutions."""
    by_part: dict[str, list[Convolution]] = {}
    for c in convolutions(architecture):
        by_part.setdefault(c.name.partition(".")[0], []).append(c)
    rows, block = [_stage("conv 3x3", None, 1, by_part.pop("stem"))], 0
    for expansion, _, repeats, _ in INVERTED_RESIDUALS:
        members = [c for n in range(block, block + repeats) for c in by_part.pop(f"block{n:02}")]
        rows.append(_stage("inverted residual", expansion, repeats, members))
        block += repeats
    rows += [_stage(_operator(part[0]), None, 1, part) for part in by_part.values()]
    if architecture.head == POOLING:
        rows.append(Stage("average pooling", None, LAST, 1, 1, 1, 0, 0))
    return rows


def _operator(c: Convolution) -> str:
    return f"{'depthwise' if c.groups > 1 else 'conv'} {c.kernel}x{c.kernel}"


def _stage(operator: str, expansion: int | None, repeats: int, members: list[Convolution]) -> Stage:
    last, stride = members[-1], max(c.stride for c in members)
    return Stage(operator, expansion, last.outputs, repeats, stride, last.side, sum(c.parameters for c in members), sum(c.multiply_adds for c in members))


def _lines(architecture: Architecture) -> Iterator[str]:
    yield f"input {SIDE}x{SIDE}x3, MobileNetV2 of width 1.4, {architecture.head}"
    yield f"{'stage':>5}  {'operator':<18}{'t':>3}{'c':>6}{'n':>3}{'s':>3}{'output':>8}{'parameters':>12}{'multiply-adds':>15}"
    for number, row in enumerate(stages(architecture), 1):
        size, t = f"{row.side}x{row.side}", row.expansion or "-"
        yield f"{number:>5}  {row.operator:<18}{t:>3}{row.channels:>6}{row.repeats:>3}{row.stride:>3}{size:>8}{row.parameters:>12,}{row.multiply_adds:>15,}"
    for task in architecture.tasks:
        n = HEADS[task]
        yield f"{'':>5}  {f'{task}: linear':<18}{'-':>3}{n:>6}{1:>3}{'-':>3}{'':>8}{n * (LAST + 1):>12,}{n * LAST:>15,}"
    yield f"{parameters(architecture):,} parameters, {multiply_adds(architecture):,} multiply-adds"


def describe(architecture: Architecture = DEFAULT, each: bool = False) -> str:
    """Table 1 as text; each: with a row for every convolution before it."""
    rows = []
    if each:
        rows = [f"{'convolution':<20}{'kernel':>7}{'stride':>7}{'groups':>7}{'channels':>9}{'output':>8}{'parameters':>12}"]
        for c in convolutions(architecture):
            rows.append(f"{c.name:<20}{c.kernel:>7}{c.stride:>7}{c.groups:>7}{c.outputs:>9}{f'{c.side}x{c.side}':>8}{c.parameters:>12,}")
        rows.append("")
    return "\n".join([*rows, *_lines(architecture)])
