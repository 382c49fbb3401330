"""Windows are SciPy's and NumPy's, and an analysis that can't be is refused."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from audioclf.errors import SpecError
from audioclf.spectra.analysis import WINDOWS, Analysis, Framing, analysis_rate, window


@pytest.mark.parametrize("name", ["hamming", "hann", "blackman", "rectangular"])
@pytest.mark.parametrize("length", [2, 3, 400, 551])
def test_windows_are_scipys(name, length):
    reference = scipy.signal.get_window("boxcar" if name == "rectangular" else name, length, fftbins=True)
    np.testing.assert_allclose(window(name, length), reference, atol=1e-7)
    if name != "rectangular":
        symmetric = getattr(np, "hanning" if name == "hann" else name)(length)
        np.testing.assert_allclose(window(f"{name}-symmetric", length), symmetric, atol=1e-7)


def test_windows_are_float32_and_shared_safely():
    for name in WINDOWS:
        assert window(name, 10).dtype == np.float32
        with pytest.raises(ValueError, match="read-only"):
            window(name, 10)[0] = 2.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample_rate": 0}, "the sample rate is 0; it must be a positive number of Hz"),
        ({"sample_rate": -8000}, "positive number of Hz"),
        ({"frame_length": 0.0}, "the frame length is 0 s; it must be a positive number of seconds"),
        ({"frame_length": -0.1}, "positive number of seconds"),
        ({"frame_length": float("nan")}, "positive number of seconds"),
        ({"frame_length": float("inf")}, "positive number of seconds"),
        ({"hop_length": float("nan")}, "the hop length is nan s"),
        ({"hop_length": 0.0}, "the hop length is 0 s"),
        ({"hop_length": 1e-6}, "hop length of 1e-06 s is shorter than one sample at 8000 Hz"),
        ({"frame_length": 1e-4}, "frame length of 0.0001 s is shorter than two samples at 8000 Hz"),
        ({"window": "kaiser"}, "unknown window 'kaiser'; known: hamming, hann"),
        ({"window": "rectangular-symmetric"}, "unknown window"),
        ({"n_fft": 199}, "n_fft=199 is shorter than a frame of 200 samples"),
        ({"n_fft": 0}, "n_fft=0 is shorter"),
    ],
)
def test_an_analysis_that_cannot_be_is_refused(options, message):
    with pytest.raises(SpecError, match=message):
        Analysis(**{"sample_rate": 8000, **options})


@pytest.mark.parametrize("rate", [2000, 8000, 11025, 16000, 22050, 44100, 96000])
def test_the_default_fft_is_a_power_of_two_that_holds_a_frame(rate):
    analysis = Analysis(rate)
    assert analysis.fft_size >= analysis.frame_samples
    assert analysis.fft_size & (analysis.fft_size - 1) == 0
    assert analysis.as_dict()["n_fft"] == analysis.fft_size
    assert Analysis(**analysis.as_dict()).as_dict() == analysis.as_dict()


@pytest.mark.parametrize(
    ("rates", "rate"), [([44100, 48000], 22050), ([8000], 8000), ([96000, 16000, 44100], 16000), (iter([22050]), 22050)]
)
def test_analysis_rate(rates, rate):
    assert analysis_rate(rates) == rate


def test_the_rate_of_a_framing_goes_before_that_of_the_recordings():
    framing = Framing(12000, 0.03, 0.02, "hann", 2048)
    assert framing.of([8000]) == Analysis(12000, 0.03, 0.02, "hann", 2048)
    assert Framing().of([48000, 44100]) == Analysis(22050)
    with pytest.raises(SpecError, match="unknown window"):
        Framing(window="tukey").of([8000])
