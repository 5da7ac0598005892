"""The tables from made-up manifests and results; no torch."""

import json

import pytest
from miniature import row, write_faces

from mien_model.rknn.account import Account, Layer, summary
from mien_model.tables import accuracy, board
from mien_model.tables.released import measured, npu_files
from mien_model.tables.runs import ALL, RUNS, Result, chosen, read_results, write_results
from mien_model.tables.subset import Size, choose, write_subset


def result(name: str, age=5.0, gender=0.9, emotion=0.8, tasks=ALL) -> Result:
    figures = {"age_mae": age, "gender": gender, "emotion": emotion}
    kept = {name: value for name, value in figures.items() if name.removesuffix("_mae") in tasks}
    recipe = {"epochs": 3, "batch": 96}
    counts, errors = dict.fromkeys(tasks, 1500), dict.fromkeys(kept, 0.01)
    return Result(name, "k", recipe, "warm (abc)", 6000, "the smallest hashes", 186, 90.5, "2026-11-24", "f" * 64, counts, kept, errors)


def network(name: str, files: list[dict], measured: list[dict]) -> dict:
    return {"role": "recognizer", "name": name, "files": files, "measured": measured}


def rknn(name: str, made: str) -> dict:
    return {"path": f"{name}.rknn", "backend": "rknn", "chip": "rk3588", "precision": "int8", "bytes": 5, "sha256": "c" * 64, "made": made}


LAYER = Layer(1, "Conv", "INT8", "NPU", "[1]", 9, 586_638, 586_638, 7, "stem")
ACCOUNT = f"toolkit, 256 pictures: {summary(Account((LAYER,), 4254.2, 918.9))}"


@pytest.fixture
def release(tmp_path):
    cpu = [{"path": f"n-{p}.onnx", "backend": "onnx", "chip": "cpu", "precision": p, "sha256": h * 64} for p, h in (("fp32", "a"), ("int8", "b"))]
    figures = {"split": "val", "n": 100, "ageMae": 5.0, "genderAccuracy": 0.94, "expressionAccuracy": 0.87}
    rows = [{"precision": "fp32", **figures}, {"precision": "int8", **figures, "ageMae": 5.1}, {"precision": "int8", "file": "faces-npu-head.rknn", **figures}]
    (tmp_path / "model.json").write_text(json.dumps({"networks": [network("faces-npu-head", [*cpu, rknn("faces-npu-head", ACCOUNT)], rows)]}))
    return tmp_path


