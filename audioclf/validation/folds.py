"""Drawing of folds: stratified, grouped, a data set's own, or one group at a time."""

from __future__ import annotations

import warnings as python_warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from audioclf.errors import DatasetError
from audioclf.validation.checks import unlearnt
from audioclf.validation.splits import Split
from audioclf.validation.stratification import learnable_folds

SEEDS = 2**31
"""Seeds are below it: scikit-learn takes no others."""

_DRAWS = 20  # of folds, until every class can be learnt


def predefined(folds: Sequence[str | None]) -> list[Split]:
    """Return the splits of a data set's own folds, each tested once, in numeric order or that of their names.

    Folds named exactly "train" and "test" are one split.

    Raises
    ------
    DatasetError
        If all clips are in one fold.
    """
    names = np.array([str(fold) for fold in folds])
    values = sorted(set(names), key=lambda v: (len(v), v) if v.isdecimal() else (0, v))
    if len(values) < 2:
        raise DatasetError(
            f"all clips are in the data set's own fold '{values[0]}', and at least two are needed; "
            "give a number, as in --cv 5"
        )
    if set(values) == {"train", "test"}:
        values = ["test"]
    return [Split(0, i, np.flatnonzero(names != v), np.flatnonzero(names == v)) for i, v in enumerate(values)]


def one_group_out(groups: Sequence[str]) -> list[Split]:
    """Return the splits that leave one group out at a time, in the order of their names.

    Raises
    ------
    DatasetError
        If there is only one.
    """
    names = np.array(groups)
    splits = [
        Split(0, i, np.flatnonzero(names != g), np.flatnonzero(names == g)) for i, g in enumerate(sorted(set(groups)))
    ]
    if len(splits) < 2:
        raise DatasetError("--cv logo: all clips belong to one group; at least two are needed")
    return splits


def k_fold(labels: NDArray[np.str_], groups: list[str] | None, n_splits: int, repeats: int, seed: int) -> list[Split]:
    """Draw stratified folds, groups kept together, until every class that is tested can be learnt.

    Raises
    ------
    DatasetError
        If none of twenty draws is such.
    """
    splits = []
    for repeat in range(repeats):
        for draw in range(_DRAWS):
            drawn = _draw(labels, groups, n_splits, repeat, _seed(seed, repeat, draw))
            problems = unlearnt(labels, drawn)
            if not problems:
                break
        else:
            raise DatasetError(f"{problems[0]}; use another number of folds, or add clips of that class")
        splits += drawn
    return splits


def iterative_k_fold(
    tags: NDArray[np.bool_], groups: list[str] | None, n_splits: int, repeats: int, seed: int
) -> list[Split]:
    """Draw folds of clips with several labels (`audioclf.validation.stratification`), groups kept together."""
    splits = []
    for repeat in range(repeats):
        folds = learnable_folds(tags, groups, n_splits, (_seed(seed, repeat, draw) for draw in range(_DRAWS)))
        splits += [Split(repeat, i, np.flatnonzero(folds != i), np.flatnonzero(folds == i)) for i in range(n_splits)]
    return splits


def _draw(labels: NDArray[np.str_], groups: list[str] | None, n_splits: int, repeat: int, seed: int) -> list[Split]:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    divider = kind(n_splits=n_splits, shuffle=True, random_state=seed)
    with python_warnings.catch_warnings():
        # Of classes with fewer clips than folds: `check_counts` says it of groups.
        python_warnings.simplefilter("ignore")
        parts = list(divider.split(labels, labels, groups))
    return [Split(repeat, fold, train, test) for fold, (train, test) in enumerate(parts)]


def _seed(seed: int, repeat: int, draw: int) -> int:
    """The run's seed for the first draw; for others one that no other run's repeats share."""
    if repeat == draw == 0:
        return seed
    return int(np.random.SeedSequence([seed, repeat, draw]).generate_state(1)[0] % SEEDS)
