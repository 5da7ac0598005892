"""`mien_model start-weights`: weights to begin a training with, from a file whose batch norms are folded into its convolutions."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from .face_network import FaceNetwork, save_network
from .faces import MOST_PADDING, load_faces, read_index, stratified_sample
from .network import DEFAULT, Architecture, blocks, convolutions
from .tflite_weights import Folded, read_convolutions
from .train.augment import plain
from .widen import widen

FACES = 512
LEAST_FACES = 16
SMALLEST_VARIANCE = 1e-4
"""Of a channel: those that stand still must not be blown up when training takes the statistics of a batch."""
BATCH = 64


def start_weights(source: Path, target: Path, folder: Path) -> Iterator[str]:
    """Write safetensors for `train --start`; what was done, a line at a time.

    source: our recogniser's FP32 ONNX file (any head and tasks), or a TFLite file of MobileNetV2 1.0 for ImageNet, which is widened to 1.4
    and brings no heads. folder: an index folder, whose train faces give the batch norms their statistics.
    """
    if source.suffix == ".tflite":
        network, convolved, heads = _widened(source)
    elif source.suffix == ".onnx":
        network, convolved, heads = _ours(source)
    else:
        raise ValueError(f"{source.name} must be an .onnx file of ours or a .tflite file of MobileNetV2 1.0")
    state = network.state_dict()
    for name, folded in convolved.items():
        state[f"{name}.conv.weight"].copy_(torch.from_numpy(folded.weight.copy()))
        state[f"{name}.bn.bias"].copy_(torch.from_numpy(folded.bias.copy()))
    for name, array in heads.items():
        state[name].copy_(torch.from_numpy(array.copy()))
    rows = stratified_sample(read_index("train", folder, most_padding=MOST_PADDING), FACES, seed=1)
    if len(rows) < LEAST_FACES:
        raise ValueError(f"{folder} must have at least {LEAST_FACES} train faces, it has {len(rows)}")
    settle_norms(network, load_faces(rows, folder).images)
    save_network(network, target)
    yield f"{target}: {len(convolved)} convolutions of {source.name}, {'with its heads' if heads else 'no heads'}, statistics of {len(rows)} faces"


def _ours(source: Path) -> tuple[FaceNetwork, dict[str, Folded], dict[str, np.ndarray]]:
    model = onnx.load(source)
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    found = {}
    for node in model.graph.node:
        if node.op_type == "Conv" and node.name.endswith("/conv/Conv"):
            weight, bias = (tensors.get(name) for name in node.input[1:3])
            found[node.name.removesuffix("/conv/Conv").strip("/").replace("/", ".")] = Folded(weight, bias, weight is not None and weight.shape[1] == 1)
    heads = {name: array for name, array in tensors.items() if name.startswith("head.")}
    tasks = tuple(task for task in DEFAULT.tasks if f"head.{task}.weight" in heads)
    head = "pooled" if "pool1" not in found else "npu-head" if found["pool1"].depthwise else "dense-head"
    architecture = Architecture(head=head, tasks=tasks) if tasks else DEFAULT
    expected = [c.name for c in convolutions(architecture)]
    if list(found) != expected or not tasks or any(folded.weight is None or folded.bias is None for folded in found.values()):
        raise ValueError(f"{source.name} is no FP32 file of ours: its {len(found)} named convolutions must be {', '.join(expected[:3])}, ... with heads")
    return FaceNetwork(architecture), found, heads


def _widened(source: Path) -> tuple[FaceNetwork, dict[str, Folded], dict[str, np.ndarray]]:
    architecture = Architecture(head="pooled")
    wide = list(convolutions(architecture))
    # The last of the file is the classifier.
    narrow = read_convolutions(source)[: len(wide)]
    made = widen(narrow, wide, {block.name for block in blocks() if block.skip})
    return FaceNetwork(architecture), {c.name: folded for c, folded in zip(wide, made)}, {}


@torch.no_grad()
def settle_norms(network: nn.Module, images: np.ndarray) -> None:
    """Give batch norms that only add their bias the statistics of faces (u8 [n, s, s, 3]); the network computes what it did before.

    With the statistics of a batch, as in training, it then computes about the same.
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    sums = {norm: torch.zeros(3, norm.num_features, dtype=torch.float64) for norm in norms}
    for norm in norms:
        norm.running_mean.zero_()
        norm.running_var.fill_(1)
        norm.weight.fill_((1 + norm.eps) ** 0.5)

    def count(norm: nn.BatchNorm2d, inputs: tuple[torch.Tensor]) -> None:
        values = inputs[0].double().transpose(0, 1).flatten(1)
        sums[norm] += torch.stack([torch.full((len(values),), values.shape[1]), values.sum(1), (values**2).sum(1)])

    hooks = [norm.register_forward_pre_hook(count) for norm in norms]
    network.eval()
    for start in range(0, len(images), BATCH):
        network(plain(torch.from_numpy(images[start : start + BATCH])))
    for hook in hooks:
        hook.remove()
    for norm, (number, total, squares) in sums.items():
        mean = total / number
        variance = (squares / number - mean**2).clamp_min(SMALLEST_VARIANCE)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_((variance + norm.eps).sqrt())
        norm.bias.add_(mean)
