"""The room: a real reception hall, out of focus, cut from a CC0 panorama, and the column that stands in it."""

import base64
import hashlib
import re
import subprocess
import tarfile
from pathlib import Path

import cv2
import numpy as np

PACKAGE, VERSION, INNER = "@pmndrs/assets", "1.7.0", "package/hdri/lobby.exr.js"
SHA256 = "58150e771d20555ebe4a9fc0e1e1aede23de9096430c71d3107017e8a13dc7a6"
HORIZON = 440  # row of the camera's eye level: the lens is shifted, not tilted, so that walls stay upright
YAW_DEG, FIELD_DEG = -48.0, 85.0
WHITE_BALANCE = np.float32([0.95, 1.0, 1.17])
COLUMN_X, COLUMN_WIDTH = 206, 112


def fetch_panorama(folder: Path) -> np.ndarray:
    """Linear f32 RGB [256, 512, 3], equirectangular; npm fetches its package on the first call. ValueError if it changed."""
    import OpenEXR

    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "lobby.exr.js"
    if not script.exists():
        command = ["npm", "pack", "--silent", "--pack-destination", str(folder), f"{PACKAGE}@{VERSION}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(folder.glob("*.tgz"))) as archive:
            script.write_bytes(archive.extractfile(INNER).read())
    text = script.read_bytes()
    if hashlib.sha256(text).hexdigest() != SHA256:
        raise ValueError(f"{script.name} is not the picture of {PACKAGE} {VERSION}: delete {folder} and try again")
    exr = folder / "lobby.exr"
    exr.write_bytes(base64.b64decode(re.search(rb"base64,([A-Za-z0-9+/=]+)", text)[1]))
    return OpenEXR.File(str(exr)).channels()["RGB"].pixels.astype(np.float32)


def foyer(panorama: np.ndarray, width: int, height: int) -> np.ndarray:
    """f32 RGB [height, width, 3] in 0..1 (display gamma): the reception hall as a camera focused on people sees it."""
    light = np.sqrt(_without_rings(np.clip(panorama, 0, 4)))  # lamps outshine a display; the root keeps interpolation calm
    focal = width / 2 / np.tan(np.radians(FIELD_DEG / 2))
    x, y = np.meshgrid((np.arange(width) - width / 2 + 0.5) / focal, (np.arange(height) - HORIZON + 0.5) / focal)
    longitude = np.arctan2(x, 1) + np.radians(YAW_DEG)
    latitude = np.arctan2(y, np.hypot(x, 1))
    rows, columns = light.shape[:2]
    padded = cv2.copyMakeBorder(light, 4, 4, 4, 4, cv2.BORDER_WRAP)
    u = (longitude / (2 * np.pi) + 0.5) % 1 * columns + 3.5
    v = (latitude / np.pi + 0.5) * rows + 3.5
    view = cv2.remap(padded, u.astype(np.float32), v.astype(np.float32), cv2.INTER_CUBIC)
    view = cv2.GaussianBlur(np.square(np.clip(view, 0, None)), (0, 0), 9.0) * WHITE_BALANCE
    view *= 0.30 / view.mean()
    filmic = view * (1 + view / 9) / (1 + view)
    return np.clip(filmic * 1.2, 0, 1) ** (1 / 2.2)


def _without_rings(light: np.ndarray) -> np.ndarray:
    """The panorama's compression left dark rings around its lamps: there, and only there, dark specks are closed."""
    lamp = (light.max(axis=2) >= 2.5).astype(np.uint8)
    near = cv2.dilate(lamp, np.ones((9, 9), np.uint8)) > 0
    closed = cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return np.where(near[..., None], closed, light)


def column(width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """A plastered column nearer than the focus: f32 RGB in 0..1 and its opacity f32 [height, width]."""
    across = (np.arange(width) - COLUMN_X) / (COLUMN_WIDTH / 2)
    # a matt cylinder under the bright wall at its right and the green one at its left
    angle = np.arcsin(np.clip(across, -1, 1))
    key, fill = np.clip(np.cos(angle - 0.75), 0, 1), np.clip(np.cos(angle + 1.15), 0, 1)
    shade = 0.20 + 0.52 * key[:, None] * np.float32([0.99, 0.96, 0.92]) + 0.20 * fill[:, None] * np.float32([0.80, 0.92, 0.45])
    fall = np.linspace(1.06, 0.84, height)[:, None, None]  # lit from the ceiling
    opacity = cv2.GaussianBlur((abs(across) < 1).astype(np.float32)[None], (0, 0), 3.0, borderType=cv2.BORDER_REPLICATE)
    return np.clip(shade[None] * fall, 0, 1).astype(np.float32), np.repeat(opacity, height, axis=0)
