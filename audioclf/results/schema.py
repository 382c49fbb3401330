"""The layout of results.json as typed, frozen structs (docs/results.md): the contract that outlives versions.

Fields are added, never renamed. What may be absent in files written before it was known has a default.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from audioclf.audit.finding import Finding
from audioclf.results.names import Names
from audioclf.results.pictures import Excerpt, Portrait
from audioclf.statistics.significance import LEVEL, deciding
from audioclf.structs import Count, Finite, Positive, Share, Struct

SCHEMA = 1
Interval = Annotated[list[Finite | None], Meta(min_length=2, max_length=2)]
"""Both ends; null where they are undefined."""

Score = Finite | None
OptionalScore = Finite | None | UnsetType
"""A score of a metric that the task may not have; unset then, and left out of the file."""


class Spread(Struct, kw_only=True, frozen=True):
    """Mean and standard deviation over folds; null where a metric is undefined in all."""

    mean: Score
    std: Score


class Metric(Spread, kw_only=True, frozen=True):
    """A metric over folds, with a 95 % interval over clips."""

    low: Score = None
    high: Score = None


class Value(Struct, kw_only=True, frozen=True):
    """A metric of one set of answers, with a 95 % interval over clips."""

    value: Score
    low: Score = None
    high: Score = None


class OfLabel(Struct, kw_only=True, frozen=True):
    """Scores of one class, or of one label, from all predictions.

    Attributes
    ----------
    precision, recall, f1 : float or None
    support : int
        Clips that have it.
    roc_auc, average_precision : float or None
        Of it against the rest.
    intervals : dict
        Of precision, recall and F1.
    confusion : list of list of int, or UNSET
        Where clips have several labels: [[true negatives, false positives], [false negatives, true positives]].
    """

    precision: Score
    recall: Score
    f1: Score
    support: Count
    roc_auc: Score = None
    average_precision: Score = None
    intervals: dict[str, Interval] = {}
    confusion: list[list[Count]] | UnsetType = UNSET


class Prediction(Struct, kw_only=True, frozen=True):
    """The answer to a held-out clip.

    Attributes
    ----------
    path : str
        The clip's name.
    group : str or None
    repeat : int
    fold : int or None
        None for a held-out test set.
    label, predicted : str
        Of several labels, those that apply, sorted and joined by ";".
    probabilities : dict or None
        Of each label.
    """

    path: str
    group: str | None = None
    repeat: Count = 0
    fold: Count | None = None
    label: str
    predicted: str
    probabilities: dict[str, Share] | None = None


class Epoch(Struct, kw_only=True, frozen=True):
    """What a network says of one epoch."""

    epoch: Count
    train_loss: Score = None
    valid_loss: Score = None
    valid_accuracy: Score = None


class History(Struct, kw_only=True, frozen=True):
    """How a network was trained; *best_epoch* is the one whose weights were kept, None for the last."""

    epochs: list[Epoch]
    best_epoch: Count | None = None
    n_validation: Count = 0


class Fold(Struct, kw_only=True, frozen=True):
    """What came of one fold: its sizes, times, parameters, and a score for each metric of the task."""

    repeat: Count = 0
    fold: Count
    n_train: Count
    n_test: Count
    accuracy: OptionalScore = UNSET
    balanced_accuracy: OptionalScore = UNSET
    macro_f1: OptionalScore = UNSET
    micro_f1: OptionalScore = UNSET
    mcc: OptionalScore = UNSET
    roc_auc: OptionalScore = UNSET
    average_precision: OptionalScore = UNSET
    log_loss: OptionalScore = UNSET
    brier: OptionalScore = UNSET
    subset_accuracy: OptionalScore = UNSET
    hamming_loss: OptionalScore = UNSET
    fit_seconds: Finite
    predict_seconds: Finite
    spec: str = ""
    parameters: dict[str, Any] = {}
    inner_score: Score = None
    history: History | None = None

    def score(self, metric: str) -> float | None:
        """Return the score of *metric*; None where it is undefined or unknown."""
        value = getattr(self, metric)
        return None if value is UNSET else value


class NonNested(Struct, kw_only=True, frozen=True):
    """What a search over the very folds that score it found: an optimistic score."""

    score: Score
    spec: str
    parameters: dict[str, Any] = {}


class Tuning(Struct, kw_only=True, frozen=True):
    """How parameters were searched within the training part of every fold."""

    method: str
    metric: str
    candidates: Count
    budget: Count
    inner_folds: Count
    fits: Count
    space: dict[str, list[Any]]
    chosen: dict[str, Count]
    non_nested: NonNested


class ByRecording(Struct, kw_only=True, frozen=True):
    """Scores of one answer for all pieces of a recording."""

    n_recordings: Count
    metrics: dict[str, Score]


class Naive(Struct, kw_only=True, frozen=True):
    """Scores over folds that ignore groups."""

    kind: str
    n_splits: Count
    repeats: Count
    metrics: dict[str, Spread]
    by_recording: ByRecording | None = None


class McNemar(Struct, kw_only=True, frozen=True):
    """Clips that only one of two experiments got right, with the exact test's p and that after Holm."""

    best_only: Count
    this_only: Count
    p: Share
    p_holm: Share | None = None


