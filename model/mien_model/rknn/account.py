"""The vendor compiler's own account of a build: where each layer runs and the cycles it takes. No board's clock, but its maker's."""

import re
from collections import Counter
from dataclasses import dataclass

LAYER = re.compile(r"\] (\d+) +(\S+) +(\S+) +(CPU|NPU|GPU) +(\S+) +(\S+) +(\d+)/(\d+)/(\d+) +(\d+) +(\S+)\s*$")
MEMORY = re.compile(r"Total (Internal|Weight) Memory Size: ([\d.]+)KB")
MAY_FALL = ("InputOperator", "OutputOperator", "Reshape")
"""What a CPU may do in a release: it costs nothing there."""


@dataclass(frozen=True)
class Layer:
    """One row. Cycles: waiting for memory, computing, and the layer's total; kilobytes read and written."""

    number: int
    operator: str
    dtype: str
    target: str
    output: str
    memory_cycles: int
    npu_cycles: int
    cycles: int
    kilobytes: int
    name: str


@dataclass(frozen=True)
class Account:
    """The whole. Kilobytes of 1,024 bytes."""

    layers: tuple[Layer, ...]
    weight_kb: float
    internal_kb: float

    @property
    def cycles(self) -> int:
        return sum(layer.cycles for layer in self.layers)

    @property
    def fallen(self) -> list[Layer]:
        """Layers that fall to the CPU and should not."""
        return [layer for layer in self.layers if layer.target != "NPU" and layer.operator not in MAY_FALL]


def parse(log: str) -> Account:
    """The tables in what a verbose build printed. Raises ValueError where they are not there."""
    layers, memory = [], {}
    for line in log.splitlines():
        if row := LAYER.search(line):
            number, operator, dtype, target, _, output, wait, compute, total, kilobytes, name = row.groups()
            layers.append(Layer(int(number), operator, dtype, target, output, int(wait), int(compute), int(total), int(kilobytes), name))
        elif row := MEMORY.search(line):
            memory[row[1]] = float(row[2])
    if not layers or len(memory) < 2:
        raise ValueError("the compiler's text holds no table of layers and memory: build with verbose=True and a toolkit of 2.5.0")
    return Account(tuple(layers), memory["Weight"], memory["Internal"])


def table(account: Account, most: int | None = None) -> str:
    """As text; `most`: only so many of the dearest layers."""
    rows = account.layers if most is None else sorted(account.layers, key=lambda layer: -layer.cycles)[:most]
    lines = [f"{'':>4} {'operator':16} {'type':8} {'on':4} {'output':18} {'memory':>8} {'NPU':>8} {'total':>8}  name"]
    for x in rows:
        lines.append(f"{x.number:>4} {x.operator:16} {x.dtype:8} {x.target:4} {x.output:18} {x.memory_cycles:>8} {x.npu_cycles:>8} {x.cycles:>8}  {x.name}")
    return "\n".join([*lines, summary(account)])


def summary(account: Account) -> str:
    """One line."""
    fallen = ", ".join(f"{count} {operator}" for operator, count in Counter(layer.operator for layer in account.fallen).items())
    sizes = f"weights {account.weight_kb:.0f} kB, internal {account.internal_kb:.0f} kB"
    return f"{account.cycles:,} cycles ({account.cycles / 1e6:.2f} ms at 1 GHz), {sizes}; on the CPU: {fallen or 'nothing that counts'}"
