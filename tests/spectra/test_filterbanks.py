"""Filterbanks against librosa, impulse responses and the published curves."""

from __future__ import annotations

import os
import subprocess
import sys

import librosa
import numpy as np
import pytest

from audioclf.errors import SpecError
from audioclf.spectra import filterbanks

BANKS = [filterbanks.mel, filterbanks.gammatone, filterbanks.bark, filterbanks.linear]
# rate, FFT length, bands, lowest and highest frequency
SHAPES = [
    (16000, 512, 40, 50.0, None),
    (22050, 1024, 64, 20.0, 8000.0),
    (8000, 501, 24, 100.0, 3000.0),
    (2000, 1024, 20, 50.0, None),
    (96000, 4096, 40, 50.0, 48000.0),
    (16000, 512, 1, 200.0, 4000.0),
]


@pytest.mark.parametrize("bank", BANKS)
@pytest.mark.parametrize("shape", SHAPES)
def test_weights_are_finite_and_none_is_negative(bank, shape):
    _, n_fft, n_bands, *_ = shape
    weights = bank(*shape)
    assert weights.shape == (n_bands, n_fft // 2 + 1)
    assert weights.dtype == np.float32
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()
    assert (weights.max(axis=1) > 0).all(), "a band without a bin"


@pytest.mark.parametrize("bank", BANKS)
def test_bands_rise_in_frequency(bank):
    assert (np.diff(bank(16000, 4096, 30, 50.0, None).argmax(axis=1)) > 0).all()


@pytest.mark.parametrize("bank", BANKS)
def test_a_matrix_is_built_once_and_can_be_shared(bank):
    first = bank(16000, 512, 20, 50.0, 7000.0)
    assert bank(16000, 512, 20, 50.0, 7000.0) is first
    assert bank(16000, 512, 20, 50.0, 7001.0) is not first
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 1.0


@pytest.mark.parametrize("bank", BANKS)
def test_no_upper_edge_is_half_the_rate(bank):
    np.testing.assert_array_equal(bank(16000, 512, 20, 50.0, None), bank(16000, 512, 20, 50.0, 8000.0))


@pytest.mark.parametrize("bank", BANKS)
@pytest.mark.parametrize(
    ("fmin", "fmax", "message"),
    [
        (50.0, 9000.0, "fmax=9000 Hz is above 8000 Hz, half the analysis rate; lower fmax or raise --sample-rate"),
        (500.0, 500.0, "fmin=500 isn't below fmax=500 Hz; choose 0 <= fmin < fmax"),
        (9000.0, None, "fmin=9000 isn't below fmax=8000 Hz"),
        (-1.0, None, "choose 0 <= fmin < fmax"),
        (float("nan"), None, "choose 0 <= fmin < fmax"),
    ],
)
def test_edges_out_of_order_are_refused(bank, fmin, fmax, message):
    with pytest.raises(SpecError, match=message):
        bank(16000, 512, 20, fmin, fmax)


@pytest.mark.parametrize("htk", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_mel_is_librosas(shape, htk):
    rate, n_fft, n_bands, fmin, fmax = shape
    reference = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=n_bands, fmin=fmin, fmax=fmax, htk=htk)
    np.testing.assert_array_equal(filterbanks.mel(*shape, htk), reference)


def test_mel_triangles_stand_on_the_scale_and_have_unit_area():
    """From the scale's definition: 2595 log10(1 + f / 700); area over Hz is 1 (Slaney)."""
    points = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 12) / 2595) - 1)
    weights = filterbanks.mel(16000, 16384, 10, 0.0, None, True)
    bins = np.fft.rfftfreq(16384, 1 / 16000)
    for row, low, centre, high in zip(weights, points, points[1:], points[2:]):
        np.testing.assert_allclose(row, np.interp(bins, [low, centre, high], [0, 2 / (high - low), 0]), atol=1e-7)
        assert row.sum() * bins[1] == pytest.approx(1, rel=1e-3)


def erb_centres(n_bands, fmin, fmax):
    """Slaney 1993, with Glasberg & Moore's constants: evenly spaced in ln(f + 228.8), the top one left out."""
    constant = 9.26449 * 24.7
    steps = np.arange(n_bands, 0, -1) / n_bands
    return (fmax + constant) * np.exp(steps * (np.log(fmin + constant) - np.log(fmax + constant))) - constant


