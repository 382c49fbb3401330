"""The benchmarks' helpers and tables, and that each side runs on tiny inputs. No timing is asserted."""

from __future__ import annotations

import doctest
import importlib
import json
import sys
import time
import types
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def load(monkeypatch):
    """A function that imports a benchmark's module as its script would; afterwards none of them stays."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module
    for path in FOLDER.glob("*.py"):
        sys.modules.pop(path.stem, None)


@pytest.fixture
def once(load, monkeypatch):
    """A function that imports a benchmark's module and lets it time a single run."""
    best = load("_measure").best

    def load_and_patch(name):
        monkeypatch.setattr(load(name), "best", lambda function, *_, **__: best(function, runs=1, seconds=0.0))
        return load(name)

    return load_and_patch


@pytest.mark.parametrize("name", ["_measure", "_rows", "_material"])
def test_examples(load, name):
    failed, tried = doctest.testmod(load(name))
    assert tried
    assert not failed


def test_best_leaves_out_the_first_run(load):
    calls = []
    load("_measure").best(lambda: calls.append(1), runs=2, seconds=0.0)
    assert len(calls) == 3


def test_sides_take_turns(load):
    calls = []
    load("_measure").in_turn(2, {name: lambda name=name: calls.append(name) or 0.0 for name in "ab"})
    assert calls == ["a", "b", "a", "b"]


def test_a_process_of_its_own_gives_value_time_and_memory(load):
    began = time.perf_counter()
    outcome = load("_measure").alone(load("_material").nine, deltas=1)
    assert outcome.value == load("_material").nine(1)
    assert 0 < outcome.seconds <= time.perf_counter() - began
    if sys.platform != "win32":
        assert outcome.peak > 5e6  # Python alone needs as much


def test_a_process_of_its_own_says_why_nothing_was_measured(load, tmp_path):
    measure = load("_measure")
    with pytest.raises(measure.NotMeasured, match="no recordings in"):
        measure.alone(load("_material").clips, folder=str(tmp_path))
    with pytest.raises(measure.NotMeasured, match="TypeError"):
        measure.alone(load("_material").nine, families=3)


def test_a_program_that_fails_is_no_measurement(load):
    measure = load("_measure")
    with pytest.raises(measure.NotMeasured, match="the last line"):
        measure.seconds_of([sys.executable, "-c", "import sys; sys.exit('the last line')"])


@pytest.mark.parametrize(
    ("bound", "unit", "sides", "figure"),
    [
        ("at most", "×", {"ours": [6.0, 8.0], "other": [2.0, 9.0]}, 3.0),
        ("at least", "×", {"ours": [2.0, 8.0], "other": [6.0, 9.0]}, 3.0),
        ("at most", "MB", {"ours": [250e6], "other": [300e6, 100e6]}, 150.0),
    ],
)
def test_figures_are_of_the_smallest_values(load, bound, unit, sides, figure):
    rows = load("_rows")
    assert rows.Result(rows.Row("a", dict, bound, unit=unit), sides).figure == figure


def _module(rows, not_measured):
    def absent(setting):
        raise not_measured("nothing to measure")

    module = types.ModuleType("tried", "A benchmark.")
    module.__file__ = "tried.py"
    module.ROWS = [
        rows.Row("kept", lambda setting: {"audioclf": [0.25, 0.5], "other": [2.0]}, "at least", 3, 10),
        rows.Row("memory", lambda setting: {"long": [300e6], "short": [100e6]}, "at most", 250, unit="MB"),
        rows.Row("left out", absent, "at most", 1),
    ]
    return module


