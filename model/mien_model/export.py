"""`mien_model export`, first half: weights to ONNX in FP32, checked against PyTorch."""

from pathlib import Path

import numpy as np

from .network import SIDE

OPSET = 17
OUTPUTS = {"age": "age", "gender": "gender", "emotion": "expression"}
"""Of the tasks."""
LARGEST_DIFFERENCE = 1e-4


def export_float(weights: Path, target: Path) -> float:
    """f32 [n, 3, 112, 112] in -1..1 to those of `age` [n, 1] years, `gender` [n, 1] logit of male and `expression` [n, 3] logits that
    the network was trained for.

    Returns the largest difference from PyTorch over random inputs; raises ValueError where it is over LARGEST_DIFFERENCE.
    """
    import onnxruntime
    import torch

    from .face_network import load_network

    network = load_network(weights)
    outputs = [OUTPUTS[task] for task in network.tasks]
    target.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        network,
        (torch.zeros(1, 3, SIDE, SIDE),),
        str(target),
        opset_version=OPSET,
        input_names=["input"],
        output_names=outputs,
        dynamic_axes={name: {0: "n"} for name in ("input", *outputs)},
        dynamo=False,
    )
    probe = np.random.default_rng(1).uniform(-1, 1, (8, 3, SIDE, SIDE)).astype(np.float32)
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        reference = [value.numpy() for value in network(torch.from_numpy(probe))]
    found = session.run(outputs, {"input": probe})
    worst = max(float(np.abs(a - b).max()) for a, b in zip(found, reference, strict=True))
    if worst > LARGEST_DIFFERENCE:
        raise ValueError(f"ONNX and PyTorch differ by {worst}, at most {LARGEST_DIFFERENCE} is allowed")
    return worst
