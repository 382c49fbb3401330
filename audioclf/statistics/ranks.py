"""Tests over several data sets: Friedman's, Nemenyi's, and the groups that a critical-difference diagram joins.

After Demšar 2006, "Statistical comparisons of classifiers over multiple data sets" (docs/statistics.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audioclf.statistics.significance import LEVEL

_NOISE = 1e-9  # what float arithmetic leaves of a sum that is 0


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
