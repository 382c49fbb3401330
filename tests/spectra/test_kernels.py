"""The compiled kernels against plain NumPy, and what is kept of them on disk."""

from __future__ import annotations

import itertools
import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import twins

from audioclf.feature_sets import entropy, flux, gfcc, lpcc, pncc, rolloff, spread
from audioclf.features import functionals
from audioclf.features.extractor import Passage, delta
from audioclf.spectra.kernels import compiler
from audioclf.spectra.kernels.compiler import kernel

F32 = 6e-8  # half a unit in the last place


@pytest.fixture
def magnitude(rng):
    """Spectra over many orders of magnitude, some frames silent, in an odd number of frames and bins."""
    frames = rng.uniform(0, 1, (131, 77)) ** 8 * 10.0 ** rng.uniform(-6, 3, (131, 1))
    frames[[0, 5, 130]] = 0
    return frames.astype(np.float32)


class TestPowerSpectrum:
    @pytest.mark.parametrize("n_fft", [8, 16, 32, 64, 256, 512, 1024, 4096])
    @pytest.mark.parametrize("n_frames", [1, 3, 64, 65, 200])
    def test_is_the_fft(self, rng, n_fft, n_frames):
        length = max(2, n_fft * 5 // 8 + 1)
        samples = rng.standard_normal(length + 7 * n_frames).astype(np.float32)
        window = rng.uniform(0.1, 1, length).astype(np.float32)
        starts = rng.integers(0, 7 * n_frames, n_frames)
        found = compiler.power_spectrum(samples, starts, window, n_fft).T
        expected = twins.power_spectrum(samples, starts, window, n_fft)
        assert found.shape == expected.shape
        # The error of a single-precision FFT grows with its stages; relative to the frame's energy.
        scale = np.sqrt(expected.max(axis=1, keepdims=True))
        np.testing.assert_allclose(np.sqrt(found) / scale, np.sqrt(expected) / scale, rtol=0, atol=2e-6)

    @pytest.mark.parametrize("n_fft", [6, 1000, 1023])
    def test_of_other_lengths_is_scipys(self, rng, n_fft):
        samples = rng.standard_normal(3000).astype(np.float32)
        starts, window = np.arange(0, 1900, 17), np.ones(min(n_fft, 500), np.float32)
        found = compiler.power_spectrum(samples, starts, window, n_fft).T
        np.testing.assert_allclose(found, twins.power_spectrum(samples, starts, window, n_fft), rtol=1e-3, atol=1e-3)

    def test_of_a_tone_holds_six_digits_of_its_peak(self):
        tone = np.cos(2 * np.pi * 100 * np.arange(1024) / 1024).astype(np.float32)
        power = compiler.power_spectrum(tone, np.array([0]), np.ones(1024, np.float32), 1024)[:, 0]
        assert power[100] == pytest.approx(512**2, rel=1e-6)
        assert np.delete(power, 100).max() < 512**2 * 1e-12

    def test_of_a_frame_is_the_same_in_any_company(self, rng):
        samples = rng.standard_normal(5000).astype(np.float32)
        starts, window = np.arange(0, 4000, 19), np.hamming(400).astype(np.float32)
        together = compiler.power_spectrum(samples, starts, window, 512)
        for i in (0, 1, 63, 64, 200):
            alone = compiler.power_spectrum(samples, starts[i : i + 1], window, 512)
            np.testing.assert_array_equal(together[:, i : i + 1], alone)


class TestWeigh:
    @pytest.mark.parametrize("n_frames", [1, 64, 65, 131])
    @pytest.mark.parametrize("shape", [(1, 1), (3, 8), (40, 77), (13, 128)])
    def test_is_the_product_of_matrices(self, rng, shape, n_frames):
        matrix, values = rng.standard_normal(shape), rng.standard_normal((shape[1], n_frames)).astype(np.float32)
        found = compiler.weigh(values, compiler.weights(matrix))
        bound = np.abs(matrix) @ np.abs(values)
        assert (np.abs(found - matrix @ values) <= 20 * F32 * bound).all()

    def test_skips_what_is_zero_and_nothing_else(self, rng):
        matrix = np.zeros((5, 30))
        matrix[0, 3:9] = matrix[1, 7:12] = matrix[3, 29] = 1  # rows 2 and 4 are empty, columns 12 to 28 too
        matrix[2, 0] = matrix[0, 20] = 2  # and these lie apart from their neighbours
        values = rng.uniform(0, 1, (30, 70)).astype(np.float32)
        np.testing.assert_allclose(compiler.weigh(values, compiler.weights(matrix)), matrix @ values, rtol=1e-6)


def test_flux(magnitude):
    found = np.empty((1, len(magnitude)), np.float32)
    total = magnitude.sum(axis=1)
    scale = np.divide(1, total, out=np.zeros_like(total), where=total > 0)
    flux._flux(compiler.rows(magnitude), scale, found)
    np.testing.assert_allclose(found[0, 1:], twins.flux(magnitude.astype(np.float64))[1:], rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("part", [0.01, 0.5, 0.85, 0.9999])
def test_rolloff(magnitude, part):
    found = np.empty((1, len(magnitude)), np.int64)
    rolloff._bins_below(compiler.rows(magnitude), part, found)
    np.testing.assert_array_equal(found[0], twins.rolloff_bins(magnitude, part))


def test_sums_for_entropy(rng):
    power = (10.0 ** rng.uniform(-30, 30, (131, 77))).astype(np.float32)
    power[:, 0] = 1
    power[:, 1] = np.float32(np.sqrt(0.5))
    power[7] = 0
    total, weighted = np.empty((2, len(power)), np.float32)
    entropy._sums(compiler.rows(power), total, weighted)
    expected, expected_weighted = twins.entropy_sums(power.astype(np.float64))
    np.testing.assert_allclose(total, expected, rtol=1e-6)
    np.testing.assert_allclose(weighted, expected_weighted, rtol=1e-6, atol=1e-30)


def test_log(rng):
    values = np.concatenate([[1, 2, 0.5, np.sqrt(0.5), 3e38, 1.2e-38], 10.0 ** rng.uniform(-37, 38, 10_000)])
    values = values.astype(np.float32)[None]
    expected = np.log(values.astype(np.float64))
    np.testing.assert_allclose(compiler.log(values, 1e-38), expected, rtol=3 * F32, atol=2 * F32)
    floored = compiler.log(np.array([[0.0, -1.0, 1e-12, 1e-9]], np.float32), 1e-10, 10 / np.log(10))
    np.testing.assert_allclose(floored, [[-100, -100, -100, -90]], rtol=1e-6)


def test_second_moment(magnitude):
    frequencies = np.linspace(0, 11025, magnitude.shape[1], dtype=np.float32)
    centre = np.linspace(0, 5000, len(magnitude), dtype=np.float32)
    found = np.empty(len(magnitude), np.float32)
    spread._second_moment(compiler.rows(magnitude), frequencies, centre, found)
    expected = twins.second_moment(*(a.astype(np.float64) for a in (magnitude, frequencies, centre)))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_cubic_root():
    values = np.concatenate([[0, 1, 8, 1e-38, 1e-45], 10.0 ** np.linspace(-37, 37, 100_000)]).astype(np.float32)
    found = gfcc.cubic_root(values[None])[0]
    normal = values >= np.finfo(np.float32).tiny
    np.testing.assert_allclose(found[normal], np.cbrt(values[normal].astype(np.float64)), rtol=2 * F32)
    assert found[0] == 0
    assert np.isfinite(found).all()


@pytest.mark.parametrize(("order", "n_frames"), [(1, 1), (2, 64), (12, 131), (40, 65)])
def test_levinson_durbin_and_cepstrum(rng, order, n_frames):
    signal = rng.standard_normal((n_frames, 400))
    lags = np.array([[np.dot(x[: 400 - k], x[k:]) for k in range(order + 1)] for x in signal])
    predictor, error = lpcc.levinson_durbin(lags)
    expected, expected_error = twins.levinson_durbin(lags)
    np.testing.assert_allclose(predictor, expected, rtol=0, atol=1e-10)
    np.testing.assert_allclose(error, expected_error, rtol=1e-10)
    for n_coeffs in (1, 2, order + 1, order + 9):
        cepstrum = lpcc.predictor_to_cepstrum(predictor, error, n_coeffs)
        np.testing.assert_allclose(
            cepstrum, twins.predictor_to_cepstrum(expected, expected_error, n_coeffs), rtol=0, atol=1e-9
        )


@pytest.mark.parametrize("bounds", [[0, 131], [0, 1, 2, 5, 64, 131]], ids=["one clip", "clips"])
@pytest.mark.parametrize("n_bands", [1, 3, 40])
def test_noise_suppression(rng, n_bands, bounds):
    power = (rng.uniform(0, 1, (131, n_bands)) ** 6).astype(np.float32)
    power[[0, 20, 21, 22, 23, 24, 25]] = 0
    found = pncc.suppress_noise(power, Passage(np.array(bounds)))
    for a, b in itertools.pairwise(bounds):
        clip = power[a:b].astype(np.float64)
        medium = twins.medium_time_power(clip)
        weights = twins.suppress_noise(medium) / np.maximum(medium, 1e-20)
        np.testing.assert_allclose(found[a:b], clip * twins.smooth_weights(weights), rtol=2e-4, atol=1e-6)


def test_mean_power_normalisation(rng):
    power = rng.uniform(0.1, 1, (50, 4))
    found = power.astype(np.float32)
    pncc.normalise_mean_power(found, power.mean(axis=1), Passage(np.array([0, 20, 50])))
    expected = np.concatenate([twins.normalise_mean_power(power[:20]), twins.normalise_mean_power(power[20:])])
    np.testing.assert_allclose(found, expected, rtol=3e-7)


@pytest.mark.parametrize("width", [3, 9, 31])
@pytest.mark.parametrize("n_frames", [1, 2, 5, 200])
def test_delta(rng, width, n_frames):
    frames = rng.standard_normal((n_frames, 3)).astype(np.float32)
    np.testing.assert_allclose(delta(frames, width), twins.delta(frames, width), rtol=0, atol=1e-6)


def test_moments_and_percentiles(rng):
    frames = (rng.standard_normal((131, 5)) ** 3 + 100).astype(np.float32)
    frames[:, 2] = 7
    names = ("std", "p0", "kurtosis", "mean", "p33", "skewness", "median", "max")
    ranks = {name: functionals._rank(name) for name in names}
    bounds = np.array([0, 1, 3, 131])
    found = functionals.pool_clips(frames, bounds, names)
    for row, a, b in zip(found, bounds[:-1], bounds[1:]):
        np.testing.assert_allclose(row, twins.pool(frames[a:b], names, ranks), rtol=1e-5, atol=1e-6)


SMALL = """
import sys
import numpy as np
from audioclf.audio import decode as audio
from audioclf.features.frames import static_frames
from audioclf.spectra.kernels import compiler as kernels
from audioclf.features.specs import build_extractors
from audioclf.features.functionals import pool_clips
from audioclf.spectra.analysis import Analysis
rng = np.random.default_rng(0)
t = np.arange(30000) / 16000
samples = (np.sin(2000 * t * t) * (t > 0.3) + 0.1 * rng.standard_normal(len(t))).astype(np.float32)
signals = [audio.Signal(samples[:20000], 16000), audio.Signal(samples, 16000)]
extractors = build_extractors("mfcc:deltas=2+gfcc+bfcc+logmel+spectral+chroma")
def run():
    statics = static_frames(signals, Analysis(16000), extractors)
    frames = [e.with_deltas(statics.rows[e.base].T, statics.bounds) for e in extractors]
    return frames, [pool_clips(f, statics.bounds, ("mean", "std", "skewness", "p5")) for f in frames]
with kernels.small_job():
    small = run()
assert kernels._power._compiled is None, "a small job compiled something"
whole = run()
assert kernels._power._compiled is not None
for kind in range(2):
    for one, two in zip(small[kind], whole[kind]):
        assert not np.array_equal(one, two)
        scale = 1 + np.abs(two).max(axis=0)
        assert (np.abs(one - two) / scale).max() < 5e-6, (np.abs(one - two) / scale).max()
"""


def test_a_small_job_does_without_numba_and_gives_nearly_the_same():
    subprocess.run([sys.executable, "-c", SMALL], check=True)


CODE = """
import sys
import numpy as np
sys.path.insert(0, {folder!r})
import logging
logging.basicConfig(format="%(message)s", stream=sys.stdout)
import outer
print(outer.twice(3.0))
"""


class TestKeptKernels:
    """In processes of their own, with a cache of their own."""

    @pytest.fixture
    def run(self, tmp_path):
        (tmp_path / "outer.py").write_text(
            "from audioclf.spectra.kernels.compiler import kernel\n"
            "@kernel\ndef inner(x):\n    return x + x\n"
            "@kernel\ndef twice(x):\n    return inner(x)\n"
        )

        def run(cache):
            done = subprocess.run(
                [sys.executable, "-c", CODE.format(folder=str(tmp_path))],
                env={**os.environ, "AUDIOCLF_CACHE": str(cache), "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                check=True,
            )
            return done.stdout.splitlines()

        return run

    def test_are_compiled_once_and_said_so(self, run, tmp_path):
        first, second = run(tmp_path / "cache"), run(tmp_path / "cache")
        assert "compiling" in first[0]
        assert first[1:] == second == ["6.0"]
        assert list((tmp_path / "cache" / "kernels").rglob("*.nbc"))

    def test_are_compiled_anew_when_their_source_changes(self, run, tmp_path):
        run(tmp_path / "cache")
        source = tmp_path / "outer.py"
        facts = source.stat()
        source.write_text(source.read_text().replace("x + x", "x * x"))
        os.utime(source, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        assert run(tmp_path / "cache")[-1] == "9.0"

    def test_are_compiled_where_nothing_can_be_kept(self, run, tmp_path):
        (tmp_path / "file").write_text("x")
        assert run(tmp_path / "file" / "cache")[-1] == "6.0"
        assert not list(tmp_path.rglob("*.nbc"))

    def test_leave_nothing_in_the_package(self):
        assert not list(Path(compiler.__file__).parent.rglob("*.nb[ci]"))


def test_a_kernel_keeps_the_function_it_was_made_of():
    @kernel
    def double(x):
        """Twice."""
        return 2 * x

    assert double.__doc__ == "Twice."
    assert double.python(4) == double(4) == 8


def test_other_packages_functions_dont_end_up_in_our_folder():
    import numba

    before = numba.config.CACHE_DIR
    compiler.power_spectrum(np.zeros(8, np.float32), np.array([0]), np.ones(8, np.float32), 8)
    assert before == numba.config.CACHE_DIR


def test_nothing_is_said_when_nothing_is_compiled(caplog):
    compiler.weigh(np.zeros((3, 2), np.float32), compiler.weights(np.ones((1, 3))))
    with caplog.at_level(logging.WARNING):
        compiler.weigh(np.zeros((3, 2), np.float32), compiler.weights(np.ones((1, 3))))
    assert not caplog.records
