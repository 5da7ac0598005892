"""A trunk with a linear head per task, and its weights in files that say which network they are of."""

import os
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from . import resnet
from .mobilenet import mobilenet_stages
from .network import DEFAULT, HEADS, LAST, POOLING, RESNET, Architecture

MIDDLE_AGE = 30.0
"""Years that a network says before it has learnt anything."""
COUNTER = "num_batches_tracked"
"""Batch norm's; nothing reads it, and files leave it out."""


class FaceNetwork(nn.Module):
    """[n, 3, 112, 112] in -1..1 to one output per task: age in years [n, 1], gender logit of male [n, 1], expression logits [n, 3]."""

    def __init__(self, architecture: Architecture = DEFAULT):
        super().__init__()
        self.architecture = architecture
        is_resnet = architecture.trunk == RESNET
        for name, stage in (resnet.resnet_stages() if is_resnet else mobilenet_stages(architecture)).items():
            self.add_module(name, stage)
        features = resnet.FEATURES if is_resnet else LAST
        self.head = nn.ModuleDict({task: nn.Linear(features, HEADS[task]) for task in architecture.tasks})

    @property
    def tasks(self) -> tuple[str, ...]:
        """In the order of the outputs."""
        return self.architecture.tasks

    def forward(self, x):
        for name, stage in self.named_children():
            if name != "head":
                x = stage(x)
        features = x.mean((2, 3)) if self.architecture.head == POOLING else x.flatten(1)
        answers = {task: head(features) for task, head in self.head.items()}
        return tuple(torch.relu(answer) if task == "age" else answer for task, answer in answers.items())


def load_network(weights: Path) -> FaceNetwork:
    """The network that a safetensors file (any float type) says it is of, ready to infer in f32; the default where it says nothing."""
    with safe_open(weights, "pt") as file:
        note = file.metadata() or {}
    tasks = tuple(note["tasks"].split(",")) if "tasks" in note else DEFAULT.tasks
    network = FaceNetwork(Architecture(note.get("trunk", DEFAULT.trunk), note.get("head", DEFAULT.head), tasks))
    missing, unexpected = network.load_state_dict(_read(weights), strict=False)
    missing = [name for name in missing if not name.endswith(COUNTER)]
    if missing or unexpected:
        raise ValueError(f"{weights.name} does not fit the network: missing {missing}, unexpected {unexpected}")
    return network.eval()


def start_network(weights: Path | None, architecture: Architecture) -> FaceNetwork:
    """A network to train: at random or, with weights, from those that it shares by name and shape, which must be the trunk at least."""
    network = FaceNetwork(architecture)
    if "age" in network.tasks:
        # From 0 a ReLU may never learn.
        nn.init.constant_(network.head["age"].bias, MIDDLE_AGE)
    if weights is not None:
        state, mine = _read(weights), network.state_dict()
        fitting = {name: tensor for name, tensor in state.items() if name in mine and tensor.shape == mine[name].shape}
        missing, _ = network.load_state_dict(fitting, strict=False)
        trunk = [name for name in missing if not name.startswith(("head", "pool")) and not name.endswith(COUNTER)]
        if trunk:
            raise ValueError(f"{weights.name} lacks parts of the trunk: {', '.join(trunk[:5])}")
    return network


def save_network(network: FaceNetwork, target: Path) -> None:
    """The weights in fp32 with the architecture, whole or not at all: what `load_network` and `export` take."""
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items() if not name.endswith(COUNTER)}
    architecture = network.architecture
    note = {"trunk": architecture.trunk, "head": architecture.head, "tasks": ",".join(architecture.tasks)}
    partial = target.with_suffix(".partial")
    save_file(tensors, partial, note)
    os.replace(partial, target)


def _read(weights: Path) -> dict[str, torch.Tensor]:
    return {name: tensor.float() for name, tensor in load_file(weights).items()}
