"""Who walks where, and when. Everything else is drawn from this."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from .foyer import HORIZON

FRAMES_PER_SECOND = 15
SECONDS = 22
SHUTTER = 0.22  # share of the frame interval in which light is gathered: what smears walkers
COLUMN_DEPTH = 124  # face side in pixels of somebody standing where the column stands


@dataclass(frozen=True)
class Walk:
    """Keys: (seconds, x of the face's middle in px, face side in px), (seconds, degrees) and (seconds, sigma in px).
    `above`: how far the face is above the camera, in face sides. Nobody is drawn before the first or after the last key."""

    person: str
    above: float
    path: list[tuple[float, float, float]]
    roll: list[tuple[float, float]]
    yaw: list[tuple[float, float]]
    defocus: list[tuple[float, float]]


# fmt: off
WALKS = [
    Walk(
        "biden", 0.62,
        [(1.0, -60, 58), (2.2, 215, 68), (3.4, 400, 88), (4.7, 485, 108), (6.5, 492, 110), (7.6, 400, 96), (8.7, 190, 82), (9.7, -80, 74)],
        [(1.0, -9), (4.2, -8), (5.0, -2), (5.8, 4), (6.5, -4), (7.7, -12), (9.7, -10)],
        [(1.0, 9), (3.4, 6), (4.4, 0), (6.2, 0), (7.0, -9), (9.7, -10)],
        [(1.0, 0.9), (4.5, 0.6), (6.8, 0.6), (9.7, 0.9)],
    ),
    Walk(
        "astronaut", 0.45,
        [(3.2, 1420, 96), (4.6, 1120, 108), (6.0, 880, 142), (7.2, 852, 150), (8.7, 850, 152), (9.6, 905, 166), (10.5, 1090, 176),
         (11.7, 1560, 176)],
        [(3.2, -3), (6.0, 0), (6.7, -6), (7.6, 9), (8.5, 7), (9.2, -1), (11.7, 3)],
        [(3.2, -9), (5.6, -5), (6.4, 0), (7.6, -4), (8.8, 0), (9.6, 8), (11.7, 11)],
        [(3.2, 1.0), (6.0, 0.6), (9.0, 0.6), (11.7, 0.9)],
    ),
    Walk(
        "hopper", 0.12,
        [(11.4, 1540, 150), (12.8, 1180, 160), (14.1, 1010, 172), (15.2, 985, 174), (16.8, 985, 176), (17.6, 1090, 174), (18.85, 1580, 168)],
        [(11.4, 2), (14.1, 0), (15.0, 4), (16.2, -3), (17.0, 0), (18.85, 3)],
        [(11.4, -8), (14.0, -3), (15.0, -4), (16.0, 3), (17.0, 2), (17.7, 9), (18.85, 10)],
        [(11.4, 0.9), (14.2, 0.6), (17.2, 0.6), (18.85, 0.9)],
    ),
    Walk(
        "obama", 0.56,
        [(9.0, -270, 168), (10.2, 110, 186), (11.4, 460, 226), (12.4, 556, 250), (14.2, 574, 253), (15.1, 700, 232), (16.1, 1010, 208),
         (17.6, 1570, 196)],
        [(9.0, 2), (11.4, 0), (12.4, 3), (13.2, 10), (14.0, 3), (15.1, -2), (17.6, -3)],
        [(9.0, 9), (11.2, 5), (12.2, 0), (13.8, 0), (14.6, 7), (17.6, 10)],
        [(9.0, 1.4), (11.8, 1.6), (12.6, 0.6), (14.4, 0.6), (17.6, 0.9)],
    ),
]
# fmt: on


@dataclass(frozen=True)
class Pose:
    """Where one face is at one instant: pixels, degrees, and pixels a frame for the smear."""

    person: str
    x: float
    y: float
    side: float
    roll_deg: float
    yaw_deg: float
    defocus: float
    smear: tuple[float, float]


def poses(seconds: float) -> list[Pose]:
    """Everybody in the script at this time, farthest first."""
    here = [_pose(walk, seconds) for walk in WALKS if walk.path[0][0] <= seconds <= walk.path[-1][0]]
    return sorted(here, key=lambda pose: pose.side)


def _pose(walk: Walk, seconds: float) -> Pose:
    x, y, side = _place(walk, seconds)
    step = 0.5 / FRAMES_PER_SECOND
    before, after = _place(walk, seconds - step), _place(walk, seconds + step)
    smear = ((after[0] - before[0]) * SHUTTER, (after[1] - before[1]) * SHUTTER)
    sway = 1.2 * np.sin(2 * np.pi * 0.85 * seconds + len(walk.person))  # weight from one foot to the other
    return Pose(
        walk.person, x, y, side, _at(walk.roll, seconds) + sway, _at(walk.yaw, seconds), _at(walk.defocus, seconds), smear
    )


def _place(walk: Walk, seconds: float) -> tuple[float, float, float]:
    t, x, side = (np.array(v, float) for v in zip(*walk.path))
    at = np.clip(seconds, t[0], t[-1])
    path_x, path_side = PchipInterpolator(t, x), PchipInterpolator(t, side)
    size = float(path_side(at))
    # each step lifts the head a little, the more the faster the walk
    pace = min(abs(float(path_x(at, 1))) / size, 1.5)
    bob = 0.022 * pace * size * np.sin(2 * np.pi * 1.75 * seconds)
    return float(path_x(at)), HORIZON - walk.above * size + bob, size


def _at(keys: list[tuple[float, float]], seconds: float) -> float:
    t, value = (np.array(v, float) for v in zip(*keys))
    return float(PchipInterpolator(t, value)(np.clip(seconds, t[0], t[-1])))
