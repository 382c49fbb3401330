"""The demo set: its clips, its cache, and that it is neither trivial nor hopeless."""

from __future__ import annotations

import concurrent.futures
import hashlib

import numpy as np
import pytest

from audioclf.audio import decode
from audioclf.audio.recordings import content_hash
from audioclf.dataset.load import load_dataset
from audioclf.datasets import _synthesis as synthesis
from audioclf.datasets.demo import CLIPS_PER_RECORDING, RECORDINGS, Demo
from audioclf.errors import DatasetError


@pytest.fixture(scope="module")
def demo():
    return load_dataset("demo")


def test_clips_groups_and_notes(demo):
    assert demo.label_counts == {"birds": 40, "music": 40, "speech": 40}
    assert len(set(demo.groups)) == 24
    assert all(clip.group.startswith(clip.label) for clip in demo)
    assert any("synthetic" in note for note in demo.notes)
    assert not demo.has_folds


def test_signals(demo):
    levels = []
    for clip in demo:
        signal = decode.read(clip.path)
        assert signal.sample_rate == 16000
        assert len(signal.samples) == 32000
        peak, level = np.max(np.abs(signal.samples)), np.sqrt(np.mean(signal.samples**2))
        assert peak < 0.995  # nothing clips
        levels.append(20 * np.log10(level))
    assert min(levels) > -45
    assert max(levels) - min(levels) > 10


def test_no_two_clips_are_alike(demo):
    assert len({content_hash(clip.path) for clip in demo}) == len(demo)


def test_same_numbers_again(demo, tmp_path):
    again = Demo().load(tmp_path / "again")
    digest = [hashlib.sha256(clip.path.read_bytes()).hexdigest() for clip in demo]
    assert digest == [hashlib.sha256(clip.path.read_bytes()).hexdigest() for clip in again]
    assert [clip.name for clip in again] == [clip.name for clip in demo]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again"]


def test_harder_than_one_number_and_easier_than_chance(demo):
    """A coarse spectrum tells the classes apart far better than chance, the level alone doesn't."""
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    spectra, levels = [], []
    for clip in demo:
        power = np.abs(np.fft.rfft(decode.read(clip.path).samples)) ** 2
        bands = np.log([part.mean() for part in np.array_split(power, 40)])
        spectra.append(bands - bands.mean())
        levels.append([np.log(power.sum())])
    labels = [clip.label for clip in demo]
    folds = StratifiedGroupKFold(4)
    score = {
        name: cross_val_score(KNeighborsClassifier(5), X, labels, groups=demo.groups, cv=folds).mean()
        for name, X in (("spectra", spectra), ("levels", levels))
    }
    assert 0.6 < score["spectra"] < 1.0
    assert score["levels"] < 0.6


@pytest.mark.parametrize("damage", ["deleted", "shortened", "altered", "no contents", "other recipe", "fewer files"])
def test_damaged_copy_is_made_again(tmp_path, monkeypatch, damage):
    few = {label: recordings[:1] for label, recordings in RECORDINGS.items()}
    monkeypatch.setattr("audioclf.datasets.demo.RECORDINGS", few)
    monkeypatch.setenv("AUDIOCLF_CACHE", str(tmp_path))
    loader = Demo()
    clip = loader.load().clips[4]
    whole = clip.path.read_bytes()
    contents = loader.default_root() / "contents.json"
    if damage == "deleted":
        clip.path.unlink()
    elif damage == "shortened":
        clip.path.write_bytes(whole[:1000])
    elif damage == "altered":
        clip.path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    elif damage == "no contents":
        contents.unlink()
    elif damage == "other recipe":
        contents.write_text(contents.read_text().replace('"recipe": 1', '"recipe": 0'))
    else:
        contents.write_text('{"recipe": 1, "files": {}}')
        clip.path.unlink()
    stamp = contents.stat().st_ino if contents.exists() else None
    assert len(loader.load()) == 3 * CLIPS_PER_RECORDING
    assert clip.path.read_bytes() == whole
    assert contents.stat().st_ino != stamp
    assert [p.name for p in loader.default_root().parent.iterdir()] == [loader.default_root().name]


def test_whole_copy_is_kept(tmp_path, monkeypatch):
    few = {label: recordings[:1] for label, recordings in RECORDINGS.items()}
    monkeypatch.setattr("audioclf.datasets.demo.RECORDINGS", few)
    folder = Demo().fetch(tmp_path / "demo")
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
    Demo().load(folder)
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before


def test_makers_at_the_same_time(tmp_path, monkeypatch):
    few = {label: recordings[:1] for label, recordings in RECORDINGS.items()}
    monkeypatch.setattr("audioclf.datasets.demo.RECORDINGS", few)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(lambda _: Demo().load(tmp_path / "demo"), range(4)))
    assert all(clip.path.is_file() for dataset in loaded for clip in dataset)
    assert [p.name for p in tmp_path.iterdir()] == ["demo"]


def test_other_files_are_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(DatasetError, match="--root"):
        Demo().load(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_time_varying_filter_passes_what_it_should(rng):
    noise = rng.standard_normal(16000)
    ones = np.ones(257)
    assert np.allclose(synthesis.filtered(noise, ones), noise)
    t = np.arange(16000) / 16000
    low, high = np.sin(2 * np.pi * 300 * t), np.sin(2 * np.pi * 3000 * t)
    passed = synthesis.filtered(low + high, synthesis.band(1500, 6000))
    assert np.sqrt(np.mean((passed - high)[1000:-1000] ** 2)) < 0.05


def test_glottal_pulses_have_the_pitch(rng):
    pulses = synthesis.glottal(np.full(16000, 125.0), rng, 0.0)
    spectrum = np.abs(np.fft.rfft(pulses * np.hanning(16000)))
    peaks = np.argsort(spectrum)[::-1][:1]
    assert peaks[0] % 125 in (0, 1, 124)


def test_room_keeps_the_direct_sound(rng):
    click = np.zeros(8000)
    click[100] = 1
    heard = synthesis.in_room(click, synthesis.room(0.3, rng))
    assert np.argmax(np.abs(heard)) == 100
    assert np.allclose(heard[:100], 0, atol=1e-9)
    early, late = np.sum(heard[140:1000] ** 2), np.sum(heard[4000:4860] ** 2)
    assert late < early / 100
