"""Which pictures a record has data for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audioclf.reports.pictures import clips as _sound
from audioclf.reports.pictures import figures as _figures
from audioclf.reports.pictures import networks as _network_plots
from audioclf.reports.pictures import plots as _plots
from audioclf.reports.pictures import tags as _tag_plots
from audioclf.reports.words import costs as _costs
from audioclf.reports.words import tags as _tags
from audioclf.reports.words import text as _text
from audioclf.reports.words.text import score, slug_of
from audioclf.results.names import is_baseline, title
from audioclf.results.results import Results
from audioclf.results.schema import Finished as Experiment
from audioclf.statistics import scores as statistics

if TYPE_CHECKING:
    from matplotlib.figure import Figure


TRAINING = "training-curve"
"""What the names of pictures of networks' training begin with."""


@dataclass(frozen=True)
class Picture:
    """A picture that can be drawn.

    Attributes
    ----------
    name : str
        Its file's name, without folder and ``.png``.
    title : str
        What it shows, for a caption or for who can't see it.
    draw : callable
        Returns the figure.
    """

    name: str
    title: str
    draw: Callable[[], Figure]


def pictures(results: Results) -> list[Picture]:
    """List what can be drawn of a record, but for the confusion matrices: see `matrices`."""
    return [*_answers(results), *_winner(results), *_trained(results), *_data(results)]


def matrices(results: Results, experiment: Experiment) -> list[Picture]:
    """List the two confusion matrices of one experiment: in numbers of clips, and in shares of the true class.

    Where clips have several labels, one picture of what was found, missed and wrongly given.
    """
    heading = (
        f"{title(experiment)}: {score(experiment['metrics'][results.metric]['mean'])} {results.titles[results.metric]}"
    )
    name = f"confusion-{slug_of(results, experiment)}"
    if results.multilabel:
        what = f"{title(experiment)}: labels found, missed and wrongly given"
        return [Picture(name, what, partial(_label_bars, results, experiment, what))]
    matrix = np.asarray(experiment["confusion_matrix"])
    counts = partial(_figures.confusion_counts, matrix, results.labels, heading)
    shares = partial(_figures.confusion_shares, matrix, results.labels, heading)
    return [
        Picture(name, f"Confusion matrix of {title(experiment)}, in clips", counts),
        Picture(f"{name}-normalised", f"Confusion matrix of {title(experiment)}, in shares of the true class", shares),
    ]


def _answers(results: Results) -> Iterator[Picture]:
    if results.best is not None:
        yield Picture("ranking", "Experiments ranked, with 95 % intervals", partial(_figures.ranking, results))
    points = _points(results)
    if sum(point.kind != "floor" for point in points) > 1:
        metric = results.titles[results.metric]
        what = f"{_data_name(results)}: {metric} against cost"
        yield Picture("cost", what, partial(_network_plots.cost, points, metric, what))


def _points(results: Results) -> list[_network_plots.Point]:
    """The experiments whose cost the record knows, best first."""
    found = []
    for place, e in enumerate(results.ranking(), 1):
        values, price = e["metrics"][results.metric], _costs.cost(e)
        if price is None or values["mean"] is None:
            continue
        kind = "floor" if is_baseline(e) else "network" if _costs.is_network(e) else "other"
        ends = (values["mean"], values["low"], values["high"])
        found.append(_network_plots.Point(place, title(e), kind, *ends, price.kilobytes, price.milliseconds))
    return found


def _trained(results: Results) -> Iterator[Picture]:
    """How each network was trained, the best first."""
    for network in _costs.networks(results):
        what = f"{title(network)}: its training, epoch by epoch"
        histories = [fold["history"] for fold in network["folds"] if (fold.get("history") or {}).get("epochs")]
        name = f"{TRAINING}-{slug_of(results, network)}"
        yield Picture(name, what, partial(_network_plots.training_curve, histories, what))


