"""Which clips train and which test: splits that keep a group on one side."""

from __future__ import annotations

import warnings as python_warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from audioclf.dataset.clips import Clip, tag_matrix
from audioclf.errors import DatasetError, SpecError, did_you_mean
from audioclf.validation.stratification import learnable_folds

DEFAULT_FOLDS = 5
_SEEDS = 2**31
_DRAWS = 20  # of folds, until every class can be learnt
_NAMED = 5  # labels in one warning


@dataclass(frozen=True)
class Split:
    """One division into training and test clips.

    Attributes
    ----------
    repeat, fold : int
        From 0; folds are counted within a repeat.
    train, test : ndarray of int, shapes (n_train,), (n_test,)
        Indices of clips.
    inner : tuple of Split
        Divisions of the training clips, for a search of parameters (`audioclf.validation.inner.with_inner`); empty if
        there is no search, or the training clips can't be divided.
    """

    repeat: int
    fold: int
    train: NDArray[np.int64]
    test: NDArray[np.int64]
    inner: tuple[Split, ...] = ()


@dataclass
class Splits:
    """All divisions of a cross-validation.

    Attributes
    ----------
    kind : str
        "stratified-k-fold" or "stratified-group-k-fold", of clips with several labels with "iterative-" before it;
        "predefined" or "leave-one-group-out".
    n_splits, repeats : int
        Folds in one repeat, and repeats.
    splits : list of Split
    warnings : list of str
        What a reader of the scores should know.
    """

    kind: str
    n_splits: int
    repeats: int
    splits: list[Split]
    warnings: list[str] = field(default_factory=list)


def make_splits(
    clips: Sequence[Clip],
    cv: int | str | None = None,
    repeats: int = 1,
    seed: int = 0,
    labels: Sequence[str] | None = None,
) -> Splits:
    """Divide *clips* for cross-validation.

    Parameters
    ----------
    clips : sequence of Clip
    cv : int, "folds", "logo" or None
        A number of folds, grouped where groups are known; "folds" for the data set's own; "logo" to
        leave one group out at a time. None takes the data set's own folds unless they split a group,
        else five grouped or plain folds.
    repeats : int
        How often the k folds are drawn anew; own folds and left-out groups can't be.
    seed : int
        Of the draw.
    labels : sequence of str, optional
        Given, a clip may carry several of them, or none (`Clip.tags`). Folds are then drawn by iterative
        stratification (`audioclf.validation.stratification`). A label that can't be learnt or tested in every fold is
        no reason to refuse the others: `Splits.warnings` names it.

    Raises
    ------
    DatasetError
        If the clips don't allow such a division: too few of a class, no groups, no folds.
    SpecError
        If *cv*, *repeats* or *seed* is no such value.
    """
    classes = np.array([clip.label for clip in clips])
    tags = None if labels is None else tag_matrix(clips, labels)
    found = sorted({name for clip in clips for name in (clip.tags if labels is not None else (clip.label,))})
    if len(found) < 2:
        what, only = "classes" if labels is None else "labels", f"'{found[0]}'" if found else "none"
        raise DatasetError(f"at least two {what} with readable clips are needed; found {only}")
    if repeats < 1:
        raise SpecError(f"repeats={repeats}; it must be at least 1")
    if not 0 <= seed < _SEEDS:
        raise SpecError(f"seed={seed}; it must lie between 0 and {_SEEDS - 1}")
    groups = _groups(clips)
    folds = [clip.fold for clip in clips]
    has_folds = any(fold is not None for fold in folds)
    choice, warnings = _choose(cv, groups, folds if has_folds else None)
    if choice == "folds":
        if not has_folds:
            raise DatasetError("--cv folds: the data set has no folds of its own; give a number, as in --cv 5")
        splits = _predefined(folds)
        kind, n_splits = "predefined", len(splits)
        if groups is not None and _straddling(groups, folds):
            warnings.append(_straddle_warning(groups, folds))
    elif choice == "logo":
        if groups is None:
            raise DatasetError(
                "--cv logo leaves one group out at a time, but no groups are known; add a group column to the manifest"
            )
        names = np.array(groups)
        splits = [
            Split(0, i, np.flatnonzero(names != g), np.flatnonzero(names == g))
            for i, g in enumerate(sorted(set(groups)))
        ]
        kind, n_splits = "leave-one-group-out", len(splits)
        if n_splits < 2:
            raise DatasetError("--cv logo: all clips belong to one group; at least two are needed")
    else:
        assert isinstance(choice, int)
        kind = "stratified-k-fold" if groups is None else "stratified-group-k-fold"
        n_splits = choice
        if tags is None:
            warnings += _check_counts(classes, groups, n_splits)
            splits = _k_fold(classes, groups, n_splits, repeats, seed)
        else:
            kind = f"iterative-{kind}"
            _check_enough(len(clips), groups, n_splits)
            splits = _iterative_k_fold(tags, groups, n_splits, repeats, seed)
        if groups is None:
            warnings.append(
                "no groups are known: clips of one recording or speaker may sit on both sides of a split, which makes "
                "scores too good; name the recording in a group column of a CSV manifest"
            )
    fixed = kind in ("predefined", "leave-one-group-out")
    if fixed and repeats > 1:
        raise SpecError(f"--repeats {repeats} has no meaning with {kind} splits: they can't be drawn anew")
    if tags is not None and labels is not None:
        warnings += _check_tags(tags, labels, splits)
    elif fixed:
        _refuse_single_class(classes, splits)
        warnings += _check_learnable(classes, splits)
    return Splits(kind, n_splits, repeats if kind.endswith("k-fold") else 1, splits, warnings)


