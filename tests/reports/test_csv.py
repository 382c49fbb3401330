"""The CSV report: parses back to the record's very figures, and holds no formulas."""

from __future__ import annotations

import csv
import io

import pytest
import records

from audioclf.reports.csv_table import CSVReport, render
from audioclf.results.metrics import TITLES


def rows_of(results):
    return list(csv.DictReader(io.StringIO(render(results), newline=""), strict=True))


def test_figures_are_those_of_the_record(make_results):
    results = make_results(tuned=True, naive=True)
    rows, ranked = rows_of(results), results.ranking()
    for place, (row, experiment) in enumerate(zip(rows, ranked), 1):
        assert row["place"] == str(place)
        assert (row["features"], row["classifier"]) == (experiment.features, experiment.classifier)
        for name in TITLES:
            for part in ("mean", "std", "low", "high"):
                assert float(row[f"{name}_{part}"]) == getattr(experiment.metrics[name], part)
        assert float(row["naive_score"]) == experiment.naive.metrics["accuracy"].mean
    versus = ranked[1].versus_best
    assert float(rows[1]["versus_best_p_holm"]) == versus.p_holm
    assert float(rows[1]["mcnemar_p"]) == versus.mcnemar.p
    assert rows[1]["distinguishable_from_best"] == str(versus.distinguishable).lower()
    assert rows[1]["verdict"] == versus.verdict
    assert rows[0]["versus_best_p"] == rows[0]["distinguishable_from_best"] == rows[0]["verdict"] == ""
    assert float(rows[0]["non_nested_score"]) == ranked[0].tuning.non_nested.score
    assert rows[0]["tuning_method"] == "successive halving"


def test_failed_experiments_come_last_with_their_reason(make_results):
    results = make_results()
    row = rows_of(results)[-1]
    assert row["status"] == "failed"
    assert row["place"] == row["accuracy_mean"] == ""
    assert row["error"] == results.failed()[0].error


def test_every_record_gives_lines_of_one_length(results):
    text = render(results)
    lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert {len(line) for line in lines} == {len(lines[0])}
    assert len(lines) == 1 + len(results.record.experiments)
    assert text.endswith("\r\n")
    assert "nan" not in text.lower().split(",")


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1+1", "@SUM(A1)", "\t=1"])
def test_text_is_no_formula(make_results, text):
    record = records.plain(make_results())
    (failed,) = (e for e in record["experiments"] if e["status"] == "failed")
    failed["error"] = text
    assert rows_of(records.of(record))[-1]["error"] == f"'{text}"


def test_quotes_commas_and_other_scripts_survive(make_results, tmp_path):
    record = records.plain(make_results())
    name = 'mfcc:a="x,y"+鳥'
    record["experiments"][0]["features"] = name
    (path,) = CSVReport().write(records.of(record), tmp_path)
    with path.open(encoding="utf-8", newline="") as file:
        assert name in [row["features"] for row in csv.DictReader(file)]
    assert b"\xef\xbb\xbf" not in path.read_bytes()
