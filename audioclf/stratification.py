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
    clips goes to the fold that wants it most, and ties go to the fold that wants most clips, then to chance. All folds
    being of one size, the fold that wants a label most is that which has the fewest clips of it.

    Here whole groups are dealt out, in place of clips: a label is rare that few groups hold, then few clips; of the
    groups that hold it, those with the most clips of it come first, while there is room to make up for them. Groups
    without any label come at last, the largest first, to the fold with the fewest clips. Without *groups* this
    is the paper's algorithm.

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
    counts = _sums(Y, unit, n_units)
    sizes = np.bincount(unit, minlength=n_units)
    shuffled = rng.permutation(n_units)
    waiting = np.ones(n_units, dtype=bool)
    of_unit = np.zeros(n_units, dtype=np.int64)
    in_fold, fold_sizes = np.zeros((n_splits, Y.shape[1]), dtype=np.int64), np.zeros(n_splits, dtype=np.int64)

    def deal(units: NDArray[np.int64], wanted: NDArray[np.int64]) -> None:
        """Put each of *units* into the fold with the least of *wanted*, which changes as it is dealt out."""
        for number in units:
            most = np.flatnonzero(wanted == wanted.min())
            most = most[fold_sizes[most] == fold_sizes[most].min()]
            fold = most[0] if len(most) == 1 else rng.choice(most)
            of_unit[number] = fold
            in_fold[fold] += counts[number]
            fold_sizes[fold] += sizes[number]
        waiting[units] = False

    left, clips_left = (counts > 0).sum(axis=0), counts.sum(axis=0)
    while (left > 0).any():
        rarest = _least(left, clips_left, rng)
        units = shuffled[waiting[shuffled] & (counts[shuffled, rarest] > 0)]
        units = units[np.argsort(-counts[units, rarest], kind="stable")]
        deal(units, in_fold[:, rarest])
        left -= (counts[units] > 0).sum(axis=0)
        clips_left -= counts[units].sum(axis=0)
    units = shuffled[waiting[shuffled]]
    deal(units[np.argsort(-sizes[units], kind="stable")], fold_sizes)
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


def _least(left: NDArray[np.int64], clips: NDArray[np.int64], rng: np.random.Generator) -> int:
    """Return the label on the fewest groups left, but at least one; of equal ones the one on the fewest clips."""
    found = np.flatnonzero(left == left[left > 0].min())
    found = found[clips[found] == clips[found].min()]
    return int(found[0] if len(found) == 1 else rng.choice(found))