@pytest.mark.parametrize(
    ("rate", "n_fft", "n_bands", "fmin", "fmax"),
    [(16000, 512, 40, 50.0, 8000.0), (22050, 1024, 32, 200.0, 8000.0), (16000, 513, 20, 100.0, 6000.0)],
)
def test_gammatone_is_the_spectrum_of_its_impulse_response(rate, n_fft, n_bands, fmin, fmax):
    """t³ exp(-2π 1.019 b t) cos(2π fc t), sampled finely and for long, with a peak of 1.

    The bandwidth b is fc / 9.26449 + 24.7 (Glasberg & Moore 1990). The peak is 1 at a bin, so centres are taken a few
    bins from 0, where a band is as narrow as a bin.
    """
    weights = filterbanks.gammatone(rate, n_fft, n_bands, fmin, fmax)
    finer = 8
    t = np.arange(n_fft * 32 * finer) / (rate * finer)
    bins = np.fft.rfftfreq(n_fft, 1 / rate)
    for row, centre in zip(weights, erb_centres(n_bands, fmin, fmax)):
        if not 4 * rate / n_fft < centre < 0.4 * rate:
            continue
        bandwidth = 1.019 * (centre / 9.26449 + 24.7)
        response = t**3 * np.exp(-2 * np.pi * bandwidth * t) * np.cos(2 * np.pi * centre * t)
        magnitude = np.abs(np.fft.rfft(response))
        reference = np.interp(bins, np.fft.rfftfreq(len(t), t[1]), magnitude)
        inside = bins < 0.45 * rate
        np.testing.assert_allclose(row[inside], reference[inside] / reference.max(), atol=0.01)


def test_gammatone_centres_lie_on_the_erb_scale():
    weights = filterbanks.gammatone(16000, 16384, 40, 50.0, 8000.0)
    peaks = weights.argmax(axis=1) * 16000 / 16384
    np.testing.assert_allclose(peaks[2:-1], erb_centres(40, 50.0, 8000.0)[2:-1], rtol=0.01)
    np.testing.assert_allclose(weights.max(axis=1), 1.0, atol=1e-3)


