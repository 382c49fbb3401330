"""Runs whose clips have several labels: metrics, tables, curves and clips say what such a record says."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
import records
from page import Page
from sklearn.metrics import average_precision_score, roc_auc_score

from audioclf.reports import csv_table, html, latex, markdown
from audioclf.reports.pictures.catalogue import matrices, pictures
from audioclf.reports.pictures.classes import label_bars
from audioclf.reports.words import tags
from audioclf.reports.words.confused import most_confused
from audioclf.reports.words.markup import escape
from audioclf.reports.words.protocol import protocol
from audioclf.results.metrics import TAG_TITLES

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture(scope="module")
def tagged(make_tags):
    return make_tags(test=True)


@pytest.fixture(scope="module")
def page(tagged):
    return Page(html.render(tagged))


def test_the_headline_is_mean_average_precision(tagged, page):
    best, baseline = tagged.best, tagged.baseline
    reached = f"{best.metrics['average_precision'].mean:.3f} mean average precision"
    assert reached in page.headings[0][1]
    assert any(text.startswith("Giving every clip the same answer. Chance level: ") for text in page.texts)
    text = " ".join(page.texts) + markdown.render(tagged) + latex.render(tagged)
    assert "largest class" not in text
    assert "120 clips (7 min 12 s)" not in text
    assert "with 6 labels, 1.9 a clip on average" in text
    assert baseline.metrics["average_precision"].mean < 0.5


def test_every_metric_is_in_the_tables(tagged, page):
    (ranking,) = [t for t in page.tables if t["caption"].startswith("Experiments")]
    heads = [" ".join(head.split()) for head in ranking["rows"][0]]
    assert set(TAG_TITLES.values()) <= set(heads)
    assert "accuracy" not in heads
    rows = list(csv.DictReader(io.StringIO(csv_table.render(tagged), newline="")))
    for row, e in zip(rows, tagged.ranking()):
        assert {name: float(row[f"{name}_mean"]) for name in TAG_TITLES} == {
            name: e.metrics[name].mean for name in TAG_TITLES
        }
    assert "(less is better)" in next(row[0] for t in page.tables for row in t["rows"] if "Hamming" in row[0])


def test_each_label_has_its_two_by_two_table(tagged, page):
    tables = [t for t in page.tables if t["caption"].startswith("Per label")]
    experiments = [tagged.record.test, *tagged.ranking()]
    assert len(tables) == len(experiments)
    for shown, e in zip(tables, experiments):
        assert shown["rows"][0] == ["label", "precision", "recall", "F1", "ROC AUC", "average precision",
                                    *tags.CELLS, "clips"]  # fmt: skip
        for row in shown["rows"][1:]:
            (tn, fp), (fn, tp) = e.per_class[row[0]].confusion
            assert [int(cell) for cell in row[6:]] == [tp, fp, fn, tn, tp + fn]
    assert not any(t["caption"].startswith(("Confusion", "Most frequent")) for t in page.tables)
    assert "| label | precision | recall | F1 | ROC AUC | average precision | TP | FP | FN | TN | clips |" in (
        markdown.render(tagged)
    )


def test_pictures_are_those_that_apply(tagged):
    drawn = [*pictures(tagged), *matrices(tagged, tagged.best)]
    names = [p.name for p in drawn]
    assert {"roc", "precision-recall", "reliability", "importance", "confusion-logmel-svm", "confusion-test"} <= {
        *names
    }
    assert not {"projection", "confusion-logmel-svm-normalised"} & {*names}


def test_curves_are_of_each_label_on_its_own(tagged):
    predictions = tagged.best.predictions
    truth = np.array([[label in p.label.split(";") for label in tagged.labels] for p in predictions])
    scores = np.array([[p.probabilities[label] for label in tagged.labels] for p in predictions])
    drawn = {p.name: p for p in pictures(tagged)}
    for name, area in (("roc", roc_auc_score), ("precision-recall", average_precision_score)):
        texts = {text.get_text() for text in drawn[name].draw().texts}
        for k, label in enumerate(tagged.labels):
            assert f"{label}  {area(truth[:, k], scores[:, k]):.3f}" in texts


def test_reliability_is_that_of_all_labels_together(tagged):
    (picture,) = [p for p in pictures(tagged) if p.name == "reliability"]
    above, below = picture.draw().axes
    counts = [bar.get_height() for bar in below.patches]
    assert sum(counts) == 120 * len(tagged.labels)
    predictions = tagged.best.predictions
    sure = [(p.probabilities[x], x in p.label.split(";")) for p in predictions for x in tagged.labels]
    (last,) = [y for x, y in above.collections[-1].get_offsets() if x > 0.9]
    assert last == pytest.approx(np.mean([has for p, has in sure if p > 0.9]))


class TestLabelBars:
    def test_bars_are_the_counts(self):
        axes = label_bars(["a", "b"], [(3, 1, 2, 9), (8, 0, 1, 5)], "x").axes[0]
        found, missed, wrong = ([bar.get_width() for bar in bars] for bars in axes.containers)
        assert (found, missed, wrong) == ([8, 3], [1, 2], [0, -1])
        assert [tick.get_text() for tick in axes.get_yticklabels()] == ["b", "a"]

    @pytest.mark.parametrize("n", [1, 70])
    def test_nothing_is_cut_off(self, n):
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        labels = [f"a long name of a label, of number {k}" for k in range(n)]
        figure = label_bars(labels, [(k, 900 * (k == 3), 1, 2) for k in range(n)], "a heading " * 20)
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw(renderer)
        for text in [*figure.texts, *figure.axes[0].texts, *figure.axes[0].get_yticklabels()]:
            box = text.get_window_extent(renderer)
            assert 0 <= box.x0 <= box.x1 <= figure.bbox.width
            assert 0 <= box.y0 <= box.y1 <= figure.bbox.height


class TestClips:
    def test_what_is_right_missed_and_too_many(self, tagged):
        by_path = {p.path: p for p in tagged.best.predictions}
        found = most_confused(tagged)
        assert {c.path for c in found} == {k for k, p in by_path.items() if p.label != p.predicted}
        for clip in found:
            kinds = {k: {m.label for m in clip.marks if m.kind == k} for k in ("right", "missed", "extra")}
            assert kinds["right"] | kinds["missed"] == set(tags.names(clip.label))
            assert kinds["right"] | kinds["extra"] == set(tags.names(clip.predicted))
            assert all(m.probability == by_path[clip.path].probabilities[m.label] for m in clip.marks)
            assert all((m.probability >= 0.5) == (m.kind != "missed") for m in clip.marks)

    def test_the_page_marks_them_for_eyes_and_ears(self, tagged, page):
        kinds = [m.kind for c in most_confused(tagged) for m in c.marks]
        classes = [value for tag, name, value in page.attributes if (tag, name) == ("span", "class")]
        for kind in ("right", "missed", "extra"):
            assert 0 < classes.count(f"label {kind}") <= kinds.count(kind)
        assert {"missed: ", "wrongly given: "} <= set(page.texts)

    def test_markdown_has_them_in_a_table(self, tagged):
        clip = most_confused(tagged)[0]
        words = ", ".join(mark.words for mark in clip.marks)
        assert f"| {escape(clip.path)} | {escape(words)} |" in markdown.render(tagged)

    def test_how_many_are_right(self, tagged):
        right = sum(p.label == p.predicted for p in tagged.best.predictions)
        assert tags.spoken(tagged, tagged.best) == f"All labels are right in {right} of 120 answers."


def test_protocol_says_how_labels_are_given(tagged):
    said = protocol(tagged)
    assert "iterative stratification of whole groups" in said[0]
    assert any("a clip gets those of 0.5 and more" in sentence for sentence in said)


def test_names_of_labels_are_escaped(make_tags):
    results = make_tags(labels=["<script>alert(1)</script>", "a|b", "c_d"], classifiers=("svm",), n_clips=40)
    assert "<script>alert" not in html.render(results)
    for line in markdown.render(results).splitlines():
        assert "<script" not in line


def test_clips_without_any_label(make_tags):
    record = records.plain(make_tags(n_clips=40))
    prediction = records.ranked(record)[0]["predictions"][0]
    prediction |= {"label": "", "predicted": record["dataset"]["labels"][0]}
    results = records.of(record)
    assert "the clip has no label" in html.render(results)
    assert f"+ {results.labels[0]}" in markdown.render(results)
