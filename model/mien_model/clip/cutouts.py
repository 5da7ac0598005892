"""The people: four public-domain portraits cut from their backgrounds, each with its face measured by hand."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from pymatting import estimate_alpha_cf, estimate_foreground_ml

# A detector's face is a square: so many eye-to-mouth distances wide, its middle so many below the eyes. Fitted to what
# MediaPipe's full-range detector answers on the four portraits; within 4 % of the side for each of them.
BOX_SIDE, BOX_BELOW_EYES = 2.45, 0.44


def face_box(eyes, mouth) -> tuple[float, float, float]:
    """Middle x, middle y and side of the face's square, in the units of the points: mid-forehead to chin, ear to ear."""
    (ax, ay), (bx, by) = eyes
    x, y = (ax + bx) / 2, (ay + by) / 2
    down = (mouth[0] - x, mouth[1] - y)
    return x + BOX_BELOW_EYES * down[0], y + BOX_BELOW_EYES * down[1], BOX_SIDE * float(np.hypot(*down))


@dataclass(frozen=True)
class Portrait:
    """Points in pixels of the portrait as it comes; the face's box follows from the eyes and the mouth, see `face_box`."""

    id: str
    name: str
    gender: str
    apparent_age: int
    age_source: str
    sha256: str
    eyes: tuple[tuple[float, float], tuple[float, float]]
    mouth: tuple[float, float]
    outline: list[tuple[float, float]]
    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)  # the light of the foyer
    scale: float = 1.0  # the portrait is worked on at this scale
    hair: float = 0.045  # half the width of the band in which hair is matted, in face sides
    extend: int = 0  # rows of plain cloth to add below, since the portrait ends too high

    @property
    def box(self) -> tuple[float, float, float]:
        return face_box(self.eyes, self.mouth)


# fmt: off
PORTRAITS = [
    Portrait(
        "astronaut", "Eileen Collins", "female", 42, "born November 1956; the suit wears the patch of STS-93, flown in July 1999",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        ((203, 100.5), (245.5, 103)), (223, 143.5),
        [(22, 512), (24, 430), (26, 340), (42, 280), (62, 242), (84, 225), (116, 208), (115, 185), (126, 180), (140, 158), (160, 149),
         (184, 149), (183, 132), (172, 128), (170, 117), (156, 102), (152, 80), (158, 56), (180, 36), (198, 24), (230, 15), (262, 22),
         (286, 36), (298, 62), (301, 90), (296, 112), (284, 126), (276, 136), (266, 137), (264, 150), (256, 173), (268, 182),
         (280, 193), (290, 206), (298, 218), (303, 233), (320, 242), (342, 262), (354, 300), (361, 340), (364, 348), (385, 343), (412, 344), (440, 354),
         (470, 380), (488, 412), (496, 450), (504, 460), (508, 490), (508, 512)],
        gain=(0.93, 0.94, 0.95),
    ),
    Portrait(
        "hopper", "Grace Hopper", "female", 77, "born December 1906, portrait of January 1984",
        "a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
        ((221, 190), (305, 187)), (263, 277.5),
        [(10, 600), (18, 540), (24, 470), (34, 420), (56, 383), (90, 366), (140, 354), (170, 338), (200, 314), (196, 300), (180, 292),
         (163, 278), (162, 250), (158, 226), (153, 205), (156, 188), (148, 170), (148, 130), (158, 100), (172, 84), (186, 62),
         (206, 48), (222, 40), (236, 26), (258, 22), (290, 30), (302, 42), (330, 52), (346, 66), (353, 86), (366, 88), (371, 120),
         (370, 160), (372, 184), (376, 200), (370, 236), (362, 270), (354, 292), (336, 306), (330, 312), (346, 330), (380, 348),
         (430, 366), (470, 378), (490, 390), (502, 424), (507, 470), (509, 540), (509, 600)],
        gain=(0.93, 0.95, 0.97), extend=190,
    ),
    Portrait(
        "obama", "Barack Obama", "male", 51, "born August 1961, portrait of December 2012",
        "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
        ((443, 213.5), (549, 212)), (494, 329),
        [(200, 1137), (200, 1104), (120, 1088), (78, 1070), (56, 1000), (50, 950), (72, 850), (104, 750), (130, 700), (140, 640),
         (168, 570), (190, 524), (260, 492), (330, 464), (400, 428), (404, 392), (398, 352), (380, 296), (362, 294), (346, 256),
         (338, 214), (345, 197), (358, 192), (357, 154), (361, 130), (368, 92), (389, 63), (417, 43), (452, 32), (499, 29), (542, 36),
         (576, 57), (603, 91), (617, 120), (622, 148), (624, 190), (635, 196), (642, 216), (634, 256), (622, 290), (606, 294), (598, 330),
         (584, 370), (602, 398), (636, 430), (700, 450), (756, 470), (806, 498), (832, 530), (842, 580), (830, 640), (836, 712),
         (834, 800), (820, 890), (800, 970), (776, 1020), (752, 1060), (756, 1137)],
        gain=(0.93, 0.94, 0.96), scale=0.9, hair=0.035,
    ),
    Portrait(
        "biden", "Joe Biden", "male", 67, "born November 1942, photographed in May 2010",
        "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
        ((530, 324), (652, 348)), (572, 470),
        [(20, 2204), (24, 1968), (32, 1847), (50, 1726), (70, 1580), (60, 1565), (76, 1494), (85, 1450), (85, 1423), (102, 1343),
         (113, 1254), (99, 1238), (70, 1168), (50, 1098), (40, 1000), (36, 950), (40, 820), (46, 700), (70, 640),
         (130, 616), (250, 596), (330, 580), (384, 548), (400, 516), (424, 500), (420, 424), (392, 404), (384, 340), (388, 290),
         (392, 236), (408, 190), (440, 146), (500, 112), (560, 96), (630, 104), (690, 132), (724, 170), (744, 230), (752, 290),
         (740, 350), (722, 400), (706, 456), (690, 490), (660, 540), (640, 570), (636, 590), (660, 628), (740, 660), (830, 700),
         (892, 732), (910, 780), (940, 860), (966, 960), (970, 1100), (966, 1200), (900, 1230), (831, 1234), (834, 1300), (843, 1370),
         (866, 1450), (904, 1530), (888, 1548), (911, 1644), (936, 1795), (956, 1990), (956, 2204)],
        gain=(1.16, 1.17, 1.16), scale=0.5, hair=0.07,
    ),
]
# fmt: on


