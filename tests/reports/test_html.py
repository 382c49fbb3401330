"""The HTML report: well formed, self-contained, escaped, and true to the record; see test_browser.py for its use."""

from __future__ import annotations

import base64
import io
import itertools
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import records
from msgspec.structs import replace
from page import Page

from audioclf.reports.html import render
from audioclf.reports.page.clips import spectrogram_png
from audioclf.reports.page.details import MOST_COLUMNS
from audioclf.reports.words.confused import most_confused
from audioclf.results.metrics import METRICS, TITLES
from audioclf.results.portrait import pack_picture
from audioclf.results.results import Results


def page_of(results):
    return Page(render(results))


def test_is_well_formed_and_self_contained(results):
    text = render(results)
    page = Page(text)
    assert len(page.ids) == len(set(page.ids))
    for _, name, value in page.attributes:
        if name in ("src", "href", "action") and not value.startswith("data:"):
            assert name == "href"
            assert value[1:] in page.ids
            assert value[0] == "#"
        assert not name.startswith("on")
    assert "@import" not in text
    assert "url(" not in text
    levels = [level for level, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in itertools.pairwise(levels))


def test_names_from_the_data_are_escaped(make_results):
    nasty = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a & b"]
    record = records.plain(make_results(labels=nasty, skill=0.5))
    record["dataset"]["name"] = "</title><script>alert(2)</script>"
    text = render(records.of(record))
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    page = Page(text)
    assert any("<script>alert(1)</script>" in piece for piece in page.texts)
    assert sum(tag == "script" for tag in re.findall(r"<(\w+)", text)) == 1


def ranking_of(results):
    """The ranking's rows as dictionaries, keyed by the head of the column."""
    (ranking,) = [t for t in page_of(results).tables if t["caption"].startswith("Experiments")]
    heads, *rows = ranking["rows"]
    heads = [" ".join(head.split()) for head in heads]
    assert {len(row) for row in rows} <= {len(heads)}
    return [{head: " ".join(cell.split()) for head, cell in zip(heads, row)} for row in rows]


@pytest.mark.parametrize("metric", ["accuracy", "roc_auc"])
def test_ranking_says_what_the_record_says(make_results, metric):
    results = Results(replace(make_results().record, metric=metric))
    for row, experiment in zip(ranking_of(results), results.ranking(), strict=True):
        assert row["features"] == experiment.features
        assert row["classifier"] == experiment.classifier + (" (baseline)" if experiment.is_baseline else "")
        for name, words in TITLES.items():
            values = experiment.metrics[name]
            assert row[words].startswith(f"{values.mean:.3f}")
        main = experiment.metrics[metric]
        assert row[TITLES[metric]] == (f"{main.mean:.3f} ± {main.std:.3f} {main.low:.3f}–{main.high:.3f}")


def judged(results, *verdicts):
    """The same run, whose experiments but the best get these verdicts: both tests, the first, or none."""
    record = records.plain(results)
    for experiment, verdict in zip(records.ranked(record)[1:], verdicts, strict=True):
        over_folds = 0.01 if verdict == "worse" else 1.0
        paired = 0.75 if verdict == "not told apart" else 0.00008
        pairs = {"best_only": 22, "this_only": 1, "p": paired, "p_holm": paired}
        experiment["versus_best"] |= {"p_holm": over_folds, "distinguishable": over_folds < 0.05, "mcnemar": pairs}
    record["tests"] |= {"smallest_p": 0.08, "repeats_needed": 3}
    return records.of(record)


VERDICTS = ("worse on these clips", "not told apart", "worse", "worse")


def test_ranking_says_what_both_tests_say(make_results):
    results = judged(make_results(), *VERDICTS)
    rows = ranking_of(results)
    (head,) = [head for head in rows[0] if head.startswith("against the best")]
    assert [row[head] for row in rows] == [
        "the best",
        "worse on these clips new draw p = 1.000 these clips 22 : 1, p < 0.001",
        "not told apart new draw p = 1.000 these clips 22 : 1, p = 0.750",
        "worse new draw p = 0.010 these clips 22 : 1, p < 0.001",
        "worse new draw p = 0.010 these clips 22 : 1, p < 0.001",
    ]


def test_the_folds_that_are_too_few_are_told_beside_the_ranking_and_near_the_top(make_results):
    text = " ".join(page_of(judged(make_results(), *VERDICTS)).texts)
    assert "corrected resampled t-test over 5 folds" in text
    few = "5 folds are too few to say how a new draw of clips would come out"
    assert text.count(few) == 2
    assert text.count("--repeats 3 may be enough") == 2


