"""Division of clips for cross-validation: by a number of folds, by a data set's own, or one group at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from audioclf.dataset.clips import Clip, tag_matrix
from audioclf.errors import DatasetError, SpecError, did_you_mean
from audioclf.validation import checks
from audioclf.validation.folds import SEEDS, iterative_k_fold, k_fold, one_group_out, predefined
from audioclf.validation.splits import Splits

DEFAULT_FOLDS = 5
_NO_GROUPS = (
    "no groups are known: clips of one recording or speaker may be on both sides of a split (data leakage), which "
    "makes scores optimistic; name the recording in a group column of a CSV manifest"
)


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
    _check_request(clips, repeats, seed, labels)
    classes = np.array([clip.label for clip in clips])
    tags = None if labels is None else tag_matrix(clips, labels)
    groups = _groups(clips)
    folds = [clip.fold for clip in clips]
    choice, warnings = _choose(cv, groups, folds)
    if isinstance(choice, int):
        found = _drawn(classes, tags, groups, choice, repeats, seed)
    else:
        found = _predefined(folds, groups) if choice == "folds" else _one_group_out(groups)
        if repeats > 1:
            raise SpecError(f"--repeats {repeats} has no meaning with {found.kind} splits: they can't be drawn anew")
        if tags is None:
            checks.refuse_single_class(classes, found.splits)
            found.warnings.extend(checks.unlearnt(classes, found.splits))
    if tags is not None and labels is not None:
        found.warnings.extend(checks.check_tags(tags, labels, found.splits))
    return replace(found, warnings=[*warnings, *found.warnings])


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


def _check_request(clips: Sequence[Clip], repeats: int, seed: int, labels: Sequence[str] | None) -> None:
    names = sorted({name for clip in clips for name in (clip.tags if labels is not None else (clip.label,))})
    if len(names) < 2:
        what, only = "classes" if labels is None else "labels", f"'{names[0]}'" if names else "none"
        raise DatasetError(f"at least two {what} with readable clips are needed; found {only}")
    if repeats < 1:
        raise SpecError(f"repeats={repeats}; it must be at least 1")
    if not 0 <= seed < SEEDS:
        raise SpecError(f"seed={seed}; it must lie between 0 and {SEEDS - 1}")


def _drawn(
    classes: NDArray[np.str_],
    tags: NDArray[np.bool_] | None,
    groups: list[str] | None,
    n_splits: int,
    repeats: int,
    seed: int,
) -> Splits:
    """Folds that are drawn, stratified by class or by *tags*."""
    kind = "stratified-k-fold" if groups is None else "stratified-group-k-fold"
    warnings: list[str] = []
    if tags is None:
        warnings += checks.check_counts(classes, groups, n_splits)
        splits = k_fold(classes, groups, n_splits, repeats, seed)
    else:
        kind = f"iterative-{kind}"
        checks.check_enough(len(classes), groups, n_splits)
        splits = iterative_k_fold(tags, groups, n_splits, repeats, seed)
    if groups is None:
        warnings.append(_NO_GROUPS)
    return Splits(kind, n_splits, repeats, splits, warnings)


def _predefined(folds: Sequence[str | None], groups: list[str] | None) -> Splits:
    """The data set's own folds."""
    if all(fold is None for fold in folds):
        raise DatasetError("--cv folds: the data set has no folds of its own; give a number, as in --cv 5")
    splits = predefined(folds)
    warnings = []
    if groups is not None and checks.straddling(groups, folds):
        warnings.append(
            f"the data set's own folds put clips of one group on both sides ({checks.example_of(groups, folds)}), "
            "which makes scores optimistic for new groups; --cv logo leaves one group out at a time"
        )
    return Splits("predefined", len(splits), 1, splits, warnings)


def _one_group_out(groups: list[str] | None) -> Splits:
    if groups is None:
        raise DatasetError(
            "--cv logo leaves one group out at a time, but no groups are known; add a group column to the manifest"
        )
    splits = one_group_out(groups)
    return Splits("leave-one-group-out", len(splits), 1, splits)


def _choose(cv: int | str | None, groups: list[str] | None, folds: Sequence[str | None]) -> tuple[int | str, list[str]]:
    """The number of folds, "folds" or "logo" that *cv* means for these clips, and what is to be said of the choice."""
    if cv is not None:
        return parse_cv(cv), []
    if all(fold is None for fold in folds):
        return DEFAULT_FOLDS, []
    if groups is None or not checks.straddling(groups, folds):
        return "folds", []
    return DEFAULT_FOLDS, [
        f"the data set's own folds put clips of one group on both sides ({checks.example_of(groups, folds)}); "
        "grouped folds are used in their place, --cv folds takes its own, --cv logo leaves one group out at a time"
    ]
