"""A network's answers for many faces, in batches; used for teachers and for validation."""

import numpy as np
import torch
from torch import nn

from .augment import plain
from .targets import Answers, Labels

BATCH = 128


@torch.no_grad()
def probabilities(network: nn.Module, pixels: np.ndarray, mirrored: bool = False, tell=None) -> Answers:
    """u8 faces [n, 128, 128, 3] to years and probabilities, in bf16. mirrored: the mean with those of the mirror image.

    tell(done, of): called after every batch.
    """
    network.eval()
    parts: dict[str, list[torch.Tensor]] = {task: [] for task in network.tasks}
    for start in range(0, len(pixels), BATCH):
        faces = plain(torch.from_numpy(np.array(pixels[start : start + BATCH])))
        views = [_answers(network, view) for view in ([faces, faces.flip(3)] if mirrored else [faces])]
        for task, part in parts.items():
            part.append(sum(view[task] for view in views) / len(views))
        if tell is not None:
            tell(min(start + BATCH, len(pixels)), len(pixels))
    found = {task: torch.cat(part).numpy() for task, part in parts.items()}
    return {task: values if task == "emotion" else values[:, 0] for task, values in found.items()}


def _answers(network: nn.Module, faces: torch.Tensor) -> dict[str, torch.Tensor]:
    device = next(network.parameters()).device
    with torch.autocast(device.type, torch.bfloat16):
        raw = network(faces.to(device).contiguous(memory_format=torch.channels_last))
    answers = {task: answer.float().cpu() for task, answer in zip(network.tasks, raw)}
    if "gender" in answers:
        answers["gender"] = answers["gender"].sigmoid()
    if "emotion" in answers:
        answers["emotion"] = answers["emotion"].softmax(1)
    return answers


def score(answers: Answers, labels: Labels, kept: np.ndarray | None = None) -> dict[str, float]:
    """age_mae in years, gender and emotion as shares of right answers, each over the faces that have the label.

    kept [n]: only these faces. A task that was not answered, or that no face has a label for, is left out.
    """
    kept = np.ones(len(labels.age), bool) if kept is None else kept
    found = {}
    if "age" in answers:
        found["age_mae"] = (np.abs(answers["age"] - labels.age), labels.age)
    if "gender" in answers:
        found["gender"] = ((answers["gender"] > 0.5) == (labels.gender == 1), labels.gender)
    if "emotion" in answers:
        found["emotion"] = (answers["emotion"].argmax(1) == labels.emotion, labels.emotion)
    counted = {name: (values, kept & ~np.isnan(label)) for name, (values, label) in found.items()}
    return {name: float(values[known].mean()) for name, (values, known) in counted.items() if known.any()}
