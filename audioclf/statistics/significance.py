"""Tests between the experiments of one run: which differences could be chance (docs/statistics.md).

Experiments share their folds and clips. The corrected resampled t-test over folds says how a new draw of clips would
come out, and decides; McNemar's test says how these very clips came out. Both are corrected by Holm's method over all
that are compared. Whether the folds were enough for the first one to decide at all, `audioclf.statistics.reach` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

T_TEST = "corrected resampled t-test"
MCNEMAR = "McNemar"
LEVEL = 0.05
"""What has a smaller p after Holm is told apart."""
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
    """Predictions of two experiments for the same clips, compared.

    Attributes
    ----------
    first_only, second_only : int
        Clips that only the first, or only the second, got right.
    n_clips : int
        All clips.
    p : float
        Two-sided, of McNemar's exact test.
    p_holm : float or None
        After Holm's correction, where several were compared.
    """

    first_only: int
    second_only: int
    n_clips: int
    p: float
    p_holm: float | None = None

    @property
    def variance(self) -> float:
        """Of the difference on one clip, which is 1 where only the first is right, -1 where only the second is, or 0.

        >>> McNemar(22, 1, 49, 0.0).variance
        0.2857142857142857
        """
        apart, ahead = self.first_only + self.second_only, self.first_only - self.second_only
        return (apart - ahead**2 / self.n_clips) / self.n_clips


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
    return McNemar(won, lost, len(first), min(1.0, 2 * float(bdtr(min(won, lost), won + lost, 0.5))))


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


@dataclass(frozen=True)
class Versus:
    """How an experiment compares with the best one.

    Attributes
    ----------
    difference : float or None
        The best's mean over the folds that both have, less its own; None without a shared fold.
    t, p, p_holm : float or None
        Of the corrected resampled t-test; None where fewer than two folds are shared.
    mcnemar : McNemar or None
        The best is the first; None where the predictions aren't known.
    distinguishable : bool
        Whether `decisive_p` is below the level.
    """

    difference: float | None
    t: float | None
    p: float | None
    p_holm: float | None
    mcnemar: McNemar | None
    distinguishable: bool = False

    @property
    def decisive_p(self) -> float | None:
        """The p after Holm that decides: `deciding`."""
        return deciding(self.p_holm, None if self.mcnemar is None else self.mcnemar.p_holm)


def deciding(over_folds: float | None, paired: float | None) -> float | None:
    """Return which p after Holm decides: that of the t-test over folds where it could be made, else McNemar's.

    >>> deciding(0.2, 0.001), deciding(None, 0.001)
    (0.2, 0.001)
    """
    return paired if over_folds is None else over_folds


def versus_best(
    scores: NDArray[np.float64],
    best: int,
    n_train: ArrayLike,
    n_test: ArrayLike,
    right: Sequence[NDArray[np.bool_]] | None = None,
    level: float = LEVEL,
) -> list[Versus | None]:
    """Compare every experiment with the best one.

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
    list of Versus or None
        None for the best.

    Examples
    --------
    >>> scores = np.array([[0.9, 0.8, 0.85], [0.5, 0.45, 0.4]])
    >>> first, second = versus_best(scores, 0, [60] * 3, [30] * 3)
    >>> print(first, round(second.difference, 3), round(second.p_holm, 3), second.distinguishable)
    None 0.4 0.013 True
    """
    n_train, n_test = np.asarray(n_train), np.asarray(n_test)
    others = [i for i in range(len(scores)) if i != best]
    differences = [scores[best] - scores[i] for i in others]
    shared = [~np.isnan(d) for d in differences]
    tested = [corrected_t_test(d[both], n_train[both], n_test[both]) for d, both in zip(differences, shared)]
    p_holm = holm([None if found is None else found[1] for found in tested])
    paired = [] if right is None else [mcnemar(right[best], right[i]) for i in others]
    paired = [replace(pair, p_holm=p) for pair, p in zip(paired, holm([pair.p for pair in paired]))]
    compared: list[Versus | None] = [None] * len(scores)
    for k, i in enumerate(others):
        d, found = differences[k][shared[k]], tested[k]
        versus = Versus(
            difference=float(d.mean()) if len(d) else None,
            t=None if found is None else found[0],
            p=None if found is None else found[1],
            p_holm=p_holm[k],
            mcnemar=paired[k] if paired else None,
        )
        compared[i] = replace(versus, distinguishable=versus.decisive_p is not None and versus.decisive_p < level)
    return compared


def decided_by(compared: Sequence[Versus | None]) -> str | None:
    """Name the test that decided in what `versus_best` returned; None where nothing could be tested.

    >>> decided_by(versus_best(np.array([[0.9, 0.8], [0.7, 0.7]]), 0, [60, 60], [30, 30]))
    'corrected resampled t-test'
    """
    found = [c for c in compared if c is not None]
    if any(c.t is not None for c in found):
        return T_TEST
    return MCNEMAR if any(c.mcnemar is not None for c in found) else None
