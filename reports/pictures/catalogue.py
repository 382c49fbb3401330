"""Catalogue of pictures: those that a record has data for, each with the section of the report it belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Finished, Results
from audioclf.reports.pictures import calibration
from audioclf.reports.pictures.classes import class_distribution, label_bars
from audioclf.reports.pictures.confusion import confusion_counts, confusion_shares
from audioclf.reports.pictures.cost import Point, cost
from audioclf.reports.pictures.curves import precision_recall, roc
from audioclf.reports.pictures.importance import importance
from audioclf.reports.pictures.learning_curve import learning_curve
from audioclf.reports.pictures.portraits import A_PAGE, overview
from audioclf.reports.pictures.projection import projection
from audioclf.reports.pictures.ranking import ranking
from audioclf.reports.pictures.training import training_curve
from audioclf.reports.words import costs, networks, tags
from audioclf.reports.words.data import noun
from audioclf.reports.words.naming import slug_of
from audioclf.results.schema import OfLabel
from audioclf.results.words import score
from audioclf.statistics.calibration import reliability

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Section(Enum):
    """The part of a report that a picture belongs to."""

    RANKING = "ranking"
    COST = "cost"
    TEST = "held-out test set"
    CONFUSIONS = "confusions of an experiment"
    WINNER = "winner"
    TRAINING = "training of a network"
    DATA = "data"
    PORTRAITS = "clips of each class"


@dataclass(frozen=True)
class Picture:
    """A picture that can be drawn.

    Attributes
    ----------
    name : str
        Its file's name, without folder and ``.png``.
    section : Section
    title : str
        What it shows, for a caption or for who can't see it.
    draw : callable
        Returns the figure.
    """

    name: str
    section: Section
    title: str
    draw: Callable[[], Figure]


def pictures(results: Results) -> list[Picture]:
    """List what can be drawn of a record, but for the confusion matrices: see `matrices`."""
    return [
        *_comparison(results),
        *_answers(results),
        *_insights(results),
        *_test(results),
        *_training(results),
        *_data(results),
    ]


def of_section(found: Iterable[Picture], *sections: Section) -> list[Picture]:
    """Return the pictures that belong to any of *sections*, in their order."""
    return [picture for picture in found if picture.section in sections]


def matrices(results: Results, experiment: Finished) -> list[Picture]:
    """List the two confusion matrices of one experiment: in numbers of clips, and in shares of the true class.

    Where clips have several labels, one picture of what was found, missed and wrongly given.
    """
    title = experiment.title
    heading = f"{title}: {score(experiment.metrics[results.metric].mean)} {results.titles[results.metric]}"
    name = f"confusion-{slug_of(results, experiment)}"
    if results.multilabel:
        what = f"{title}: labels found, missed and wrongly given"
        draw = partial(_label_bars, results, experiment.per_class, what)
        return [Picture(name, Section.CONFUSIONS, what, draw)]
    matrix = np.asarray(experiment.confusion_matrix)
    shapes = (
        (name, "in clips", confusion_counts),
        (f"{name}-normalised", "in shares of the true class", confusion_shares),
    )
    return [
        Picture(
            name,
            Section.CONFUSIONS,
            f"Confusion matrix of {title}, {what}",
            partial(draw, matrix, results.labels, heading),
        )
        for name, what, draw in shapes
    ]


def _comparison(results: Results) -> Iterator[Picture]:
    """All experiments together: how they rank, and what they cost."""
    if results.best is not None:
        title = "Experiments ranked, with 95 % intervals"
        yield Picture("ranking", Section.RANKING, title, partial(ranking, results))
    points = _points(results)
    if sum(point.kind != "baseline" for point in points) > 1:
        metric = results.titles[results.metric]
        what = f"{results.record.dataset.name}: {metric} against cost"
        yield Picture("cost", Section.COST, what, partial(cost, points, metric, what))


def _points(results: Results) -> list[Point]:
    """The experiments whose cost the record knows, best first."""
    found = []
    for place, e in enumerate(results.ranking(), 1):
        values, price = e.metrics[results.metric], costs.cost(e)
        if price is None or values.mean is None:
            continue
        kind = "baseline" if e.is_baseline else "network" if networks.is_network(e) else "other"
        ends = (values.mean, values.low, values.high)
        found.append(Point(place, e.title, kind, *ends, price.kilobytes, price.milliseconds))
    return found


def _answers(results: Results) -> Iterator[Picture]:
    """Curves of the winner's probabilities, where it gives any."""
    best = results.best
    if best is None or (given := _probabilities(results, best)) is None:
        return
    truth, scores = given
    about, (one, _) = f"{results.record.dataset.name}: {best.title}", noun(results)
    if (truth.any(axis=0) & ~truth.all(axis=0)).any():
        each = "each label on its own" if results.multilabel else "one class against the rest"
        for name, what, draw in (
            ("roc", f"ROC curve, {each}", roc),
            ("precision-recall", f"precision-recall curve, {each}", precision_recall),
        ):
            drawn = partial(draw, truth, scores, results.labels, f"{about}, {what}", one)
            yield Picture(name, Section.WINNER, f"{best.title}: {what}", drawn)
    what = "reliability: " + ("labels" if results.multilabel else "right answers") + " against their probability"
    drawn = partial(_reliability, truth, scores, f"{about}, {what}", results.multilabel)
    yield Picture("reliability", Section.WINNER, f"{best.title}: {what}", drawn)


