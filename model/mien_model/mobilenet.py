"""The paper's MobileNetV2 in PyTorch, named as in the weights' files so that a state dict loads as it is."""

import torch
from torch import nn
from torch.nn import functional

from .network import Architecture, Convolution, blocks, convolutions


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


def mobilenet_stages(architecture: Architecture) -> dict[str, nn.Module]:
    """The network's stages by name and in order, from the picture to its features."""
    stages: dict[str, nn.Module] = {}
    skips = {block.name: block.skip for block in blocks()}
    for c in convolutions(architecture):
        block, _, part = c.name.partition(".")
        if part:
            stages.setdefault(block, InvertedResidual(skips[block])).add_module(part, ConvolutionNorm(c))
        else:
            stages[block] = ConvolutionNorm(c)
    return stages
