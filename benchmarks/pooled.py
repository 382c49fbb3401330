"""Nine families with deltas and delta-deltas, pooled by moments and five percentiles, against the bare FFT."""

from __future__ import annotations

import sys

from _material import STATISTICS, nine, tone
from _measure import alone, best, in_turn
from _rows import Row, Setting, main
from floor import fft


def pooled(seconds: float = 30.0, rate: int = 22050) -> float:
    """Seconds that the statistics of one clip's frames take, the frames included."""
    from audioclf import FeatureSet
    from audioclf.audio.signal import Signal

    features = FeatureSet(nine(deltas=2), functionals=STATISTICS, sample_rate=rate).fit([])
    clip = [Signal(tone(seconds, rate), rate)]
    return best(lambda: features.transform(clip))


def against_floor(setting: Setting) -> dict[str, list[float]]:
    """Time the statistics and the floor."""
    return in_turn(
        setting.rounds,
        {"audioclf": lambda: alone(pooled).value, "FFT": lambda: alone(fft).value},
    )


ROWS = [Row("the same with statistics of statics and deltas, against the bare FFT", against_floor, "at most", 5, 1.5)]

if __name__ == "__main__":
    main(sys.modules[__name__])
