"""The paper's loss: 0.08 Huber(age) + 0.95 BCE(gender) + 0.85 CE(emotion), each over the faces that teach the head."""

import torch
from torch.nn import functional

SHARES = {"age": 0.08, "gender": 0.95, "emotion": 0.85}


def head_losses(answers: dict[str, torch.Tensor], values: dict[str, torch.Tensor], weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Weighted mean loss of every head that answered, unshared; 0 where no face of the batch teaches it.

    answers: age [n, 1] years, gender [n, 1] logit, emotion [n, 3] logits; values, weights: as `targets.Targets`.
    """
    losses = {}
    for head, answer in answers.items():
        answer = answer.float()
        if head == "age":
            each = functional.huber_loss(answer, values[head], reduction="none")[:, 0]
        elif head == "gender":
            each = functional.binary_cross_entropy_with_logits(answer, values[head], reduction="none")[:, 0]
        else:
            each = -(values[head] * functional.log_softmax(answer, 1)).sum(1)
        losses[head] = (each * weights[head]).sum() / weights[head].sum().clamp_min(1e-6)
    return losses


def total(losses: dict[str, torch.Tensor]) -> torch.Tensor:
    """The paper's sum."""
    return sum(SHARES[head] * loss for head, loss in losses.items())
