"""The paper's own figures, as printed there."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """age: mean error in years; gender, emotion: percent right. None where a network has no such head."""

    age: float | None
    gender: float | None
    emotion: float | None


TABLE_3 = {
    "ResNet50": Figures(4.111, 98.251, 93.277),
    "MobileNetV2, pooled": Figures(3.338, 98.214, 94.531),
    "MobileNetV2, customised for the NPU": Figures(3.216, 98.351, 94.959),
}
TABLE_3_DATA = "IMDB-clean and 108,265 faces of their own; 50 epochs from random weights"

TABLE_4 = {
    "validation of IMDB-clean and of their own faces": Figures(3.485, 98.281, 93.917),
    "validation of their own faces alone": Figures(3.535, 96.937, 92.414),
    "IMDB-clean, test": Figures(5.099, 98.789, 89.794),
}
"""INT8, on the board, customised network."""

TABLE_5 = {
    ("pooled", ("age",)): Figures(5.026, None, None),
    ("pooled", ("gender",)): Figures(None, 98.61, None),
    ("pooled", ("emotion",)): Figures(None, None, 90.83),
    ("pooled", ("age", "gender")): Figures(5.021, 98.74, None),
    ("pooled", ("age", "emotion")): Figures(5.024, None, 89.59),
    ("pooled", ("gender", "emotion")): Figures(None, 98.76, 89.61),
    ("pooled", ("age", "gender", "emotion")): Figures(5.022, 98.88, 89.88),
    ("npu-head", ("age", "gender", "emotion")): Figures(5.013, 98.86, 89.72),
}
"""(head, tasks): FP32 on IMDB-clean, test; 4.3 M parameters each."""
TABLE_5_DATA = "as Table 3"


@dataclass(frozen=True)
class Board:
    """On an Orange Pi 5: share of the CPU in percent, NPU memory in kB, frames a second."""

    cpu: float
    kilobytes: int
    frames: float


TABLE_6 = {
    "three heads, pooled": Board(2.69, 7478, 256.4),
    "three heads, for the NPU": Board(1.92, 7735, 285.7),
    "three networks at once": Board(3.92, 20455, 232.6),
    "three networks in turn": Board(1.11, 6934, 106.5),
}
"""The names are those of `mien bench --table6 --json`."""
