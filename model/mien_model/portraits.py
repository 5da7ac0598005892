"""Public-domain portraits that registry packages carry: known answers and checks are made from these, never from data sets."""

import subprocess
import sys
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np

from .paths import CACHE

# name -> (package, its version, pip arguments, path inside it, whose picture)
SOURCES = {
    "astronaut": ("scikit-image", "0.25.2", [], "skimage/data/astronaut.png", "NASA, public domain"),
    "hopper": ("matplotlib", "3.10.3", [], "matplotlib/mpl-data/sample_data/grace_hopper.jpg", "US Navy, public domain"),
    "obama": (
        "face_recognition",
        "1.3.0",
        ["--no-binary", ":all:"],
        "tests/test_images/obama.jpg",
        "official US government portrait, public domain",
    ),
    "biden": (
        "face_recognition",
        "1.3.0",
        ["--no-binary", ":all:"],
        "tests/test_images/biden.jpg",
        "official US government portrait, public domain",
    ),
}


def fetch_portraits(folder: Path = CACHE / "portraits") -> dict[str, np.ndarray]:
    """name -> u8 RGB [h, w, 3]; fetched by package name with pip on the first call, then read from `folder`."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    portraits = {}
    for name, (package, version, arguments, inner, _) in SOURCES.items():
        kept = folder / f"{name}{Path(inner).suffix}"
        if not kept.exists():
            kept.write_bytes(_extract(_download(package, version, arguments, folder), inner))
        portraits[name] = np.asarray(Image.open(BytesIO(kept.read_bytes())).convert("RGB"))
    return portraits


def fetch_photograph(name: str, folder: Path = CACHE / "portraits") -> np.ndarray:
    """One of scikit-image's own photographs (CC0 or public domain, see skimage/data/README.txt), u8 RGB [h, w, 3]."""
    from PIL import Image

    package, version, arguments, *_ = SOURCES["astronaut"]
    folder.mkdir(parents=True, exist_ok=True)
    data = _extract(_download(package, version, arguments, folder), f"skimage/data/{name}")
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


def _download(package: str, version: str, arguments: list[str], folder: Path) -> Path:
    archives = folder / f"{package}-{version}"
    if not archives.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(archives)]
        subprocess.run([*command, *arguments, f"{package}=={version}"], check=True)
    return next(archives.iterdir())


def _extract(archive: Path, inner: str) -> bytes:
    if archive.suffix == ".whl":
        return zipfile.ZipFile(archive).read(inner)
    with tarfile.open(archive) as tar:
        member = next(m for m in tar if m.name.endswith("/" + inner))
        return tar.extractfile(member).read()
