"""Reach of the test over folds: the p that it can be expected to give at best, and the repeats that would be needed.

Two experiments of which one is right on 22 clips and the other on one clip can still be called alike by the corrected
t-test when there are five folds. This says whether the folds are to blame, and what helps (docs/statistics.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audioclf.statistics.significance import LEVEL, McNemar, Versus

SHARES = ("accuracy", "balanced_accuracy", "subset_accuracy")
"""Metrics that are shares of right clips, so that McNemar's table says how far chance spreads them."""

_MOST_REPEATS = 100


def chance_spread(pairs: McNemar, n_test: float) -> float:
    """Return the variance of the folds' differences if clips fell into folds by chance and nothing else varied.

    A fold's difference is a mean over its n_test clips. Dealt out to folds at random, clips on which the difference
    varies with variance v (`McNemar.variance`) give means that vary with v / n_test. It is no less than the variance of
    a share's rounding error, as in `audioclf.statistics.significance.corrected_t_test`.

    Real folds spread by more: clips of one group are right or wrong together, and models differ from fold to fold.

    >>> chance_spread(McNemar(22, 1, 49, p=0.0), 10.0).__round__(4)
    0.0286
    """
    return max(pairs.variance / n_test, 1 / (12 * n_test**2))


def expected_p(
    difference: float, spread: float, n_folds: ArrayLike, n_train: float, n_test: float, n_compared: int = 1
) -> NDArray[np.float64]:
    """Return the p after Holm that the corrected t-test is to be expected to give of a number of folds.

    It is that of the formula of `audioclf.statistics.significance.corrected_t_test`, with *spread* for s². With
    `chance_spread` it is the p to be expected at best.

    It is an expectation and no bound. s² of few folds varies, and lies below its expectation more often than not: where
    folds differ by chance only, five to six of ten divisions into five folds give a smaller p than with
    `chance_spread`, and the others a larger one. In several repeats s² varies less, and is somewhat smaller, for each
    repeat deals out the same clips: p is then a cautious figure.

    Parameters
    ----------
    difference : float
        Mean over folds.
    spread : float
        Variance of the folds' differences.
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

    >>> spread = chance_spread(McNemar(22, 1, 49, p=0.0), 9.8)
    >>> expected_p(21 / 49, spread, [5, 10, 15], 39.2, 9.8, n_compared=9).round(3)
    array([0.181, 0.019, 0.005])
    """
    from scipy.special import stdtr

    n = np.asarray(n_folds, dtype=np.float64)
    t = difference / np.sqrt((1 / n + n_test / n_train) * spread)
    return np.asarray(np.minimum(1.0, n_compared * 2 * stdtr(n - 1, -np.abs(t))))


def repeats_needed(
    difference: float,
    spread: float,
    n_splits: int,
    n_train: float,
    n_test: float,
    n_compared: int = 1,
    level: float = LEVEL,
) -> int | None:
    """Return the least number of repeats of *n_splits* folds at which `expected_p` falls below *level*.

    Folds drawn anew make the mean difference surer, as far as the overlap of training sets lets them: the share
    n_test / n_train of the variance stays however many they are.

    Parameters
    ----------
    difference, spread, n_train, n_test, n_compared
        As in `expected_p`.
    n_splits : int
        Folds of one repeat.
    level : float

    Returns
    -------
    int or None
        None if not even a hundred would do.

    Examples
    --------
    >>> repeats_needed(21 / 49, chance_spread(McNemar(22, 1, 49, p=0.0), 9.8), 5, 39.2, 9.8, n_compared=9)
    2
    >>> print(repeats_needed(1 / 49, chance_spread(McNemar(2, 1, 49, p=1.0), 9.8), 5, 39.2, 9.8))
    None
    """
    repeats = np.arange(1, _MOST_REPEATS + 1)
    repeats = repeats[repeats * n_splits > 1]
    enough = expected_p(difference, spread, repeats * n_splits, n_train, n_test, n_compared) < level
    return int(repeats[enough.argmax()]) if enough.any() else None


@dataclass(frozen=True)
class Reach:
    """Why the t-test doesn't decide what the paired test says of these clips, and what helps.

    Attributes
    ----------
    smallest_p : float or None
        The p after Holm to be expected at best, if folds differed by chance only; of the experiment for which it is
        least. From the level on, the folds are too few to decide; below it they would do, but they differ by more. None
        of a metric that is no share of right clips.
    repeats_needed : int or None
        The least number of repeats at which one of the experiments can be expected to be told apart, if folds go on to
        spread as they do, and no less than by chance. None if not even a hundred would do, or folds can't be drawn
        anew.
    """

    smallest_p: float | None
    repeats_needed: int | None


def reach(
    compared: Sequence[Versus | None],
    metric: str,
    n_train: ArrayLike,
    n_test: ArrayLike,
    n_splits: int | None = None,
    level: float = LEVEL,
) -> Reach | None:
    """Return why the t-test doesn't tell apart what the paired test on the same clips does, and what helps.

    Parameters
    ----------
    compared : sequence of Versus or None
        As from `audioclf.statistics.significance.versus_best`.
    metric : str
        Of the scores. Of balanced accuracy of classes of unequal size, chance spreads folds by more than is reckoned.
    n_train, n_test : array_like of int, shape (n_folds,)
        Numbers of clips.
    n_splits : int, optional
        Folds of one repeat; None if they can't be drawn anew.
    level : float
        As in `versus_best`.

    Returns
    -------
    Reach or None
        None where both tests say the same of every experiment, or one of them couldn't be made.

    Examples
    --------
    >>> from audioclf.statistics.significance import versus_best
    >>> right = [np.arange(49) < 46, np.arange(49) % 2 == 0]
    >>> scores = np.array([[1.0, 1.0, 1.0, 1.0, 0.7], [0.3, 0.7, 0.2, 0.9, 0.5]])
    >>> compared = versus_best(scores, 0, [39] * 5, [10] * 5, right)
    >>> round(compared[1].p_holm, 2), compared[1].mcnemar.p_holm < 0.001
    (0.12, True)
    >>> found = reach(compared, "accuracy", [39] * 5, [10] * 5, n_splits=5)
    >>> round(found.smallest_p, 3), found.repeats_needed
    (0.026, 3)
    """
    left = [c for c in compared if c is not None and c.p_holm is not None and not c.distinguishable]
    train, test = (float(np.asarray(sizes, dtype=np.float64).mean()) for sizes in (n_train, n_test))
    n_folds = np.size(n_test)
    smallest: list[float] = []
    repeats: list[int] = []
    in_doubt = False
    for c in left:
        pairs, difference, t = c.mcnemar, c.difference, c.t
        if pairs is None or difference is None or not t or pairs.p_holm is None or pairs.p_holm >= level:
            continue
        if pairs.first_only <= pairs.second_only:  # the best by this metric has fewer clips right
            continue
        in_doubt = True
        spread = (difference / t) ** 2 / (1 / n_folds + test / train)  # s², by the formula of t
        if metric in SHARES:
            chance = chance_spread(pairs, test)
            smallest.append(float(expected_p(difference, chance, n_folds, train, test, len(left))))
            spread = max(spread, chance)
        needed = (
            None if n_splits is None else repeats_needed(difference, spread, n_splits, train, test, len(left), level)
        )
        if needed is not None:
            repeats.append(needed)
    return Reach(min(smallest, default=None), min(repeats, default=None)) if in_doubt else None
