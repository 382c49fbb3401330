"""The Markdown report: its tables parse, say what the record says, and nothing from the data is markup."""

from __future__ import annotations

import re

import pytest

from audioclf.reports.markdown import MOST_COLUMNS, MarkdownReport, escape, render, table
from audioclf.results import METRICS


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
    ranking = tables(render(results))[0]
    for row, experiment in zip(ranking[1:], results.ranking()):
        assert row[1] == experiment["features"]
        assert row[2].startswith(experiment["classifier"])
        assert row[3:6] == [
            f"{experiment['metrics'][m]['mean']:.3f} ± {experiment['metrics'][m]['std']:.3f}" for m in METRICS
        ]
    assert ranking[-1][2] == "dummy (the floor)"


def test_confusion_matrix(make_results):
    results = make_results()
    matrices = [rows for rows in tables(render(results)) if rows[0][0].startswith("true class ↓")]
    assert [[int(cell) for cell in row[1:]] for row in matrices[0][1:]] == results.best["confusion_matrix"]
    many = make_results(labels=[f"c{i}" for i in range(MOST_COLUMNS + 1)])
    assert "true class ↓" not in render(many)


def test_links_to_pictures_that_are_there(make_results, tmp_path):
    files = MarkdownReport().write(make_results(), tmp_path)
    links = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", (tmp_path / "report.md").read_text())
    assert len(links) == 2
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
    for fact in (record["command"], record["dataset"]["fingerprint"], *record["warnings"], *record["dataset"]["notes"]):
        assert escape(fact) in text


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
    results = make_results()
    results.record["timing"] = {"extract_seconds": 3.21, "total_seconds": 80.1, "workers": 1}
    (rows,) = [rows for rows in tables(render(results)) if any(row[0] == "Whole run" for row in rows)]
    assert rows[1:] == [["Computing features", "3.2 s"], ["Whole run", "1 min 20 s with 1 worker"]]


def test_table_escapes():
    assert table(("a",), [("x|y",)]).splitlines()[-1] == "| x\\|y |"
