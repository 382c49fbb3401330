"""What an accuracy costs: said in words, drawn, and in every table; and how networks were trained."""

from __future__ import annotations

import csv
import io
import itertools

import numpy as np
import pytest
import records

from audioclf import structs
from audioclf.reports import csv_table, html, latex, markdown
from audioclf.reports.pictures.catalogue import pictures
from audioclf.reports.pictures.cost import Point
from audioclf.reports.pictures.cost import cost as draw_cost
from audioclf.reports.pictures.training import training_curve
from audioclf.reports.words.costs import bargain, cost
from audioclf.reports.words.markup import escape
from audioclf.reports.words.networks import networks, training, verdict
from audioclf.results import words
from audioclf.results.schema import History

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture
def deep(make_results):
    """A run with networks beside others."""
    return make_results(features=("logmel", "mfcc"), classifiers=("svm", "cnn"), skill=0.92, costs=True)


def rank(results, *classifiers):
    """Give the experiments with logmel these places, 0.05 apart and told from the best; return the record."""
    record = records.plain(results)
    for e in records.ranked(record):
        if e["classifier"] != "dummy":
            place = classifiers.index(e["classifier"]) if e["features"] == "logmel" else 5
            e["metrics"]["accuracy"]["mean"] = 0.9 - 0.05 * place
    best, *others = records.ranked(record)
    best["versus_best"] = None
    for e in others:
        gap = 0.9 - e["metrics"]["accuracy"]["mean"]
        told = {"difference": gap, "t": 9.0, "p": 0.001, "p_holm": 0.002, "mcnemar": None, "distinguishable": True}
        e["versus_best"] = told
    return record


def test_the_report_says_when_a_network_is_behind_and_at_what_cost(deep):
    record = rank(deep, "svm", "cnn")
    svm, cnn = records.ranked(record)[:2]
    svm["cost"] |= {"kilobytes": 10.0, "features_ms": 2.0, "classifier_ms": 1.0}
    cnn["cost"] |= {"kilobytes": 400.0, "features_ms": 2.0, "classifier_ms": 7.0}
    said = (
        "The best network, logmel with cnn, is 0.050 behind logmel with svm in accuracy, beyond what chance explains. "
        "Of the two, svm is 40 times smaller and 3 times quicker."
    )
    results = records.of(record)
    assert verdict(results) == said
    assert said in html.render(results)
    assert escape(said) in markdown.render(results)
    cnn["versus_best"]["distinguishable"] = False
    assert "in accuracy, no more than chance may explain." in verdict(records.of(record))
    cnn["versus_best"]["mcnemar"] = {"best_only": 22, "this_only": 1, "p": 0.001, "p_holm": 0.002}
    assert "beyond chance on these clips, though a new draw may come out otherwise." in verdict(records.of(record))


def test_and_when_it_is_ahead(deep):
    record = rank(deep, "cnn", "svm")
    cnn, svm = records.ranked(record)[:2]
    svm["cost"] |= {"kilobytes": 10.0, "features_ms": 2.0, "classifier_ms": 1.0}
    cnn["cost"] |= {"kilobytes": 400.0, "features_ms": 2.0, "classifier_ms": 7.0}
    assert verdict(records.of(record)) == (
        "The best network, logmel with cnn, is 0.050 ahead of the best other classifier, logmel with svm, in accuracy, "
        "beyond what chance explains. Of the two, the network is 40 times larger and 3 times slower."
    )
    svm["cost"] = cnn["cost"] = None
    assert verdict(records.of(record)).endswith("beyond what chance explains.")


def test_nothing_is_said_of_networks_where_there_is_nothing_to_compare(make_results):
    assert verdict(make_results()) == ""
    assert verdict(make_results(classifiers=("cnn",))) == ""


def test_the_quickest_like_the_best_is_named(deep):
    record = rank(deep, "cnn", "svm")
    assert bargain(records.of(record)) == ""
    records.ranked(record)[1]["versus_best"]["distinguishable"] = False
    assert bargain(records.of(record)).startswith(
        "The quickest that isn't told apart from the best: logmel with svm, 0.850"
    )


def test_every_table_has_the_cost(deep):
    ranked = records.ranked(records.plain(deep))
    rows = list(csv.DictReader(io.StringIO(csv_table.render(deep), newline="")))
    for row, e in zip(rows, ranked):
        assert {name: float(row[name]) for name in e["cost"]} == e["cost"]
    best = cost(deep.best)
    shown = (words.thousands(best.parameters), words.size(best.kilobytes), words.milliseconds(best.milliseconds))
    (line,) = [line for line in latex.render(deep).splitlines() if line.startswith(r"\textbf")]
    assert line.endswith(" & ".join(shown) + r" \\")
    first = next(line for line in markdown.render(deep).splitlines() if line.startswith("| 1 |"))
    assert f"| {shown[0]} | {shown[1]} | {shown[2]} ({best.split}) |" in first
    page = html.render(deep)
    assert f">{shown[1]} <small>{shown[0]}</small>" in page
    assert f">{shown[2]} <small title=" in page


