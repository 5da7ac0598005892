"""Learning rates over the whole run, the optimiser, and the running average of the weights that is what a run yields."""

import copy
import math

import torch
from torch import nn

from .recipe import Recipe

HEAD_PARTS = ("head", "pool1", "pool2")
"""Stages at the heads' learning rate: what no trunk trained elsewhere brings along."""

MOMENTUM = 0.9
REWARM_STEPS = 150
"""Over which the rate rises again where a run goes on without the optimiser's moments."""


def rate_share(step: int, steps: int, recipe: Recipe, rewarmed_from: int | None = None) -> float:
    """Share of the peak rate at a step of the run (from 0), with `steps` an epoch: linear up over the warm-up, then a cosine."""
    warmup, total = round(recipe.warmup_epochs * steps), recipe.epochs * steps
    if step < warmup:
        share = (step + 1) / warmup
    else:
        progress = (step - warmup) / max(1, total - warmup)
        share = recipe.final_lr + (1 - recipe.final_lr) * (1 + math.cos(math.pi * min(1.0, progress))) / 2
    return share if rewarmed_from is None else share * min(1.0, (step - rewarmed_from + 1) / REWARM_STEPS)


def make_optimiser(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW or SGD; groups carry their peak as `peak`. Biases and batch norms do not decay, frozen stages are left out."""
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((name.split(".")[0] in HEAD_PARTS, parameter.ndim > 1), []).append(parameter)
    options = []
    for (is_head, decays), members in groups.items():
        peak = recipe.heads_lr if is_head else recipe.trunk_lr
        options.append({"params": members, "lr": peak, "peak": peak, "weight_decay": recipe.weight_decay if decays else 0.0})
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(options, momentum=MOMENTUM, nesterov=True)
    return torch.optim.AdamW(options, fused=True)


def set_rate(optimiser: torch.optim.Optimizer, share: float) -> None:
    """Every group to its share of its peak."""
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * share


class Average:
    """Exponential moving average of a network's weights and batch statistics, as a network of its own in eval mode."""

    def __init__(self, network: nn.Module, decay: float):
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """One step towards `network`. Counters are copied."""
        mine, theirs = self.network.state_dict(), network.state_dict()
        floats = [name for name, tensor in mine.items() if tensor.is_floating_point()]
        torch._foreach_lerp_([mine[name] for name in floats], [theirs[name] for name in floats], 1 - self.decay)
        for name in mine.keys() - set(floats):
            mine[name].copy_(theirs[name])


def freeze(network: nn.Module, stages: tuple[str, ...]) -> None:
    """Keep stages as they are: no gradients, batch norm in eval mode. Call after every `network.train()`."""
    named = dict(network.named_children())
    unknown = [stage for stage in stages if stage not in named]
    if unknown:
        raise ValueError(f"frozen: no stage {', '.join(unknown)}; there are {', '.join(named)}")
    for stage in stages:
        named[stage].requires_grad_(False).eval()
