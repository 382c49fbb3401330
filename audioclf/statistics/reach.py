"""Reach of the test over folds: the p that it can be expected to give at best, and the repeats that would be needed.

Two experiments of which one is right on 22 clips and the other on one clip can still be called alike by the corrected
t-test when there are five folds. This says whether the folds are to blame (docs/statistics.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audioclf.statistics.significance import LEVEL, Versus

SHARES = ("accuracy", "balanced_accuracy", "subset_accuracy")
"""Metrics that are shares of right clips, so that chance spreads them by what McNemar's table says."""

_MOST_REPEATS = 100


def smallest_p(
    difference: float, variance: float, n_folds: ArrayLike, n_train: float, n_test: float, n_compared: int = 1
) -> NDArray[np.float64]:
    """Return the p after Holm that the corrected t-test is to be expected to give at best.

    That is, if the differences of the folds spread by no more than chance makes those of any folds spread. A fold's
    difference is a mean over its n_test clips. Dealt out to folds at random, clips on which the difference varies with
    *variance* give means that vary with s² = variance / n_test. With that s², t is that of
    `audioclf.statistics.significance.corrected_t_test`, and p is multiplied by the number of experiments that Holm's
    step counts. What adds to the spread of real folds adds to p: clips of one group that are right or wrong together,
    and models that differ from fold to fold.

    It is an expectation and no bound. s² of few folds varies, and lies below its expectation more often than not: even
    where folds differ by chance only, five to six of ten divisions into five folds give a smaller p, and the others a
    larger one. In several repeats s² varies less, and is somewhat smaller, for each repeat deals out the same clips: p
    is then a cautious figure.

    Parameters
    ----------
    difference : float
        Of the scores, which are shares of right clips.
    variance : float
        Of the difference on one clip (`McNemar.variance`). It counts as no less than that of a share's rounding error,
        as in `corrected_t_test`.
    n_folds : array_like of int
        In all repeats together, 2 or more.
    n_train, n_test : float
        Mean numbers of clips in a fold.
    n_compared : int
        By how much Holm multiplies p: with how many experiments the best is compared, less those already told apart.

    Returns
    -------
    ndarray, shape of *n_folds*

    Examples
    --------
    22 clips of 49 that only the best got right, against one: by five folds of some 10 clips, and nine experiments that
    are compared, that can't be told; two or three repeats could.

    >>> from audioclf.statistics.significance import McNemar
    >>> found = McNemar(22, 1, 49, p=0.0)
    >>> smallest_p(21 / 49, found.variance, [5, 10, 15], 39.2, 9.8, n_compared=9).round(3)
    array([0.181, 0.019, 0.005])
    """
    from scipy.special import stdtr

    n = np.asarray(n_folds, dtype=np.float64)
    spread = max(variance / n_test, 1 / (12 * n_test**2))
    t = difference / np.sqrt((1 / n + n_test / n_train) * spread)
    return np.asarray(np.minimum(1.0, n_compared * 2 * stdtr(n - 1, -np.abs(t))))


def repeats_needed(
    difference: float,
    variance: float,
    n_splits: int,
    n_train: float,
    n_test: float,
    n_compared: int = 1,
    level: float = LEVEL,
) -> int | None:
    """Return the least number of repeats of *n_splits* folds at which `smallest_p` falls below *level*.

    Folds drawn anew make the mean difference surer, as far as the overlap of training sets lets them: the share
    n_test / n_train of the variance stays however many they are. With so many repeats the test decides more often than
    not where folds differ by chance only; where they differ by more, more are needed, or more groups.

    Parameters
    ----------
    difference, variance, n_train, n_test, n_compared
        As in `smallest_p`.
    n_splits : int
        Folds of one repeat.
    level : float

    Returns
    -------
    int or None
        None if not even a hundred would do.

    Examples
    --------
    >>> from audioclf.statistics.significance import McNemar
    >>> repeats_needed(21 / 49, McNemar(22, 1, 49, p=0.0).variance, 5, 39.2, 9.8, n_compared=9)
    2
    >>> print(repeats_needed(1 / 49, McNemar(2, 1, 49, p=1.0).variance, 5, 39.2, 9.8))
    None
    """
    repeats = np.arange(1, _MOST_REPEATS + 1)
    repeats = repeats[repeats * n_splits > 1]
    enough = smallest_p(difference, variance, repeats * n_splits, n_train, n_test, n_compared) < level
    return int(repeats[enough.argmax()]) if enough.any() else None


@dataclass(frozen=True)
class Reach:
    """Whether a run's folds were enough for the t-test to decide what the paired test says of these clips.

    Attributes
    ----------
    smallest_p : float
        `smallest_p` of the experiment for which it is least. From the level on, the folds are too few to decide; below
        it they would do, but differ by more than chance.
    repeats_needed : int or None
        Repeats with which they would do. None if they would now, if not even many would, or folds can't be drawn anew.
    """

    smallest_p: float
    repeats_needed: int | None


def reach(
    compared: Sequence[Versus | None],
    n_train: ArrayLike,
    n_test: ArrayLike,
    n_splits: int | None = None,
    level: float = LEVEL,
) -> Reach | None:
    """Return whether the folds were enough to tell apart what only the paired test on the same clips does.

    Parameters
    ----------
    compared : sequence of Versus or None
        As from `versus_best`, of scores that are `SHARES` of right clips. Of balanced accuracy of unequal classes folds
        spread by more than is reckoned here.
    n_train, n_test : array_like of int, shape (n_folds,)
        Numbers of clips.
    n_splits : int, optional
        Folds of one repeat; None if they can't be drawn anew.
    level : float
        As in `versus_best`.

    Returns
    -------
    Reach or None
        None where both tests say the same of every experiment, or the t-test couldn't be made.

    Examples
    --------
    >>> from audioclf.statistics.significance import versus_best
    >>> right = [np.arange(49) < 46, np.arange(49) % 2 == 0]
    >>> scores = np.array([[1.0, 1.0, 1.0, 1.0, 0.7], [0.3, 0.7, 0.2, 0.9, 0.5]])
    >>> found = versus_best(scores, 0, [39] * 5, [10] * 5, right)[1]
    >>> round(found.p_holm, 2), found.mcnemar.p_holm < 0.001
    (0.12, True)
    >>> reach([None, found] * 6, [39] * 5, [10] * 5, n_splits=5).repeats_needed
    2
    """
    tested = [c for c in compared if c is not None and c.p_holm is not None]
    left = [c for c in tested if not c.distinguishable]
    train, test = (float(np.asarray(sizes, dtype=np.float64).mean()) for sizes in (n_train, n_test))
    found: list[tuple[float, float, float]] = []
    for c in left:
        if c.difference is None or c.mcnemar is None or c.mcnemar.p_holm is None or c.mcnemar.p_holm >= level:
            continue
        p = smallest_p(c.difference, c.mcnemar.variance, np.size(n_test), train, test, len(left))
        found.append((float(p), c.difference, c.mcnemar.variance))
    if not found:
        return None
    least, difference, variance = min(found)
    if least < level or n_splits is None:
        return Reach(least, None)
    return Reach(least, repeats_needed(difference, variance, n_splits, train, test, len(left), level))
