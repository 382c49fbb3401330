"""Inner splits of nested cross-validation: each training part divided once more, for a search of parameters.

Parameters chosen on the clips that score them score too well (Cawley & Talbot 2010, "On over-fitting in model
selection and subsequent selection bias in performance evaluation"). They are chosen within the training part of each
outer split, on folds that keep groups together as the outer ones do.
"""

from __future__ import annotations

import warnings as python_warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.dataset.clips import Clip, tag_matrix
from audioclf.validation.splits import Split, Splits
from audioclf.validation.stratification import learnable_folds

_Part = tuple[NDArray[np.int64], NDArray[np.int64]]

INNER_FOLDS = 3
_DRAWS = 10  # of inner folds, until all clips that can be tested are


def with_inner(splits: Splits, clips: Sequence[Clip], seed: int = 0, labels: Sequence[str] | None = None) -> Splits:
    """Return *splits* of which each carries the inner splits of its training part.

    Parameters
    ----------
    splits : Splits
    clips : sequence of Clip
        The whole set. For splits that ignore groups (`naive_splits`) give it without them
        (`audioclf.validation.division.ungrouped`): their inner splits then ignore groups too.
    seed : int
    labels : sequence of str, optional
        As in `inner_splits`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from audioclf.validation.division import make_splits
    >>> clips = [Clip(Path(f"{i}.wav"), "ab"[i % 2], f"g{i // 2}") for i in range(8)]
    >>> first, *_ = with_inner(make_splits(clips, 2), clips).splits
    >>> len(first.train), sorted(len(split.test) for split in first.inner)
    (4, [2, 2])
    """
    nested = [
        replace(split, inner=tuple(inner_splits(clips, split.train, seed=seed, labels=labels)))
        for split in splits.splits
    ]
    return replace(splits, splits=nested)


def inner_splits(
    clips: Sequence[Clip],
    train: NDArray[np.integer],
    n_folds: int = INNER_FOLDS,
    seed: int = 0,
    labels: Sequence[str] | None = None,
) -> list[Split]:
    """Divide the training clips of an outer split for the search, stratified, groups kept together.

    Parameters
    ----------
    clips : sequence of Clip
        The whole set.
    train : ndarray of int
        Which of them are the training part.
    n_folds : int
        Folds at most; fewer where groups or clips are few.
    seed : int
    labels : sequence of str, optional
        Given, a clip may carry several of them, or none (`Clip.tags`): the folds are drawn by iterative
        stratification, and all their clips are tested.

    Returns
    -------
    list of Split
        With indices into *clips*. A clip whose class isn't in the inner training part is not tested there, for no
        parameters could get it right; a fold in which nothing can be learnt or tested is left out. Empty if the
        training clips can't be divided, as when all are of one group.

    Examples
    --------
    >>> from pathlib import Path
    >>> clips = [Clip(Path(f"{i}.wav"), "ab"[i % 2], f"g{i // 2}") for i in range(8)]
    >>> sorted(split.test.tolist() for split in inner_splits(clips, np.arange(6)))
    [[0, 1], [2, 3], [4, 5]]
    """
    rows = np.asarray(train)
    names = [clips[i].group for i in rows]
    units = [f"\0{i}" if name is None else name for i, name in zip(rows, names)]  # what can't be divided
    if labels is not None:
        return _iterative(tag_matrix([clips[i] for i in rows], labels), rows, units, n_folds, seed)
    classes = np.array([clips[i].label for i in rows])
    of_class: dict[str, set[str]] = defaultdict(set)
    for label, unit in zip(classes.tolist(), units):
        of_class[label].add(unit)
    largest = int(np.unique(classes, return_counts=True)[1].max(initial=0))
    n_splits = min(n_folds, len(set(units)), largest)
    if n_splits < 2:
        return []
    testable = sum(len(of_class[label]) > 1 for label in classes.tolist())
    groups = None if all(name is None for name in names) else units
    best: list[Split] = []
    most = 0
    for draw in range(_DRAWS):
        splits = [
            Split(0, fold, rows[inner], rows[test])
            for fold, (inner, test) in enumerate(_learnable(classes, groups, n_splits, _seed(seed, draw)))
        ]
        tested = sum(len(split.test) for split in splits)
        if tested > most:
            best, most = splits, tested
        if most == testable:
            break
    return best


def _iterative(tags: NDArray[np.bool_], rows: NDArray[Any], units: list[str], n_folds: int, seed: int) -> list[Split]:
    """Divide *rows*, of which *tags* are the labels; leave out a fold for which all training clips carry the same."""
    n_splits = min(n_folds, len(set(units)))
    if n_splits < 2:
        return []
    folds = learnable_folds(tags, units, n_splits, (_seed(seed, draw) for draw in range(_DRAWS)))
    parts = [(np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)) for fold in range(n_splits)]
    kept = [(train, test) for train, test in parts if (tags[train] != tags[train[0]]).any()]
    return [Split(0, fold, rows[train], rows[test]) for fold, (train, test) in enumerate(kept)]


def _seed(seed: int, draw: int) -> int:
    return int(np.random.SeedSequence([seed, draw]).generate_state(1)[0] % 2**31)


def _learnable(labels: NDArray[np.str_], groups: list[str] | None, n_splits: int, seed: int) -> list[_Part]:
    """Draw folds; leave out what they test without having learnt it."""
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    divider = kind(n_splits=n_splits, shuffle=True, random_state=seed)
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore")  # of classes with fewer clips than folds
        parts = [
            (train, test[np.isin(labels[test], labels[train])]) for train, test in divider.split(labels, labels, groups)
        ]
    return [(train, test) for train, test in parts if len(test) and len(set(labels[train].tolist())) > 1]
