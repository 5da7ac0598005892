"""The network in PyTorch, named as in the weights' files so that a state dict loads as it is."""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from .network import HEADS, LAST, Convolution, blocks, convolutions


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
    """[n, 3, 112, 112] in -1..1 to (age in years [n, 1], gender logit of male [n, 1], expression logits [n, 3])."""

    def __init__(self):
        super().__init__()
        skips = {block.name: block.skip for block in blocks()}
        for c in convolutions():
            block, _, part = c.name.partition(".")
            if part and not hasattr(self, block):
                self.add_module(block, InvertedResidual(skips[block]))
            parent = getattr(self, block) if part else self
            parent.add_module(part or block, ConvolutionNorm(c))
        self.head = nn.ModuleDict({name: nn.Linear(LAST, n) for name, n in HEADS.items()})

    def forward(self, x):
        for name, stage in self.named_children():
            if name != "head":
                x = stage(x)
        features = x.flatten(1)
        return torch.relu(self.head["age"](features)), self.head["gender"](features), self.head["emotion"](features)


def load_network(weights: Path) -> FaceNetwork:
    """The network with the weights of a safetensors file (any float type), ready to infer in f32."""
    network = FaceNetwork()
    state = {name: tensor.float() for name, tensor in load_file(weights).items()}
    missing, unexpected = network.load_state_dict(state, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise ValueError(f"{weights.name} does not fit the network: missing {missing}, unexpected {unexpected}")
    return network.eval()
