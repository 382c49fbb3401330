"""A second run over 300 recordings, whose features are in the store, against the first, which put them there."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from _material import clips, nine
from _measure import alone, best, in_turn, seconds_of
from _rows import Row, Setting, main
from startup import program
from workers import extraction as extraction_without_store
from workers import recordings

TAKES_RECORDINGS = True


def twice(folder: str) -> list[float]:
    """Seconds that the same call takes first and, at best, afterwards, in one process that is warmed up."""
    import time

    from audioclf.features.extraction import extract
    from audioclf.features.specs import build_extractors
    from audioclf.features.survey import survey
    from audioclf.features.wanted import Wanted
    from audioclf.spectra.analysis import Analysis, analysis_rate
    from audioclf.store.store import FeatureStore

    extraction_without_store(folder, workers=1, every=10, runs=1)
    chosen, extractors = clips(folder), build_extractors(nine())
    with tempfile.TemporaryDirectory() as temporary:
        store = FeatureStore(Path(temporary) / "features.sqlite")

        def run() -> None:
            found = survey(chosen)
            analysis = Analysis(analysis_rate(found.rates.values()))
            extract(found.clips, analysis, Wanted(tuple(extractors)), store=store, workers=1)

        start = time.perf_counter()
        run()
        first = time.perf_counter() - start
        return [first, best(run)]


def within_a_process(setting: Setting) -> dict[str, list[float]]:
    """Time the first and the second call of `extract`."""
    folder = str(recordings(setting))
    pairs = [alone(twice, folder=folder).value for _ in range(setting.rounds)]
    return {"second": [second for _, second in pairs], "first": [first for first, _ in pairs]}


def whole_processes(setting: Setting) -> dict[str, list[float]]:
    """Time ``audioclf extract``, from its start to the written table, with the store that the run before it filled."""
    command = [*program(), "extract", "--data", str(recordings(setting)), "--features", nine(), "--jobs", "1"]
    with tempfile.TemporaryDirectory(dir=setting.folder) as temporary:
        command += ["--quiet", "--output", f"{temporary}/features.npz"]
        seconds_of([*command, "--no-store"])  # compiled kernels and bytecode are there before the first run counts
        figures: dict[str, list[float]] = {"second": [], "first": []}
        for number in range(setting.rounds):
            stored = [*command, "--store", f"{temporary}/{number}.sqlite"]
            figures["first"].append(seconds_of(stored))
            figures["second"] += in_turn(3, {"second": lambda stored=stored: seconds_of(stored)})["second"]
        return figures


ROWS = [
    Row("a second extract() from the warm store against the first, 300 clips", within_a_process, "at least", 20, 50),
    Row("the same as whole processes (audioclf extract)", whole_processes, "at least", 20, 50),
]

if __name__ == "__main__":
    main(sys.modules[__name__])
