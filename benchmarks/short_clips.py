"""3,000 spoken digits of 0.4 s: decoding, nine families and default functionals into a cold store, one worker.

Against decoding them and the bare FFT of each one's frames. Cutting the frames and the window aren't counted there.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from _material import clips, lengths, nine, write_clips
from _measure import alone, best, in_turn
from _rows import Row, Setting, main
from floor import windowed

TAKES_RECORDINGS = True
RATE, NUMBER = 8000, 3000


def extraction(folder: str, runs: int = 3) -> float:
    """Seconds that one pass over the recordings of a folder takes, each with a new store."""
    from audioclf.features.extraction import extract
    from audioclf.features.specs import build_extractors
    from audioclf.features.survey import survey
    from audioclf.features.wanted import Wanted
    from audioclf.spectra.analysis import Analysis, analysis_rate
    from audioclf.store.store import FeatureStore

    recordings, extractors = clips(folder), build_extractors(nine())

    def run() -> None:
        with tempfile.TemporaryDirectory() as temporary:
            found = survey(recordings)
            analysis = Analysis(analysis_rate(found.rates.values()))
            store = FeatureStore(Path(temporary) / "features.sqlite")
            extract(found.clips, analysis, Wanted(tuple(extractors)), store=store, workers=1)

    return best(run, runs, seconds=0.0)


def decoding_and_fft(folder: str, runs: int = 3) -> float:
    """Seconds that reading every recording and the FFT of its frames take, frame 25 ms, hop 10 ms, FFT 1024."""
    import soundfile
    from scipy.fft import rfft

    paths = [clip.path for clip in clips(folder)]
    totals = []
    for _ in range(runs + 1):
        total = 0.0
        for path in paths:
            start = time.perf_counter()
            samples, rate = soundfile.read(path, dtype="float32")
            total += time.perf_counter() - start
            frames = windowed(samples, round(0.025 * rate), round(0.010 * rate))
            start = time.perf_counter()
            rfft(frames, 1024, axis=1, workers=1)
            total += time.perf_counter() - start
        totals.append(total)
    return min(totals[1:])


def measure(setting: Setting) -> dict[str, list[float]]:
    """Time both over the same files."""
    folder = setting.recordings or write_clips(setting.folder / "short", lengths(NUMBER), RATE, ".wav")
    return in_turn(
        setting.rounds,
        {
            "audioclf": lambda: alone(extraction, folder=str(folder)).value,
            "decoding and FFT": lambda: alone(decoding_and_fft, folder=str(folder)).value,
        },
    )


ROWS = [Row("3,000 short clips into a cold store, against decoding and FFT one by one", measure, "at most", 6, 3)]

if __name__ == "__main__":
    main(sys.modules[__name__])
