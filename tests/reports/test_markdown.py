"""The Markdown report: its tables parse, say what the record says, and nothing from the data is markup."""

from __future__ import annotations

import re

import pytest
import records

from audioclf.reports.markdown import MOST_COLUMNS, MarkdownReport, render
from audioclf.reports.words.markup import escape, table
from audioclf.results import verdicts
from audioclf.results.metrics import METRICS
from audioclf.results.words import p_value


def tables(text):
    """All tables as lists of rows of cells, unescaped."""
    found, current = [], []
    for line in [*text.splitlines(), ""]:
        if line.startswith("| "):
            cells = re.split(r"(?<!\\)\|", line.strip()[1:-1])
            current.append([re.sub(r"\\(.)", r"\1", cell.strip()) for cell in cells])
        elif not line.startswith("|--") and current:
            found.append(current)
            current = []
    return found


def test_every_row_is_as_long_as_its_head(results):
    for rows in tables(render(results)):
        assert {len(row) for row in rows} == {len(rows[0])}


def test_ranking(make_results):
    results = make_results()
    (ranking,) = [rows for rows in tables(render(results)) if rows[0][0] == "#"]
    for row, experiment in zip(ranking[1:], results.ranking()):
        assert row[1] == experiment.features
        assert row[2].startswith(experiment.classifier)
        assert row[3:6] == [f"{experiment.metrics[m].mean:.3f} ± {experiment.metrics[m].std:.3f}" for m in METRICS]
    assert ranking[-1][2] == "dummy (baseline)"


def test_confusion_matrix(make_results):
    results = make_results()
    matrices = [rows for rows in tables(render(results)) if rows[0][0].startswith("true class ↓")]
    assert [[int(cell) for cell in row[1:]] for row in matrices[0][1:]] == results.best.confusion_matrix
    many = make_results(labels=[f"c{i}" for i in range(MOST_COLUMNS + 1)])
    assert "true class ↓" not in render(many)


def test_links_to_pictures_that_are_there(make_results, tmp_path):
    files = MarkdownReport().write(make_results(), tmp_path)
    links = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", (tmp_path / "report.md").read_text())
    assert {"figures/ranking.png", "figures/roc.png", "figures/class-distribution.png"} <= set(links)
    assert len(links) == len(files) - 1
    assert {tmp_path / link for link in links} == set(files[1:])


@pytest.mark.parametrize("name", ["a|b", "<script>alert(1)</script>", "_x_", "[a](http://b.c)", "two\nlines", "`c`"])
def test_names_are_no_markup(make_results, name):
    text = render(make_results(labels=[name, "other"], skill=0.5))
    assert "<script" not in text
    assert not re.search(r"(?<!\\)\]\(http", text)
    rows = next(rows for rows in tables(text) if rows[0][0] == "class")
    shown = " ".join(name.split()).replace("<", "&lt;").replace(">", "&gt;")
    assert shown in [row[0] for row in rows]


def test_says_everything(make_results):
    record = make_results().record
    text = render(make_results())
    for fact in (record.command, record.dataset.fingerprint, *record.warnings, *record.dataset.notes):
        assert escape(fact) in text


def test_says_what_the_page_says(make_results):
    results = make_results(tuned=True, naive=True, test=True, repeats=2)
    text = render(results)
    record = results.record
    for finding in record.audit.findings:
        assert escape(finding.sentence) in text
        assert escape(finding.advice) in text
    assert text.index(escape(record.audit.findings[0].sentence)) < text.index("## Ranking")
    value = record.test.metrics["accuracy"].value
    assert text.index(f"## Held-out test set: {value:.3f} accuracy") < text.index("## Winner")
    (ranking,) = [rows for rows in tables(text) if rows[0][0] == "#"]
    rows = [dict(zip(ranking[0], row)) for row in ranking[1:]]
    for row, experiment in zip(rows, results.ranking()):
        assert row["groups ignored (data leakage)"] == f"{experiment.naive.metrics['accuracy'].mean:.3f}"
        assert row["ROC AUC"] == f"{experiment.metrics['roc_auc'].mean:.3f}"
    assert rows[0]["not nested (optimistic)"] == f"{results.best.tuning.non_nested.score:.3f}"
    for spec, times in results.best.tuning.chosen.items():
        assert f"| {spec} | {times} of 10 |" in text
    (confused,) = [rows for rows in tables(text) if rows[0][0] == "clip" and "wrong in" in rows[0]]
    wrong = {p.path for p in results.best.predictions if p.label != p.predicted}
    assert {row[0] for row in confused[1:]} <= wrong


def test_both_tests_stand_beside_each_other(make_results):
    results = make_results(features=("a", "b", "c"), classifiers=("x", "y"), skill=0.97)
    text = render(results)
    (ranking,) = [rows for rows in tables(text.replace("&lt;", "<")) if rows[0][0] == "#"]
    rows = [dict(zip(ranking[0], row)) for row in ranking[1:]]
    assert [rows[0][head] for head in verdicts.HEADS] == ["the best", "", "", ""]
    for row, experiment in zip(rows[1:], results.ranking()[1:]):
        versus = experiment.versus_best
        assert row["against the best"] == versus.verdict
        assert row["p, new draw"] == p_value(versus.p_holm)
        assert row["right alone, best : this"] == f"{versus.mcnemar.best_only} : {versus.mcnemar.this_only}"
        assert row["p, these clips"] == p_value(versus.mcnemar.p_holm)
    for sentence in verdicts.explained(results):
        assert f"- {escape(sentence)}" in text


def test_explored_data_come_first(make_explored):
    text = render(make_explored())
    assert text.startswith("# demo: a look at the data\n\n**2 serious findings in demo")
    assert text.index("## Audit") < text.index("## Data")
    assert "## Ranking" not in text
    assert "## Protocol" not in text


def test_says_where_the_time_went(make_results):
    results = make_results()
    (rows,) = [rows for rows in tables(render(results)) if any(row[0] == "Whole run" for row in rows)]
    assert rows[1:] == [
        ["Reading and decoding", "1.8 s"],
        ["Computing features", "3.2 s"],
        ["Feature store", "0.1 s"],
        ["Fitting", "2 min 22 s"],
        ["Predicting and scoring", "4.4 s"],
        ["Whole run", "1 min 20 s with 2 workers; the stages are summed over workers"],
    ]


def test_time_of_an_older_record(make_results):
    """Version 0.1.0 told the extraction's wall time, the whole and the workers."""
    record = records.plain(make_results())
    results = records.of(record | {"timing": {"extract_seconds": 3.21, "total_seconds": 80.1, "workers": 1}})
    (rows,) = [rows for rows in tables(render(results)) if any(row[0] == "Whole run" for row in rows)]
    assert rows[1:] == [["Computing features", "3.2 s"], ["Whole run", "1 min 20 s with 1 worker"]]


def test_table_escapes():
    assert table(("a",), [("x|y",)]).splitlines()[-1] == "| x\\|y |"
