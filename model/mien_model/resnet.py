"""ResNet50 in PyTorch, which the paper compares its networks with: He et al. 2015, the stride in the 3x3 convolution."""

import torch
from torch import nn

STAGES = ((3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2))
"""Blocks, width, stride of the first block."""
EXPANSION = 4
FEATURES = STAGES[-1][1] * EXPANSION


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs))


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1, added to the input, which is projected where shapes differ."""

    def __init__(self, inputs: int, width: int, stride: int):
        super().__init__()
        outputs = width * EXPANSION
        self.reduce = _convolution(inputs, width, 1)
        self.spatial = _convolution(width, width, 3, stride)
        self.expand = _convolution(width, outputs, 1)
        self.project = _convolution(inputs, outputs, 1, stride) if stride != 1 or inputs != outputs else nn.Identity()

    def forward(self, x):
        y = torch.relu(self.spatial(torch.relu(self.reduce(x))))
        return torch.relu(self.expand(y) + self.project(x))


def resnet_stages() -> dict[str, nn.Module]:
    """stem and stage1 to stage4, in order: [n, 3, 112, 112] to [n, 2048, 4, 4]."""
    stages: dict[str, nn.Module] = {"stem": nn.Sequential(*_convolution(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1))}
    inputs = 64
    for number, (count, width, stride) in enumerate(STAGES, 1):
        members = []
        for place in range(count):
            members.append(Bottleneck(inputs, width, stride if place == 0 else 1))
            inputs = width * EXPANSION
        stages[f"stage{number}"] = nn.Sequential(*members)
    return stages
