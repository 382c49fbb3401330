"""The protocol of a comparison: the folds that every experiment goes through, and those that ignore groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audioclf.comparison.settings import Settings
from audioclf.dataset.clips import Clip
from audioclf.experiment.fitting import Course
from audioclf.experiment.task import Task
from audioclf.results.schema import CrossValidation
from audioclf.validation.division import make_splits, naive_splits, ungrouped
from audioclf.validation.inner import with_inner
from audioclf.validation.splits import Split, Splits


@dataclass(frozen=True)
class Protocol:
    """How every experiment is tested.

    Attributes
    ----------
    splits : Splits
        Of the cross-validation.
    naive : Splits or None
        Of one that ignores groups.
    course : Course
        The same, as experiments go through it.
    tuned : bool
        Whether some experiment searches its parameters.
    """

    splits: Splits
    naive: Splits | None
    course: Course
    tuned: bool = False

    @property
    def first_repeat(self) -> list[Split]:
        """The splits of the first repeat: each clip is tested once."""
        return [split for split in self.splits.splits if split.repeat == 0]

    @property
    def described(self) -> CrossValidation:
        """What the record says of it."""
        splits = self.splits
        return CrossValidation(kind=splits.kind, n_splits=splits.n_splits, repeats=splits.repeats, tuned=self.tuned)


def divide(clips: Sequence[Clip], task: Task, settings: Settings) -> Protocol:
    """Divide *clips* for cross-validation, and their training parts for the search where parameters are searched.

    Raises
    ------
    DatasetError
        If the clips can't be divided so.
    SpecError
        If the settings can't go with them.
    """
    labels, seed = task.tags, settings.seed
    splits = make_splits(clips, settings.cv, settings.repeats, seed, labels)
    naive = naive_splits(clips, splits, seed, labels) if settings.naive_split_too else None
    tuned = any(experiment.candidates for experiment in settings.experiments)
    if tuned:
        splits = with_inner(splits, clips, seed, labels)
        naive = None if naive is None else with_inner(naive, ungrouped(clips), seed, labels)
    course = Course(
        splits.splits, () if naive is None else naive.splits, settings.metric_for(task), seed, settings.budget
    )
    return Protocol(splits, naive, course, tuned)
