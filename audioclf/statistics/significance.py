"""Tests between experiments: which differences could be chance (docs/statistics.md).

Within one data set, experiments share their folds and clips: the corrected resampled t-test and McNemar's, with
Holm's correction over all that are compared. Over several data sets: Friedman's test, Nemenyi's, and the groups that a
critical-difference diagram joins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

T_TEST = "corrected resampled t-test"
MCNEMAR = "McNemar"
LEVEL = 0.05
_NOISE = 1e-9  # differences of scores this small are float arithmetic's


def corrected_t_test(differences: ArrayLike, n_train: ArrayLike, n_test: ArrayLike) -> tuple[float, float] | None:
    """Return t and the two-sided p of the mean difference over folds, training sets of which overlap.

    t = d̄ / √((1 / n + n_test / n_train) s²) with n - 1 degrees of freedom for n differences with mean d̄ and variance
    s² (Nadeau & Bengio 2003, "Inference for the generalization error", section 5.2; for r repeats of k folds, n = k r:
    Bouckaert & Frank 2004, "Evaluating the replicability of significance tests for comparing learning algorithms").

    Where all differences are the same, s² is 0 and would make the smallest difference certain. Shares of n_test
    clips are known to no better than a step of 1 / n_test; s² is then a rounding error's, 1 / (12 n_test²).
    Where all differences are 0, t is 0 and p is 1.

    Parameters
    ----------
    differences : array_like, shape (n_folds,)
        Of the scores of two experiments on the same folds.
    n_train, n_test : array_like, shape (n_folds,) or ()
        Numbers of clips; their means count.

    Returns
    -------
    tuple of float or None
        None of fewer than two differences.

    Examples
    --------
    >>> t, p = corrected_t_test([0.03, 0.01, 0.04, 0.02, 0.00], n_train=80, n_test=20)
    >>> round(t, 3), round(p, 3)
    (1.886, 0.132)
    """
    from scipy.special import stdtr

    d = np.asarray(differences, dtype=np.float64)
    if len(d) < 2:
        return None
    mean, variance = float(d.mean()), float(d.var(ddof=1))
    train, test = (float(np.asarray(size, dtype=np.float64).mean()) for size in (n_train, n_test))
    if np.ptp(d) < _NOISE:
        if abs(mean) < _NOISE:
            return 0.0, 1.0
        variance = 1 / (12 * test**2)
    t = mean / np.sqrt((1 / len(d) + test / train) * variance)
    return float(t), float(2 * stdtr(len(d) - 1, -abs(t)))


@dataclass(frozen=True)
class McNemar:
    """Clips that only one of two experiments got right, and the two-sided p of McNemar's exact test."""

    first_only: int
    second_only: int
    p: float


