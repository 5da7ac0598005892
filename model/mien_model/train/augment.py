"""Whole batches of faces changed at random: flip, affine, colour, grayscale, low resolution, erasing."""

import torch
from torch.nn import functional

from ..network import SIDE
from .recipe import Recipe

LUMA = (0.299, 0.587, 0.114)
LOW_RESOLUTION_GROUPS = 3
SMALLEST_SIDE, LARGEST_SIDE = 24, 72
ERASED = (0.02, 0.2)
"""Least and largest area of an erased rectangle, as shares of the picture."""


def normalise(pixels: torch.Tensor) -> torch.Tensor:
    """u8 [n, s, s, 3] to the network's range: f32 [n, 3, s, s] in -1..1, channels last in memory."""
    return pixels.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def plain(pixels: torch.Tensor) -> torch.Tensor:
    """The network's input as at inference: the crop scaled whole to 112, bilinear, rounded as pixels are."""
    planes = pixels.permute(0, 3, 1, 2).float()
    scaled = functional.interpolate(planes, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    return scaled.round_().div_(127.5).sub_(1)


def augment(pixels: torch.Tensor, recipe: Recipe, generator: torch.Generator) -> torch.Tensor:
    """u8 [n, 128, 128, 3] to f32 [n, 3, 112, 112] in -1..1; a function of the generator's state alone."""
    faces = normalise(pixels)
    grid = functional.affine_grid(_affine(len(faces), recipe, generator), [len(faces), 3, SIDE, SIDE], align_corners=False)
    faces = functional.grid_sample(faces, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    _lower_resolution(faces, recipe.low_resolution, generator)
    faces = _colour(faces, recipe, generator)
    _erase(faces, recipe.erasing, generator)
    return faces.contiguous(memory_format=torch.channels_last)


def _uniform(generator: torch.Generator, count: int, low: float = -1.0, high: float = 1.0) -> torch.Tensor:
    return torch.rand(count, generator=generator) * (high - low) + low


def _affine(count: int, recipe: Recipe, generator: torch.Generator) -> torch.Tensor:
    """Target-to-source matrices [n, 2, 3] in units of half a side; half of them mirror."""
    degrees, scaling, shift = recipe.affine
    angle = _uniform(generator, count) * degrees * torch.pi / 180
    scale = 1 + _uniform(generator, count) * scaling
    mirror = torch.where(_uniform(generator, count) < 0, -1.0, 1.0)
    cos, sin = scale * angle.cos(), scale * angle.sin()
    moved = [2 * shift * _uniform(generator, count) for _ in range(2)]
    rows = [torch.stack([mirror * cos, -sin, moved[0]], 1), torch.stack([mirror * sin, cos, moved[1]], 1)]
    return torch.stack(rows, 1)


def _lower_resolution(faces: torch.Tensor, share: float, generator: torch.Generator) -> None:
    """Some faces as if seen from afar; one size for each group of a batch, since sizes cannot differ within a call."""
    chosen = (_uniform(generator, len(faces), 0) < share).nonzero()[:, 0]
    for group in chosen.chunk(LOW_RESOLUTION_GROUPS):
        side = int(torch.randint(SMALLEST_SIDE, LARGEST_SIDE + 1, (1,), generator=generator))
        small = functional.interpolate(faces[group], size=(side, side), mode="bilinear", align_corners=False, antialias=True)
        faces[group] = functional.interpolate(small, size=(SIDE, SIDE), mode="bilinear", align_corners=False)


def _colour(faces: torch.Tensor, recipe: Recipe, generator: torch.Generator) -> torch.Tensor:
    """Brightness, contrast about the face's mean, saturation; all one matrix and offset per face."""
    count = len(faces)
    brightness, contrast, saturation = (1 + recipe.colour * _uniform(generator, count) for _ in range(3))
    saturation = torch.where(_uniform(generator, count, 0) < recipe.grayscale, 0.0, saturation)
    luma = torch.tensor(LUMA)
    mixing = saturation[:, None, None] * torch.eye(3) + (1 - saturation)[:, None, None] * luma.expand(3, 3)
    gain = brightness * contrast
    mean = torch.einsum("nchw,c->n", faces, luma) / faces[0, 0].numel()
    offset = mean * (1 - contrast) * brightness + (brightness - 1)
    planes = faces.permute(0, 2, 3, 1).reshape(count, -1, 3)
    mixed = torch.baddbmm(offset[:, None, None], planes, (mixing * gain[:, None, None]).transpose(1, 2))
    return mixed.clamp_(-1, 1).view(count, SIDE, SIDE, 3).permute(0, 3, 1, 2)


def _erase(faces: torch.Tensor, share: float, generator: torch.Generator) -> None:
    """A rectangle of one random colour over some faces."""
    for place in (_uniform(generator, len(faces), 0) < share).nonzero()[:, 0].tolist():
        area, stretch, x, y, *colour = _uniform(generator, 7, 0).tolist()
        area = SIDE * SIDE * (ERASED[0] + area * (ERASED[1] - ERASED[0]))
        ratio = 0.4 + 1.6 * stretch
        width, height = (max(1, min(SIDE, round(side))) for side in ((area * ratio) ** 0.5, (area / ratio) ** 0.5))
        left, top = round(x * (SIDE - width)), round(y * (SIDE - height))
        faces[place, :, top : top + height, left : left + width] = torch.tensor(colour)[:, None, None] * 2 - 1
