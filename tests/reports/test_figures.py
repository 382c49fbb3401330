"""Figures: legible whatever the classes are called and however many there are, and true to the numbers."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest
import records
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from msgspec.structs import replace
from sklearn.metrics import average_precision_score, roc_auc_score

from audioclf.audio.signal import Signal
from audioclf.reports.pictures.calibration import reliability
from audioclf.reports.pictures.canvas import COLOURS, MARKERS, plain
from audioclf.reports.pictures.catalogue import matrices, pictures
from audioclf.reports.pictures.classes import class_distribution
from audioclf.reports.pictures.curves import precision_recall, roc
from audioclf.reports.pictures.importance import importance
from audioclf.reports.pictures.learning_curve import learning_curve
from audioclf.reports.pictures.portraits import overview, six_pictures
from audioclf.reports.pictures.projection import projection
from audioclf.reports.pictures.ranking import ranking
from audioclf.reports.pictures.ranks import critical_difference
from audioclf.results.portrait import portrait
from audioclf.results.results import Results
from audioclf.results.schema import Drop, Importance, Plane, Point, Projection
from audioclf.spectra.analysis import Analysis
from audioclf.statistics import calibration as statistics

LONG = "a very long name of a class that somebody gave without thinking of tables " * 3
NASTY = [
    "<script>alert(1)</script>",
    "50 % of $x_1$ \\frac{1}{2} #~^{}",
    LONG,
    "_[link](http://example.org)_",
    "two\nl",
]
PLAIN = {2: ["no", "yes"], 5: NASTY, 10: [f"Instrument_{k}" for k in range(10)], 50: [f"class {k}" for k in range(50)]}
SIZES = pytest.mark.parametrize("labels", PLAIN.values(), ids=["two", "nasty", "ten", "fifty"])


@pytest.fixture
def check(monkeypatch):
    """Return a function that draws a figure and checks that no text is cut off, tiny, or over another text."""
    drawn = []
    draw = Text.draw

    def record(self, renderer, *more, **options):
        if self.get_visible() and self.get_text().strip():
            drawn.append((self, self.get_window_extent(renderer)))
        draw(self, renderer, *more, **options)

    monkeypatch.setattr(Text, "draw", record)

    def run(figure, smallest=4.5):
        drawn.clear()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            FigureCanvasAgg(figure).draw()
        width, height = figure.bbox.width, figure.bbox.height
        assert max(width, height) < 4500
        for text, box in drawn:
            assert text.get_fontsize() >= smallest, text
            assert box.x0 >= 0, text
            assert box.y0 >= 0, text
            assert box.x1 <= width, text
            assert box.y1 <= height, text
        for (a, one), (b, two) in itertools.combinations(drawn, 2):
            if a.get_rotation() or b.get_rotation():  # boxes around slanted text overlap where the text doesn't
                continue
            across = min(one.x1, two.x1) - max(one.x0, two.x0)
            down = min(one.y1, two.y1) - max(one.y0, two.y0)
            assert across < 2 or down < 2, (a, b)
        return {text.get_text() for text, _ in drawn}

    return run


def one_hot(truth, scores):
    return truth[:, None] == np.arange(scores.shape[1])


def answers(n_classes, n=400, seed=0, skill=2.0):
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % n_classes
    levels = rng.normal(size=(n, n_classes))
    levels[np.arange(n), truth] += skill
    return truth, np.exp(levels) / np.exp(levels).sum(axis=1, keepdims=True)


def lines(axes):
    return {line.get_color(): line for line in axes.lines}


class TestClassDistribution:
    @SIZES
    @pytest.mark.parametrize("grouped", [False, True])
    def test_is_legible_and_true(self, check, labels, grouped):
        clips = [1000 + 7 * (k % 13) for k in range(len(labels))]
        groups = [k % 9 + 1 for k in range(len(labels))] if grouped else None
        figure = class_distribution(labels, clips, groups, "set: clips per class")
        texts = check(figure)
        bars = figure.axes[0].patches
        assert [bar.get_width() for bar in bars[: len(labels)]] == sorted(clips, reverse=True)
        names = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
        assert names[0].startswith(plain(labels[int(np.argmax(clips))])[:20])
        assert (f"{clips[0]} (1)" if grouped else str(clips[0])) in texts

    def test_classes_without_clips(self, check):
        check(class_distribution(["a", "b"], [0, 0], [0, 0], "nothing"))


class TestCurves:
    @SIZES
    @pytest.mark.parametrize("draw", [roc, precision_recall])
    def test_is_legible(self, check, labels, draw):
        truth, scores = answers(len(labels))
        texts = check(
            draw(
                one_hot(truth, scores),
                scores,
                labels,
                "instruments: mfcc+gfcc+spectral with extra_trees, a heading " * 2,
            )
        )
        named = [t for t in texts if "  0." in t]
        assert len(named) == (len(labels) if len(labels) <= 6 else 6)

    def test_areas_are_scikit_learns(self, check):
        truth, scores = answers(4, skill=1.0)
        labels = ["a", "b", "c", "d"]
        for draw, reference in (
            (roc, roc_auc_score),
            (precision_recall, average_precision_score),
        ):
            texts = check(draw(one_hot(truth, scores), scores, labels, "x"))
            for k, label in enumerate(labels):
                assert f"{label}  {reference(truth == k, scores[:, k]):.3f}" in texts

    def test_with_many_classes_the_worst_are_named_and_their_mean(self, check):
        truth, scores = answers(10, n=600, skill=1.5)
        labels = [f"c{k}" for k in range(10)]
        areas = [roc_auc_score(truth == k, scores[:, k]) for k in range(10)]
        texts = check(roc(one_hot(truth, scores), scores, labels, "x"))
        worst = np.argsort(areas)[:5]
        assert {f"c{k}  {areas[k]:.3f}" for k in worst} < texts
        assert f"mean of the classes  {np.mean(areas):.3f}" in texts
        assert "the other 5 classes" in texts

    def test_mean_of_equal_curves_is_the_curve(self):
        """Every class has the same two hits and one false alarm: so has the mean."""
        n = 8
        truth = np.repeat(np.arange(n), 4)
        scores = np.full((4 * n, n), 0.1)
        scores[np.arange(4 * n), truth] = np.tile([0.9, 0.8, 0.05, 0.04], n)
        figure = roc(one_hot(truth, scores), scores, [str(k) for k in range(n)], "x")
        mean = next(line for line in figure.axes[0].lines if line.get_linewidth() > 2)
        y = mean.get_ydata()
        assert y[0] == 0.0
        np.testing.assert_allclose(y[1:-1], 0.5)
        assert y[-1] == 1.0

    def test_a_class_without_clips_has_no_curve(self, check):
        truth, scores = answers(3)
        scores = np.hstack([scores, scores[:, :1]])
        texts = check(roc(one_hot(truth, scores), scores, ["a", "b", "c", "absent"], "x"))
        assert not any(text.startswith("absent") for text in texts)


class TestReliability:
    def test_points_lie_at_confidence_and_accuracy(self, check):
        truth, scores = answers(3)
        found = statistics.reliability(truth, scores)
        figure = reliability(found, "mfcc with svm: right answers against their probability")
        texts = check(figure)
        some = found.count > 0
        points = figure.axes[0].collections[-1].get_offsets()
        np.testing.assert_allclose(points, np.stack([found.confidence[some], found.accuracy[some]], axis=1))
        assert [bar.get_height() for bar in figure.axes[1].patches] == found.count.tolist()
        assert f"expected calibration error {found.ece:.3f}" in texts

    def test_one_bin(self, check):
        check(reliability(statistics.reliability(np.zeros(3, int), np.eye(2)[[0, 0, 0]]), "x"))


class TestLearningCurve:
    points = [Point(share=s, n_train=96 * s, mean=0.9 - 0.3 / (9 * s), std=0.05) for s in (0.1, 0.3, 0.6, 1.0)]

    def test_goes_through_the_means(self, check):
        figure = learning_curve(self.points, "accuracy", "mfcc with svm")
        check(figure)
        x, y = figure.axes[0].lines[0].get_data()
        np.testing.assert_allclose(x, [p.n_train for p in self.points])
        np.testing.assert_allclose(y, [p.mean for p in self.points])

    def test_unknown_scores_are_left_out(self, check):
        holes = [Point(share=0.05, n_train=5, mean=None, std=None), replace(self.points[0], std=None)]
        figure = learning_curve(holes, "accuracy", "x")
        check(figure)
        assert len(figure.axes[0].lines[0].get_xdata()) == 1


class TestImportance:
    def drops(self, rows):
        by_extractor = [Drop(name="mfcc", drop=0.3, std=0.1)]
        found = {"features": "mfcc", "classifier": "svm", "metric": "accuracy", "baseline": 0.9}
        return Importance(**found, extractors=by_extractor, coefficients=rows)

    @pytest.mark.parametrize("n", [0, 1, 25, 100])
    def test_is_legible_and_shows_at_most_25(self, check, n):
        rows = [Drop(name=f"mfcc_{k}_delta2_mean", drop=0.1 * 0.8**k - 0.01, std=0.02) for k in range(n)]
        figure = importance(self.drops(rows), "accuracy", "mfcc with svm: what its accuracy rests on")
        check(figure)
        assert len(figure.axes) == (2 if n else 1)
        if n:
            drops = [bar.get_width() for bar in figure.axes[1].patches]
            np.testing.assert_allclose(drops, [0.1 * 0.8**k - 0.01 for k in range(min(n, 25))])

    def test_nasty_names_and_nothing_lost(self, check):
        rows = [Drop(name=f"$x_{k}$ {LONG}", drop=-0.0001, std=None) for k in range(5)]
        texts = check(importance(self.drops(rows), "accuracy", "x"))
        assert "0.000" in texts
        assert "-0.000" not in texts


class TestProjection:
    def found(self, labels, n=300, tsne=True, predicted=True, wrong=7):
        rng = np.random.default_rng(0)
        own = [labels[k % len(labels)] for k in range(n)]
        guessed = [labels[(k + (k < wrong)) % len(labels)] for k in range(n)]
        plane = {axis: rng.normal(size=n).tolist() for axis in "xy"}
        return Projection(
            features="mfcc",
            clips=[str(k) for k in range(n)],
            labels=own,
            predicted=guessed if predicted else None,
            pca=Plane(**plane, explained=[0.3, 0.1]),
            tsne=Plane(**plane, perplexity=30.0) if tsne else None,
        )

    @SIZES
    def test_is_legible_and_rings_the_wrong(self, check, labels):
        found = self.found(labels)
        figure = projection(found, "instruments: the clips by mfcc")
        texts = check(figure)
        assert "answered wrongly (7)" in texts
        points = np.stack([found.pca.x, found.pca.y], axis=1)
        for axes in figure.axes:
            np.testing.assert_allclose(axes.collections[-1].get_offsets(), points[:7])
            assert sum(len(c.get_offsets()) for c in axes.collections[:-1]) == len(points)

    def test_no_two_classes_look_alike(self):
        looks = [(MARKERS[k], COLOURS[k % 7]) for k in range(len(MARKERS))]
        assert len(set(looks)) == len(looks) == len({marker for marker, _ in looks})

    def test_of_many_classes_the_most_confused_have_colours(self, check):
        labels = PLAIN[50]
        texts = check(projection(self.found(labels, wrong=6), "x"))
        for k in range(7):  # clips 0 to 5 were taken for the next class
            assert f"{labels[k]}  (6)" in texts
        assert "the other 43 classes" in texts

    def test_without_answers_and_tsne(self, check):
        figure = projection(self.found(PLAIN[50], tsne=False, predicted=False), "x")
        texts = check(figure)
        assert not any(text.startswith("answered") for text in texts)
        assert len(figure.axes) == 1


class TestCriticalDifference:
    def bars(self, figure):
        return sorted(
            tuple(line.get_xdata().round(6)) for line in figure.axes[0].lines if line.get_linewidth() > 3
        )  # fmt: skip

    def test_demsars_example(self, check):
        """Section 3.2.2 and table 6: mean ranks of four variants of C4.5 on 14 data sets, critical difference 1.25."""
        figure = critical_difference(["C4.5", "+m", "+cf", "+m+cf"], [3.143, 2.0, 2.893, 1.964], 1.25, "x")
        texts = check(figure)
        assert {"+m+cf  1.96", "+m  2.00", "+cf  2.89", "C4.5  3.14", "critical difference 1.25"} <= texts
        assert len(self.bars(figure)) == 1  # 3.143 - 1.964 < 1.25

    def test_bars_join_what_is_closer_than_the_difference(self):
        figure = critical_difference(list("abcd"), [1.2, 1.9, 2.8, 4.0], 1.0, "x")
        (a, b), (c, d) = self.bars(figure)
        assert a < c < b < d  # a with b, b with c

    @pytest.mark.parametrize("n", [2, 3, 11, 40])
    def test_is_legible(self, check, n):
        ranks = np.linspace(1.1, n - 0.1, n)
        names = [f"mfcc:n_coeffs={k}+gfcc with $svm_{k}" for k in range(n)]
        check(critical_difference(names, ranks, n / 3, "data", "joined: not told apart"))

    def test_ties(self, check):
        check(critical_difference(["a", "b", LONG], [2.0, 2.0, 2.0], 1.5, "x"))


class TestRanking:
    def test_marks_what_cannot_be_told_from_the_best(self, check, make_results):
        results = make_results(features=("mfcc", "gfcc", "mfcc+gfcc"), classifiers=("svm", "rf"))
        apart = [False, False, True, False, True, True, True]
        record = records.plain(results)
        for experiment, told in zip(records.ranked(record)[1:], apart[1:], strict=True):
            experiment["versus_best"] |= {"distinguishable": told, "mcnemar": None}
        fourth = records.ranked(record)[3]["versus_best"]
        fourth["mcnemar"] = {"best_only": 22, "this_only": 1, "p": 0.001, "p_holm": 0.002}
        figure = ranking(records.of(record))
        check(figure)
        signs = [text.get_text()[-1] for text in figure.axes[0].texts]
        assert [sign if not sign.isdigit() else "" for sign in signs] == ["", "≈", "", "≲", "", "", ""]
        dots = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
        assert [dot.get_markerfacecolor() == "white" for dot in dots] == apart
        assert len({str(dot.get_markerfacecolor()) for dot in dots}) == 3

    def test_the_baseline_and_the_chance_level_are_lines(self, check, make_results):
        results = make_results()
        figure = ranking(results)
        check(figure)
        assert "dashed: baseline (majority class), dotted: chance level" in figure.axes[0].get_xlabel()
        upright = [line.get_xdata()[0] for line in figure.axes[0].lines if len(set(line.get_xdata())) == 1]
        baseline = results.baseline.metrics["accuracy"].mean
        counts = np.array(list(results.record.dataset.label_counts.values()))
        chance = ((counts / counts.sum()) ** 2).sum()
        assert upright[-2:] == pytest.approx([baseline, chance])

    def test_without_a_baseline_there_is_no_chance_level(self, check, make_results):
        figure = ranking(make_results(dummy=False))
        check(figure)
        assert "dotted" not in figure.axes[0].get_xlabel()

    def test_scores_below_zero_are_seen(self, check, make_results):
        record = records.plain(make_results()) | {"metric": "mcc"}
        worst = {"mean": -0.4, "std": 0.1, "low": -0.6, "high": None}
        records.ranked(record)[-1]["metrics"]["mcc"] = worst
        figure = ranking(records.of(record))
        check(figure)
        assert figure.axes[0].get_xlim()[0] < -0.6

    @pytest.mark.parametrize("n", [1, 10])
    def test_is_legible(self, check, make_results, n):
        results = make_results(features=[f"mfcc:n_coeffs={k}+gfcc+spectral" for k in range(n)], n_clips=20)
        check(ranking(results))


def portraits(count, seconds=1.0, rate=16000):
    rng = np.random.default_rng(0)
    found = []
    for k in range(count):
        time = np.arange(round(seconds * rate)) / rate
        tone = np.sin(2 * np.pi * (200 + 50 * k) * time) + 0.05 * rng.normal(size=len(time))
        signal = Signal((0.3 * tone).astype(np.float32), rate)
        found.append(portrait(signal, Analysis(rate), label=NASTY[k % len(NASTY)], name=f"{LONG[:60]}/clip-{k}.wav"))
    return found


class TestPortraits:
    def test_six_pictures_with_units(self, check):
        figure = six_pictures(portraits(1)[0])
        texts = check(figure)
        titles = {"waveform", "spectrum", "real cepstrum", "spectrogram"}
        assert titles < texts
        assert {"time / s", "frequency / kHz", "quefrency / ms", "coefficient", "band's centre / kHz"} < texts

    def test_the_loudest_frequency_is_where_it_belongs(self):
        """A tone of 1 kHz: the peak of the line and the bright row of the picture are at 1 on the axis in kHz."""
        tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000).astype(np.float32)
        figure = six_pictures(portrait(Signal(tone, 16000), Analysis(16000)))
        _, spectrum, _, spectrogram, *_ = figure.axes
        for line in spectrum.lines:
            x, y = line.get_data()
            assert x[np.argmax(y)] == pytest.approx(1.0, abs=0.05)
        (image,) = spectrogram.images
        left, right, low, high = image.get_extent()
        levels = np.asarray(image.get_array())
        at = low + (levels.mean(axis=1).argmax() + 0.5) * (high - low) / len(levels)
        assert at == pytest.approx(1.0, abs=0.06)
        assert (left, right, low, high) == (0, 1.0, 0, 8.0)
        assert image.origin == "lower"

    @pytest.mark.parametrize("samples", [np.zeros(1), np.zeros(16000), np.ones(200)])
    @pytest.mark.filterwarnings("error")
    def test_any_signal(self, check, samples):
        one = portrait(Signal(samples.astype(np.float32), 16000), Analysis(16000))
        check(six_pictures(one))
        check(overview([one], "x"))

    @pytest.mark.parametrize("count", [1, 2, 10])
    def test_overview(self, check, count):
        some = portraits(count, 0.3)
        figure = overview(some, "set: one clip of each class")
        texts = check(figure)
        assert plain(some[0].label)[:20] in {text[:20] for text in texts}
        assert [len(axes.images) for axes in figure.axes] == [0, 0, 0, count, count, count]
        tops = [image.get_extent()[3] for image in figure.axes[3].images]
        assert tops == sorted(tops, reverse=True)  # the first clip is the topmost

    def test_waveforms_stay_in_their_rows(self):
        figure = overview(portraits(3, 0.3), "x")
        for fill, image in zip(figure.axes[0].collections, figure.axes[3].images, strict=True):
            low, high = image.get_extent()[2:]
            y = fill.get_paths()[0].vertices[:, 1]
            assert y.min() >= low - 1e-9
            assert y.max() <= high + 1e-9


class TestPictures:
    def test_every_picture_of_every_record_is_legible(self, check, results):
        found = pictures(results)
        if results.best is not None:
            found += matrices(results, results.best)
        names = [picture.name for picture in found]
        assert len(set(names)) == len(names)
        for picture in found:
            assert picture.title
            check(picture.draw())

    def test_an_older_record_has_what_it_has_data_for(self, older, make_results):
        names = [picture.name for picture in pictures(older(make_results()))]
        assert names == ["ranking", "roc", "precision-recall", "reliability", "class-distribution"]

    def test_without_probabilities_there_are_no_curves(self, make_results):
        names = {picture.name for picture in pictures(make_results(probabilities=False))}
        assert "ranking" in names
        assert not names & {"roc", "precision-recall", "reliability"}

    def test_groups_per_class_are_counted(self, make_results):
        results = make_results()
        (wanted,) = [p for p in pictures(results) if p.name == "class-distribution"]
        label = results.labels[0]
        groups = {p.group for p in results.best.predictions if p.label == label}
        clips = results.record.dataset.label_counts[label]
        texts = [text.get_text() for text in wanted.draw().axes[0].texts]
        assert f"{clips} ({len(groups)})" in texts

    @pytest.mark.parametrize(("count", "names"), [(10, ["portraits"]), (11, ["portraits-1", "portraits-2"])])
    def test_portraits_go_over_pages(self, make_explored, count, names):
        one = portraits(1, 0.2)[0]
        results = Results(replace(make_explored().record, portraits=[one] * count))
        found = [picture for picture in pictures(results) if picture.name.startswith("portraits")]
        assert [picture.name for picture in found] == names
        assert len(found[-1].draw().axes[3].images) == count - 10 * (len(names) - 1)
