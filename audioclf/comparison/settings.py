"""All options of a comparison or an exploration as plain values, checked once; and what surrounds a run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from audioclf import parallel
from audioclf.augmentation import copies as augmentation
from audioclf.augmentation.copies import Augmentation
from audioclf.comparison.preparation import AUTO
from audioclf.dataset.groups import group_expression
from audioclf.dataset.pieces import cut
from audioclf.errors import SpecError, did_you_mean
from audioclf.experiment import space
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.plan import plan, with_candidates
from audioclf.experiment.task import Task
from audioclf.features import functionals
from audioclf.progress import Progress, silent
from audioclf.results.metrics import RANKING, TAG_RANKING
from audioclf.spectra.analysis import HIGHEST_DEFAULT_RATE, Analysis, analysis_rate
from audioclf.store.store import FeatureStore
from audioclf.validation.division import parse_cv


@dataclass(frozen=True, kw_only=True)
class ExplorationSettings:
    """All options of an exploration: how clips are grouped, and how they are analysed.

    Attributes
    ----------
    group_by : str or None
        Regular expression that finds each clip's group in its name (see `audioclf.dataset.groups.group_by`), or "auto":
        groups are found by names and by sound. None: the data set's.
    seed : int
        Of all that is drawn.
    sample_rate : int or None
        Analysis rate in Hz; None is the lowest native rate, at most 22,050.
    frame_length, hop_length : float
        In seconds.
    window : str
    n_fft : int or None
        As of `audioclf.spectra.analysis.Analysis`.

    Raises
    ------
    SpecError
        If one is wrong whatever the data.
    """

    group_by: str | None = None
    seed: int = 0
    sample_rate: int | None = None
    frame_length: float = 0.025
    hop_length: float = 0.010
    window: str = "hamming"
    n_fft: int | None = None

    def __post_init__(self) -> None:
        if self.group_by not in (None, AUTO):
            group_expression(self.group_by)
        frames = self.frame_length, self.hop_length, self.window
        Analysis(self.sample_rate or HIGHEST_DEFAULT_RATE, *frames, None)
        if self.sample_rate is not None:
            Analysis(self.sample_rate, *frames, self.n_fft)

    def analysis(self, rates: Iterable[int]) -> Analysis:
        """Return how recordings of these native *rates*, in Hz, are cut into frames."""
        rate = self.sample_rate or analysis_rate(rates)
        return Analysis(rate, self.frame_length, self.hop_length, self.window, self.n_fft)


@dataclass(frozen=True, kw_only=True)
class Settings(ExplorationSettings):
    """All options of a comparison: plain values that a file can hold, checked when they are put together.

    The data itself isn't among them, nor what doesn't change a number: that is `Surroundings`.

    Attributes
    ----------
    features, classifiers : tuple of str
        Specs; given as text, they are split at commas.
    cv : int, "folds", "logo" or None
        As of `audioclf.validation.division.make_splits`.
    repeats : int
        How often the folds are drawn anew.
    clip_seconds : float or None
        The length of the pieces that recordings are cut into.
    naive_split_too : bool
        Whether experiments are also scored on folds that ignore groups.
    tune : bool
        Whether parameters are searched within every training part.
    grid : dict or None
        What is searched in place of the classifiers' own spaces, by classifier, then parameter; given as the path of a
        JSON file, it is read (`audioclf.experiment.space.load_grid`). Implies *tune*.
    budget : int
        Most candidates of a search.
    with_curve : bool
        Whether the winner is also scored with fewer training clips.
    augment : str or None
        Effects for copies of the clips that train (`audioclf.augmentation.copies`).
    augment_factor : int
        Copies of each clip.
    augment_compare : bool
        Whether every experiment is scored without copies as well.
    device : str or None
        What networks compute on: "auto", "cpu", "cuda" or "mps".
    metric : str or None
        What ranks, and what is tuned for; None is the first of the task's.
    pooled : tuple of str
        Functionals that pool frames to vectors; given as text, it is split at commas.

    Raises
    ------
    SpecError
        If one is wrong whatever the data.
    MissingExtraError
        If a classifier or the augmentation needs a package that isn't installed.

    Examples
    --------
    >>> settings = Settings(features="mfcc,zcr", classifiers=["svm"], cv=3)
    >>> settings.features, settings.classifiers, [experiment.title for experiment in settings.experiments]
    (('mfcc', 'zcr'), ('svm',), ['mfcc with svm', 'zcr with svm', 'mfcc with dummy'])
    """

    features: str | Sequence[str] = "mfcc"
    classifiers: str | Sequence[str] = "svm"
    cv: int | str | None = None
    repeats: int = 1
    clip_seconds: float | None = None
    naive_split_too: bool = False
    tune: bool = False
    grid: str | os.PathLike[str] | Mapping[str, Mapping[str, Sequence[Any]]] | None = None
    budget: int = space.DEFAULT_BUDGET
    with_curve: bool = False
    augment: str | None = None
    augment_factor: int = augmentation.DEFAULT_FACTOR
    augment_compare: bool = False
    device: str | None = None
    metric: str | None = None
    pooled: str | Sequence[str] = functionals.DEFAULT

    def __post_init__(self) -> None:
        if self.metric is not None:
            _check_metric(self.metric, {*RANKING, *TAG_RANKING})
        if self.effects is not None:
            self.effects.check_installed()
        for name in ("features", "classifiers"):
            object.__setattr__(self, name, _listed(getattr(self, name)))
        if isinstance(self.grid, str | os.PathLike):
            object.__setattr__(self, "grid", space.load_grid(self.grid))
        _ = self.experiments  # making them finds what is wrong with the specs and the grid
        object.__setattr__(self, "pooled", functionals.parse(self.pooled))
        if self.clip_seconds is not None:
            cut([], [], self.clip_seconds)
        if self.cv is not None:
            parse_cv(self.cv)
        super().__post_init__()

    @cached_property
    def effects(self) -> Augmentation | None:
        """What changes the copies of the clips that train; None if there are none."""
        return None if self.augment is None else augmentation.parse(self.augment, self.augment_factor, self.seed)

    @cached_property
    def experiments(self) -> tuple[Experiment, ...]:
        """Every feature set with every classifier, and the baseline (majority class) at the end."""
        how = None if self.effects is None else self.effects.spec
        planned = plan(self.features, self.classifiers, how, self.augment_compare, self.device)
        if self.tune or self.grid is not None:
            planned = with_candidates(planned, self.grid, self.budget, self.seed)
        return tuple(planned)

    @property
    def pooling(self) -> tuple[str, ...]:
        """The functionals in *pooled*."""
        return tuple(self.pooled)

    def metric_for(self, task: Task) -> str:
        """Return what ranks experiments with a task.

        Raises
        ------
        SpecError
            If the metric that was asked for is none of the task's.
        """
        return _check_metric(self.metric or task.ranking[0], task.ranking)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What surrounds a run, and changes none of its numbers.

    Attributes
    ----------
    store : FeatureStore or None
        Where features are kept; None is nowhere.
    workers : int or None
        Threads that compute features and look at recordings, and processes that fit; None is one per core.
    resume : path or None
        Folder for the results of finished experiments while the run lasts.
    command : str
        For the record.
    progress : callable
        Called with a stage, how much is done, of how much, and a note.
    """

    store: FeatureStore | None = None
    workers: int | None = 1
    resume: str | os.PathLike[str] | None = None
    command: str = ""
    progress: Progress = field(default=silent, repr=False)

    @property
    def n_workers(self) -> int:
        """*workers* as a number."""
        return parallel.count_workers(self.workers)


def _listed(specs: str | Sequence[str]) -> tuple[str, ...]:
    if isinstance(specs, str):
        specs = specs.split(",")
    return tuple(spec.strip() for spec in specs if spec.strip())


def _check_metric(metric: str, known: Iterable[str]) -> str:
    if metric not in known:
        raise SpecError(f"'{metric}' can't rank here. {did_you_mean(metric, known)}")
    return metric
