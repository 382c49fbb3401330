"""`audioclf store`, as a user types it."""

from __future__ import annotations

import functools
import re
import sqlite3
import time

import numpy as np
import pytest

from audioclf.features.specs import build_extractors
from audioclf.spectra.analysis import Analysis
from audioclf.store.recipe import clip_key, recipe
from audioclf.store.store import FeatureStore


@pytest.fixture
def run(run, tmp_path, monkeypatch):
    """Run ``audioclf store`` with a cache of its own; return stdout and stderr."""
    monkeypatch.setenv("AUDIOCLF_CACHE", str(tmp_path / "cache"))
    return functools.partial(run, "store")


@pytest.fixture
def store(tmp_path):
    """Ten pages of MFCC, 40 kB and one clip each, one day apart; the last holds another feature and was used today."""
    kept = FeatureStore(tmp_path / "cache" / "features.sqlite")
    [mfcc], [gfcc] = build_extractors("mfcc:n_coeffs=20"), build_extractors("gfcc")
    analysis = Analysis(8000, hop_length=0.005)
    array = np.random.default_rng(0).normal(size=(100, 100)).astype(np.float32)
    for i in range(9):
        kept.put(recipe(analysis, mfcc, ("mean", "std")), [clip_key(str(i), None, None)], [array])
    kept.put(recipe(analysis, gfcc, None), [clip_key("8", None, None)], [array])
    connection = sqlite3.connect(kept.path)
    with connection:
        connection.execute("UPDATE pages SET used = ? - 86400 * (10 - id)", [int(time.time())])
    connection.close()
    return kept


@pytest.mark.usefixtures("store")
def test_info_says_what_is_kept(run, tmp_path):
    stdout, stderr = run("info", AUDIOCLF_STORE_LIMIT="1.5G")
    assert stderr == ""
    lines = stdout.splitlines()
    size = (tmp_path / "cache" / "features.sqlite").stat().st_size
    day, first = (time.strftime("%Y-%m-%d", time.localtime(time.time() - 86400 * n)) for n in (0, 9))
    assert lines[:3] == [
        f"file        {tmp_path / 'cache' / 'features.sqlite'}",
        f"size        {size / 1000:.1f} kB on disk, bounded to 1.5 GB",
        "clips       9",
    ]
    assert f"last used   {first} to {day}" in lines
    analysis = "8000 Hz, hamming frames of 25 ms every 5 ms, FFT of 1024"
    cells = [re.split(r"\s{2,}", line.strip()) for line in lines]
    assert ["mfcc:n_coeffs=20", "mean,std", analysis, "9", "360.2 kB"] in [row[:5] for row in cells]
    assert ["gfcc", "frames", analysis, "1", "40.0 kB", day] in cells


def test_info_without_a_store(run, tmp_path):
    stdout, _ = run("info")
    assert "features.sqlite (not there yet)" in stdout
    assert "clips       0" in stdout
    assert not (tmp_path / "cache").exists()


def test_prune_by_size_and_age(run, store):
    before = store.path.stat().st_size
    stdout, stderr = run("prune", "--older-than", "7.5d")
    assert stderr == ""
    assert f"{store.path}: removed 2 pages of features; " in stdout
    assert store.info().recipes[0].clips == 7
    stdout, _ = run("prune", "--max-size", "200kB")
    size = store.path.stat().st_size
    assert 100_000 < size <= 200_000 < before
    assert stdout.rstrip().endswith(f"freed, {size / 1000:.1f} kB left")
    assert {use.feature for use in store.info().recipes} == {"mfcc:n_coeffs=20", "gfcc"}


def test_prune_all(run, store):
    stdout, _ = run("prune", "--all")
    assert "removed 10 pages of features" in stdout
    assert store.info().recipes == []
    assert store.path.stat().st_size < 100_000


def test_prune_of_another_file(run, store, tmp_path):
    before = store.path.read_bytes()
    other = FeatureStore(tmp_path / "other.sqlite")
    other.put("x", [clip_key("a", None, None)], [np.ones((1, 1), np.float32)])
    assert "removed 1 page of features" in run("prune", "--all", "--store", other.path)[0]
    assert store.path.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Give --max-size, --older-than or both, or --all alone"),
        (["--all", "--max-size", "1GB"], "Give --max-size, --older-than or both, or --all alone"),
        (["--max-size", "big"], "--max-size': 'big' is no size; write for example 500MB, 2GB or 1.5G"),
        (["--max-size", "-1GB"], "'-1GB' is no size"),
        (["--older-than", "30"], "--older-than': '30' is no number of days; write for example 30d"),
    ],
)
def test_wrong_bounds_are_refused(run, store, words, message):
    before = store.path.read_bytes()
    stdout, stderr = run("prune", *words, code=2)
    assert stdout == ""
    assert message in stderr
    assert store.path.read_bytes() == before


@pytest.mark.parametrize("words", [["info"], ["prune", "--all"]])
def test_a_database_of_another_program_is_refused_and_left_alone(run, tmp_path, words):
    path = tmp_path / "places.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE places (name TEXT)")
    connection.close()
    before = path.read_bytes()
    stdout, stderr = run(*words, "--store", path, code=1)
    assert stdout == ""
    assert stderr == f"error: the feature store {path} can't be used (it is a database of another program)\n"
    assert path.read_bytes() == before
