"""What a classifier takes of clips: a vector of each, or the sequence of its frames. Nobody else asks which."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from audioclf.features import functionals
from audioclf.features.extractor import Extractor
from audioclf.features.specs import vector_names
from audioclf.parallel import Shared

Numbers = NDArray[np.int64]
"""Numbers of clips or of rows, shape (n,)."""


@dataclass(frozen=True)
class Inputs(ABC):
    """The features of clips as one kind of classifier takes them: `Vectors` or `Sequences`, made by `inputs_of`.

    Attributes
    ----------
    shared : Shared
        `array`, which other processes may read from a file.
    lengths : ndarray of int, shape (n_clips,)
        How many rows of `array` each clip has.
    """

    one_by_one: ClassVar[bool]
    """Whether an answer takes its time however short the clip is, since classifiers go through clips one by one."""

    shared: Shared
    lengths: Numbers

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def array(self) -> NDArray[np.float32]:
        """All rows, those of one clip after those of another: float32, shape (n_rows, n_features)."""
        return self.shared.array

    @property
    def n_features(self) -> int:
        """How many columns there are, those of one extractor after those of another."""
        return int(self.array.shape[1])

    @abstractmethod
    def select(self, clips: Numbers) -> Any:
        """Return these clips as an estimator takes them: a matrix with a row of each, or a list of their frames."""

    @abstractmethod
    def as_taken(self, array: NDArray[np.float32], lengths: Numbers) -> Any:
        """Return other rows as an estimator takes them; *lengths* says how many each clip has."""

    @abstractmethod
    def summary(self) -> NDArray[np.float32]:
        """Return one vector for each clip, shape (n_clips, n_values)."""

    def columns(self, extractors: Sequence[Extractor]) -> list[NDArray[np.int64]]:
        """Return the columns of each extractor, shape (n_functionals, n_coefficients).

        A vector holds each functional of all coefficients (`audioclf.features.functionals.pool`). A frame holds every
        coefficient once, as if there were one functional.

        Raises
        ------
        ValueError
            If the columns can't be those of *extractors*.
        """
        widths = np.array([len(extractor.coefficient_names) for extractor in extractors])
        n_functionals, left = divmod(self.n_features, int(widths.sum()))
        if left or not n_functionals:
            raise ValueError(f"the data has {self.n_features} columns, which is no multiple of the {widths.sum()} "
                             "coefficients of these extractors")  # fmt: skip
        blocks = np.split(np.arange(self.n_features), n_functionals * np.cumsum(widths)[:-1])
        return [block.reshape(n_functionals, -1) for block in blocks]

    def traded(self, clips: Numbers, partners: Numbers) -> Numbers:
        """Return the rows of `array` that stand for *clips* when each has its partner's values.

        There are as many of each clip as it has itself. Another number of frames is stretched to that: each frame is
        the partner's nearest.

        >>> inputs_of("sequences", np.zeros((6, 1), np.float32), np.array([2, 4])).traded(np.array([0]), np.array([1]))
        array([3, 5])
        """
        first = np.cumsum(self.lengths) - self.lengths
        own = self.lengths[clips]
        place = np.arange(own.sum()) - np.repeat(np.cumsum(own) - own, own)
        stretched = (2 * place + 1) * np.repeat(self.lengths[partners], own) // (2 * np.repeat(own, own))
        return np.repeat(first[partners], own) + stretched

    def joined(self, others: Sequence[Inputs], folder: Path | None = None) -> Inputs:
        """Return these clips and then those of *others*; other processes read them from a file in *folder*."""
        parts = [self, *others]
        array = np.concatenate([part.array for part in parts]) if others else self.array
        return replace(self, shared=Shared(array, folder), lengths=np.concatenate([part.lengths for part in parts]))


class Vectors(Inputs):
    """A vector of each clip: its frames' coefficients pooled by functionals."""

    one_by_one = False

    def select(self, clips: Numbers) -> NDArray[np.float32]:
        return self.array[clips]

    def as_taken(self, array: NDArray[np.float32], lengths: Numbers) -> NDArray[np.float32]:
        return array

    def summary(self) -> NDArray[np.float32]:
        return self.array


class Sequences(Inputs):
    """The frames of each clip, in order."""

    one_by_one = True

    def select(self, clips: Numbers) -> list[NDArray[np.float32]]:
        ends = np.cumsum(self.lengths)
        return [self.array[ends[i] - self.lengths[i] : ends[i]] for i in clips]

    def as_taken(self, array: NDArray[np.float32], lengths: Numbers) -> list[NDArray[np.float32]]:
        return np.split(array, np.cumsum(lengths)[:-1])

    def summary(self) -> NDArray[np.float32]:
        """Return mean and standard deviation of each clip's frames, shape (n_clips, 2 * n_coefficients).

        >>> frames = np.array([[1.0], [3.0], [5.0]], np.float32)
        >>> inputs_of("sequences", frames, np.array([2, 1])).summary()
        array([[2., 1.],
               [5., 0.]], dtype=float32)
        """
        bounds = np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.int64)
        return functionals.pool_clips(self.array, bounds, ("mean", "std"))


def column_names(takes: str, extractors: Iterable[Extractor], pooled: Iterable[str]) -> list[str]:
    """Return the names of the columns of `Inputs`: of a vector pooled by functionals, or of a frame's coefficients.

    >>> from audioclf.features.specs import build_extractors
    >>> column_names("vectors", build_extractors("zcr"), ["mean", "std"])
    ['zcr_mean', 'zcr_std']
    >>> column_names("sequences", build_extractors("zcr"), ["mean", "std"])
    ['zcr']
    """
    if takes == "sequences":
        return [name for extractor in extractors for name in extractor.coefficient_names]
    return vector_names(extractors, pooled)


def inputs_of(takes: str, array: NDArray[np.float32], lengths: Numbers | None = None) -> Inputs:
    """Return what a classifier that *takes* "vectors" or "sequences" is given.

    Parameters
    ----------
    takes : {"vectors", "sequences"}
    array : ndarray of float32, shape (n_clips, n_features) or (total frames, n_coefficients)
    lengths : ndarray of int, shape (n_clips,), optional
        Frames of each clip, for sequences.

    Examples
    --------
    >>> data = np.arange(6, dtype=np.float32).reshape(3, 2)
    >>> inputs_of("vectors", data).select(np.array([2]))
    array([[4., 5.]], dtype=float32)
    >>> inputs_of("sequences", data, np.array([1, 2])).select(np.array([0]))
    [array([[0., 1.]], dtype=float32)]
    """
    if takes == "sequences":
        assert lengths is not None
        return Sequences(Shared(array), lengths)
    return Vectors(Shared(array), np.ones(len(array), np.int64))