@pytest.mark.parametrize("shape", SHAPES)
def test_bark_is_hermanskys_curve(shape):
    """Hermansky 1990, eq. 3 (Ω = 6 asinh(ω / 1200π)) and eq. 4 (the critical-band masking curve)."""
    rate, n_fft, n_bands, fmin, fmax = shape

    def bark(f):
        omega = 2 * np.pi * f
        return 6 * np.log(omega / (1200 * np.pi) + np.sqrt((omega / (1200 * np.pi)) ** 2 + 1))

    def curve(d):
        if d < -1.3 or d > 2.5:
            return 0.0
        if d <= -0.5:
            return 10 ** (2.5 * (d + 0.5))
        return 1.0 if d < 0.5 else 10 ** (-1.0 * (d - 0.5))

    found = filterbanks.bark(*shape)
    low, high = bark(fmin), bark(rate / 2 if fmax is None else fmax)
    centres = [low + (high - low) * m / max(n_bands - 1, 1) for m in range(n_bands)]
    for m in range(0, n_bands, 5):
        distance = [bark(k * rate / n_fft) - centres[m] for k in range(n_fft // 2 + 1)]
        reference = [curve(d) for d in distance]
        on_edge = [min(abs(d + 1.3), abs(d - 2.5)) < 1e-9 for d in distance]  # either side is right there
        np.testing.assert_allclose(np.where(on_edge, 0, found[m]), np.where(on_edge, 0, reference), atol=1e-6)


def test_hz_to_bark_has_the_published_values():
    """6 asinh(1) at 600 Hz; the scale's slope at 0 is 6 / 600 Bark per Hz."""
    assert filterbanks.hz_to_bark(600.0) == pytest.approx(6 * np.log(1 + np.sqrt(2)))
    assert filterbanks.hz_to_bark(0.0) == 0.0
    assert filterbanks.hz_to_bark(1e-3) == pytest.approx(1e-5, rel=1e-6)


@pytest.mark.parametrize("n_fft", [1024, 1023])
def test_linear_triangles_are_even_and_sum_to_one_between_the_outer_centres(n_fft):
    weights = filterbanks.linear(16000, n_fft, 15, 400.0, 7600.0)
    bins = np.fft.rfftfreq(n_fft, 1 / 16000)
    for m, row in enumerate(weights):
        centre = 400 + 450 * (m + 1)
        reference = np.interp(bins, [centre - 450, centre, centre + 450], [0, 1, 0])
        np.testing.assert_allclose(row, reference, atol=1e-6)
    inner = (bins >= 850) & (bins <= 7150)
    np.testing.assert_allclose(weights.sum(axis=0)[inner], 1.0, atol=1e-5)


@pytest.mark.parametrize(("rate", "n_fft", "n_bands"), [(22050, 2048, 12), (16000, 1024, 24), (8000, 512, 12)])
def test_chroma_is_librosas(rate, n_fft, n_bands):
    reference = librosa.filters.chroma(sr=rate, n_fft=n_fft, n_chroma=n_bands, tuning=0.0)
    np.testing.assert_array_equal(filterbanks.chroma(rate, n_fft, n_bands), reference)


@pytest.mark.parametrize(("frequency", "name"), [(261.63, "C"), (440.0, "A"), (987.77, "B"), (1479.98, "F#")])
def test_chroma_begins_at_c(frequency, name):
    weights = filterbanks.chroma(22050, 8192, 12)
    names = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    assert names[weights[:, round(frequency * 8192 / 22050)].argmax()] == name


LIBRARIES = ("librosa", "spafe.fbanks.gammatone_fbanks")
KEPT = {
    "mel": lambda n_bands=20: filterbanks.mel(16000, 512, n_bands, 50.0, None),
    "gammatone": lambda n_bands=20: filterbanks.gammatone(16000, 512, n_bands, 50.0, None),
    "chroma": lambda n_bands=12: filterbanks.chroma(16000, 1024, n_bands),
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache folder, as a new process finds it: with nothing in memory."""
    monkeypatch.setenv("AUDIOCLF_CACHE", str(tmp_path))
    _forget()
    yield tmp_path / "filterbanks"
    _forget()


def _forget():
    for bank in (filterbanks._mel, filterbanks._gammatone, filterbanks._chroma):
        bank.cache_clear()


def _files(folder):
    return sorted(folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("name", KEPT)
class TestFiles:
    def test_what_is_in_a_file_needs_no_library(self, name, folder, monkeypatch):
        first = KEPT[name]()
        assert len(_files(folder)) == 1
        _forget()
        for library in LIBRARIES:
            monkeypatch.setitem(sys.modules, library, None)
        again = KEPT[name]()
        assert again is not first
        np.testing.assert_array_equal(again, first)
        assert (again.dtype, again.flags.c_contiguous, again.flags.writeable) == (np.float32, True, False)

    def test_without_a_file_the_library_is_needed(self, name, folder, monkeypatch):
        for library in LIBRARIES:
            monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(ImportError):
            KEPT[name]()

    def test_other_arguments_have_another_file(self, name, folder):
        KEPT[name](24)
        KEPT[name]()
        assert len(_files(folder)) == 2
        _forget()
        assert len(KEPT[name](24)) == 24
        assert len(_files(folder)) == 2

    def test_another_version_of_the_library_has_another_file(self, name, folder, monkeypatch):
        KEPT[name]()
        _forget()
        monkeypatch.setattr(filterbanks, "_version", lambda library: "99.0")
        KEPT[name]()
        assert len(_files(folder)) == 2

    @pytest.mark.parametrize("damage", ["empty", "cut", "flipped", "swapped"])
    def test_a_damaged_file_is_written_anew(self, name, damage, folder):
        other = KEPT[name](24)
        (foreign,) = (path.read_bytes() for path in _files(folder))
        first = KEPT[name]()
        assert first.shape != other.shape
        (path,) = (path for path in _files(folder) if path.read_bytes() != foreign)
        whole = path.read_bytes()
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        path.write_bytes({"empty": b"", "cut": whole[:-1], "flipped": flipped, "swapped": foreign}[damage])
        _forget()
        np.testing.assert_array_equal(KEPT[name](), first)
        assert path.read_bytes() == whole

    def test_a_folder_that_cannot_be_written_is_no_error(self, name, folder):
        folder.write_text("a file in the way")
        matrix = KEPT[name]()
        assert matrix.any()
        assert folder.read_text() == "a file in the way"

    def test_an_entry_that_cannot_be_read_is_no_error(self, name, folder):
        first = KEPT[name]()
        (path,) = _files(folder)
        path.unlink()
        path.mkdir()
        _forget()
        np.testing.assert_array_equal(KEPT[name](), first)


def test_wrong_edges_touch_no_file(folder):
    for bank in BANKS:
        with pytest.raises(SpecError):
            bank(16000, 512, 20, 50.0, 9000.0)
    assert not folder.exists()


def test_formulas_need_no_file(folder):
    filterbanks.bark(16000, 512, 20, 50.0, None)
    filterbanks.linear(16000, 512, 20, 50.0, None)
    assert not folder.exists()


def test_an_empty_band_is_told_by_every_process(folder):
    for _ in range(2):
        with pytest.warns(UserWarning, match="Empty filters"):
            filterbanks.mel(16000, 64, 80, 0.0, None)
        _forget()


def test_no_upper_edge_shares_the_file_of_half_the_rate(folder):
    filterbanks.mel(16000, 512, 20, 50.0, None)
    filterbanks.mel(16000, 512, 20, 50, 8000)
    assert len(_files(folder)) == 1


def test_processes_share_files(folder):
    code = "from audioclf.spectra import filterbanks as f; import sys; f.mel(16000, 512, 20, 50.0, None); "
    code += "f.gammatone(16000, 512, 20, 50.0, None); print([m for m in ('librosa', 'spafe') if m in sys.modules])"
    said = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ).stdout
        for _ in range(2)
    ]
    assert said == ["['librosa', 'spafe']\n", "[]\n"]
