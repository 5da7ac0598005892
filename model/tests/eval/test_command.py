import copy
import hashlib
import json

import pytest
from made_network import brightness_network
from miniature import row, write_faces

from mien_model.eval import card, command, plots
from mien_model.paths import RELEASE

MANIFEST = json.loads((RELEASE / "model.json").read_text())


def made_release(folder, shift=1.0):
    """A folder with two made-up networks and a model.json that names them."""
    folder.mkdir(exist_ok=True)
    manifest = copy.deepcopy(MANIFEST)
    files = {"fp32": brightness_network(folder / "faces-npu-head-fp32.onnx"), "int8": brightness_network(folder / "faces-npu-head-int8.onnx", shift=shift)}
    for file in manifest["networks"][0]["files"]:
        if file["backend"] == "onnx":
            file["sha256"] = hashlib.sha256(files[file["precision"]].read_bytes()).hexdigest()
    (folder / "model.json").write_text(json.dumps(manifest))
    return folder


def made_faces(folder, count=30):
    folder.mkdir()
    aged = [row(f"{i}.jpg", split="val", source="utkface", age=str(3 * i), gender=str(i % 2)) for i in range(count)]
    felt = [row(f"e{i}.jpg", split="val", emo3=str(i % 3)) for i in range(count)]
    return write_faces(folder, aged + felt)


def run(release, faces, report, **options):
    return list(command.evaluate_release(release, report, faces=faces, **options))


@pytest.mark.skipif(not plots.available(), reason="matplotlib is not installed: .venv-base/bin/pip install -r requirements/report.txt")
def test_a_release_gets_its_report_and_card_and_keeps_what_is_of_the_same_files(tmp_path):
    release, faces, report = made_release(tmp_path / "release"), made_faces(tmp_path / "faces"), tmp_path / "report"
    record = {"run": "mine", "command": "train mine", "start": "s", "faces": 7, "sessions": 1, "epochs": 2, "hours": 0.5, "ended": "2026-01-01"}
    record |= {"recipe": {"seed": 3}, "versions": {"torch": "2"}, "weights": "abc"}
    lines = run(release, faces, report, training=record)
    assert any(line.startswith("  INT8 costs") for line in lines)
    figures = json.loads((report / "figures.json").read_text())
    assert figures["crops"]["n"] == 60 and figures["scenes"] is None
    assert {file.name for file in report.iterdir()} == {"figures.json", "README.md", *card.PLOTS}
    assert "`train mine` (seed 3)" in (release / card.FILE).read_text()
    run(release, faces, report)
    assert "`train mine` (seed 3)" in (release / card.FILE).read_text()
    run(made_release(release, shift=2.0), faces, report)
    assert "without a record of a run" in (release / card.FILE).read_text()


def test_without_matplotlib_nothing_is_begun(tmp_path, monkeypatch):
    monkeypatch.setattr(plots, "available", lambda: False)
    with pytest.raises(ValueError, match=r"need matplotlib: .* requirements/report.txt"):
        run(tmp_path, tmp_path, tmp_path / "report")
    assert not (tmp_path / "report").exists()