def naive_splits(
    clips: Sequence[Clip], splits: Splits, seed: int = 0, labels: Sequence[str] | None = None
) -> Splits | None:
    """Divide *clips* as if no groups were known, to see what that does to the scores.

    Parameters
    ----------
    clips : sequence of Clip
    splits : Splits
        The honest ones: as many folds and repeats are drawn, but five where one group at a time was left out, and never
        more folds than the smallest class has clips.
    seed : int
    labels : sequence of str, optional
        As in `make_splits`.

    Returns
    -------
    Splits or None
        None where no groups are known, or a class has a single clip: there is nothing to compare with.
    """
    if all(clip.group is None for clip in clips):
        return None
    fewest = min(Counter(clip.label for clip in clips).values()) if labels is None else len(clips)
    n_splits = min(DEFAULT_FOLDS if splits.kind == "leave-one-group-out" else max(2, splits.n_splits), fewest)
    if n_splits < 2:
        return None
    naive = make_splits(ungrouped(clips), n_splits, splits.repeats, seed, labels)
    return replace(naive, warnings=[])


def ungrouped(clips: Sequence[Clip]) -> list[Clip]:
    """Return the clips without their groups.

    >>> from pathlib import Path
    >>> [clip.group for clip in ungrouped([Clip(Path("a.wav"), "cat", "tom"), Clip(Path("b.wav"), "cat")])]
    [None, None]
    """
    return [replace(clip, group=None) for clip in clips]


def parse_cv(cv: int | str) -> int | str:
    """Return the number of folds that *cv* is, or "folds" or "logo".

    >>> parse_cv("5")
    5

    Raises
    ------
    SpecError
        If it is none of these, or a number below 2.
    """
    text = str(cv)
    if text.removeprefix("-").isdecimal():
        if int(text) < 2:
            raise SpecError(f"--cv {text}: at least 2 folds are needed")
        return int(text)
    if text not in ("folds", "logo"):
        hint = did_you_mean(text, ["folds", "logo"])
        raise SpecError(f"--cv {text}: give a number of folds, 'folds' or 'logo'. {hint}")
    return text


def _groups(clips: Sequence[Clip]) -> list[str] | None:
    if all(clip.group is None for clip in clips):
        return None
    return [clip.group if clip.group is not None else f"\0{i}" for i, clip in enumerate(clips)]


def _choose(
    cv: int | str | None, groups: list[str] | None, folds: list[str | None] | None
) -> tuple[int | str, list[str]]:
    if cv is None:
        if folds is None:
            return DEFAULT_FOLDS, []
        if groups is None or not _straddling(groups, folds):
            return "folds", []
        return DEFAULT_FOLDS, [
            f"the data set's own folds put clips of one group on both sides ({_example(groups, folds)}); "
            "grouped folds are used in their place, --cv folds takes its own, --cv logo leaves one group out at a time"
        ]
    return parse_cv(cv), []


def _straddling(groups: Sequence[str], folds: Sequence[str | None]) -> list[str]:
    """Groups that have clips in more than one fold."""
    seen: dict[str, set[str | None]] = defaultdict(set)
    for group, fold in zip(groups, folds):
        seen[group].add(fold)
    return sorted(group for group, where in seen.items() if len(where) > 1)


def _example(groups: Sequence[str], folds: Sequence[str | None]) -> str:
    split = _straddling(groups, folds)
    return f"{len(split)} of {len(set(groups))} groups, for example {split[0]}"


def _straddle_warning(groups: Sequence[str], folds: Sequence[str | None]) -> str:
    return (
        f"the data set's own folds put clips of one group on both sides ({_example(groups, folds)}), "
        "which makes scores too good for new groups; --cv logo leaves one group out at a time"
    )


def _predefined(folds: Sequence[str | None]) -> list[Split]:
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