@pytest.fixture
def bench(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    names = ("faces-pooled", "faces-age", "faces-gender", "faces-expression")
    (folder / "model.json").write_text(json.dumps({"networks": [network(name, [rknn(name, ACCOUNT)], []) for name in names]}))
    return folder


def line(text: str, start: str) -> str:
    (found,) = [line for line in text.splitlines() if line.startswith(f"| {start} |")]
    return found


def test_measured_rows_go_with_their_files(release):
    assert [(row.path, row.sha256[0], row.figures.age) for row in measured(release)] == [
        ("n-fp32.onnx", "a", 5.0),
        ("n-int8.onnx", "b", 5.1),
        ("faces-npu-head.rknn", "c", 5.0),
    ]


def test_the_account_is_read_from_what_made_the_file(release):
    (file,) = npu_files(release)
    assert (file.cycles, file.weights_kb, file.internal_kb, file.kilobytes) == (586638, 4254, 919, 5173)


def test_table_3_has_the_papers_rows_the_release_and_what_was_not_run(release):
    text = accuracy.table_3(release, {"random-pooled": result("random-pooled", 9.0, 0.7, 0.6)})
    assert "| 4.111 | 98.251 | 93.277 |" in line(text, "paper: ResNet50")
    assert "| 5.000 | 94.00 | 87.00 | aaaaaaaaaaaa |" in line(text, "**release**: npu-head, FP32")
    assert "9.000 | 70.00 | 60.00 | ffffffffffff | 2026-11-24 |" in text
    assert "not run yet: `short-runs --only random-resnet50`" in line(text, "short: resnet50, pooled")


def test_table_4_says_what_int8_costs(release):
    text = accuracy.table_4(release)
    assert "| 3.485 | 98.281 | 93.917 |" in text
    assert "- n-int8.onnx: +0.100 years, +0.00 and +0.00 points" in text


def test_table_5_has_all_subsets_and_a_verdict():
    results = {
        "age-seed1": result("age-seed1", age=5.0, tasks=("age",)),
        "age-seed2": result("age-seed2", age=5.2, tasks=("age",)),
        "gender-seed1": result("gender-seed1", gender=0.92, tasks=("gender",)),
        "triple-pooled-seed1": result("triple-pooled-seed1", age=5.2, gender=0.91),
    }
    text = accuracy.table_5(results)
    assert text.count("| paper: ") == text.count("| short: ") == 8
    assert "2 seeds" in line(text, "short: age") and "5.100 (5.000 to 5.200)" in line(text, "short: age")
    assert "triple (pooled) against age alone: +0.100 years, within the 0.15 allowed" in text
    assert "triple (pooled) against gender alone: +1.000 points, **beyond** the 0.5 allowed; standard error of such a difference 1.41; 1 and 1 seeds" in text
    assert "emotion alone:" not in text


def test_table_6_sums_what_runs_together(release, bench):
    text = board.table_6(release, bench, None)
    assert "| 4254 + 919 = 5173 | 586,638 |" in line(text, "ours: three heads, for the NPU")
    assert "| 12762 + 2757 = 15519 | 1,759,914 |" in line(text, "ours: three networks at once")
    assert "| 3.92 | 20455 | - | 232.6 |" in line(text, "paper: three networks at once")
    assert "No speed of ours" in text


def test_table_6_takes_speed_from_the_bench_and_says_where_it_was(release, bench, tmp_path):
    rows = [{"name": "three heads, pooled", "cpuPercent": 2.5, "npuKb": 6000.4, "framesPerSecond": 250.06}]
    told = tmp_path / "t.json"
    told.write_text(json.dumps({"rows": rows, "detail": {"simulated": False, "machine": {"cpu": "A76", "cores": 8}}}))
    assert "| 2.50 | 6000 | - | 250.1 | `mien bench --table6`, A76, 8 |" in board.table_6(release, bench, told)
    told.write_text(json.dumps({"rows": rows, "detail": {"simulated": True, "machine": {}}}))
    assert "no speed of a board" in board.table_6(release, bench, told)
    told.write_text("{}")
    with pytest.raises(ValueError, match=r"t.json must be the output of `mien bench --table6 --json`"):
        board.table_6(release, bench, told)


def test_a_file_without_account_is_told(release, bench):
    (bench / "model.json").write_text(json.dumps({"networks": [network("faces-pooled", [rknn("faces-pooled", "by hand")], [])]}))
    text = board.table_6(release, bench, None)
    assert "the manifest holds no account" in line(text, "ours: three heads, pooled")
    assert "no .rknn file" in line(text, "ours: three networks in turn")


def test_a_folder_that_is_no_release_is_told(tmp_path):
    with pytest.raises(ValueError, match=r"is no release: there is no model.json"):
        accuracy.table_4(tmp_path)


def test_the_subset_is_half_and_half_and_a_function_of_the_names(tmp_path):
    labels = [{"age": "20", "gender": "0"}, {"emo3": "2"}, {"age": "60", "gender": "1", "pad_frac": "0.9"}]
    rows = [row(f"{n}.jpg", split="val" if n >= 60 else "train", **labels[n % 3]) for n in range(90)]
    found = choose(rows, Size(8, 3))
    assert [sum(bool(r[c]) for r in found if r["split"] == s) for s in ("train", "val") for c in ("age", "emo3")] == [8, 8, 3, 3]
    assert all(r["pad_frac"] == "0" for r in found)
    assert found == choose(rows[::-1], Size(8, 3))
    with pytest.raises(ValueError, match="the split 'val' must have 50 faces with age and gender, it has 10"):
        choose(rows, Size(8, 50))
    write_faces(tmp_path, rows)
    key = write_subset(tmp_path, tmp_path / "s" / "index.csv", Size(8, 3))
    assert key == write_subset(tmp_path, tmp_path / "s" / "index.csv", Size(8, 3)) != write_subset(tmp_path, tmp_path / "s" / "index.csv", Size(8, 4))


def test_results_are_kept_in_the_order_of_the_runs(tmp_path):
    file = tmp_path / "r.json"
    assert read_results(file) == {}
    write_results({name: result(name) for name in ("random-pooled", "age-seed1")}, file)
    assert list(read_results(file)) == ["age-seed1", "random-pooled"]
    file.write_text('{"runs": [{"name": "x"}]}')
    with pytest.raises(ValueError, match="holds no results of short runs"):
        read_results(file)


def test_the_committed_results_are_of_runs_that_there_are():
    found = read_results()
    assert set(found) <= {run.name for run in RUNS}
    assert all(set(result.figures) == set(result.standard_errors) and result.faces == 6000 for result in found.values())


def test_runs_are_chosen_by_name():
    assert len({run.name for run in RUNS}) == len(RUNS) == len(chosen(None))
    assert [run.name for run in chosen(["age-seed1"])] == ["age-seed1"]
    with pytest.raises(ValueError, match="no short run age; there are age-seed1, "):
        chosen(["age"])
