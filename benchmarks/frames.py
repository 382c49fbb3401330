"""Frames of the nine families over one 30 s clip, against the bare FFT."""

from __future__ import annotations

import sys

from _material import nine, tone
from _measure import alone, best, in_turn
from _rows import Row, Setting, main
from floor import fft


def frames(spec: str, seconds: float = 30.0, rate: int = 22050) -> float:
    """Seconds that the frames of a feature set take."""
    from audioclf import FeatureSet

    features, samples = FeatureSet(spec), tone(seconds, rate)
    return best(lambda: features.frames(samples, rate))


def against_floor(spec: str, rounds: int) -> dict[str, list[float]]:
    """Time a feature set's frames and the floor."""
    return in_turn(
        rounds,
        {"audioclf": lambda: alone(frames, spec=spec).value, "FFT": lambda: alone(fft).value},
    )


def measure(setting: Setting) -> dict[str, list[float]]:
    """Time all nine and the floor."""
    return against_floor(nine(), setting.rounds)


ROWS = [Row("frames of the nine families over 30 s, against the bare FFT", measure, "at most", 3, 1)]

if __name__ == "__main__":
    main(sys.modules[__name__])
