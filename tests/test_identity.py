"""The comparison of two records of audioclf: planted differences are found, and what isn't one is let be."""

from __future__ import annotations

import copy
import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
RESULTS = {
    "created": "2026-01-01T00:00:00+00:00",
    "timing": {"total_seconds": 1.5, "workers": 2},
    "dataset": {"labels": ["birds", "music"], "clip_seconds": 1.0, "licence": None},
    "experiments": [{"metrics": {"accuracy": 0.1}, "cost": {"kilobytes": 3.5, "features_ms": 2.0}}],
    "warnings": ["2 clips are silent"],
}
TABLE = "name   score   ms a clip   kB\n─────────────────────────────\nsvm    0.75    1.25        {kilobytes}\n\ndone\n"


@pytest.fixture
def identity(monkeypatch):
    """The script as a module; afterwards it isn't one."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("identity")
    sys.modules.pop("identity", None)


@pytest.fixture
def records(tmp_path):
    """Two records of one run that differ only by when and where they were made."""
    for side, second in (("before", 1), ("after", 2)):
        folder = tmp_path / side / "demo"
        (folder / "run").mkdir(parents=True)
        results = copy.deepcopy(RESULTS)
        results["created"] = f"2026-01-01T00:00:0{second}+00:00"
        results["timing"]["total_seconds"] = float(second)
        results["dataset"]["source"] = str(tmp_path / side / "clips.csv")
        results["experiments"][0]["cost"]["features_ms"] = float(second)
        (tmp_path / side / "places.json").write_text(json.dumps({"out": str(tmp_path / side)}))
        (folder / "run" / "results.json").write_text(json.dumps(results))
        (folder / "compare.stdout").write_text(TABLE.format(kilobytes=9 * second))
        (folder / "compare.stderr").write_text("compiling feature kernels\n" if second == 1 else "")
        step = {"command": ["audioclf", "compare"], "status": 0, "seconds": float(second)}
        (folder / "compare.step.json").write_text(json.dumps(step))
        np.savez(folder / "table.npz", features=np.array([[0.1, np.nan]], np.float32), names=np.array(["a", "b"]))
    return tmp_path / "before", tmp_path / "after"


@pytest.fixture
def planted(identity, records, capsys):
    """Change the results of the second record; return the exit status of the comparison and what it prints."""

    def compare(change):
        path = records[1] / "demo" / "run" / "results.json"
        results = json.loads(path.read_text())
        change(results)
        path.write_text(json.dumps(results))
        return identity.compare(*records), capsys.readouterr().out

    return compare


def test_timings_and_folders_are_no_differences(planted):
    status, told = planted(lambda results: None)
    assert status == 0
    assert "demo: the same" in told


def test_a_last_digit_is_found(planted):
    def change(results):
        results["experiments"][0]["metrics"]["accuracy"] = float(np.nextafter(0.1, 1))

    status, told = planted(change)
    assert status == 1
    assert "$.experiments[0].metrics.accuracy\n    - 0.1\n    + 0.10000000000000002" in told


@pytest.mark.parametrize("value", [0, 0.0, None, True])
def test_a_number_of_another_type_is_found(planted, value):
    status, _ = planted(lambda results: results["experiments"][0]["metrics"].update(accuracy=value))
    assert status == 1


def test_the_sign_of_zero_is_found(identity):
    assert [found.kind for found in identity.differences(0.0, -0.0)] == ["number"]
    assert not list(identity.differences(float("nan"), float("nan")))


def test_a_removed_field_is_found(planted):
    status, told = planted(lambda results: results["timing"].pop("workers"))
    assert status == 1
    assert "gone: demo/run/results.json: $.timing.workers" in told


def test_a_changed_label_is_found(planted):
    status, _ = planted(lambda results: results["dataset"].update(labels=["birds", "speech"]))
    assert status == 1


def test_a_length_that_is_no_timing_is_found(planted):
    status, _ = planted(lambda results: results["dataset"].update(clip_seconds=2.0))
    assert status == 1


def test_a_changed_sentence_is_told_and_no_failure(planted):
    status, told = planted(lambda results: results.update(warnings=["2 of the clips are silent"]))
    assert status == 0
    assert "demo: 1 words" in told
    assert "+ 2 of the clips are silent" in told


def test_another_figure_in_a_sentence_is_a_failure(planted):
    status, _ = planted(lambda results: results.update(warnings=["3 clips are silent"]))
    assert status == 1


def test_a_new_field_counts_apart_whether_it_holds_something_or_not(planted):
    status, told = planted(lambda results: results.update(nothing=[], something=1))
    assert status == 0
    assert "demo: 1 new, 1 empty" in told


def test_the_size_of_a_model_counts_apart(planted):
    status, told = planted(lambda results: results["experiments"][0]["cost"].update(kilobytes=4.0))
    assert status == 0
    assert "demo: 1 size" in told


@pytest.mark.parametrize(
    ("file", "old", "new", "status"),
    [
        ("compare.stdout", "0.75", "0.76", 1),
        ("compare.stdout", "1.25", "2.50", 0),
        ("compare.stdout", "done", "finished", 0),
        ("compare.step.json", '"status": 0', '"status": 1', 1),
        ("compare.step.json", '"seconds": 2.0', '"seconds": 3.0', 0),
    ],
)
def test_what_was_printed(identity, records, file, old, new, status):
    path = records[1] / "demo" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert identity.compare(*records) == status


@pytest.mark.parametrize(
    ("features", "names"),
    [
        (np.array([[np.nextafter(np.float32(0.1), np.float32(1)), np.nan]], np.float32), ["a", "b"]),
        (np.array([[0.1, np.nan]], np.float64), ["a", "b"]),
        (np.array([[0.1], [np.nan]], np.float32), ["a", "b"]),
        (np.array([[0.1, np.nan]], np.float32), ["a", "c"]),
    ],
    ids=["a last bit", "a type", "a shape", "a name"],
)
def test_tables(identity, records, features, names):
    np.savez(records[1] / "demo" / "table.npz", features=features, names=np.array(names))
    assert identity.compare(*records) == 1


def test_a_file_that_is_gone_and_a_run_that_was_not_recorded(identity, records, capsys):
    (records[1] / "demo" / "table.npz").unlink()
    assert identity.compare(*records) == 1
    (records[0] / "birds").mkdir()
    identity.compare(*records)
    assert "birds: not recorded" in capsys.readouterr().out


def test_no_record_is_no_proof(identity, tmp_path, capsys):
    assert identity.compare(tmp_path / "before", tmp_path / "after") == 1
    assert "SO NOTHING IS KNOWN" in capsys.readouterr().out


def test_a_reworded_line_says_whether_its_figures_are_kept(identity):
    kinds = [
        [found.kind for found in identity.text_differences("5 clips of 2 s", text, "x")]
        for text in ("clips: 5, each of 2 s", "five clips of 2 s")
    ]
    assert kinds == [["words"], ["figures"]]


def test_every_command_of_the_runs_can_be_split(identity):
    commands = [identity.command_line(words) for steps in identity.RUNS.values() for words in steps.values()]
    assert all(command[0] == "audioclf" for command in commands)


def test_examples(identity):
    import doctest

    failed, tried = doctest.testmod(identity)
    assert tried
    assert not failed
