"""Checks of divisions into folds: what can't be divided is refused, what is poor is warned of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from audioclf.errors import DatasetError
from audioclf.grammar import count as counted
from audioclf.grammar import quoted
from audioclf.validation.splits import Split

_NAMED = 5  # labels in one warning


def check_counts(labels: NDArray[np.str_], groups: list[str] | None, n_splits: int) -> list[str]:
    """Refuse to divide clips so that a class could not be learnt, and return warnings of poor divisions.

    Parameters
    ----------
    labels : ndarray of str, shape (n_clips,)
    groups : list of str, length n_clips, or None
    n_splits : int

    Raises
    ------
    DatasetError
        If clips or groups are too few.
    """
    if groups is None:
        for label, count in sorted(Counter(labels.tolist()).items()):
            if count < n_splits:
                raise DatasetError(
                    f"class '{label}' has {counted(count, 'clip')}, fewer than the {n_splits} folds; "
                    + (
                        f"use --cv {count}, add clips or leave the class out"
                        if count > 1
                        else "add clips or leave the class out"
                    )
                )
        return []
    check_enough(len(labels), groups, n_splits)
    largest = max(Counter(labels.tolist()).values())
    if n_splits > largest:
        raise DatasetError(f"{n_splits} folds are more than any class has clips; use --cv {largest} or fewer")
    warnings = []
    members: dict[str, set[str]] = defaultdict(set)
    for label, group in zip(labels, groups):
        members[str(label)].add(group)
    for label, names in sorted(members.items()):
        if len(names) == 1:
            raise DatasetError(
                f"all clips of class '{label}' are of one group ('{next(iter(names))}'): when it is tested, "
                "the class can't have been learnt; add clips of another group or leave the class out"
            )
        if len(names) < n_splits:
            warnings.append(
                f"class '{label}' has {len(names)} groups for {n_splits} folds: some folds test it not at all; "
                f"--cv {len(names)} would balance them"
            )
    return warnings


def check_enough(n_clips: int, groups: list[str] | None, n_splits: int) -> None:
    """Refuse more folds than there are groups, or clips where no groups are known.

    Raises
    ------
    DatasetError
        If there are too few.
    """
    if groups is not None and len(set(groups)) == 1:
        raise DatasetError(f"all clips are of one group ('{groups[0]}'); at least two are needed to test on one")
    count, what = (n_clips, "clips") if groups is None else (len(set(groups)), "groups")
    if count < n_splits:
        raise DatasetError(f"{count} {what} can't fill {n_splits} folds; use --cv {max(2, count)} or fewer")


def refuse_single_class(labels: NDArray[np.str_], splits: Sequence[Split]) -> None:
    """Refuse splits of which a training part is of one class.

    Raises
    ------
    DatasetError
        If there is one.
    """
    for split in splits:
        known = set(labels[split.train])
        if len(known) < 2:
            raise DatasetError(
                f"all clips that train fold {split.fold} are of class '{next(iter(known))}', so nothing can be "
                "learnt; use other folds, as in --cv 5, or add clips"
            )


def unlearnt(labels: NDArray[np.str_], splits: Sequence[Split]) -> list[str]:
    """Return, as one warning or none, the first class that a split tests without having it in the training part."""
    for split in splits:
        absent = sorted(set(labels[split.test]) - set(labels[split.train]))
        if absent:
            return [f"class '{absent[0]}' is tested in fold {split.fold} but not among the clips that train it"]
    return []


def check_tags(tags: NDArray[np.bool_], labels: Sequence[str], splits: Sequence[Split]) -> list[str]:
    """Refuse folds in which no label can be learnt, and return warnings of labels that some folds say nothing of.

    Parameters
    ----------
    tags : ndarray of bool, shape (n_clips, n_labels)
    labels : sequence of str, length n_labels
    splits : sequence of Split

    Raises
    ------
    DatasetError
        If all clips that train a fold carry the same labels.
    """
    unlearnt, untested = np.zeros((2, len(labels)), dtype=bool)
    for split in splits:
        train, test = tags[split.train], tags[split.test]
        if not _varies(train).any():
            raise DatasetError(
                f"all clips that train fold {split.fold} carry the same labels, so nothing can be learnt; "
                "use other folds, as in --cv 5, or add clips"
            )
        unlearnt |= ~_varies(train) & (test != train[0]).any(axis=0)
        untested |= ~_varies(test)
    warnings = []
    if unlearnt.any():
        warnings.append(
            f"in some folds {_each_of(labels, unlearnt)} can't be learnt: all clips that carry it, or all that don't, "
            "are tested at once; add clips of other groups"
        )
    if untested.any():
        warnings.append(
            f"in some folds {_each_of(labels, untested)} is on none of the clips tested, or on all: its ROC AUC and "
            "average precision are undefined there, and the fold's mean is that of the other labels"
        )
    return warnings


def _varies(tags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of each label whether some clips carry it and some don't."""
    return np.asarray(tags.any(axis=0) & ~tags.all(axis=0))


def _each_of(labels: Sequence[str], which: NDArray[np.bool_]) -> str:
    """Name the labels of which a sentence in the singular holds.

    >>> _each_of("abcdefgh", np.arange(8) > 0)
    "each of the labels 'b', 'c', 'd', 'e', 'f' and 2 more"
    """
    names = [label for label, named in zip(labels, which) if named]
    return f"label {quoted(names)}" if len(names) == 1 else f"each of the labels {quoted(names, _NAMED)}"


def straddling(groups: Sequence[str], folds: Sequence[str | None]) -> list[str]:
    """Return the groups that have clips in more than one fold."""
    seen: dict[str, set[str | None]] = defaultdict(set)
    for group, fold in zip(groups, folds):
        seen[group].add(fold)
    return sorted(group for group, where in seen.items() if len(where) > 1)


def example_of(groups: Sequence[str], folds: Sequence[str | None]) -> str:
    """Count the groups that folds divide, and name one."""
    split = straddling(groups, folds)
    return f"{len(split)} of {len(set(groups))} groups, for example {split[0]}"