def test_the_answer_counts_what_is_worse_and_what_is_not_told_apart(make_results):
    results = judged(make_results(), *VERDICTS)
    got, ranked = results.best.metrics["accuracy"], results.ranking()
    assert page_of(results).headings[0][1] == (
        f"{results.best.title}: {got.mean:.3f} accuracy, 95 % interval {got.low:.2f}–{got.high:.2f}. "
        f"Of 3 others, 1 is worse, 1 is worse on these clips and 1 isn't told apart from it ({ranked[2].title})."
    )


def test_tuned_and_naive_scores_stand_beside_the_honest_one_by_name(make_results):
    results = make_results(tuned=True, naive=True)
    rows, best = ranking_of(results), results.best
    assert rows[0]["not nested (optimistic)"] == f"{best.tuning.non_nested.score:.3f}"
    assert rows[0]["groups ignored (data leakage)"] == f"{best.naive.metrics['accuracy'].mean:.3f}"
    chosen = [t for t in page_of(results).tables if t["caption"] == "What the folds chose"]
    assert dict(chosen[0]["rows"][1:]) == {spec: f"{n} of 5" for spec, n in best.tuning.chosen.items()}
    plain = ranking_of(make_results())[0]
    assert not any(head.startswith(("not nested", "groups ignored")) for head in plain)


def test_a_held_out_test_is_the_figure_to_quote(make_results):
    results = make_results(test=True)
    page = page_of(results)
    value = results.record.test.metrics["accuracy"].value
    heads = [text for level, text in page.headings if level == 2]
    assert f"Held-out test set: {value:.3f} accuracy" in heads
    assert heads.index(f"Held-out test set: {value:.3f} accuracy") < [h.startswith("mfcc") for h in heads].index(True)
    assert "figure to quote" in " ".join(page.texts)
    assert "near-duplicate of one in training" in " ".join(page.texts)


def test_audit_tells_every_finding_the_serious_near_the_top(make_results):
    results = make_results()
    text = " ".join(page_of(results).texts)
    for finding in results.record.audit.findings:
        assert finding.sentence in text
        assert finding.advice in text
    serious = results.record.audit.findings[0].sentence
    assert text.index(serious) < text.index("By accuracy.")
    assert text.count(serious) == 2


def test_an_older_record_has_no_columns_of_what_it_does_not_know(make_results, older):
    results = older(make_results())
    heads = list(ranking_of(results)[0])
    assert heads == ["#", "features", "classifier", *METRICS.values(), "numbers", "fit, s a fold"]
    assert "Audit" not in " ".join(page_of(results).texts)


def test_explored_data_are_what_the_report_is_about(make_explored):
    results = make_explored(excerpts=2)
    page = page_of(results)
    assert page.headings[0][1].startswith("2 serious findings in demo: the sample rate gives classes away")
    heads = [text for level, text in page.headings if level == 2]
    assert heads == ["Audit of the data", "Data", "Reproduce"]
    quiet = replace(results.record, audit=replace(results.record.audit, findings=[]))
    assert page_of(records.of(quiet)).headings[0][1] == "Nothing serious found in demo."


def test_a_sound_is_embedded_once_wherever_it_is_shown(make_results):
    results = make_results(skill=0.5)
    text = render(results)
    page = Page(text)
    sounds = [value for tag, name, value in page.attributes if (tag, name) == ("audio", "src")]
    lent = [value for tag, name, value in page.attributes if (tag, name) == ("audio", "data-lent")]
    owners = [value for tag, name, value in page.attributes if (tag, name) == ("audio", "data-sound")]
    assert len(sounds) == len(set(sounds)) == len(results.record.excerpts)
    assert lent
    assert set(lent) <= set(owners)
    assert base64.b64decode(sounds[0].partition(",")[2]).startswith(b"RIFF")


def test_sounds_beyond_the_room_are_left_out_and_said_so(make_results, monkeypatch):
    results = make_results(skill=0.5)
    whole = render(results)
    size = len(results.record.excerpts[0].audio)
    assert "left out to keep this page small" not in whole
    monkeypatch.setattr("audioclf.reports.html.MOST_BYTES", len(whole.encode()) - 2 * size)
    text = render(results)
    assert text.count("data:audio/wav") == len(results.record.excerpts) - 2
    assert "left out to keep this page small" in text


def test_a_spectrogram_has_low_frequencies_at_the_bottom():
    from PIL import Image

    levels = np.full((4, 6), -80.0)
    levels[0] = 0.0
    image = Image.open(io.BytesIO(spectrogram_png(pack_picture(levels, -80.0, 0.0, 4000.0, 1.0)))).convert("RGB")
    assert image.size == (6, 4)
    brightness = np.asarray(image, float).sum(axis=2)
    assert (brightness[3] > brightness[0] + 100).all()