class VersusBest(Struct, kw_only=True, frozen=True):
    """How an experiment compares with the best one.

    Attributes
    ----------
    difference : float or None
        The best's mean over the folds that both have, less its own.
    t, p, p_holm : float or None
        The corrected resampled t-test over folds: how a new draw of clips would come out. Holm's correction runs over
        all experiments that are compared.
    mcnemar : McNemar or None
        The paired test on the same clips: how these clips came out.
    distinguishable : bool
        By the test that decides: the t-test, where it can be made.
    """

    difference: Score
    t: Score
    p: Share | None
    p_holm: Share | None
    mcnemar: McNemar | None
    distinguishable: bool

    @property
    def verdict(self) -> Literal["worse", "worse on these clips", "not told apart"]:
        """What both tests say together.

        "worse": the test that decides says so. "worse on these clips": only the paired test on the same clips does, and
        the folds are too few, or differ too much, to say that a new draw would come out the same.
        """
        if self.distinguishable:
            return "worse"
        pairs = self.mcnemar
        if pairs is None or pairs.p_holm is None or pairs.best_only <= pairs.this_only:
            return "not told apart"
        return "worse on these clips" if pairs.p_holm < LEVEL else "not told apart"

    @property
    def decisive_p(self) -> float | None:
        """The p after Holm that decides (`audioclf.statistics.significance.deciding`)."""
        return deciding(self.p_holm, None if self.mcnemar is None else self.mcnemar.p_holm)


class Cost(Struct, kw_only=True, frozen=True):
    """Size of a fitted model, and milliseconds a clip on one thread."""

    parameters: Count | None
    kilobytes: Finite | None
    features_ms: Finite | None
    classifier_ms: Finite


class Parameters(Struct, kw_only=True, frozen=True):
    """All parameters of an experiment, those left at their defaults included."""

    features: dict[str, dict[str, Any]] = {}
    classifier: dict[str, Any] = {}


class Experiment(Names, kw_only=True, frozen=True):
    """What finished and failed experiments have in common.

    Attributes
    ----------
    takes : {"vectors", "sequences"}
    n_features : int
        Per clip, or per frame for sequences.
    parameters : Parameters
    """

    takes: Literal["vectors", "sequences"] = "vectors"
    n_features: Count = 0
    parameters: Parameters = Parameters()


class Failed(Experiment, tag_field="status", tag="failed", kw_only=True, frozen=True):
    """An experiment that did not finish; *error* says why."""

    error: str


class Finished(Experiment, tag_field="status", tag="ok", kw_only=True, frozen=True):
    """An experiment with its scores (docs/results.md says what each field is)."""

    metrics: dict[str, Metric]
    per_class: dict[str, OfLabel]
    confusion_matrix: list[list[Count]] | None
    folds: Annotated[list[Fold], Meta(min_length=1)]
    predictions: list[Prediction]
    error: None = None
    warnings: list[str] = []
    cost: Cost | None = None
    tuning: Tuning | None = None
    naive: Naive | None = None
    by_recording: ByRecording | None = None
    versus_best: VersusBest | None = None

    def metric(self, name: str) -> Metric:
        """Return a metric over folds; one that isn't known has no figures."""
        return self.metrics.get(name) or Metric(mean=None, std=None)


class Analysis(Struct, kw_only=True, frozen=True):
    """How recordings were analysed."""

    sample_rate: Positive
    frame_length: Finite
    hop_length: Finite
    window: str
    n_fft: Count | None = None
    functionals: list[str] = []


class Augmentation(Struct, kw_only=True, frozen=True):
    """How training clips were augmented: the spec, copies of each, and whether experiments also ran without."""

    spec: str
    factor: Count
    compared: bool = False


class Dataset(Struct, kw_only=True, frozen=True):
    """What was compared (docs/results.md)."""

    name: str
    source: str = ""
    n_clips: Count
    n_groups: Count | None = None
    labels: Annotated[list[str], Meta(min_length=1)]
    label_counts: dict[str, Count]
    label_groups: dict[str, Count] | None = None
    duration: Finite = 0.0
    sample_rates: dict[str, Count] = {}
    fingerprint: str = ""
    notes: list[str] = []
    licence: str = ""
    citation: str = ""
    grouped_by: str | None = None
    clip_seconds: Finite | None = None


