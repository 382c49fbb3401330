"""300 FLAC recordings of 5 s at 44.1 kHz, nothing stored: two workers against one, and 300 clips against 30."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

from _material import clips, nine, write_clips
from _measure import NotMeasured, Outcome, alone, best, in_turn
from _rows import Row, Setting, main

TAKES_RECORDINGS = True
RATE, SECONDS, NUMBER = 44100, 5.0, 300


def recordings(setting: Setting) -> Path:
    """Return the folder of recordings, written first if they aren't there."""
    return setting.recordings or write_clips(setting.folder / "long", [SECONDS] * NUMBER, RATE, ".flac")


def extraction(folder: str, workers: int, every: int = 1, runs: int = 2) -> float:
    """Seconds that nine families with default functionals take over every so many-th recording of a folder."""
    from audioclf.features.extraction import extract
    from audioclf.features.specs import build_extractors
    from audioclf.features.survey import survey
    from audioclf.features.wanted import Wanted
    from audioclf.spectra.analysis import Analysis, analysis_rate
    from audioclf.store.store import NoStore

    chosen, extractors = clips(folder)[::every], build_extractors(nine())

    def run(some: int | None = None) -> None:
        found = survey(chosen[:some])
        analysis = Analysis(analysis_rate(found.rates.values()))
        extract(found.clips, analysis, Wanted(tuple(extractors)), store=NoStore(), workers=workers)

    return best(run, runs, seconds=0.0)


def two_against_one(setting: Setting) -> dict[str, list[float]]:
    """Time two workers and one over the same recordings."""
    folder = str(recordings(setting))
    return in_turn(
        setting.rounds,
        {
            "two workers": lambda: alone(extraction, folder=folder, workers=2).value,
            "one": lambda: alone(extraction, folder=folder, workers=1).value,
        },
    )


@lru_cache
def tenfold(setting: Setting) -> list[tuple[Outcome, Outcome]]:
    """All recordings and every tenth, one worker, in turn."""
    folder = str(recordings(setting))
    return [
        (alone(extraction, folder=folder, workers=1), alone(extraction, folder=folder, workers=1, every=10))
        for _ in range(setting.rounds)
    ]


def growth_of_time(setting: Setting) -> dict[str, list[float]]:
    """Seconds for all and for a tenth."""
    pairs = tenfold(setting)
    return {"300 clips": [many.value for many, _ in pairs], "30 clips": [few.value for _, few in pairs]}


def growth_of_memory(setting: Setting) -> dict[str, list[float]]:
    """Peak memory in bytes for all and for a tenth."""
    pairs = tenfold(setting)
    if not pairs[0][0].peak:
        raise NotMeasured("this system doesn't tell a process's peak memory")
    return {"300 clips": [many.peak for many, _ in pairs], "30 clips": [few.peak for _, few in pairs]}


ROWS = [
    Row("two workers against one, 300 clips", two_against_one, "at least", 1.8, 1.95),
    Row("300 clips against 30, time", growth_of_time, "at most", 10.5),
    Row("300 clips against 30, peak memory: to be flat", growth_of_memory, unit="MB"),
]

if __name__ == "__main__":
    main(sys.modules[__name__])