def test_a_record_without_costs_or_epochs_shows_neither(make_results, older):
    results = older(make_results(classifiers=("cnn", "svm"), costs=True))
    names = [p.name for p in pictures(results)]
    assert not any(name.startswith(("cost", "training-curve")) for name in names)
    assert "ms a clip" not in html.render(results) + markdown.render(results) + latex.render(results)


def test_times_that_are_unknown_leave_the_size(deep):
    record = records.plain(deep)
    for e in records.ranked(record):
        e["cost"]["features_ms"] = None
    results = records.of(record)
    (picture,) = [p for p in pictures(results) if p.name == "cost"]
    assert [axes.get_xlabel() for axes in picture.draw().axes] == ["kB of the fitted model"]
    assert "quicker" not in verdict(results)
    assert "features aside" in html.render(results)


def test_dots_stand_where_the_figures_are(deep):
    (picture,) = [p for p in pictures(deep) if p.name == "cost"]
    times, sizes = picture.draw().axes
    assert times.get_xscale() == sizes.get_xscale() == "log"
    for axes, value in ((times, lambda c: c.milliseconds), (sizes, lambda c: c.kilobytes)):
        dots = {(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_marker() != "None"}
        assert dots == {(value(cost(e)), e.metrics["accuracy"].mean) for e in deep.ranking()}
        assert {text.get_text() for text in axes.texts} <= {str(k) for k in range(1, 6)}


def points(n, spread):
    rng = np.random.default_rng(n)
    for k in range(n):
        mean = 0.9 - spread * k / n
        ms = float(10 ** rng.uniform(0, 3 * spread))
        name = f"mfcc:n_coeffs={k},deltas=2+$spectral_x$ with extra_trees:n=500, augmented"
        kind = ("network", "other", "baseline")[k % 3]
        yield Point(k + 1, name, kind, mean, mean - 0.03, mean + 0.02, 3.0 + k, ms)


@pytest.mark.parametrize(("n", "spread"), [(2, 0.0), (9, 0.02), (24, 0.5), (40, 0.5)])
def test_numbers_hide_neither_dots_nor_numbers(n, spread):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = draw_cost(list(points(n, spread)), "accuracy", "a long name of data: accuracy against cost")
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    for axes in figure.axes:
        boxes = [text.get_window_extent(renderer) for text in axes.texts]
        assert len(boxes) >= min(n, 2)
        assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    for text in figure.texts:
        box = text.get_window_extent(renderer)
        assert box.x1 <= figure.bbox.width
        assert box.y0 >= 0
    assert any("and 16 more" in text.get_text() for text in figure.texts) == (n == 40)


class TestTrainingCurve:
    def test_each_network_has_one_the_page_that_of_the_best(self, deep):
        names = [p.name for p in pictures(deep) if p.name.startswith("training-curve")]
        assert sorted(names) == ["training-curve-logmel-cnn", "training-curve-mfcc-cnn"]
        text = html.render(deep)
        best = networks(deep)[0]
        assert text.count("its training, epoch by epoch") == 1
        assert f"{best.title}: its training, epoch by epoch" in text
        epochs = [len(fold.history.epochs) for fold in best.folds]
        assert f"Trained for {min(epochs)} to {max(epochs)} epochs a fold" in text

    def test_lines_are_those_of_the_record_and_rings_stand_at_the_weights_kept(self, deep):
        histories = [fold.history for fold in networks(deep)[0].folds]
        loss, right = training_curve(histories, "x").axes
        for axes, names in ((loss, ("train_loss", "valid_loss")), (right, ("valid_accuracy",))):
            drawn = [tuple(line.get_ydata()) for line in axes.lines if line.get_linewidth() < 1]
            told = [tuple(getattr(e, name) for e in h.epochs) for name in names for h in histories]
            assert sorted(drawn) == sorted(told)
            rings = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
            assert rings == [h.best_epoch for h in histories]

    def test_without_validation_the_loss_alone(self):
        epochs = [{"epoch": k, "train_loss": 1 / k, "valid_loss": None, "valid_accuracy": None} for k in (1, 2, 3)]
        history = structs.convert({"epochs": epochs, "best_epoch": None, "n_validation": 0}, History)
        (axes,) = training_curve([history], "x").axes
        assert axes.get_ylabel() == "loss"
        assert len(axes.lines) == 2
        experiment = records.finished(folds=[records.fold(history=history)])
        assert training(records.typed(experiment)) == (
            "Trained for 3 epochs a fold; the weights are those of the last."
        )

    def test_a_first_epoch_that_goes_astray_does_not_flatten_the_rest(self):
        losses = [1e6, *np.linspace(1, 0.2, 19).tolist()]
        epochs = [{"epoch": k, "train_loss": v, "valid_loss": v} for k, v in enumerate(losses, 1)]
        history = structs.convert({"epochs": epochs, "best_epoch": 20, "n_validation": 9}, History)
        (axes,) = training_curve([history], "x").axes
        assert axes.get_ylim()[1] < 5
