"""What classifiers learn from and are tested on: clips as arrays, with their augmented copies.

Here, and only here, copies come in: beside the clips that train, never among those that test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf import parallel
from audioclf.classifier.contract import Classifier
from audioclf.classifier.fit import fit
from audioclf.dataset.clips import Dataset
from audioclf.experiment.task import Probabilities, Task, Truth
from audioclf.features.extraction import Extraction, select
from audioclf.features.extractor import Extractor

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Material:
    """Clips as one classifier takes them.

    Attributes
    ----------
    task : Task
    inputs : Shared
        As `Extraction.inputs` gives it: a row per clip for vectors, all frames for sequences. The clips come first,
        then their copies.
    lengths : ndarray of int, shape (n_rows,), or None
        Frames of each clip and copy, for sequences.
    truth : ndarray, shape (n_clips,) or (n_clips, n_labels)
    groups : ndarray of int, shape (n_clips,)
        What stays together; a clip without a group has a number of its own.
    clips : ndarray of int, shape (n_rows,)
        Which clip each row is, or is a copy of; the first n_clips count up from 0.
    """

    task: Task
    inputs: parallel.Shared
    lengths: NDArray[np.int64] | None
    truth: Truth
    groups: NDArray[np.int64]
    clips: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return int(self.inputs.array.size)

    def learnt(self, clips: Rows) -> Rows:
        """Return the rows that train when *clips* do: themselves, then their copies."""
        copies = np.arange(len(self), len(self.clips))
        return np.concatenate([clips, copies[np.isin(self.clips[copies], clips)]])

    def asked(self, clips: Rows) -> Any:
        """Return *clips* themselves, as an estimator takes them."""
        return select(self.inputs.array, self.lengths, clips)

    def fit(self, classifier: Classifier, seed: int, clips: Rows, calibrated: bool = True) -> Any:
        """Return an estimator fitted on *clips* and their copies."""
        rows = self.learnt(clips)
        of = self.clips[rows]
        estimator = self.task.build(classifier, seed, calibrated)
        inputs = select(self.inputs.array, self.lengths, rows)
        return fit(estimator, inputs, self.task.target(self.truth[of]), self.groups[of], of)

    def answers(self, estimator: Any, clips: Rows) -> tuple[Truth, Probabilities | None]:
        """Return what a fitted estimator says of *clips*."""
        return self.task.answers(estimator, self.asked(clips))

    def shared(self, folder: Path) -> Material:
        """Return the same with its inputs as a file in *folder* for other processes."""
        return replace(self, inputs=parallel.Shared(self.inputs.array, folder))


@dataclass(frozen=True)
class Sources:
    """Features of all clips and of their copies, to make `Material` of.

    Attributes
    ----------
    task : Task
    extraction : Extraction
        Of the clips.
    copies : list of Extraction
        Of the same clips, each once augmented. One that couldn't be is missing.
    """

    task: Task
    extraction: Extraction
    copies: list[Extraction] = field(default_factory=list)

    def material(
        self, extractors: Sequence[Extractor], takes: str, augmented: bool = False, folder: Path | None = None
    ) -> Material:
        """Return the material for a classifier that *takes* "vectors" or "sequences", with copies if *augmented*."""
        clips = self.extraction.clips
        parts = [self.extraction, *(self.copies if augmented else [])]
        number = {clip: i for i, clip in enumerate(clips)}
        arrays = [part.inputs(extractors, takes) for part in parts if part.clips]
        _, groups = np.unique(Dataset("", clips).groups, return_inverse=True)
        return Material(
            self.task,
            parallel.Shared(arrays[0] if len(arrays) == 1 else np.concatenate(arrays), folder),
            np.concatenate([part.lengths for part in parts]) if takes == "sequences" else None,
            self.task.truth(clips),
            groups,
            np.array([number[clip] for part in parts for clip in part.clips], dtype=np.int64),
        )