@dataclass(frozen=True)
class Cutout:
    """`levels`: premultiplied f32 RGBA, level n at 2^-n of the portrait's own pixels times its working scale."""

    portrait: Portrait
    levels: list[np.ndarray]


def cut_out(portrait: Portrait, rgb: np.ndarray) -> Cutout:
    """Closed-form matting inside a band around the hand-drawn outline; the old background's colour is taken out of the hair."""
    k = portrait.scale
    picture = cv2.resize(rgb, None, fx=k, fy=k, interpolation=cv2.INTER_AREA).astype(np.float64) / 255
    outline = np.float32([portrait.outline]) * k
    height, width = picture.shape[:2]
    inside = np.zeros((height, width), np.uint8)
    cv2.fillPoly(inside, np.int32(np.round(outline)), 255)
    _, middle, side = (v * k for v in portrait.box)
    chin_row = int(middle + 0.5 * side)
    trimap = np.where(inside > 0, 1.0, 0.0)
    for rows, reach in ((slice(0, chin_row), portrait.hair), (slice(chin_row, height), 0.03)):
        size = 2 * round(reach * side) + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
        band = (cv2.dilate(inside, disc) > 0) & (cv2.erode(inside, disc) == 0)
        trimap[rows][band[rows]] = 0.5
    alpha = estimate_alpha_cf(picture, trimap)
    alpha = np.clip((alpha - 0.06) / 0.88, 0, 1)
    colour = estimate_foreground_ml(picture, alpha) * portrait.gain
    sprite = np.dstack([np.clip(colour, 0, 1) * alpha[..., None], alpha]).astype(np.float32)
    if portrait.extend:
        cloth = sprite[-66:]
        strips = [cloth[::-1] if i % 2 == 0 else cloth for i in range(-(-portrait.extend // 66))]
        sprite = np.vstack([sprite, *strips])
    levels = [sprite]
    while min(levels[-1].shape[:2]) > 64:
        levels.append(cv2.pyrDown(levels[-1]))
    return Cutout(portrait, levels)


def check_file(portrait: Portrait, folder: Path) -> None:
    """ValueError if the fetched picture is not the one that the outline was drawn on."""
    file = next(folder.glob(f"{portrait.id}.*"))
    if hashlib.sha256(file.read_bytes()).hexdigest() != portrait.sha256:
        raise ValueError(f"{file.name} is not the portrait that this clip was drawn from")
