"""Splits: which clips train and which test."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


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