def test_confused_clips_are_the_ones_most_often_wrong(make_results):
    results = make_results(repeats=3, skill=0.6)
    found = most_confused(results, 10)
    wrong = {}
    for p in results.best.predictions:
        wrong.setdefault(p.path, []).append(p.predicted != p.label)
    shares = sorted((sum(w) / len(w) for w in wrong.values()), reverse=True)
    assert [c.wrong / c.answers for c in found] == shares[:10]
    assert all(c.label != c.predicted for c in found)
    assert all(0 < c.probability <= 1 for c in found)
    assert all(c.experiments == 4 for c in found)


def test_every_experiments_matrix_and_classes_are_those_of_the_record(make_results):
    results = make_results(repeats=2)
    tables = page_of(results).tables
    matrices = [t for t in tables if t["caption"].startswith("Confusion matrix")]
    classes = [t for t in tables if t["caption"].startswith("Per class")]
    folds = [t for t in tables if t["caption"].startswith("Each fold")]
    ranked = results.ranking()
    assert len(matrices) == len(classes) == len(folds) == len(ranked)
    for matrix, per_class, fold_table, experiment in zip(matrices, classes, folds, ranked):
        counts = [[int(cell.split()[0]) for cell in row[1:]] for row in matrix["rows"][1:]]
        assert counts == experiment.confusion_matrix
        assert [row[0] for row in matrix["rows"][1:]] == results.labels
        for row in per_class["rows"][1:]:
            values = experiment.per_class[row[0]]
            ends = [" {:.3f}–{:.3f}".format(*values.intervals[n]) for n in ("precision", "recall", "f1")]
            told = [f"{getattr(values, n):.3f}{e}" for n, e in zip(("precision", "recall", "f1"), ends)]
            areas = [f"{getattr(values, n):.3f}" for n in ("roc_auc", "average_precision")]
            assert row[1:] == [*told, *areas, str(values.support)]
        assert len(fold_table["rows"]) == 1 + len(experiment.folds)
        assert fold_table["rows"][1][4] == f"{experiment.folds[0].accuracy:.3f}"


def test_says_what_went_wrong(make_results):
    results = make_results()
    text = " ".join(page_of(results).texts)
    assert "pncc with rf" in text
    assert "ValueError: <b>singular</b>" in text
    assert "x0|<i>.wav" in text
    assert "2 clips are exact copies" in text
    assert "These clips are synthetic" in text


def test_says_how_to_reproduce_it(make_results):
    record = make_results().record
    text = " ".join(page_of(make_results()).texts)
    for fact in (record.command, record.dataset.fingerprint, "numpy 2.4.6", "Seed"):
        assert fact in text


def test_many_classes_get_pictures(make_results):
    results = make_results(labels=[f"class {k}" for k in range(MOST_COLUMNS + 1)], n_clips=200)
    page = page_of(results)
    pictures = [(name, value) for tag, name, value in page.attributes if tag == "img"]
    words = [value for name, value in pictures if name == "alt"]
    assert sum(value.startswith("Confusion matrix") for value in words) == 2
    assert all(value for name, value in pictures if name == "alt")
    assert not any(t["caption"].startswith("Confusion matrix") for t in page.tables)


def test_charts_are_embedded_and_follow_the_scheme(make_results):
    pictures = [value for tag, name, value in page_of(make_results()).attributes if (tag, name) == ("img", "src")]
    drawn = [base64.b64decode(value.partition(",")[2]).decode() for value in pictures if "svg+xml" in value]
    assert len(drawn) >= 5
    for text in drawn:
        assert "prefers-color-scheme:dark" in text
        assert "#1b1f24;" not in text.partition("</style>")[2]
        root = ElementTree.fromstring(text)
        links = [v for e in root.iter() for k, v in e.attrib.items() if k.endswith("href")]
        assert all(link.startswith(("#", "data:")) for link in links)


def test_size_for_a_large_grid(make_results):
    results = make_results(
        features=[f"f{i}" for i in range(8)],
        classifiers=["a", "b", "c", "d"],
        n_clips=250,
        labels=list("abcdefghij"),
        excerpts=24,
    )
    sound = base64.b64encode(b"x" * 75_000).decode()  # 24 of them are what a record may hold
    excerpts = [replace(excerpt, audio=sound) for excerpt in results.record.excerpts]
    text = render(Results(replace(results.record, excerpts=excerpts)))
    assert len(text.encode()) < 5e6
    assert text.count("data:audio/wav") == 24


def test_title_is_the_winner(make_results):
    results = make_results()
    heads = [text for level, text in page_of(results).headings if level == 2]
    assert any(text.startswith(results.best.title) for text in heads)