class CrossValidation(Struct, kw_only=True, frozen=True):
    """How clips were divided into folds."""

    kind: str
    n_splits: Count
    repeats: Count
    tuned: bool = False


class Tests(Struct, kw_only=True, frozen=True):
    """How experiments were tested against the best.

    Attributes
    ----------
    best : Names
    metric : str
    level : float
    decided_by : str or None
        Name of the test that decides.
    clips_independent : bool
        Whether no groups are known. With groups, McNemar's test takes their clips to be more evidence than they are.
    n_folds : int
    smallest_p : float or None
        Where the paired test on the same clips tells an experiment from the best, and the test over folds doesn't: the
        p after Holm that the latter could be expected to give at best, had the folds differed by chance only
        (`audioclf.statistics.reach`). From *level* on, the folds are too few to decide; below it they differ by more
        than chance. None where both tests say the same of every experiment, or *metric* is no share of right clips.
    repeats_needed : int or None
        The ``--repeats`` with which the test over folds can be expected to decide, if they go on to differ as they do.
        None where not even a hundred would do, folds can't be drawn anew, or both tests say the same.
    """

    best: Names
    metric: str
    level: Share
    decided_by: str | None
    clips_independent: bool
    n_folds: Count
    smallest_p: Share | None = None
    repeats_needed: Count | None = None


class HeldOut(Names, kw_only=True, frozen=True):
    """The winner's answers to the held-out test set."""

    source: str
    n_clips: Count
    n_groups: Count | None
    parameters: dict[str, Any]
    metrics: dict[str, Value]
    per_class: dict[str, OfLabel]
    confusion_matrix: list[list[Count]] | None
    predictions: list[Prediction]
    warnings: list[str] = []


class Drop(Struct, kw_only=True, frozen=True):
    """How far the score falls when an extractor's values, or a coefficient's, are permuted."""

    name: str
    drop: Score
    std: Score
    extractor: str | UnsetType = UNSET


class Importance(Names, kw_only=True, frozen=True):
    """Permutation importance of the winner's extractors and coefficients."""

    metric: str
    baseline: Score
    repeats: Count = 1
    extractors: list[Drop]
    coefficients: list[Drop]


class Point(Struct, kw_only=True, frozen=True):
    """A point of a learning curve."""

    share: Share
    n_train: Finite
    mean: Score
    std: Score


class LearningCurve(Names, kw_only=True, frozen=True):
    """How the winner's score grows with the number of training clips."""

    metric: str
    points: list[Point]


class Plane(Struct, kw_only=True, frozen=True):
    """Places in a plane: of principal components with *explained* variance, or of t-SNE with its *perplexity*."""

    x: list[Finite]
    y: list[Finite]
    explained: list[Finite] | UnsetType = UNSET
    perplexity: Finite | UnsetType = UNSET


class Projection(Struct, kw_only=True, frozen=True):
    """Clips in two dimensions."""

    features: str
    clips: list[str]
    labels: list[str]
    predicted: list[str] | None
    pca: Plane
    tsne: Plane | None


class Checked(Struct, kw_only=True, frozen=True):
    """What the audit looked at."""

    clips: Count


class Audit(Struct, kw_only=True, frozen=True):
    """What is wrong with the data set."""

    findings: list[Finding] = []
    checked: Checked | None = None


class Reference(Names, kw_only=True, frozen=True):
    """The model of an exploration that doubted labels."""

    metrics: dict[str, Metric]
    naive: Naive | None = None


class Skipped(Struct, kw_only=True, frozen=True):
    """A clip that was left out."""

    path: str
    why: str


class Record(Struct, kw_only=True, frozen=True):
    """All of results.json."""

    schema: Positive = SCHEMA
    kind: Literal["compare", "explore"] = "compare"
    audioclf: str
    created: str
    versions: dict[str, str]
    platform: str
    seed: Count
    command: str
    task: Literal["multi-class", "multi-label"] = "multi-class"
    metric: str = "accuracy"
    augmentation: Augmentation | None = None
    analysis: Analysis
    dataset: Dataset
    cv: CrossValidation
    timing: dict[str, Finite | Count]
    experiments: list[Finished | Failed]
    tests: Tests | None = None
    test: HeldOut | None = None
    audit: Audit | None = None
    importance: Importance | None = None
    learning_curve: LearningCurve | None = None
    projection: Projection | None = None
    excerpts: list[Excerpt] = []
    portraits: list[Portrait] = []
    reference: Reference | None = None
    skipped: list[Skipped]
    warnings: list[str]
