"""Tests of the same experiments on several data sets: do their ranks differ by more than chance?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.errors import ResultsError
from audioclf.results.results import Results
from audioclf.statistics import ranks as tests
from audioclf.statistics.ranks import Friedman, Nemenyi

_FEWEST = 2


@dataclass(frozen=True)
class Across:
    """Experiments over data sets, with the tests of Demšar 2006.

    Attributes
    ----------
    metric : str
    datasets : list of str
        Names, each once.
    experiments : list of str
        Titles; the best mean rank first. The baseline isn't among them.
    scores : ndarray, shape (n_datasets, n_experiments)
    mean_ranks : ndarray, shape (n_experiments,)
        1 is best; ties share the mean of their ranks.
    friedman : Friedman
        Test of "all experiments are alike".
    nemenyi : Nemenyi
        Which mean ranks differ by more than the critical difference.
    left_out : list of str
        Experiments that not every run has.
    """

    metric: str
    datasets: list[str]
    experiments: list[str]
    scores: NDArray[np.float64]
    mean_ranks: NDArray[np.float64]
    friedman: Friedman
    nemenyi: Nemenyi
    left_out: list[str]


def across(runs: Sequence[Results]) -> Across:
    """Put the runs of several data sets side by side.

    Parameters
    ----------
    runs : sequence of Results
        One per data set, ranked by the same metric.

    Raises
    ------
    ResultsError
        If there are fewer than two, they rank by different metrics, or share fewer than two experiments.
    """
    if len(runs) < _FEWEST:
        raise ResultsError("at least two runs, of different data sets, are needed to compare over data sets")
    metrics = sorted({run.metric for run in runs})
    if len(metrics) > 1:
        raise ResultsError(f"the runs rank by different metrics ({', '.join(metrics)}); run them with one --metric")
    prints = Counter(run.record.dataset.fingerprint for run in runs)
    [(most, times)] = prints.most_common(1)
    if times > 1:
        name = next(r.record.dataset.name for r in runs if r.record.dataset.fingerprint == most)
        raise ResultsError(f"{times} of the runs are of the same clips ({name}); give one run of each data set")
    found = [{e.title: e.metrics[run.metric].mean for e in run.ranking() if not e.is_baseline} for run in runs]
    known = list(dict.fromkeys(name for scores in found for name in scores))
    shared = [name for name in known if all(scores.get(name) is not None for scores in found)]
    if len(shared) < _FEWEST:
        raise ResultsError(
            f"the runs share {len(shared)} finished experiment{'s' * (len(shared) != 1)}, and at least two are needed; "
            "compare every data set with the same --features and --clf"
        )
    table = np.array([[scores[name] for name in shared] for scores in found], dtype=np.float64)
    friedman = tests.friedman(table)
    order = np.argsort(friedman.mean_ranks, kind="stable")
    ranks = friedman.mean_ranks[order]
    return Across(
        metrics[0],
        _names(runs),
        [shared[i] for i in order],
        table[:, order],
        ranks,
        friedman,
        tests.nemenyi(ranks, len(runs)),
        [name for name in known if name not in shared],
    )


def _names(runs: Sequence[Results]) -> list[str]:
    names: list[str] = []
    for run in runs:
        name, number = run.record.dataset.name, 1
        unique = name
        while unique in names:
            number += 1
            unique = f"{name} ({number})"
        names.append(unique)
    return names
