"""Long clips are analysed piece by piece, and give the very numbers of the whole."""

from __future__ import annotations

import errno

import numpy as np
import pytest
import soundfile
from extractions import both_of, noise, same

from audioclf.audio import decode
from audioclf.audio.signal import Signal
from audioclf.dataset.clips import Clip
from audioclf.errors import AudioclfError
from audioclf.features.extraction import extract
from audioclf.features.frames import static_frames, static_frames_of_blocks
from audioclf.features.specs import build_extractors
from audioclf.features.transformer import FeatureSet
from audioclf.features.wanted import Wanted
from audioclf.spectra.analysis import Analysis


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Stereo, at another rate, loudest in the middle; 70 s."""
    path = tmp_path_factory.mktemp("long") / "long.flac"
    t = np.arange(70 * 16000) / 16000
    loudness = 0.01 + 0.8 * np.exp(-(((t - 40) / 5) ** 2))
    tone = np.sin(2 * np.pi * (200 + 20 * t) * t)
    noises = np.random.default_rng(0).uniform(-0.1, 0.1, (2, len(t)))
    soundfile.write(path, (loudness * (tone + noises)).T, 16000)
    return path


class TestLongClips:
    """Piece by piece, with the very numbers of the whole."""

    SPEC = "mfcc:deltas=2+bfcc+lfcc:top_db=none+logmel+gfcc+pncc:deltas=1+lpcc+chroma+spectral"
    FUNCTIONALS = ("mean", "std", "kurtosis", "min", "median", "p95")

    def test_give_the_numbers_of_the_whole(self, recording, monkeypatch):
        extractors = build_extractors(self.SPEC)
        clips = [Clip(recording), Clip(recording, start=3.21, end=64.5, name="part")]

        def run():
            return extract(clips, Analysis(8000), both_of(extractors, self.FUNCTIONALS))

        whole = run()
        monkeypatch.setattr("audioclf.features.outputs._LONG", 1000)
        monkeypatch.setattr(decode, "_BLOCK", 30011)
        monkeypatch.setattr(decode, "read", lambda *_: pytest.fail("a long recording was read in one piece"))
        same(run(), whole)

    @pytest.mark.parametrize("block", [37, 401, 5000, 12345])
    def test_however_they_are_cut(self, recording, block, monkeypatch):
        signal = decode.read(recording, 8000, end=8.0)
        extractors = build_extractors(self.SPEC)
        monkeypatch.setattr("audioclf.features.frames.STRETCH", 100)
        whole = static_frames([signal], Analysis(8000), extractors)

        def blocks():
            return (signal.samples[i : i + block] for i in range(0, len(signal.samples), block))

        spools = static_frames_of_blocks(blocks, Analysis(8000), extractors)
        for extractor in extractors:
            np.testing.assert_array_equal(spools[extractor.base].all(), whole.rows[extractor.base], extractor.name)

    @pytest.mark.parametrize("count", [1, 150, 200, 201, 280])
    def test_of_a_frame_or_two(self, count):
        samples = noise(3)[:count].astype(np.float32)
        extractors = build_extractors(self.SPEC)
        whole = static_frames([Signal(samples, 8000)], Analysis(8000), extractors)
        spools = static_frames_of_blocks(lambda: [samples[:100], samples[100:]], Analysis(8000), extractors)
        for extractor in extractors:
            np.testing.assert_array_equal(spools[extractor.base].all(), whole.rows[extractor.base], extractor.name)

    def test_stretches_dont_show_in_the_numbers(self, recording, monkeypatch):
        signals = [decode.read(recording, 8000, start, start + length) for start, length in [(0, 3), (9, 0.1), (20, 2)]]
        extractors = build_extractors(self.SPEC)
        whole = static_frames(signals, Analysis(8000), extractors)
        monkeypatch.setattr("audioclf.features.frames.STRETCH", 77)
        cut = static_frames(signals, Analysis(8000), extractors)
        np.testing.assert_array_equal(cut.bounds, whole.bounds)
        for extractor in whole.rows:
            np.testing.assert_array_equal(cut.rows[extractor], whole.rows[extractor], extractor.name)

    def test_of_the_feature_set(self, recording, monkeypatch):
        features = FeatureSet("mfcc+pncc+flux", sample_rate=8000).fit([])
        whole = features.transform([recording])
        monkeypatch.setattr("audioclf.features.outputs._LONG", 1000)
        monkeypatch.setattr(decode, "read", lambda *_: pytest.fail("a long recording was read in one piece"))
        np.testing.assert_array_equal(features.transform([recording]), whole)

    def test_that_break_off_are_skipped(self, tmp_path, monkeypatch):
        samples = noise(0, 2.0)
        samples[9000] = np.nan
        soundfile.write(tmp_path / "a.wav", samples, 8000, subtype="FLOAT")
        monkeypatch.setattr("audioclf.features.outputs._LONG", 1000)
        done = extract([Clip(tmp_path / "a.wav")], Analysis(8000), Wanted(tuple(build_extractors("mfcc"))))
        assert "aren't finite" in done.skipped[0][1]

    def test_say_what_to_do_when_the_disk_is_full(self, monkeypatch):
        class Full:
            def write(self, data):
                raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("audioclf.features.frames.tempfile.TemporaryFile", Full)
        blocks = [noise(0).astype(np.float32)]
        with pytest.raises(AudioclfError, match="No space left on device; make room there, or set TMPDIR"):
            static_frames_of_blocks(lambda: blocks, Analysis(8000), build_extractors("zcr"))