def _winner(results: Results) -> Iterator[Picture]:
    """What is known of the best experiment besides its confusions."""
    best, record = results.best, results.record
    if best is not None and (given := _probabilities(results, best)) is not None:
        truth, scores = given
        about, (noun, _) = f"{_data_name(results)}: {title(best)}", _text.noun(results)
        if (truth.any(axis=0) & ~truth.all(axis=0)).any():
            one = "each label on its own" if results.multilabel else "one class against the rest"
            for name, what, draw in (
                ("roc", f"hits against false alarms, {one}", _plots.roc),
                ("precision-recall", f"precision against recall, {one}", _plots.precision_recall),
            ):
                drawn = partial(draw, truth, scores, results.labels, f"{about}, {what}", noun)
                yield Picture(name, f"{title(best)}: {what}", drawn)
        what = "labels" if results.multilabel else "right answers"
        what += " against their probability"
        drawn = partial(_reliability, truth, scores, f"{about}, {what}", results.multilabel)
        yield Picture("reliability", f"{title(best)}: {what}", drawn)
    if (curve := record.get("learning_curve")) and any(p["mean"] is not None for p in curve["points"]):
        metric = results.titles.get(curve["metric"], curve["metric"])
        what = f"{title(curve)}: {metric} over the clips trained on"
        yield Picture("learning-curve", what, partial(_plots.learning_curve, curve["points"], metric, what))
    if (drops := record.get("importance")) and (drops.get("extractors") or drops.get("coefficients")):
        metric = results.titles.get(drops["metric"], drops["metric"])
        what = f"{title(drops)}: what its {metric} of {score(drops['baseline'])} rests on"
        yield Picture("importance", what, partial(_plots.importance, drops, metric, what))

    if test := record.get("test"):
        metric = test["metrics"][results.metric]["value"]
        what = f"{title(test)} on the clips kept apart: {score(metric)} {results.titles[results.metric]}"
        if results.multilabel:
            what = f"{title(test)} on the clips kept apart: labels found, missed and wrongly given"
            yield Picture("confusion-test", what, partial(_label_bars, results, test, what))
            return
        draw = partial(_figures.confusion_counts, np.asarray(test["confusion_matrix"]), results.labels, what)
        yield Picture("confusion-test", f"Confusion matrix of {title(test)} on the clips kept apart, in clips", draw)


def _data(results: Results) -> Iterator[Picture]:
    """The data themselves."""
    record, name = results.record, _data_name(results)
    counts = record["dataset"].get("label_counts")
    if counts:
        clips = [counts.get(label, 0) for label in results.labels]
        what = f"{name}: clips per {_text.noun(results)[0]}"
        draw = partial(_plots.class_distribution, results.labels, clips, _groups(results), what)
        yield Picture("class-distribution", what, draw)
    if projected := record.get("projection"):
        what = f"{name}: the clips by {projected['features']}"
        yield Picture("projection", what, partial(_plots.projection, projected, what))
    portraits = record.get("portraits") or []
    pages = [portraits[at : at + _sound.A_PAGE] for at in range(0, len(portraits), _sound.A_PAGE)]
    for number, page in enumerate(pages, 1):
        what = f"{name}: one clip of each {_text.noun(results)[0]}" + (
            f", page {number} of {len(pages)}" if len(pages) > 1 else ""
        )
        stem = "portraits" if len(pages) == 1 else f"portraits-{number}"
        yield Picture(stem, what, partial(_sound.overview, page, what))


def _data_name(results: Results) -> str:
    return results.record["dataset"]["name"]


def _reliability(truth: NDArray[np.bool_], scores: NDArray[np.float64], heading: str, multilabel: bool) -> Figure:
    """How often answers are right; where clips have several labels, how often a clip has a label, over all labels."""
    if multilabel:
        pooled = statistics.reliability(np.where(truth.ravel(), 0, 1), scores.reshape(-1, 1))
        return _plots.reliability(pooled, heading, _plots.OF_LABELS)
    return _plots.reliability(statistics.reliability(truth.argmax(axis=1), scores), heading)


def _label_bars(results: Results, scored: dict[str, Any], heading: str) -> Figure:
    cells = [_tags.cells(scored["per_class"][label]) for label in results.labels]
    return _tag_plots.label_bars(results.labels, cells, heading)


def _probabilities(results: Results, experiment: Experiment) -> tuple[NDArray[np.bool_], NDArray[np.float64]] | None:
    """What clips are and probabilities, both (n_predictions, n_classes), if all predictions have them."""
    predictions = experiment["predictions"]
    if not predictions or any(p["probabilities"] is None for p in predictions):
        return None
    if results.multilabel:
        truth = _tags.matrix([p["label"] for p in predictions], results.labels)
    else:
        truth = np.array([[p["label"] == label for label in results.labels] for p in predictions])
    scores = np.array([[p["probabilities"].get(label, 0.0) for label in results.labels] for p in predictions])
    return truth, scores


def _groups(results: Results) -> list[int] | None:
    """Groups per class, where the record knows them."""
    given = results.record["dataset"].get("label_groups")
    if given:
        return [given.get(label, 0) for label in results.labels]
    if results.best is None or results.record["dataset"].get("n_groups") is None:
        return None
    found: dict[str, set[str]] = defaultdict(set)
    for p in results.best["predictions"]:
        if p["group"] is None:
            return None
        for label in _tags.names(p["label"]) if results.multilabel else [p["label"]]:
            found[label].add(p["group"])
    return [len(found[label]) for label in results.labels]
