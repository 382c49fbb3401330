"""Clips to features: each computed once, the same numbers however they came about."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import warnings
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from extractions import both_of, noise, same

from audioclf import plugins
from audioclf.audio import decode
from audioclf.audio.recordings import content_hash
from audioclf.audio.signal import Signal
from audioclf.dataset.clips import Clip
from audioclf.errors import SpecError
from audioclf.features import extraction, functionals
from audioclf.features.extraction import extract
from audioclf.features.specs import build_extractors
from audioclf.features.survey import survey
from audioclf.features.transformer import FeatureSet
from audioclf.features.wanted import Wanted
from audioclf.parallel import single_threaded
from audioclf.spectra.analysis import Analysis
from audioclf.spectra.spectra import Spectra
from audioclf.store.store import FeatureStore

ANALYSIS = Analysis(8000, window="hann")
SPEC = "mfcc:deltas=1:n_coeffs=5+zcr+gfcc:n_coeffs=4"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    for i in range(70):
        soundfile.write(folder / f"{i:02d}.wav", noise(i, 0.1 + 0.005 * i), 8000)
    return folder


@pytest.fixture
def clips(folder):
    return [Clip(folder / f"{i:02d}.wav", "ab"[i % 2]) for i in range(70)]


@pytest.fixture
def counted(monkeypatch):
    """Count for how many clips each extractor runs, and how many recordings are decoded, in this process."""
    runs = Counter()
    for name in ("mfcc", "zcr", "gfcc", "centroid"):
        kind = plugins.load("features", name)

        def measure(self, spectra, name=name, original=kind.measure):
            runs[name] += len(spectra.begins) * (len(spectra) > 1)  # one frame is a question for filterbanks
            return original(self, spectra)

        monkeypatch.setattr(kind, "measure", measure)
    original_read = decode.read

    def read(*arguments):
        runs["read"] += 1
        return original_read(*arguments)

    monkeypatch.setattr(decode, "read", read)
    return runs


def both(clips, store=None, workers=1, spec=SPEC, pooled=functionals.DEFAULT, **options):
    extractors = build_extractors(spec)
    return extract(clips, ANALYSIS, both_of(extractors, pooled), store=store, workers=workers, **options)


def test_features_are_those_of_each_clip_alone(clips):
    clips = clips[:5]
    done = both(clips, pooled=("mean", "p5"))
    extractors = build_extractors(SPEC)
    starts = np.concatenate([[0], np.cumsum(done.lengths)])
    for i, clip in enumerate(clips):
        samples, rate = soundfile.read(clip.path, dtype="float32")
        spectra = Spectra(Signal(samples, rate), ANALYSIS)
        for extractor in extractors:
            with single_threaded():
                frames = extractor.frames(spectra)
            np.testing.assert_array_equal(done.sequences[extractor][starts[i] : starts[i + 1]], frames)
            vector = functionals.pool(frames, ("mean", "p5"))
            np.testing.assert_array_equal(done.vectors[extractor][i], vector)
    assert done.inputs(extractors, "vectors").array.shape == (5, 2 * (10 + 1 + 4))
    assert done.inputs(extractors, "sequences").array.shape == (done.lengths.sum(), 10 + 1 + 4)
    assert done.hashes == {clip.path: content_hash(clip.path) for clip in clips}


def test_numbers_are_the_same_for_one_and_two_workers_and_from_a_warm_store(clips, tmp_path):
    store = FeatureStore(tmp_path / "features.sqlite")
    alone = both(clips)
    spread = both(clips, FeatureStore(tmp_path / "spread.sqlite"), workers=2)
    same(alone, spread)
    same(alone, both(clips, store))
    same(alone, both(clips, store))
    same(alone, both(clips, FeatureStore(tmp_path / "spread.sqlite")))
    same(alone, both(clips, FeatureStore(tmp_path / "spread.sqlite"), workers=2))


def test_numbers_dont_depend_on_the_other_clips(clips):
    whole, part = both(clips[:20]), both(clips[13:17])
    for extractor in whole.vectors:
        np.testing.assert_array_equal(whole.vectors[extractor][13:17], part.vectors[extractor])


def test_the_feature_set_gives_the_same_vectors(clips):
    features = FeatureSet(SPEC, sample_rate=8000, window="hann")
    expected = features.fit_transform(clips[:6])
    np.testing.assert_array_equal(both(clips[:6]).inputs(build_extractors(SPEC), "vectors").array, expected)


def test_a_warm_store_computes_and_decodes_nothing(clips, tmp_path, counted):
    store = FeatureStore(tmp_path / "features.sqlite")
    both(clips[:20], store)
    assert counted == {"mfcc": 20, "gfcc": 20, "zcr": 20, "read": 20}
    counted.clear()
    both(clips[:20], store)
    assert counted == {}


def test_adding_an_extractor_computes_that_one_only(clips, tmp_path, counted):
    store = FeatureStore(tmp_path / "features.sqlite")
    both(clips[:20], store)
    counted.clear()
    both(clips[:20], store, spec=SPEC + "+centroid")
    assert counted == {"centroid": 20, "read": 20}


def test_adding_a_clip_computes_that_one_only(clips, tmp_path, counted):
    store = FeatureStore(tmp_path / "features.sqlite")
    both(clips[:20], store)
    counted.clear()
    both([*clips[:10], clips[40], *clips[10:20]], store)
    assert counted == {"mfcc": 1, "gfcc": 1, "zcr": 1, "read": 1}


def test_sequences_with_deltas_are_made_from_the_stored_statics(clips, tmp_path, counted):
    store = FeatureStore(tmp_path / "features.sqlite")
    [plain], [twice] = build_extractors("mfcc"), build_extractors("mfcc:deltas=2")
    extract(clips[:4], ANALYSIS, Wanted(sequences=(plain,)), store=store)
    counted.clear()
    done = extract(clips[:4], ANALYSIS, Wanted(sequences=(twice,)), store=store)
    assert counted == {}
    same(done, extract(clips[:4], ANALYSIS, Wanted(sequences=(twice,))))


@pytest.mark.parametrize(
    "change",
    [{"window": "hamming"}, {"n_fft": 2048}, {"hop_length": 0.02}, {"frame_length": 0.03}, {"sample_rate": 4000}],
    ids=str,
)
def test_another_analysis_takes_nothing_from_the_store(clips, tmp_path, change):
    store = FeatureStore(tmp_path / "features.sqlite")
    extractors = build_extractors("mfcc")
    extract(clips[:2], ANALYSIS, Wanted(tuple(extractors)), store=store)
    other = replace(ANALYSIS, **change)
    same(
        extract(clips[:2], other, Wanted(tuple(extractors)), store=store),
        extract(clips[:2], other, Wanted(tuple(extractors))),
    )


def test_content_counts_and_not_the_name(folder, tmp_path, counted):
    store = FeatureStore(tmp_path / "features.sqlite")
    moved, changed = tmp_path / "moved.wav", tmp_path / "00.wav"
    shutil.copy(folder / "00.wav", moved)
    both([Clip(folder / "00.wav")], store)
    counted.clear()
    both([Clip(moved)], store)
    assert counted == {}
    soundfile.write(changed, noise(99), 8000)
    both([Clip(changed)], store)
    assert counted["read"] == 1


def test_a_damaged_page_is_computed_anew(clips, tmp_path, counted):
    store = FeatureStore(tmp_path / "features.sqlite")
    first = both(clips[:3], store)
    connection = sqlite3.connect(store.path)
    connection.execute("UPDATE contents SET data = zeroblob(length(data)) WHERE id = (SELECT min(id) FROM contents)")
    connection.commit()
    connection.close()
    counted.clear()
    same(both(clips[:3], store), first)
    assert counted == {"mfcc": 3, "read": 3}, "one page holds what one extractor gave for the three clips"
    counted.clear()
    same(both(clips[:3], store), first)
    assert counted == {}


def test_a_store_that_cannot_be_used_costs_a_warning(clips, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.warns(UserWarning, match="going on without it"):
        done = both(clips[:3], FeatureStore(tmp_path / "file" / "features.sqlite"))
    same(done, both(clips[:3]))


def test_warnings_of_other_threads_are_heard_here(clips, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.warns(UserWarning, match="going on without it"):
        both(clips, FeatureStore(tmp_path / "file" / "features.sqlite"), workers=2)


@pytest.mark.parametrize("workers", [1, 2])
def test_bad_clips_are_skipped_with_the_reason_and_the_order_kept(clips, tmp_path, workers):
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("no recording")
    soundfile.write(tmp_path / "nan.wav", np.array([0.0, np.nan] * 100), 8000, subtype="FLOAT")
    bad = [
        Clip(tmp_path / "gone.wav"), Clip(tmp_path / "empty.wav"), Clip(tmp_path / "text.wav"),
        Clip(tmp_path / "nan.wav"), Clip(clips[0].path, start=99.0, name="late"), Clip(tmp_path),
    ]  # fmt: skip
    mixed = [bad[0], *clips[:20], *bad[1:4], *clips[20:], *bad[4:]]
    done = both(mixed, workers=workers)
    assert done.clips == clips
    assert [name for name, _ in done.skipped] == [clip.name for clip in bad]
    reasons = [why for _, why in done.skipped]
    for why, expected in zip(
        reasons, ["no such file", "0 bytes", "not audio", "aren't finite", "no samples between 99 s", "a folder"]
    ):
        assert expected in why
    good = both(clips)
    for extractor in good.vectors:
        np.testing.assert_array_equal(done.vectors[extractor], good.vectors[extractor])
        np.testing.assert_array_equal(done.sequences[extractor], good.sequences[extractor])


def test_only_bad_clips_give_an_empty_extraction(tmp_path):
    done = both([Clip(tmp_path / "gone.wav")])
    assert (done.clips, done.vectors, done.sequences, len(done.lengths), len(done.skipped)) == ([], {}, {}, 0, 1)


def test_a_parameter_that_doesnt_fit_the_rate_ends_the_run(clips):
    with pytest.raises(SpecError, match="fmax=6000 Hz is above 4000 Hz"):
        both(clips[:3], spec="mfcc:fmax=6000")


def test_stretches_of_one_recording_are_clips_of_their_own(tmp_path, monkeypatch):
    samples = noise(0, 2.0)
    soundfile.write(tmp_path / "long.wav", samples, 8000, subtype="FLOAT")
    cuts = [Clip(tmp_path / "long.wav", start=i / 10, end=(i + 2) / 10) for i in range(18)]
    for i in range(18):
        soundfile.write(tmp_path / f"{i}.wav", samples[i * 800 : (i + 2) * 800], 8000, subtype="FLOAT")
    hashed = Counter()
    monkeypatch.setattr(
        "audioclf.features.survey.content_hash", lambda path: hashed.update([path]) or content_hash(path)
    )
    store = FeatureStore(tmp_path / "features.sqlite")
    done = both(cuts, store)
    assert hashed[tmp_path / "long.wav"] == 1, "a recording is hashed once, not once a clip"
    alone = both([Clip(tmp_path / f"{i}.wav") for i in range(18)])
    for extractor in done.vectors:
        np.testing.assert_array_equal(done.vectors[extractor], alone.vectors[extractor])
    same(both(cuts, store), done)


def test_what_was_done_before_a_kill_isnt_done_again(clips, tmp_path, counted):
    """Each batch of clips is committed when it is done; the process is killed in the middle of the second."""
    code = f"""