def _check_counts(labels: NDArray[np.str_], groups: list[str] | None, n_splits: int) -> list[str]:
    """Refuse divisions in which a class could not be learnt, and warn of poor ones."""
    if groups is None:
        for label, count in sorted(Counter(labels.tolist()).items()):
            if count < n_splits:
                raise DatasetError(
                    f"class '{label}' has {count} clip{'s' * (count != 1)}, fewer than the {n_splits} folds; "
                    + (
                        f"use --cv {count}, add clips or leave the class out"
                        if count > 1
                        else "add clips or leave the class out"
                    )
                )
        return []
    _check_enough(len(labels), groups, n_splits)
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


def _check_enough(n_clips: int, groups: list[str] | None, n_splits: int) -> None:
    if groups is not None and len(set(groups)) == 1:
        raise DatasetError(f"all clips are of one group ('{groups[0]}'); at least two are needed to test on one")
    count, what = (n_clips, "clips") if groups is None else (len(set(groups)), "groups")
    if count < n_splits:
        raise DatasetError(f"{count} {what} can't fill {n_splits} folds; use --cv {max(2, count)} or fewer")


def _k_fold(labels: NDArray[np.str_], groups: list[str] | None, n_splits: int, repeats: int, seed: int) -> list[Split]:
    splits = []
    for repeat in range(repeats):
        for draw in range(_DRAWS):
            drawn = _draw(labels, groups, n_splits, repeat, _seed(seed, repeat, draw))
            problems = _check_learnable(labels, drawn)
            if not problems:
                break
        else:
            raise DatasetError(f"{problems[0]}; use another number of folds, or add clips of that class")
        splits += drawn
    return splits


def _iterative_k_fold(
    tags: NDArray[np.bool_], groups: list[str] | None, n_splits: int, repeats: int, seed: int
) -> list[Split]:
    splits = []
    for repeat in range(repeats):
        folds = learnable_folds(tags, groups, n_splits, (_seed(seed, repeat, draw) for draw in range(_DRAWS)))
        splits += [Split(repeat, i, np.flatnonzero(folds != i), np.flatnonzero(folds == i)) for i in range(n_splits)]
    return splits


def _seed(seed: int, repeat: int, draw: int) -> int:
    """The run's seed for the first draw; for others one that no other run's repeats share."""
    if repeat == draw == 0:
        return seed
    return int(np.random.SeedSequence([seed, repeat, draw]).generate_state(1)[0] % _SEEDS)


def _draw(labels: NDArray[np.str_], groups: list[str] | None, n_splits: int, repeat: int, seed: int) -> list[Split]:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    divider = kind(n_splits=n_splits, shuffle=True, random_state=seed)
    with python_warnings.catch_warnings():
        python_warnings.simplefilter(
            "ignore"
        )  # of classes with fewer clips than folds: `_check_counts` says it of groups
        parts = list(divider.split(labels, labels, groups))
    return [Split(repeat, fold, train, test) for fold, (train, test) in enumerate(parts)]


def _refuse_single_class(labels: NDArray[np.str_], splits: Sequence[Split]) -> None:
    for split in splits:
        known = set(labels[split.train])
        if len(known) < 2:
            raise DatasetError(
                f"all clips that train fold {split.fold} are of class '{next(iter(known))}', so nothing can be "
                "learnt; use other folds, as in --cv 5, or add clips"
            )


def _check_learnable(labels: NDArray[np.str_], splits: Sequence[Split]) -> list[str]:
    for split in splits:
        absent = sorted(set(labels[split.test]) - set(labels[split.train]))
        if absent:
            return [f"class '{absent[0]}' is tested in fold {split.fold} but not among the clips that train it"]
    return []


def _check_tags(tags: NDArray[np.bool_], labels: Sequence[str], splits: Sequence[Split]) -> list[str]:
    """Refuse folds in which no label can be learnt, and warn of labels that some folds say nothing of."""
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
            f"in some folds {_listed(labels, unlearnt)} can't be learnt: all clips that carry it, or all that don't, "
            "are tested at once; add clips of other groups"
        )
    if untested.any():
        warnings.append(
            f"in some folds {_listed(labels, untested)} is on none of the clips tested, or on all: its ROC AUC and "
            "average precision are undefined there, and the fold's mean is that of the other labels"
        )
    return warnings


def _varies(tags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of each label whether some clips carry it and some don't."""
    return np.asarray(tags.any(axis=0) & ~tags.all(axis=0))


def _listed(labels: Sequence[str], which: NDArray[np.bool_]) -> str:
    """Name the labels of which a sentence in the singular holds.

    >>> _listed("abcdefgh", np.arange(8) > 0)
    "each of the labels 'b', 'c', 'd', 'e', 'f' and 2 more"
    """
    names = [f"'{label}'" for label, named in zip(labels, which) if named]
    if len(names) == 1:
        return f"label {names[0]}"
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"each of the labels {', '.join(names[:_NAMED])}{rest}"
