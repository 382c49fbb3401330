"""How long features take, as ratios to the bare FFT of the same frames in the same run.

Run by ``make bench``. One thread, best of several runs; prints a table and writes
``benchmarks/results/extraction.json``. Nothing here is asserted: it is a measurement.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
from scipy.fft import rfft
from spafe.features import bfcc, gfcc, lpc, pncc
from spafe.utils.preprocessing import SlidingWindow
from threadpoolctl import threadpool_limits

from audioclf import functionals
from audioclf.audio import Signal
from audioclf.features import build_extractors
from audioclf.spectra import Analysis, Spectra, window

RATE, SECONDS, RUNS = 22050, 30, 5
NINE = "mfcc+gfcc+bfcc+lpcc+pncc+flux+rolloff+centroid+entropy"


def best(function: Callable[[], object], runs: int = RUNS) -> float:
    """Return the shortest of several runs, in seconds; the first, which warms caches, doesn't count."""
    function()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def floor(signal: Signal, analysis: Analysis) -> float:
    """Seconds that scipy's real FFT takes for the very same windowed frames, at its best block size."""
    frames = Spectra(signal, analysis).frames * window(analysis.window, analysis.frame_samples)

    def transform(block: int) -> None:
        for first in range(0, len(frames), block):
            rfft(frames[first : first + block], analysis.fft_size, axis=1, workers=1)

    return min(best(lambda block=block: transform(block)) for block in (32, 64, 128, 256, 512, 4096))


def peers(samples: np.ndarray) -> None:
    """The same five cepstral families by librosa and spafe, each with its own framing and FFT."""
    settings = {"fs": RATE, "num_ceps": 13, "nfft": 1024, "window": SlidingWindow(0.025, 0.010, "hamming")}
    librosa.feature.mfcc(y=samples, sr=RATE, n_mfcc=13, n_fft=1024, win_length=551, hop_length=220, center=False)
    gfcc.gfcc(samples, low_freq=50, nfilts=40, **settings)
    bfcc.bfcc(samples, low_freq=50, nfilts=24, **settings)
    lpc.lpcc(samples, fs=RATE, order=12, window=SlidingWindow(0.025, 0.010, "hamming"))
    pncc.pncc(samples, low_freq=200, nfilts=40, **settings)


def main() -> None:
    t = np.arange(SECONDS * RATE) / RATE
    noise = np.random.default_rng(0).standard_normal(len(t))
    signal = Signal((0.3 * np.sin(2 * np.pi * 220 * t) + 0.05 * noise).astype(np.float32), RATE)
    analysis = Analysis(RATE)
    unit = floor(signal, analysis)

    def nine(deltas: int = 0, pooled: bool = False) -> None:
        spectra = Spectra(signal, analysis)
        for extractor in build_extractors("+".join(f"{name}:deltas={deltas}" for name in NINE.split("+"))):
            frames = extractor.frames(spectra)
            if pooled:
                functionals.pool(frames, ["mean", "std", "skewness", "kurtosis", "p5", "p25", "median", "p75", "p95"])

    rows = {
        "bare FFT of all frames (the floor)": unit,
        "power spectrum, with framing and window": best(lambda: Spectra(signal, analysis).power),
        "nine families, all frames": best(nine),
        "nine families with deltas, pooled": best(lambda: nine(2, True)),
        "librosa's MFCC and spafe's GFCC, BFCC, LPCC, PNCC": best(lambda: peers(signal.samples), runs=2),
    }
    for name in NINE.split("+"):
        (extractor,) = build_extractors(name)
        rows[f"{name} alone"] = best(lambda extractor=extractor: extractor.frames(Spectra(signal, analysis)))
    print(f"{SECONDS} s at {RATE} Hz, one thread\n")
    for name, seconds in rows.items():
        print(f"{name:<52}{seconds * 1000:9.1f} ms {seconds / unit:8.1f} ×")
    out = Path(__file__).parent / "results"
    out.mkdir(exist_ok=True)
    (out / "extraction.json").write_text(json.dumps({"seconds": rows, "floor": unit}, indent=1))


if __name__ == "__main__":
    with threadpool_limits(limits=1):
        main()