def _insights(results: Results) -> Iterator[Picture]:
    """What more is known of the winner: its learning curve and permutation importance."""
    curve, drops = results.record.learning_curve, results.record.importance
    if curve is not None and any(p.mean is not None for p in curve.points):
        metric = results.titles.get(curve.metric, curve.metric)
        what = f"{curve.title}: {metric} over the clips trained on"
        yield Picture("learning-curve", Section.WINNER, what, partial(learning_curve, curve.points, metric, what))
    if drops is not None and (drops.extractors or drops.coefficients):
        metric = results.titles.get(drops.metric, drops.metric)
        what = f"{drops.title}: permutation importance for its {metric} of {score(drops.baseline)}"
        yield Picture("importance", Section.WINNER, what, partial(importance, drops, metric, what))


def _test(results: Results) -> Iterator[Picture]:
    """The confusions of the held-out test set."""
    test, name = results.record.test, "confusion-test"
    if test is None:
        return
    if results.multilabel:
        what = f"{test.title} on the held-out test set: labels found, missed and wrongly given"
        yield Picture(name, Section.TEST, what, partial(_label_bars, results, test.per_class, what))
        return
    got = f"{score(test.metrics[results.metric].value)} {results.titles[results.metric]}"
    heading = f"{test.title} on the held-out test set: {got}"
    draw = partial(confusion_counts, np.asarray(test.confusion_matrix), results.labels, heading)
    yield Picture(name, Section.TEST, f"Confusion matrix of {test.title} on the held-out test set, in clips", draw)


def _training(results: Results) -> Iterator[Picture]:
    """How each network was trained, the best first."""
    for network in networks.networks(results):
        what = f"{network.title}: its training, epoch by epoch"
        histories = [fold.history for fold in network.folds if fold.history is not None and fold.history.epochs]
        name = f"training-curve-{slug_of(results, network)}"
        yield Picture(name, Section.TRAINING, what, partial(training_curve, histories, what))


def _data(results: Results) -> Iterator[Picture]:
    """The data themselves: clips per class, clips in the plane, and one clip of each class."""
    record, (one, _) = results.record, noun(results)
    name, counts = record.dataset.name, record.dataset.label_counts
    if counts:
        clips = [counts.get(label, 0) for label in results.labels]
        what = f"{name}: clips per {one}"
        draw = partial(class_distribution, results.labels, clips, _groups(results), what)
        yield Picture("class-distribution", Section.DATA, what, draw)
    if record.projection is not None:
        what = f"{name}: the clips by {record.projection.features}"
        yield Picture("projection", Section.DATA, what, partial(projection, record.projection, what))
    pages = [record.portraits[at : at + A_PAGE] for at in range(0, len(record.portraits), A_PAGE)]
    for number, page in enumerate(pages, 1):
        stem, what = "portraits", f"{name}: one clip of each {one}"
        if len(pages) > 1:
            stem, what = f"{stem}-{number}", f"{what}, page {number} of {len(pages)}"
        yield Picture(stem, Section.PORTRAITS, what, partial(overview, page, what))


def _reliability(truth: NDArray[np.bool_], scores: NDArray[np.float64], heading: str, multilabel: bool) -> Figure:
    """How often answers are right; where clips have several labels, how often a clip has a label, over all labels."""
    if multilabel:
        pooled = reliability(np.where(truth.ravel(), 0, 1), scores.reshape(-1, 1))
        return calibration.reliability(pooled, heading, calibration.OF_LABELS)
    return calibration.reliability(reliability(truth.argmax(axis=1), scores), heading)


def _label_bars(results: Results, per_class: dict[str, OfLabel], heading: str) -> Figure:
    return label_bars(results.labels, [tags.cells(per_class[label]) for label in results.labels], heading)


def _probabilities(results: Results, experiment: Finished) -> tuple[NDArray[np.bool_], NDArray[np.float64]] | None:
    """What clips are and probabilities, both (n_predictions, n_classes), if all predictions have them."""
    predictions = experiment.predictions
    given = [p.probabilities for p in predictions if p.probabilities is not None]
    if not predictions or len(given) < len(predictions):
        return None
    if results.multilabel:
        truth = tags.matrix([p.label for p in predictions], results.labels)
    else:
        truth = np.array([[p.label == label for label in results.labels] for p in predictions])
    return truth, np.array([[chances.get(label, 0.0) for label in results.labels] for chances in given])


def _groups(results: Results) -> list[int] | None:
    """Groups per class, where the record knows them."""
    given = results.record.dataset.label_groups
    if given:
        return [given.get(label, 0) for label in results.labels]
    if results.best is None or results.record.dataset.n_groups is None:
        return None
    found: dict[str, set[str]] = defaultdict(set)
    for p in results.best.predictions:
        if p.group is None:
            return None
        for label in tags.names(p.label) if results.multilabel else [p.label]:
            found[label].add(p.group)
    return [len(found[label]) for label in results.labels]
