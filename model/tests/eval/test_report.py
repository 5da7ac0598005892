import copy
import json

import numpy as np
import pytest
from made_network import brightness_network, labelled_faces

from mien_model.eval import card, plots
from mien_model.eval.measure import measure
from mien_model.eval.report import report
from mien_model.eval.training import check_weights, file_hash, training_record
from mien_model.paths import RECIPES, RELEASE, REPORT, REQUIREMENTS

MANIFEST = json.loads((RELEASE / "model.json").read_text())


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    """Of a made-up network on made-up faces; the files' hashes are those of the release, so that a card can be written."""
    folder = tmp_path_factory.mktemp("networks")
    files = {"fp32": brightness_network(folder / "fp32.onnx"), "int8": brightness_network(folder / "int8.onnx", shift=1.0)}
    rows, faces = labelled_faces()
    hashes = {file["path"]: file["sha256"] for file in MANIFEST["networks"][0]["files"]}
    made = {"command": "python -m mien_model eval", "date": "2026-01-01", "versions": {"numpy": "2"}, "cpu": "a computer"}
    return {"made": made, "files": hashes, "training": None, "crops": measure(files, rows, faces), "scenes": None, "clip": None}


def test_everything_that_is_measured_fits_json_and_is_right(figures):
    crops = json.loads(json.dumps(figures["crops"], allow_nan=False))
    assert crops["n"] == 60
    assert crops["fp32"]["headline"]["ageMae"]["n"] == 40
    assert crops["int8"]["headline"]["ageBias"]["value"] - crops["fp32"]["headline"]["ageBias"]["value"] == pytest.approx(1, abs=1e-3)
    assert [row["side"] for row in crops["sizes"]] == [48, 64, 96, 112]
    assert crops["sizes"][-1]["age"]["mae"] == crops["blur"][0]["age"]["mae"] == pytest.approx(crops["int8"]["ageMae"], abs=1e-3)
    assert sum(row["ageMae"]["n"] for row in crops["groups"]["utk"]) == 40
    assert {row["name"]: row["expression"]["n"] for row in crops["sources"]} == {"fer2013+ferplus": 20, "utkface": 0}


def test_faces_without_any_expression_are_refused_by_name(tmp_path):
    rows, faces = labelled_faces(20)
    faces.expression[:] = np.nan
    files = {"fp32": brightness_network(tmp_path / "fp32.onnx"), "int8": brightness_network(tmp_path / "int8.onnx")}
    with pytest.raises(ValueError, match="no face of the split carries the label"):
        measure(files, rows, faces)


def test_the_report_holds_its_figures(figures):
    text = report(figures)
    for found in figures["crops"]["int8"]["headline"].values():
        assert str(round(abs(found["value"]), 2) if abs(found["value"]) > 1 else round(100 * found["value"], 1)).rstrip("0").rstrip(".") in text
    assert "Not measured for these weights yet" in text
    assert "None" not in text and "nan" not in text


def test_plots_are_small_pictures(figures, tmp_path):
    if not plots.available():
        pytest.skip("matplotlib is not installed: .venv-base/bin/pip install -r requirements/report.txt")
    from PIL import Image

    names = plots.draw(figures, tmp_path)
    assert names == list(card.PLOTS)
    for name in names:
        assert (tmp_path / name).stat().st_size <= plots.MOST_BYTES
        assert np.asarray(Image.open(tmp_path / name).convert("L")).std() > 5


def test_a_card_names_its_limits_and_its_worst_rows(figures):
    text = card.card(MANIFEST, figures)
    for words in (
        "No age gate",
        "No emotions at work",
        "UTKFace",
        "non-commercial research only",
        "Not measured for these weights",
        "without a record of a run",
    ):
        assert words in text
    worst = min((row["genderAccuracy"]["value"], row["name"]) for row in figures["crops"]["groups"]["age"] if row["genderAccuracy"]["value"] is not None)
    assert f"told apart worst among those of {worst[1]} years: {100 * worst[0]:.1f} %" in text


def test_a_card_is_not_written_from_figures_of_other_files(figures):
    other = copy.deepcopy(figures)
    other["files"]["faces-npu-head-int8.onnx"] = "0" * 64
    with pytest.raises(ValueError, match=r"not of this faces-npu-head-int8.onnx: run .* eval"):
        card.card(MANIFEST, other)


def test_the_committed_card_is_that_of_the_manifest_and_the_report():
    figures = json.loads((REPORT / card.FIGURES).read_text())
    text = (RELEASE / card.FILE).read_text()
    assert text == card.card(MANIFEST, figures)
    for row in MANIFEST["networks"][0]["measured"]:
        assert f"| {row['ageMae']:.2f} | {100 * row['genderAccuracy']:.2f} % | {100 * row['expressionAccuracy']:.2f} % |" in text
    assert figures["crops"]["int8"]["ageMae"] == pytest.approx(MANIFEST["networks"][0]["measured"][1]["ageMae"], abs=1e-4)
    for name in card.PLOTS:
        assert (RELEASE / f"{card.PLOT_PREFIX}{name}").read_bytes() == (REPORT / name).read_bytes()


def test_the_committed_report_is_that_of_its_figures():
    figures = json.loads((REPORT / card.FIGURES).read_text())
    assert (REPORT / "README.md").read_text() == report(figures)


def write_run(folder, lines):
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "ema.safetensors").write_bytes(b"weights")


START = {"time": 1000.0, "kind": "start", "epoch": 0, "step": 0, "faces": 34540, "threads": 2, "start": "start.safetensors"}
VAL = {"time": 2000.0, "kind": "val", "epoch": 0, "age_mae": 4.9, "gender": 0.94, "emotion": 0.87}


def test_a_runs_record_counts_work_and_leaves_pauses_out(tmp_path):
    steps = [{"time": 1000.0 + 100 * i, "kind": "step"} for i in range(1, 10)]
    later = [{**START, "kind": "resume", "time": 90_000.0, "epoch": 1}, {**VAL, "time": 90_100.0, "epoch": 1, "age_mae": 4.8}]
    write_run(tmp_path, [START, *steps, VAL, *later])
    record = training_record(tmp_path, RECIPES / "distil.toml", REQUIREMENTS / "train.txt")
    assert (record["sessions"], record["epochs"], record["hours"]) == (2, 2, round((1000 + 900 + 100) / 3600, 1))
    assert record["validation"]["ageMae"] == 4.8 and record["recipe"]["seed"] == 1 and "torch" in record["versions"]


def test_a_run_without_a_finished_epoch_has_no_record(tmp_path):
    write_run(tmp_path, [START])
    with pytest.raises(ValueError, match="no finished epoch"):
        training_record(tmp_path, RECIPES / "distil.toml", REQUIREMENTS / "train.txt")


def test_converted_files_of_other_weights_are_refused(tmp_path):
    write_run(tmp_path, [START, VAL])
    record = training_record(tmp_path, RECIPES / "distil.toml", REQUIREMENTS / "train.txt")
    with pytest.raises(ValueError, match=r"weights.json is missing: run `export"):
        check_weights(record, tmp_path)
    note = tmp_path / "weights.json"
    note.write_text(json.dumps({"file": "old.safetensors", "sha256": "0" * 64}))
    with pytest.raises(ValueError, match=r"are of old.safetensors"):
        check_weights(record, tmp_path)
    note.write_text(json.dumps({"file": "ema.safetensors", "sha256": file_hash(tmp_path / "ema.safetensors")}))
    check_weights(record, tmp_path)
