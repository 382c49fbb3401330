"""Folds of clips that carry several labels: each with about its share of every label (docs/multilabel.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Folds = NDArray[np.int64]


def iterative_folds(Y: NDArray[np.bool_], groups: Sequence[str] | None, n_splits: int, seed: int) -> Folds:
    """Divide clips into folds that hold about the same number of clips of each label, groups kept together.

    Iterative stratification (Sechidis, Tsoumakas & Vlahavas 2011, "On the stratification of multi-label data", Alg.
    1): the label that is on the fewest clips left is dealt with first, for a rare one is soonest spoilt; each of its
    clips goes to the fold that wants the label most, and ties go to the fold that wants clips most, then to chance. All
    folds being of one size, the fold that wants a label most is that which has the fewest clips of it. Clips without
    any label come at last and even out the sizes.

    Groups are dealt out whole. The rarest label is then the one that the fewest groups left hold; of these groups those
    with the most clips of it come first, while there is room to make up for them. A group may hold many labels, of
    each another number; it goes to the fold j with the least Σ (c_jl / n_l) (u_l / n_l) over labels l, of which the
    fold has c_jl clips, the group u_l and the whole set n_l, with all clips as one label more. Of all folds this adds
    least to the sum of squared shares, which is least when all folds have equal shares of every label.

    Parameters
    ----------
    Y : ndarray of bool, shape (n_clips, n_labels)
        Which labels each clip carries.
    groups : sequence of str, length n_clips, or None
        What stays together; None if each clip is by itself.
    n_splits : int
        Folds, at most as many as there are groups: then none is empty.
    seed : int
        Of what is left to chance.

    Returns
    -------
    ndarray of int, shape (n_clips,)
        The fold of each clip, from 0 to n_splits - 1.

    Raises
    ------
    ValueError
        If there are fewer groups (or clips) than folds.

    Examples
    --------
    >>> Y = np.array([[1, 1], [1, 0], [1, 0], [1, 1], [0, 0], [0, 0]], dtype=bool)
    >>> folds = iterative_folds(Y, None, 2, seed=0)
    >>> [Y[folds == fold].sum(axis=0).tolist() for fold in range(2)], np.bincount(folds).tolist()
    ([[2, 1], [2, 1]], [3, 3])
    """
    unit, n_units = _units(len(Y), groups)
    if n_units < n_splits:
        raise ValueError(f"{n_units} groups can't fill {n_splits} folds")
    rng = np.random.default_rng(seed)
    counts = np.column_stack([_sums(Y, unit, n_units), np.bincount(unit, minlength=n_units)]).astype(np.float64)
    size = counts.shape[1] - 1  # the column of all clips, beside those of labels
    of_unit = np.full(n_units, -1)
    in_fold = np.zeros((n_splits, counts.shape[1]))
    weighted = counts / np.maximum(counts.sum(axis=0), 1) ** 2
    order = rng.permutation(n_units)

    def deal(units: NDArray[np.int64], by: int) -> None:
        """Put units into folds: those with the most clips of label *by* first."""
        for number in units[np.argsort(-counts[units, by], kind="stable")]:
            has = in_fold[:, by] if groups is None else in_fold @ weighted[number]
            fittest = np.flatnonzero(has <= has.min() * (1 + 1e-9))  # but for rounding
            fittest = fittest[in_fold[fittest, size] == in_fold[fittest, size].min()]
            fold = fittest[0] if len(fittest) == 1 else rng.choice(fittest)
            of_unit[number] = fold
            in_fold[fold] += counts[number]

    holders, clips = (counts[:, :size] > 0).sum(axis=0), counts[:, :size].sum(axis=0)
    while (holders > 0).any():
        rarest = _rarest(holders, clips, rng)
        units = order[(of_unit[order] < 0) & (counts[order, rarest] > 0)]
        deal(units, rarest)
        holders -= (counts[units, :size] > 0).sum(axis=0)
        clips -= counts[units, :size].sum(axis=0)
    deal(order[of_unit[order] < 0], size)
    return of_unit[unit]


def learnable_folds(Y: NDArray[np.bool_], groups: Sequence[str] | None, n_splits: int, seeds: Iterable[int]) -> Folds:
    """Draw `iterative_folds` with each seed until every label that can be is learnt in every fold; return the best.

    A label isn't learnt where one fold holds all clips that carry it, or all that don't: the other folds, which train
    when that one is tested, are of one kind then.

    Parameters
    ----------
    Y, groups, n_splits
        As in `iterative_folds`.
    seeds : iterable of int
        At least one; as many draws at most.

    Raises
    ------
    ValueError
        If there are fewer groups (or clips) than folds.

    Examples
    --------
    >>> folds = learnable_folds(np.array([[1, 0], [0, 1], [1, 0], [0, 1]], dtype=bool), list("ghij"), 2, range(10))
    >>> sorted(folds[[0, 2]].tolist()), sorted(folds[[1, 3]].tolist())
    ([0, 1], [0, 1])
    """
    hopeless = n_unlearnt(Y, _units(len(Y), groups)[0])
    best, fewest = None, np.inf
    for seed in seeds:
        folds = iterative_folds(Y, groups, n_splits, seed)
        unlearnt = n_unlearnt(Y, folds)
        if unlearnt < fewest:
            best, fewest = folds, unlearnt
        if unlearnt <= hopeless:
            break
    assert best is not None
    return best


def n_unlearnt(Y: NDArray[np.bool_], parts: NDArray[np.integer]) -> int:
    """Count labels that one part holds all positives of, and those that one part holds all negatives of.

    >>> n_unlearnt(np.array([[1, 1], [0, 1], [0, 0]], dtype=bool), np.array([0, 1, 1]))
    3
    """
    n_parts = int(parts.max(initial=-1)) + 1
    return int(sum(((_sums(side, parts, n_parts) > 0).sum(axis=0) == 1).sum() for side in (Y, ~Y)))


def _units(n_clips: int, groups: Sequence[str] | None) -> tuple[NDArray[np.int64], int]:
    """Number what can't be divided: of each clip, and how many there are."""
    if groups is None:
        return np.arange(n_clips), n_clips
    names, unit = np.unique(np.asarray(groups), return_inverse=True)
    return unit, len(names)


def _sums(Y: NDArray[np.bool_], unit: NDArray[np.integer], n_units: int) -> NDArray[np.int64]:
    """Clips of each unit and label, shape (n_units, n_labels)."""
    columns = [np.bincount(unit[carried], minlength=n_units) for carried in Y.T]
    return np.array(columns, dtype=np.int64).reshape(Y.shape[1], n_units).T


def _rarest(holders: NDArray[np.int64], clips: NDArray[np.float64], rng: np.random.Generator) -> int:
    """Return the label that the fewest groups hold, but at least one; of equal ones the one on the fewest clips."""
    found = np.flatnonzero(holders == holders[holders > 0].min())
    found = found[clips[found] == clips[found].min()]
    return int(found[0] if len(found) == 1 else rng.choice(found))
