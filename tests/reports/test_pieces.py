"""Recordings cut into pieces: both figures, under both splits, and what the difference teaches."""

from __future__ import annotations

import csv
import io

import pytest
import records

from audioclf.reports import csv_table, html, markdown
from audioclf.reports.words import pieces

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture
def cut(make_results):
    record = records.plain(make_results(pieces=True, naive=True, skill=0.7))
    best, *others = records.ranked(record)
    best["metrics"]["accuracy"]["mean"] = 0.6
    best["by_recording"]["metrics"]["accuracy"] = 0.78
    best["naive"]["metrics"]["accuracy"]["mean"] = 0.95
    best["naive"]["by_recording"]["metrics"]["accuracy"] = 0.99
    for other in others:
        other["metrics"]["accuracy"]["mean"] = 0.4
    return records.of(record)


def test_the_lesson_in_sentences(cut):
    said = pieces.lesson(cut)
    assert said[0].startswith(
        "0.1 s pieces, split at random 0.950; split by recording 0.600; answers averaged per recording 0.780: accuracy"
    )
    assert "The 0.350 that this adds" in said[1]
    assert "0.990 per recording under that split" in said[2]
    page, text = html.render(cut), markdown.render(cut)
    for sentence in said[:2]:
        assert sentence in page
        assert markdown.escape(sentence) in text


def test_the_table_has_both_figures_of_both_splits(cut):
    for row in pieces.rows(cut):
        e = row.experiment
        values = (
            e.naive.metrics["accuracy"].mean,
            e.naive.by_recording.metrics["accuracy"],
            e.metrics["accuracy"].mean,
            e.by_recording.metrics["accuracy"],
        )
        assert row.scores == values
        cells = " | ".join(f"{value:.3f}" for value in values)
        assert f"| {e.classifier} | {cells} |" in markdown.render(cut)
    first = next(csv.DictReader(io.StringIO(csv_table.render(cut), newline="")))
    assert (first["by_recording_score"], first["naive_by_recording_score"]) == ("0.78", "0.99")


def test_names_the_split_as_it_was(cut):
    assert pieces.heads(cut)[2] == "pieces, split by recording"
    record = records.plain(cut)
    record["dataset"]["n_groups"] = 3
    assert pieces.heads(records.of(record))[2] == "pieces, split by group"
    record["dataset"]["n_groups"] = None
    assert pieces.heads(records.of(record))[2] == "pieces, split at random"


def test_without_the_naive_split_two_columns(make_results):
    results = make_results(pieces=True)
    assert pieces.shown(results) == [2, 3]
    assert len(pieces.lesson(results)) == 1
    assert "split at random (data leakage)" not in html.render(results)


def test_a_metric_that_recordings_lack_gives_way(cut):
    results = records.of(records.plain(cut) | {"metric": "roc_auc"})
    assert pieces.metric(results) == "accuracy"
    assert "Accuracy of single pieces" in html.render(results)


def test_nothing_without_pieces(make_results):
    results = make_results(naive=True)
    assert pieces.lesson(results) == []
    assert "Pieces" not in html.render(results) + markdown.render(results)
