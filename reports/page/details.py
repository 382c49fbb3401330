"""Details of one experiment, or of the held-out test set, for a page: metrics, classes, confusions and folds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from audioclf.plugin import Finished, Results
from audioclf.reports.words import costs, networks, tags, tuning
from audioclf.results import verdicts
from audioclf.results.metrics import ERRORS
from audioclf.results.schema import Fold, HeldOut, OfLabel
from audioclf.results.words import MISSING, between, interval, options, score, seconds, spread

MOST_COLUMNS = 15
"""Classes of a confusion matrix that is a table; beyond, it is a picture."""

Matrix = list[tuple[str, list[tuple[int, str, float]]]]
"""Rows of a confusion matrix: the class, and of each cell the count, its percentage and share of the row."""


@dataclass(frozen=True)
class Classes:
    """Scores per class: the heads of the columns, a row for each class with its cells and clips, and a key."""

    heads: list[str]
    rows: list[tuple[str, list[tuple[str, str]], int]]
    key: str


@dataclass(frozen=True)
class FoldRow:
    """One fold: its sizes, scores, times, and what a search chose in it."""

    fold: Fold
    scores: list[str]
    times: list[str]


@dataclass(frozen=True)
class Details:
    """All that a page shows of one experiment, as text where it is a figure.

    Attributes
    ----------
    slug, title, score : str
    metrics : list of tuple
        Name, mean with standard deviation, interval, and whether less is better.
    versus, cost, training, searched : str
        Sentences; empty where there is nothing to say.
    chosen : list of tuple
        Specs that a search chose, with the number of folds.
    parameters : list of tuple
        Specs with their parameters.
    classes : Classes
    matrix : Matrix or None
    confusions : list of tuple
        Class, what it was taken for, times, share, the first clips, and how many more there are.
    spoken : str
        How many clips have all labels right, where they have several.
    warnings : list of str
    folds : list of FoldRow
    """

    slug: str
    title: str
    score: str
    metrics: list[tuple[str, str, str, bool]]
    versus: str
    cost: str
    training: str
    searched: str
    chosen: list[tuple[str, int]]
    parameters: list[tuple[str, str]]
    classes: Classes
    matrix: Matrix | None
    confusions: list[tuple[str, str, int, str, list[str], int]]
    spoken: str
    warnings: list[str]
    folds: list[FoldRow]


def details(results: Results, experiment: Finished, slug: str, most_clips: int) -> Details:
    """Return what a page shows of one experiment, with at most so many clips behind each confusion."""
    price = costs.cost(experiment)
    confused = [] if results.multilabel else results.confusions(experiment)
    return Details(
        slug=slug,
        title=experiment.title,
        score=score(experiment.metric(results.metric).mean),
        metrics=_metrics(results, experiment),
        versus=verdicts.sentence(results, experiment),
        cost="" if price is None else price.words,
        training=networks.training(experiment),
        searched=tuning.searched(results, experiment),
        chosen=tuning.chosen(experiment),
        parameters=[
            *((spec, options(values)) for spec, values in experiment.parameters.features.items()),
            (experiment.classifier, options(experiment.parameters.classifier)),
        ],
        classes=classes(experiment.per_class),
        matrix=matrix(experiment, results.labels),
        confusions=[
            (c.label, c.predicted, c.count, f"{c.share:.0%}", c.clips[:most_clips], len(c.clips) - most_clips)
            for c in confused
        ],
        spoken=tags.spoken(results, experiment),
        warnings=experiment.warnings,
        folds=[_fold(results, fold) for fold in experiment.folds],
    )


def classes(per_class: Mapping[str, OfLabel]) -> Classes:
    """Return scores per class, or per label where clips have several."""
    areas = [
        (name, words)
        for name, words in (("roc_auc", "ROC AUC"), ("average_precision", "average precision"))
        if any(getattr(values, name) is not None for values in per_class.values())
    ]
    counted = any(values.confusion for values in per_class.values())
    rows = []
    for label, values in per_class.items():
        cells = []
        for name in ("precision", "recall", "f1"):
            ends = between(*values.intervals.get(name, (None, None)))
            cells.append((score(getattr(values, name)), "" if ends == MISSING else ends))
        cells += [(score(getattr(values, name)), "") for name, _ in areas]
        cells += [(str(number), "") for number in tags.cells(values)] if counted else []
        rows.append((label, cells, values.support))
    heads = ["precision", "recall", "F1", *(words for _, words in areas), *(tags.CELLS if counted else ())]
    return Classes(heads, rows, tags.CELLS_KEY if counted else "")


def matrix(scored: Finished | HeldOut, labels: list[str]) -> Matrix | None:
    """Return a confusion matrix; None where there is none or it is too wide for a table."""
    if scored.confusion_matrix is None or len(labels) > MOST_COLUMNS:
        return None
    counts = np.asarray(scored.confusion_matrix)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return [
        (label, [(int(n), f"{100 * share:.0f}", round(float(share), 2)) for n, share in zip(*row, strict=True)])
        for label, *row in zip(labels, counts, shares, strict=True)
    ]


def _metrics(results: Results, experiment: Finished) -> list[tuple[str, str, str, bool]]:
    known = [(name, words, experiment.metric(name)) for name, words in results.titles.items()]
    return [
        (words, spread(values), interval(values), name in ERRORS)
        for name, words, values in known
        if values.mean is not None
    ]


def _fold(results: Results, fold: Fold) -> FoldRow:
    shown = dict.fromkeys((results.metric, *results.shown))
    return FoldRow(
        fold, [score(fold.score(name)) for name in shown], [seconds(fold.fit_seconds), seconds(fold.predict_seconds)]
    )
