"""The ranking of a page: a row for each finished experiment, and the columns that the run has figures for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from audioclf.plugin import Finished, Results
from audioclf.reports.words import costs, protocol, tuning
from audioclf.reports.words.costs import Cost
from audioclf.results.schema import Metric, VersusBest
from audioclf.results.words import interval


@dataclass(frozen=True)
class Row:
    """One line of the ranking.

    Attributes
    ----------
    place : int
        From 1, the best.
    slug : str
        The experiment's name within the page.
    experiment : Finished
    metrics : dict
        Of all metrics of the task; those that the experiment doesn't have are without figures.
    interval : str
        Of the metric that ranks.
    bar : tuple of float
        That interval's beginning and width, and the mean, in percent of the scale (`scale_start`).
    versus : VersusBest or None
    alike : bool
        Whether no test tells it from the best.
    not_nested, naive : float or None
        The scores that are optimistic: of a search on the folds that score it, and with groups ignored.
    cost : Cost or None
    seconds : float
        Of a fit, mean over folds.
    """

    place: int
    slug: str
    experiment: Finished
    metrics: dict[str, Metric]
    interval: str
    bar: tuple[float, float, float]
    versus: VersusBest | None
    alike: bool
    not_nested: float | None
    naive: float | None
    cost: Cost | None
    seconds: float


@dataclass(frozen=True)
class Columns:
    """Which further columns the ranking has: what any experiment has a figure for.

    Attributes
    ----------
    tests, tuned, naive, cost : bool
    more : dict
        Metrics that are shown on demand, with their titles.
    """

    tests: bool
    tuned: bool
    naive: bool
    cost: bool
    more: dict[str, str]


def rows(results: Results, slugs: dict[tuple[str, str, str | None], str]) -> list[Row]:
    """Return the ranking's lines, best first; *slugs* are the experiments' names by their identity."""
    start = scale_start(results)
    return [
        _row(results, experiment, place, slugs[experiment.identity], start)
        for place, experiment in enumerate(results.ranking(), 1)
    ]


def columns(results: Results) -> Columns:
    """Return which further columns the ranking has."""
    ranked = results.ranking()
    return Columns(
        tests=results.record.tests is not None,
        tuned=any(e.tuning is not None for e in ranked),
        naive=any(e.naive is not None for e in ranked),
        cost=any(e.cost is not None for e in ranked),
        more={
            name: words
            for name, words in results.titles.items()
            if name not in results.shown and any(e.metric(name).mean is not None for e in ranked)
        },
    )


def scale_start(results: Results) -> float:
    """Return where the scale of the bars begins: at a tenth below all of them, so that they can be told apart."""
    scores = [e.metric(results.metric) for e in results.ranking()]
    lowest = min((v for m in scores for v in (m.low, m.mean) if v is not None), default=0.0)
    return min(math.floor(10 * lowest), 9) / 10


def _row(results: Results, experiment: Finished, place: int, slug: str, start: float) -> Row:
    main, versus, naive = experiment.metric(results.metric), experiment.versus_best, experiment.naive
    low, high, mean = (
        100 * ((start if end is None else end) - start) / (1 - start) for end in (main.low, main.high, main.mean)
    )
    return Row(
        place=place,
        slug=slug,
        experiment=experiment,
        metrics={name: experiment.metric(name) for name in results.titles},
        interval=interval(main),
        bar=(round(low, 2), round(high - low, 2), round(mean, 2)),
        versus=versus,
        alike=versus is not None and versus.verdict == "not told apart",
        not_nested=tuning.not_nested(experiment),
        naive=None if naive is None else naive.metrics[results.metric].mean,
        cost=costs.cost(experiment),
        seconds=protocol.fit_seconds(experiment),
    )
