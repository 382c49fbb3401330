"""The LaTeX table: its figures, its marks, and that nothing from the data is a command."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
import records

from audioclf.reports.latex import escape, render
from audioclf.results.names import title
from audioclf.results.results import Results

NASTY = '_ # % & ~ ^ \\ { } $ < > | " ` – ± × é two\nlines'


def rows_of(text):
    body = text.partition("\\midrule\n")[2].partition("\\bottomrule")[0]
    return [line.removesuffix(r" \\").split(" & ") for line in body.splitlines()]


def test_figures_and_marks(make_results):
    results = make_results(features=("a", "b", "c"), classifiers=("x", "y"), skill=0.97)
    text = render(results)
    rows, ranked = rows_of(text), results.ranking()
    assert len(rows) == len(ranked)
    for row, experiment in zip(rows, ranked):
        main = experiment["metrics"]["accuracy"]
        assert f"{main['mean']:.3f} $\\pm$ {main['std']:.3f}" in row[2]
        assert row[5] == f"{main['low']:.3f}--{main['high']:.3f}"
        like = (experiment["versus_best"] or {}).get("distinguishable") is False
        assert (r"$^\dagger$" in row[1]) == like
        assert (r"\textbf" in row[0]) == (experiment is ranked[0])
    assert any(r"$^\dagger$" in row[1] for row in rows)
    assert any(row[6] == "$<0.001$" for row in rows)
    assert title(results.best) in text


def test_columns_match_the_head(results):
    text = render(results)
    (columns,) = re.findall(r"\\begin\{tabular\}\{(\w+)\}", text)
    head = text.partition("\\toprule\n")[2].partition("\n")[0]
    assert head.count(" & ") + 1 == len(columns)
    assert all(len(row) == len(columns) for row in rows_of(text))


def test_tuned_names_the_optimistic_score(make_results):
    text = render(make_results(tuned=True))
    assert "& not nested" in text
    assert "optimistic" in text


def test_comments_stay_comments(make_results):
    record = records.plain(make_results())
    record["dataset"]["name"] = "a\n\\input{/etc/passwd}\r\u2028\\x"
    for line in render(Results(record)).split("\\begin{tabular}")[0].splitlines():
        assert line.startswith("%") or not line


@pytest.mark.parametrize("text", NASTY.split(" "))
def test_escaped_text_has_no_special_character_left(text):
    done = escape(text)
    known = r"\\(text\w+\{\}|ldots\{\}|[_#%&$\\{}])|\{[][*]\}|\$\\(pm|times|geq|leq)\$"
    rest = re.sub(known, "", done)
    assert not re.search(r"[][*_#%&~^\\{}$<>|\"`\n]", rest)


def test_it_compiles(make_results, tmp_path):
    latex = shutil.which("pdflatex") or shutil.which("tectonic")
    if latex is None:
        pytest.skip("no LaTeX on this machine")
    record = records.plain(make_results(tuned=True))
    record["experiments"][0]["features"] = NASTY
    (tmp_path / "ranking.tex").write_text(render(Results(record)), encoding="utf-8")
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{booktabs}"
        "\\begin{document}\\input{ranking}\\end{document}"
    )
    done = subprocess.run([latex, "-halt-on-error", "paper.tex"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
