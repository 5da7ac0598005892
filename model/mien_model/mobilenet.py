"""The network in PyTorch, named as in the weights' files so that a state dict loads as it is."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from .network import DEFAULT, HEADS, LAST, POOLING, Architecture, Convolution, blocks, convolutions

MIDDLE_AGE = 30.0
"""Years that a network says before it has learnt anything."""


class ConvolutionNorm(nn.Module):
    """Convolution, batch norm and, where the table says so, ReLU6."""

    def __init__(self, c: Convolution):
        super().__init__()
        self.conv = nn.Conv2d(c.inputs, c.outputs, c.kernel, c.stride, c.padding, groups=c.groups, bias=False)
        self.bn = nn.BatchNorm2d(c.outputs)
        self.activation = nn.ReLU6() if c.activation else nn.Identity()
        self.halving = c.stride == 2 and c.groups == c.inputs

    def forward(self, x):
        if self.training and self.halving:
            # The same numbers: on a CPU the gradient of a depthwise convolution of stride 2 takes five times that of stride 1.
            every = functional.conv2d(x, self.conv.weight, None, 1, self.conv.padding, 1, self.conv.groups)
            x = every[:, :, ::2, ::2].contiguous(memory_format=torch.channels_last)
        else:
            x = self.conv(x)
        return self.activation(self.bn(x))


class InvertedResidual(nn.Sequential):
    """expand, depthwise, project; with a skip connection where shapes allow."""

    def __init__(self, skip: bool):
        super().__init__()
        self.skip = skip

    def forward(self, x):
        y = super().forward(x)
        return x + y if self.skip else y


class FaceNetwork(nn.Module):
    """[n, 3, 112, 112] in -1..1 to one output per task: age in years [n, 1], gender logit of male [n, 1], expression logits [n, 3]."""

    def __init__(self, architecture: Architecture = DEFAULT):
        super().__init__()
        self.tasks = architecture.tasks
        self.pooled = architecture.head == POOLING
        skips = {block.name: block.skip for block in blocks()}
        for c in convolutions(architecture):
            block, _, part = c.name.partition(".")
            if part and not hasattr(self, block):
                self.add_module(block, InvertedResidual(skips[block]))
            parent = getattr(self, block) if part else self
            parent.add_module(part or block, ConvolutionNorm(c))
        self.head = nn.ModuleDict({task: nn.Linear(LAST, HEADS[task]) for task in architecture.tasks})

    def forward(self, x):
        for name, stage in self.named_children():
            if name != "head":
                x = stage(x)
        features = x.mean((2, 3)) if self.pooled else x.flatten(1)
        answers = {task: head(features) for task, head in self.head.items()}
        return tuple(torch.relu(answer) if task == "age" else answer for task, answer in answers.items())


def load_network(weights: Path, architecture: Architecture = DEFAULT) -> FaceNetwork:
    """The network with the weights of a safetensors file (any float type), ready to infer in f32."""
    network = FaceNetwork(architecture)
    missing, unexpected = network.load_state_dict(_read(weights), strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
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
        misfits = [name for name in state if name in mine and state[name].shape != mine[name].shape]
        missing, _ = network.load_state_dict({name: state[name] for name in state.keys() - set(misfits)}, strict=False)
        trunk = [name for name in missing if name.startswith(("stem", "block", "last")) and not name.endswith("num_batches_tracked")]
        if trunk:
            raise ValueError(f"{weights.name} lacks parts of the trunk: {', '.join(trunk[:5])}")
    return network


def _read(weights: Path) -> dict[str, torch.Tensor]:
    return {name: tensor.float() for name, tensor in load_file(weights).items()}
