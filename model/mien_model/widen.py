"""A narrow MobileNetV2 as a wider one that computes the same: channels are doubled, and what reads them halves its weights."""

import numpy as np

from .network import Convolution
from .tflite_weights import Folded


def widen(narrow: list[Folded], wide: list[Convolution], skips: set[str], seed: int = 1) -> list[Folded]:
    """narrow, wide: the same convolutions in the order they run, `wide` with at least as many channels and at most twice as many.
    skips: names of blocks whose input is added to their output. Raises ValueError where shapes do not fit."""
    if len(narrow) != len(wide):
        raise ValueError(f"the network must have {len(wide)} convolutions, came {len(narrow)}")
    generator = np.random.default_rng(seed)
    made, origin, entered = [], np.arange(3), {}
    for folded, target in zip(narrow, wide):
        block, _, part = target.name.partition(".")
        entered.setdefault(block, origin)
        if folded.depthwise:
            outputs = origin
            weight = folded.weight[outputs]
        else:
            outputs = entered[block] if part == "project" and block in skips else _origins(len(folded.bias), target, generator)
            shares = np.bincount(origin, minlength=folded.weight.shape[1])[origin]
            weight = folded.weight[outputs][:, origin] / shares[:, None, None]
        expected = (target.outputs, target.inputs // target.groups, target.kernel, target.kernel)
        if weight.shape != expected:
            raise ValueError(f"{target.name} must become {expected}, came {weight.shape}")
        made.append(Folded(weight.astype(np.float32), folded.bias[outputs], folded.depthwise))
        origin = outputs
    return made


def _origins(count: int, target: Convolution, generator: np.random.Generator) -> np.ndarray:
    """Which narrow channel each wide one is: all of them once, some at random a second time."""
    more = target.outputs - count
    if not 0 <= more <= count:
        raise ValueError(f"{target.name}: {count} channels cannot become {target.outputs}: at least as many, at most twice as many")
    return np.concatenate([np.arange(count), np.sort(generator.permutation(count)[:more])])