def test_the_table_and_the_file(load, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("AUDIOCLF_CACHE", "unused")  # main sets it, and the fixture puts it back
    rows = load("_rows")
    rows.main(_module(rows, load("_measure").NotMeasured), arguments=["--rounds", "1"], folder=tmp_path)
    lines = capsys.readouterr().out.splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:-1]]
    assert cells[0] == ["what", "measured", "to reach", "stretch", "both sides"]
    assert cells[2:] == [
        ["kept", "8 ×", "at least 3 ×", "at least 10 ×", "audioclf 250 ms, other 2 s"],
        ["memory", "200 MB", "at most 250 MB", "", "long 300 MB, short 100 MB"],
    ]
    assert len({len(line) for line in lines[:-1]}) == 1
    assert lines[-1] == "not measured: left out: nothing to measure"

    assert [path.name for path in tmp_path.iterdir()] == ["tried.json"]
    record = json.loads((tmp_path / "tried.json").read_text(encoding="utf-8"))
    kept, _, left_out = record["rows"]
    assert kept["measured"] == 8.0
    assert kept["sides"] == {"audioclf": [0.25, 0.5], "other": [2.0]}
    assert left_out["not measured"] == "nothing to measure"
    assert "measured" not in left_out
    assert {"date", "processor", "cores", "python", "load before"} <= set(record)
    assert record["versions"]["numpy"] == np.__version__


def test_all_runs_every_benchmark(load):
    everything = vars(load("all"))
    for path in FOLDER.glob("[!_]*.py"):
        if path.stem not in ("all", "floor", "identity"):
            assert everything[path.stem].ROWS, path.stem


def test_rows_are_told_apart(load):
    modules = [module for module in vars(load("all")).values() if isinstance(module, types.ModuleType)]
    whats = [row.what for module in modules for row in module.ROWS]
    assert len(set(whats)) == len(whats)
    assert {row.bound for module in modules for row in module.ROWS} <= {"at most", "at least"}


def test_the_floors_frames_are_those_of_the_analysis(load):
    from scipy.signal import get_window

    samples = load("_material").tone(0.3, 22050)
    frames = load("floor").windowed(samples, 551, 220)
    assert frames.dtype == np.float32
    assert frames.shape == (1 + (len(samples) - 551) // 220, 551)
    np.testing.assert_allclose(frames[3], samples[660:1211] * get_window("hamming", 551), atol=1e-7)


def check_timed(side, *arguments, parts=1, **options):
    """A side says how many seconds its work took once: no less than nothing, no more than the whole call."""
    began = time.perf_counter()
    told = side(*arguments, **options)
    spent = time.perf_counter() - began
    told = [told] if parts == 1 else list(told)
    assert len(told) == parts
    assert min(told) > 0
    assert sum(told) <= spent


def test_one_clip_sides_run(once):
    check_timed(once("floor").fft, seconds=0.2)
    check_timed(once("frames").frames, "mfcc+centroid", seconds=0.2)
    check_timed(once("pooled").pooled, seconds=0.2)
    check_timed(once("peers").librosa_and_spafe, seconds=0.3)


def test_opensmile_that_is_absent_leaves_its_row_out(load, monkeypatch):
    monkeypatch.setitem(sys.modules, "opensmile", None)
    with pytest.raises(load("_measure").NotMeasured, match=r"audioclf\[bench\]"):
        load("peers").opensmile_compare(seconds=0.3)


def test_folder_sides_run(once, tmp_path):
    material = importlib.import_module("_material")
    folder = str(material.write_clips(tmp_path / "clips", material.lengths(20), 8000, ".wav"))
    assert len(material.clips(folder)) == 20
    check_timed(once("short_clips").extraction, folder, runs=1)
    check_timed(once("short_clips").decoding_and_fft, folder, runs=1)
    check_timed(once("workers").extraction, folder, workers=2)
    check_timed(once("warm_store").twice, folder, parts=2)


def test_the_long_recording_is_written_and_read(load, tmp_path):
    import soundfile

    memory = load("memory")
    folder = memory.write_long(tmp_path / "long", 20)
    assert soundfile.info(folder / "recording.wav").duration == 20
    rows, columns = memory.extraction(str(folder))
    assert rows == 1
    assert columns > 13


def test_the_program_is_the_one_that_users_type(load):
    check_timed(load("_measure").seconds_of, [*load("startup").program(), "--help"])
