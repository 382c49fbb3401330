"""The store bounds itself, is pruned, and says what it holds; sizes and days as people write them."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest
from extractors import Plain
from stores import FACTS, OTHER, RECIPE, clips_named, count, query, recording

from audioclf.errors import AudioclfError
from audioclf.spectra.analysis import Analysis
from audioclf.store.bounds import parse_days, parse_size
from audioclf.store.recipe import recipe
from audioclf.store.store import FeatureStore


def aged(path, rng, pages=20):
    """Put pages of 40 kB, the first not used for the longest time, one day apart; return their clips."""
    store = FeatureStore(path)
    names = clips_named(*range(pages))
    for name in names:
        store.put(RECIPE, [name], [rng.normal(size=(100, 100)).astype(np.float32)])
    query(path, "UPDATE pages SET used = ? - 86400 * (? - id)", int(time.time()), pages)
    return names


def there(path, names):
    """Which are there, without their being used."""
    kept = {clips for (clips,) in query(path, "SELECT clips FROM pages")}
    return [name in kept for name in names]


def test_pruning_by_size_leaves_what_was_used_last(path, rng):
    names = aged(path, rng)
    store = FeatureStore(path)
    before = path.stat().st_size
    done = store.prune(max_size=450_000)
    size = path.stat().st_size
    assert 350_000 < size <= 450_000
    assert (done.size, done.freed) == (size, before - size)
    kept = there(path, names)
    assert kept == sorted(kept)
    assert done.pages == 20 - sum(kept) == 20 - count(path)
    assert store.prune(max_size=450_000).pages == 0
    assert store.prune(max_size=0).pages == sum(kept)
    assert store.get(RECIPE, names) == [None] * 20


def test_pruning_by_age(path, rng):
    names = aged(path, rng)
    before = path.stat().st_size
    assert FeatureStore(path).prune(older_than=9.5).pages == 10
    assert there(path, names) == [False] * 10 + [True] * 10
    assert path.stat().st_size < 0.7 * before
    assert all(array is not None for array in FeatureStore(path).get(RECIPE, names[10:]))


def test_reading_makes_a_page_young_again(path, rng):
    names = aged(path, rng)
    FeatureStore(path).get(RECIPE, names[:1])
    FeatureStore(path).prune(older_than=9.5)
    assert there(path, names) == [True] + [False] * 9 + [True] * 10


def test_reading_what_was_used_today_writes_nothing(path, clips, arrays):
    store = FeatureStore(path)
    store.put(RECIPE, clips, arrays)
    hour_ago = int(time.time()) - 3600
    query(path, "UPDATE pages SET used = ?", hour_ago)
    store.get(RECIPE, clips)
    assert query(path, "SELECT used FROM pages") == [(hour_ago,)]


def test_pruning_everything_forgets_recordings_too(path, tmp_path, clips, arrays, settled):
    file = recording(tmp_path / "r")
    settled()
    store = FeatureStore(path)
    store.put(RECIPE, clips, arrays)
    store.files([file])
    store.remember({file: FACTS})
    assert store.prune(everything=True).pages == 1
    info = store.info()
    assert (info.clips, info.recordings, info.recipes, info.oldest) == (0, 0, [], None)
    assert store.files([file]) == {}


def test_recordings_not_asked_for_are_forgotten_by_age(path, tmp_path, settled):
    files = [recording(tmp_path / "r", f"{i}.wav") for i in range(2)]
    settled()
    store = FeatureStore(path)
    store.files(files)
    store.remember(dict.fromkeys(files, FACTS))
    query(path, "UPDATE files SET used = 0")
    store.files(files[:1])
    store.prune(older_than=30)
    assert store.files(files) == {files[0]: FACTS}


def test_pruning_what_is_not_there(path):
    done = FeatureStore(path).prune(everything=True)
    assert (done.pages, done.freed, done.size) == (0, 0, 0)
    assert not path.parent.exists()


def test_a_store_bounds_itself(path, rng, monkeypatch):
    monkeypatch.setenv("AUDIOCLF_STORE_LIMIT", "500kB")
    names = clips_named(*range(40))
    store = FeatureStore(path)
    for i, name in enumerate(names):
        store.put(RECIPE, [name], [rng.normal(size=(100, 100)).astype(np.float32)])
        query(path, "UPDATE pages SET used = used - 10")
        assert path.stat().st_size < 600_000, i
    kept = there(path, names)
    assert kept == sorted(kept)
    assert 8 <= sum(kept) <= 12


def test_a_limit_that_is_no_size_is_refused(monkeypatch, path):
    monkeypatch.setenv("AUDIOCLF_STORE_LIMIT", "a lot")
    with pytest.raises(AudioclfError, match="AUDIOCLF_STORE_LIMIT: 'a lot' is no size; write for example 500MB"):
        FeatureStore(path)


def test_info_tells_recipes_apart(path, clips, arrays):
    store = FeatureStore(path)
    analysis = Analysis(16000)
    store.put(recipe(analysis, Plain(count=3), ("mean", "std")), clips, arrays)
    store.put(recipe(analysis, Plain(), None), clips[:2], [array[:, :1] for array in arrays[:2]])
    store.put("without words", clips_named("x"), [np.zeros((1, 1), np.float32)])
    info = store.info()
    assert (info.clips, info.size, info.recordings) == (5, path.stat().st_size, 0)
    assert [(use.feature, use.functionals, use.clips) for use in info.recipes] == [
        ("plain:count=3", "mean,std", 4),
        ("plain", "frames", 2),
        ("", "", 1),
    ]
    assert info.recipes[0].analysis == "16000 Hz, hamming frames of 25 ms every 10 ms, FFT of 1024"
    assert info.oldest is not None
    assert abs(info.newest - time.time()) < 1000
    store.prune(everything=True)
    assert query(path, "SELECT * FROM recipes") == []


def test_info_and_prune_of_what_is_no_store_say_so(path):
    path.parent.mkdir()
    query(path, "CREATE TABLE features (name TEXT)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(
            AudioclfError, match=r"features\.sqlite can't be used \(it is a database of another program\)$"
        ):
            FeatureStore(path).info()
        with pytest.raises(AudioclfError, match="another program"):
            FeatureStore(path).prune(everything=True)
    assert query(path, "SELECT * FROM features") == []


@pytest.mark.parametrize(
    ("text", "size"),
    [("500MB", 500e6), ("2GB", 2e9), ("1.5G", 1.5e9), ("10 kb", 1e4), ("7", 7), ("7B", 7), (".5T", 5e11), ("0", 0)],
)
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1GB", "1,5GB", "2 GiB", "1e9", "9" * 400])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match="is no size; write for example"):
        parse_size(text)


@pytest.mark.parametrize("text", ["", "d", "30", "-3d", "3 weeks"])
def test_what_is_no_number_of_days(text):
    with pytest.raises(ValueError, match="is no number of days; write for example 30d"):
        parse_days(text)


@pytest.mark.parametrize(
    "change", ["used = 'long ago'", "used = NULL", "clips = NULL", "clips = x'00'", "clips = 'text'"]
)
def test_info_leaves_damaged_pages_out(path, clips, arrays, change):
    store = FeatureStore(path)
    store.put(RECIPE, clips[:1], arrays[:1])
    store.put(OTHER, clips[1:3], arrays[1:3])
    query(path, f"UPDATE pages SET {change} WHERE id = 1")
    info = store.info()
    assert info.clips == 2
    assert [use.clips for use in info.recipes] == [2]
    assert abs(info.oldest - time.time()) < 1000


@pytest.mark.parametrize("change", ["size = NULL", "size = 'large'", "size = -5", "used = NULL"])
def test_damaged_pages_are_pruned_like_others(path, rng, change):
    names = aged(path, rng)
    query(path, f"UPDATE pages SET {change} WHERE id = 3")
    FeatureStore(path).prune(max_size=200_000)
    kept = there(path, names)
    assert kept == sorted(kept)
    assert 1 <= sum(kept) <= 5
