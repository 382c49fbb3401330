"""How long a clip's features take: measured, for the costs of each experiment."""

from __future__ import annotations

import time
from collections.abc import Sequence

from msgspec.structs import replace

from audioclf.comparison.sources import wanted
from audioclf.experiment.experiment import Experiment
from audioclf.features.extraction import extract
from audioclf.features.survey import Survey
from audioclf.results.schema import Failed, Finished
from audioclf.spectra.analysis import Analysis

_CLIPS, _LONGEST = 8, 60.0  # clips that features are timed on, and seconds that one may last


def time_features(
    experiments: Sequence[Experiment],
    scored: Sequence[Finished | Failed],
    found: Survey,
    analysis: Analysis,
    pooled: tuple[str, ...],
) -> list[Finished | Failed]:
    """Return *scored* with the milliseconds that its features take a clip, from the file, on one thread, as a cost."""
    step = max(1, len(found.clips) // _CLIPS)
    some = list(zip(found.clips, found.durations))[::step][:_CLIPS]
    clips = [clip for clip, seconds in some if seconds <= _LONGEST]
    taken: dict[tuple[str, str], float] = {}
    timed: list[Finished | Failed] = []
    for experiment, result in zip(experiments, scored):
        if isinstance(result, Failed) or result.cost is None or not clips:
            timed.append(result)
            continue
        key = (experiment.features, experiment.classifier.takes)
        if key not in taken:
            began = time.perf_counter()
            extract(clips, analysis, wanted([experiment], pooled), facts=found.facts)
            taken[key] = 1000 * (time.perf_counter() - began) / len(clips)
        timed.append(replace(result, cost=replace(result.cost, features_ms=round(taken[key], 4))))
    return timed
