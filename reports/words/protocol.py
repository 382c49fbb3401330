"""Protocol of a run, its times, and what it takes to reproduce it, in words."""

from __future__ import annotations

from audioclf.grammar import count
from audioclf.plugin import Finished, Results
from audioclf.results.schema import Analysis
from audioclf.results.words import MISSING, duration

STAGES = (
    ("Reading and decoding", "decode_seconds"),
    ("Auditing the data", "audit_seconds"),
    ("Computing features", "extract_seconds"),
    ("Feature store", "store_seconds"),
    ("Fitting", "fit_seconds"),
    ("Predicting and scoring", "score_seconds"),
    ("Looking closer at the winner", "insight_seconds"),
)


def protocol(results: Results) -> list[str]:
    """Describe how the figures came about, one sentence or two an item."""
    cv, analysis, data = results.record.cv, results.record.analysis, results.record.dataset
    said = [_folds(cv.kind, cv.n_splits)]
    if results.multilabel:
        said.append(
            "A clip can have several labels. Each label is answered on its own, with a probability that doesn't depend "
            "on the others', and a clip gets those of 0.5 and more."
        )
    if cv.kind in ("stratified-k-fold", "iterative-stratified-k-fold") and data.n_groups is None:
        said.append(
            "No groups were given: if several clips were cut from one recording, some of it was in training "
            "when the rest was tested (data leakage), and the scores are optimistic."
        )
    if cv.repeats > 1:
        said.append(
            f"All of it {cv.repeats} times with other splits; "
            + ("figures per label" if results.multilabel else "confusion matrices and per-class figures")
            + " are over all repeats."
        )
    if cv.tuned:
        said.append("Parameters were searched within each training part, so that no tested clip had a say in them.")
    else:
        said.append("Parameters were set beforehand and the same in every fold.")
    said.append(
        "Mean and standard deviation (±) are over folds; the 95 % interval is over clips, by bootstrap"
        + (", whole groups at a time." if data.n_groups is not None else ".")
    )
    said.append(_analysed(analysis))
    return said


def _folds(kind: str, n: int) -> str:
    kinds = {
        "stratified-k-fold": (
            f"{n}-fold cross-validation, stratified: each fold has about the same share of every class, and "
            "each clip is answered by a model that was not trained on it."
        ),
        "stratified-group-k-fold": (
            f"{n}-fold cross-validation, stratified and grouped: each fold has about the same share of "
            "every class, and clips of one group (a speaker, a source recording) never stand on both sides "
            "of a split."
        ),
        "iterative-stratified-k-fold": (
            f"{n}-fold cross-validation with iterative stratification (Sechidis et al. 2011): each fold has about the "
            "same share of every label, and each clip is answered by a model that was not trained on it."
        ),
        "iterative-stratified-group-k-fold": (
            f"{n}-fold cross-validation with iterative stratification of whole groups: each fold has about "
            "the same share of every label, and clips of one group (a speaker, a source recording) never "
            "stand on both sides of a split."
        ),
        "predefined": (
            f"The data set's own {n} folds: each is held out once and answered by a model trained on the others."
        ),
        "leave-one-group-out": (
            f"Leave-one-group-out cross-validation: each of the {n} groups (a speaker, a source recording) "
            "is held out once and answered by a model trained on the others."
        ),
    }
    return kinds.get(kind, f"Cross-validation of kind {kind} with {n} splits.")


def _analysed(analysis: Analysis) -> str:
    frame, hop = analysis.frame_length * 1000, analysis.hop_length * 1000
    text = (
        f"Each clip is mixed down to mono, resampled to {analysis.sample_rate} Hz and cut into {analysis.window} "
        f"frames of {frame:g} ms every {hop:g} ms ({analysis.n_fft}-point FFT)."
    )
    if analysis.functionals:
        text += (
            " For classifiers that take vectors the frames are summed up by "
            f"{', '.join(analysis.functionals)}; those that take sequences see the frames themselves."
        )
    return text


def facts(results: Results) -> list[tuple[str, str]]:
    """List what it takes to reproduce a run, as pairs of a name and its value."""
    record = results.record
    versions = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    return [
        ("Command", record.command or MISSING),
        ("Seed", str(record.seed)),
        ("Data fingerprint", record.dataset.fingerprint),
        ("audioclf", record.audioclf),
        ("Versions", versions),
        ("Platform", record.platform),
        ("Finished", record.created),
    ]


def times(results: Results) -> list[tuple[str, str]]:
    """List where the time went, as pairs of a name and its value; an older record knows fewer stages."""
    timing = results.record.timing
    stages = [(name, duration(timing[key])) for name, key in STAGES if key in timing]
    if "total_seconds" not in timing:
        return stages
    workers = int(timing.get("workers", 1))
    whole = f"{duration(timing['total_seconds'])} with {count(workers, 'worker')}"
    if workers > 1 and "fit_seconds" in timing:
        whole += "; the stages are summed over workers"
    return [*stages, ("Whole run", whole)]


def fit_seconds(experiment: Finished) -> float:
    """Return the mean time of a fit, in seconds a fold."""
    return sum(fold.fit_seconds for fold in experiment.folds) / len(experiment.folds)
