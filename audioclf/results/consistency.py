"""Consistency of a record: what its fields must be for one another, beyond the types of each alone."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Collection, Iterable, Sequence
from typing import NoReturn

from audioclf.errors import did_you_mean
from audioclf.results.metrics import METRICS, RANKING, TAG_METRICS, TAG_RANKING
from audioclf.results.pictures import Picture
from audioclf.results.schema import (
    Finished,
    HeldOut,
    Naive,
    OfLabel,
    Plane,
    Prediction,
    Projection,
    Record,
)
from audioclf.structs import DamagedError


def check(record: Record) -> None:
    """Raise `DamagedError`, which names the field, if reports can't be made from *record*."""
    several = record.task == "multi-label"
    known = TAG_RANKING if several else RANKING
    if record.metric not in known:
        _refuse("$.metric", f"'{record.metric}' isn't known here. {did_you_mean(record.metric, known)}")
    labels = record.dataset.labels
    needed = [*(TAG_METRICS if several else METRICS), record.metric]
    _same("$.dataset.label_counts", record.dataset.label_counts, labels)
    for i, experiment in enumerate(record.experiments):
        if isinstance(experiment, Finished):
            check_experiment(experiment, labels, needed, several, at=f"$.experiments[{i}]")
    if record.test is not None:
        _has("$.test.metrics", record.test.metrics, needed)
        _check_answers(record.test, labels, several, "$.test")
    if record.reference is not None:
        _has("$.reference.metrics", record.reference.metrics, [record.metric])
        _check_naive(record.reference.naive, [record.metric], "$.reference.naive")
    if record.projection is not None:
        _check_projection(record.projection)
    for i, excerpt in enumerate(record.excerpts):
        _check_picture(excerpt.spectrogram, f"$.excerpts[{i}].spectrogram")
    for i, portrait in enumerate(record.portraits):
        at = f"$.portraits[{i}]"
        _as_many(f"{at}.waveform.high", portrait.waveform.high, portrait.waveform.low)
        for name in ("spectrogram", "filterbank", "cepstrogram"):
            _check_picture(getattr(portrait, name), f"{at}.{name}")


def check_experiment(
    experiment: Finished, labels: Sequence[str], metrics: Iterable[str], several: bool, at: str = "$"
) -> None:
    """Raise `DamagedError` if an experiment's parts don't go together.

    Parameters
    ----------
    experiment : Finished
    labels : sequence of str
        Those of the data set.
    metrics : iterable of str
        What it must have been scored by.
    several : bool
        Whether clips may have several labels.
    at : str
        Where it stands in its file.
    """
    metrics = list(metrics)
    _has(f"{at}.metrics", experiment.metrics, metrics)
    _check_answers(experiment, labels, several, at)
    _check_naive(experiment.naive, metrics, f"{at}.naive")
    if experiment.by_recording is not None:
        _has(f"{at}.by_recording.metrics", experiment.by_recording.metrics, metrics)


def _check_answers(scored: Finished | HeldOut, labels: Sequence[str], several: bool, at: str) -> None:
    _same(f"{at}.per_class", scored.per_class, labels)
    matrix = scored.confusion_matrix
    if matrix is not None and [len(row) for row in matrix] != [len(labels)] * len(labels):
        _refuse(f"{at}.confusion_matrix", f"not {len(labels)} rows and columns")
    if matrix is None and not several:
        _refuse(f"{at}.confusion_matrix", "missing")
    if several:
        for label, found in scored.per_class.items():
            _check_pairs(found, f"{at}.per_class.{label}.confusion")
    known = set(labels)
    for i, row in enumerate(scored.predictions):
        _check_prediction(row, known, several, f"{at}.predictions[{i}]")


def _check_pairs(found: OfLabel, at: str) -> None:
    if not isinstance(found.confusion, list) or [len(row) for row in found.confusion] != [2, 2]:
        _refuse(at, "not two rows and columns")


def _check_prediction(row: Prediction, labels: Collection[str], several: bool, at: str) -> None:
    for name in ("label", "predicted"):
        said = getattr(row, name)
        unknown = [part for part in (said.split(";") if several else [said]) if part and part not in labels]
        if unknown or not (several or said):
            _refuse(f"{at}.{name}", f"no label of the data set: '{unknown[0] if unknown else ''}'")
    if row.probabilities is not None and row.probabilities.keys() != labels:
        _refuse(f"{at}.probabilities", "not of the data set's labels")


def _check_naive(naive: Naive | None, metrics: Iterable[str], at: str) -> None:
    if naive is None:
        return
    _has(f"{at}.metrics", naive.metrics, metrics)
    if naive.by_recording is not None:
        _has(f"{at}.by_recording.metrics", naive.by_recording.metrics, metrics)


def _check_projection(projection: Projection) -> None:
    at = "$.projection"
    _as_many(f"{at}.labels", projection.labels, projection.clips)
    if projection.predicted is not None:
        _as_many(f"{at}.predicted", projection.predicted, projection.clips)
    planes: dict[str, Plane | None] = {"pca": projection.pca, "tsne": projection.tsne}
    for name, plane in planes.items():
        if plane is not None:
            _as_many(f"{at}.{name}.x", plane.x, projection.clips)
            _as_many(f"{at}.{name}.y", plane.y, projection.clips)
    if not isinstance(projection.pca.explained, list) or len(projection.pca.explained) < 2:
        _refuse(f"{at}.pca.explained", "not two shares")


def _check_picture(picture: Picture, at: str) -> None:
    try:
        size = len(zlib.decompress(base64.b64decode(picture.data, validate=True)))
    except (binascii.Error, zlib.error, ValueError) as error:
        _refuse(f"{at}.data", f"can't be unpacked ({error})")
    if not size or size != picture.rows * picture.columns:
        _refuse(f"{at}.data", f"{size} bytes for {picture.rows} rows of {picture.columns}")
    if not picture.high > picture.low:
        _refuse(f"{at}.high", f"{picture.high:g} isn't above {picture.low:g}")


def _has(at: str, found: Collection[str], needed: Iterable[str]) -> None:
    for name in needed:
        if name not in found:
            _refuse(f"{at}.{name}", "missing")


def _same(at: str, found: Collection[str], labels: Sequence[str]) -> None:
    _has(at, found, labels)
    extra = [name for name in found if name not in labels]
    if extra:
        _refuse(f"{at}.{extra[0]}", "no label of the data set")


def _as_many(at: str, found: Sequence[object], others: Sequence[object]) -> None:
    if len(found) != len(others):
        _refuse(at, f"{len(found)} in place of {len(others)}")


def _refuse(at: str, why: str) -> NoReturn:
    raise DamagedError(f"{at}: {why}")
