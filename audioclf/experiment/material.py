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

from audioclf.classifier.contract import Classifier
from audioclf.classifier.fit import fit
from audioclf.dataset.clips import Dataset
from audioclf.experiment.task import Probabilities, Task, Truth
from audioclf.features.extraction import Extraction
from audioclf.features.extractor import Extractor
from audioclf.features.inputs import Inputs, Numbers


@dataclass(frozen=True)
class Material:
    """Clips with their labels, as one classifier takes them. Its length is the number of clips.

    Attributes
    ----------
    task : Task
    inputs : Inputs
        Features of the clips, then of their copies: n_rows of both together.
    truth : ndarray of int, shape (n_clips,), or of bool, shape (n_clips, n_labels)
        As `Task.truth` gives it.
    groups : ndarray of int, shape (n_clips,)
        What stays together; a clip without a group has a number of its own.
    clips : ndarray of int, shape (n_rows,)
        Which clip each of the inputs is, or is a copy of; the first n_clips count up from 0.
    """

    task: Task
    inputs: Inputs
    truth: Truth
    groups: NDArray[np.int64]
    clips: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return int(self.inputs.array.size)

    def learnt(self, clips: Numbers) -> Numbers:
        """Return which inputs train when *clips* do: themselves, then their copies."""
        copies = np.arange(len(self), len(self.clips))
        return np.concatenate([clips, copies[np.isin(self.clips[copies], clips)]])

    def asked(self, clips: Numbers) -> Any:
        """Return *clips* themselves, as an estimator takes them."""
        return self.inputs.select(clips)

    def fit(self, classifier: Classifier, seed: int, clips: Numbers, calibrated: bool = True) -> Any:
        """Return an estimator fitted on *clips* and their copies."""
        rows = self.learnt(clips)
        of = self.clips[rows]
        estimator = self.task.build(classifier, seed, calibrated)
        return fit(estimator, self.inputs.select(rows), self.task.target(self.truth[of]), self.groups[of], of)

    def answers(self, estimator: Any, clips: Numbers) -> tuple[Truth, Probabilities | None]:
        """Return what a fitted estimator says of *clips*, as `Task.answers` does."""
        return self.task.answers(estimator, self.asked(clips))

    def shared(self, folder: Path) -> Material:
        """Return the same with its inputs as a file in *folder* for other processes."""
        return replace(self, inputs=self.inputs.joined([], folder))


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
        """Return the material for a classifier.

        Parameters
        ----------
        extractors : sequence of Extractor
            Those of the experiment, which the extraction has.
        takes : {"vectors", "sequences"}
            What the classifier takes.
        augmented : bool
            With copies.
        folder : path, optional
            Other processes read the inputs from a file there.
        """
        clips = self.extraction.clips
        parts = [part for part in [self.extraction, *(self.copies if augmented else [])] if part.clips]
        first, *others = [part.inputs(extractors, takes) for part in parts]
        number = {clip: i for i, clip in enumerate(clips)}
        _, groups = np.unique(Dataset("", clips).groups, return_inverse=True)
        return Material(
            self.task,
            first.joined(others, folder),
            self.task.truth(clips),
            groups,
            np.array([number[clip] for part in parts for clip in part.clips], dtype=np.int64),
        )