def mcnemar(first_right: ArrayLike, second_right: ArrayLike) -> McNemar:
    """Compare predictions of two experiments for the same clips, each predicted once.

    Of the clips that only one got right, each experiment would have half by chance: the exact binomial test
    (McNemar 1947; Dietterich 1998). Clips are taken to be independent, which those of one group are not.

    Parameters
    ----------
    first_right, second_right : array_like of bool, shape (n_clips,)

    Examples
    --------
    >>> found = mcnemar([True] * 8 + [False], [False] * 7 + [True, True])
    >>> found.first_only, found.second_only, round(found.p, 4)
    (7, 1, 0.0703)
    """
    from scipy.special import bdtr

    first, second = np.asarray(first_right, dtype=bool), np.asarray(second_right, dtype=bool)
    won, lost = int((first & ~second).sum()), int((~first & second).sum())
    return McNemar(won, lost, min(1.0, 2 * float(bdtr(min(won, lost), won + lost, 0.5))))


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values so that the chance of any false finding among them stays below the level.

    Holm 1979, "A simple sequentially rejective multiple test procedure": the i-th smallest of m is multiplied by
    m - i + 1, and none ends below one that was smaller. None stays None and isn't counted.

    >>> holm([0.01, None, 0.04, 0.03])
    [0.03, None, 0.06, 0.06]
    """
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    least = 0.0
    for rank, (p, i) in enumerate(known):
        least = max(least, min(1.0, (len(known) - rank) * p))
        adjusted[i] = least
    return adjusted


def versus_best(
    scores: NDArray[np.float64],
    best: int,
    n_train: ArrayLike,
    n_test: ArrayLike,
    right: Sequence[NDArray[np.bool_]] | None = None,
    level: float = LEVEL,
) -> list[dict[str, Any] | None]:
    """Compare every experiment with the best one, as ``versus_best`` of results.json tells.

    The corrected resampled t-test decides where two experiments share at least two folds, McNemar's where they don't.
    Either is corrected by Holm's method over all experiments that it compares. Where neither can be made,
    nothing is distinguishable.

    Parameters
    ----------
    scores : ndarray, shape (n_experiments, n_folds)
        NaN where an experiment has no score in a fold; only folds that both have are compared.
    best : int
        Index of the best experiment.
    n_train, n_test : array_like of int, shape (n_folds,)
        Numbers of clips.
    right : sequence of ndarray of bool, shape (n_clips,), optional
        For each experiment which clips it got right; the same clips in the same order, each once.
    level : float
        Distinguishable is what has an adjusted p below it.

    Returns
    -------
    list
        None for the best, else a dictionary of plain numbers; ``difference`` is None without a shared fold, ``t``,
        ``p`` and ``p_holm`` are None where there are fewer than two, ``mcnemar`` is None without *right*.

    Examples
    --------
    >>> scores = np.array([[0.9, 0.8, 0.85], [0.5, 0.45, 0.4]])
    >>> first, second = versus_best(scores, 0, [60] * 3, [30] * 3)
    >>> print(first, round(second["difference"], 3), round(second["p_holm"], 3), second["distinguishable"])
    None 0.4 0.013 True
    """
    n_train, n_test = np.asarray(n_train), np.asarray(n_test)
    others = [i for i in range(len(scores)) if i != best]
    compared: list[dict[str, Any] | None] = [None] * len(scores)
    for i in others:
        differences = scores[best] - scores[i]
        shared = ~np.isnan(differences)
        tested = corrected_t_test(differences[shared], n_train[shared], n_test[shared])
        pairs = None if right is None else mcnemar(right[best], right[i])
        compared[i] = {
            "difference": float(differences[shared].mean()) if shared.any() else None,
            "t": None if tested is None else tested[0],
            "p": None if tested is None else tested[1],
            "p_holm": None,
            "mcnemar": None
            if pairs is None
            else {"best_only": pairs.first_only, "this_only": pairs.second_only, "p": pairs.p, "p_holm": None},
        }
    found = [c for c in compared if c is not None]
    paired = [c["mcnemar"] for c in found if c["mcnemar"] is not None]
    for tests in (found, paired):
        for test, p in zip(tests, holm([test["p"] for test in tests])):
            test["p_holm"] = p
    for c in found:
        deciding = c if c["p_holm"] is not None else c["mcnemar"]
        c["distinguishable"] = deciding is not None and deciding["p_holm"] < level
    return compared


def decided_by(compared: Sequence[dict[str, Any] | None]) -> str | None:
    """Name the test that decided in what `versus_best` returned; None where nothing could be tested.

    >>> decided_by(versus_best(np.array([[0.9, 0.8], [0.7, 0.7]]), 0, [60, 60], [30, 30]))
    'corrected resampled t-test'
    """
    found = [c for c in compared if c is not None]
    if any(c["t"] is not None for c in found):
        return T_TEST
    return MCNEMAR if any(c["mcnemar"] is not None for c in found) else None


@dataclass(frozen=True)
class Friedman:
    """Friedman's test.

    Attributes
    ----------
    mean_ranks : ndarray, shape (n_algorithms,)
        1 is best; ties share the mean of their ranks.
    chi2, p : float
        Friedman's statistic and its p by the χ² distribution with n_algorithms - 1 degrees of freedom.
    f, p_f : float
        Iman and Davenport's, which is less conservative, and its p by the F distribution; infinite and 0 where all
        data sets agree on the order.
    """

    mean_ranks: NDArray[np.float64]
    chi2: float
    p: float
    f: float
    p_f: float


def friedman(scores: ArrayLike) -> Friedman:
    """Test whether algorithms differ over several data sets.

    Demšar 2006, "Statistical comparisons of classifiers over multiple data sets", section 3.2.2:
    χ² = 12 n / (k (k + 1)) (Σ R_j² - k (k + 1)² / 4) and F = (n - 1) χ² / (n (k - 1) - χ²), the latter with k - 1
    and (k - 1) (n - 1) degrees of freedom, for mean ranks R of k algorithms on n data sets. As there, χ² isn't
    corrected for ties, which makes it cautious.

    Parameters
    ----------
    scores : array_like, shape (n_datasets, n_algorithms)
        The higher, the better.

    Raises
    ------
    ValueError
        If there are fewer than two data sets or algorithms, or a score isn't a number.

    Examples
    --------
    >>> found = friedman([[0.9, 0.8, 0.7], [0.8, 0.7, 0.6], [0.9, 0.7, 0.8], [0.8, 0.7, 0.5]])
    >>> found.mean_ranks.tolist(), round(found.chi2, 3), round(found.p_f, 4)
    ([1.0, 2.25, 2.75], 6.5, 0.0066)
    """
    from scipy.special import chdtrc, fdtrc
    from scipy.stats import rankdata

    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or min(table.shape) < 2:
        raise ValueError(f"Friedman's test needs two data sets and two algorithms at the least, not {table.shape}")
    if np.isnan(table).any():
        raise ValueError("Friedman's test needs a score of every algorithm on every data set")
    n, k = table.shape
    mean_ranks = rankdata(-table, axis=1).mean(axis=0)
    chi2 = max(0.0, 12 * n / (k * (k + 1)) * float((mean_ranks**2).sum() - k * (k + 1) ** 2 / 4))
    left = n * (k - 1) - chi2
    f = (n - 1) * chi2 / left if left > _NOISE else float("inf")
    p_f = float(fdtrc(k - 1, (k - 1) * (n - 1), f)) if left > _NOISE else 0.0
    return Friedman(mean_ranks, chi2, float(chdtrc(k - 1, chi2)), f, p_f)


@dataclass(frozen=True)
class Nemenyi:
    """The difference in mean ranks that is significant, and the p of each pair, shape (n_algorithms, n_algorithms)."""

    critical_difference: float
    p: NDArray[np.float64]


def nemenyi(mean_ranks: ArrayLike, n_datasets: int, level: float = LEVEL) -> Nemenyi:
    """Compare all pairs of algorithms after Friedman's test has found a difference.

    The critical difference is q √(k (k + 1) / (6 n)) for k algorithms on n data sets, with q the upper quantile of the
    studentised range of k and infinite degrees of freedom, over √2 (Nemenyi 1963; Demšar 2006, section 3.2.2 and table
    5a).

    Parameters
    ----------
    mean_ranks : array_like, shape (n_algorithms,)
        Of `friedman`.
    n_datasets : int
    level : float

    Examples
    --------
    >>> round(nemenyi([3.143, 2.000, 2.893, 1.964], 14).critical_difference, 2)
    1.25
    """
    from scipy.stats import studentized_range

    ranks = np.asarray(mean_ranks, dtype=np.float64)
    k = len(ranks)
    # The range is studentised by the error of one mean rank, a difference of two by √2 times that.
    error = np.sqrt(k * (k + 1) / (12 * n_datasets))
    apart = np.abs(ranks[:, None] - ranks[None, :])
    p = studentized_range.sf(apart / error, k, np.inf)
    return Nemenyi(float(studentized_range.isf(level, k, np.inf) * error), np.clip(p, 0.0, 1.0))


def cliques(mean_ranks: ArrayLike, critical_difference: float) -> list[list[int]]:
    """Return the largest groups of algorithms of which no two differ significantly, as indices, best first.

    A critical-difference diagram draws a bar over each. An algorithm may be in several, or in none.

    >>> cliques([3.143, 2.000, 2.893, 1.964], 1.25)
    [[3, 1, 2, 0]]
    >>> cliques([1.0, 1.5, 2.4, 4.0], 1.0)
    [[0, 1], [1, 2]]
    """
    ranks = np.asarray(mean_ranks, dtype=np.float64)
    order = np.argsort(ranks, kind="stable")
    found: list[list[int]] = []
    reached = 0
    for begin in range(len(order)):
        end = begin + int((ranks[order[begin:]] - ranks[order[begin]] < critical_difference).sum())
        if end > reached and end - begin > 1:
            found.append(order[begin:end].tolist())
        reached = max(reached, end)
    return found