import os, sys
from pathlib import Path
from audioclf.audio import decode as audio
from audioclf.features import extraction
from audioclf.dataset.clips import Clip
from audioclf.features.specs import build_extractors
from audioclf.features.wanted import Wanted
from audioclf.spectra.analysis import Analysis
from audioclf.store.store import FeatureStore
read, count = audio.read, 0
def dying(*arguments):
    global count
    count += 1
    if count > extraction._MOST_CLIPS + 3:
        os._exit(9)
    return read(*arguments)
audio.read = dying
clips = [Clip(path) for path in sorted(Path(sys.argv[1]).glob("*.wav"))]
extractors = tuple(build_extractors({SPEC!r}))
wanted = Wanted(extractors, extractors)
extraction.extract(clips, Analysis(8000, window="hann"), wanted, store=FeatureStore(sys.argv[2]))
"""
    store = tmp_path / "features.sqlite"
    done = subprocess.run([sys.executable, "-c", code, str(clips[0].path.parent), str(store)], check=False)
    assert done.returncode == 9
    resumed = both(clips, FeatureStore(store))
    assert counted["read"] == len(clips) - extraction._MOST_CLIPS
    same(resumed, both(clips))


def test_progress_counts_up_to_all_clips(clips):
    said = []
    both(clips, progress=lambda *facts: said.append(facts))
    assert [stage for stage, *_ in said] == ["features"] * len(said)
    counts = [done for _, done, _, _ in said]
    assert counts == sorted(set(counts))
    assert said[-1][1:3] == (70, 70)


@pytest.mark.parametrize(
    "samples",
    [np.zeros(8000), np.ones(8000), np.sign(np.sin(np.arange(8000))), np.r_[1.0, np.zeros(7999)], np.ones(1),
     np.full(8000, 1e-30), np.sin(np.arange(200)), 1e9 * np.sin(np.arange(8000.0))],
    ids=["silence", "constant", "clipped", "impulse", "one sample", "denormal", "one frame", "integers as floats"],
)  # fmt: skip
@pytest.mark.parametrize("rate", [2000, 8000])
def test_every_extractor_is_finite_for_every_finite_signal(tmp_path, samples, rate):
    soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="FLOAT")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at 2 kHz there are mel bands without a bin
        for name in plugins.names("features"):
            spec = f"{name}:deltas=2"
            if name == "pncc" and rate == 2000:
                spec += ":fmin=50"
            extractors = build_extractors(spec)
            done = extract(
                [Clip(tmp_path / "a.wav")],
                Analysis(rate),
                both_of(extractors, ("mean", "std", "skewness", "kurtosis", "p5")),
            )
            assert done.skipped == []
            assert np.isfinite(done.inputs(extractors, "vectors").array).all(), name
            assert np.isfinite(done.inputs(extractors, "sequences").array).all(), name


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may read everything")
def test_a_recording_that_may_not_be_read_is_skipped(tmp_path):
    path = Path(tmp_path / "a.wav")
    soundfile.write(path, noise(0), 8000)
    path.chmod(0o200)
    [(_, why)] = both([Clip(path)]).skipped
    assert "Permission denied" in why


def test_a_recording_that_changes_is_analysed_anew(tmp_path):
    store = FeatureStore(tmp_path / "features.sqlite")
    results = []
    for seed in (0, 1):
        soundfile.write(tmp_path / "a.wav", noise(seed), 8000)
        clips = [Clip(tmp_path / "a.wav")]
        found = survey(clips, store=store)
        results.append(
            extract(clips, ANALYSIS, Wanted(tuple(build_extractors("mfcc"))), store=store, facts=found.facts)
        )
    one, two = (next(iter(result.vectors.values())) for result in results)
    assert not np.array_equal(one, two)
