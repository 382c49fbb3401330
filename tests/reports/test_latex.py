"""The LaTeX table: its figures, its marks, and that nothing from the data is a command."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest
import records

from audioclf.reports.latex import escape, render

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
        main, versus = experiment.metrics["accuracy"], experiment.versus_best
        assert f"{main.mean:.3f} $\\pm$ {main.std:.3f}" in row[2]
        assert row[5] == f"{main.low:.3f}--{main.high:.3f}"
        assert (r"$^\ddagger$" in row[1]) == (versus is not None and versus.verdict == "not told apart")
        assert (r"\textbf" in row[0]) == (experiment is ranked[0])
        if versus is not None:
            assert row[7] == f"{versus.mcnemar.best_only} : {versus.mcnemar.this_only}"
    assert any(r"$^\ddagger$" in row[1] for row in rows)
    assert any(row[6] == "$<0.001$" for row in rows)
    assert results.best.title in text


def test_what_is_worse_on_these_clips_only_has_a_dagger(make_results):
    record = records.plain(make_results())
    second = records.ranked(record)[1]
    second["versus_best"] |= {"p_holm": 0.4, "distinguishable": False}
    second["versus_best"]["mcnemar"] = {"best_only": 22, "this_only": 1, "p": 0.0001, "p_holm": 0.0003}
    text = render(records.of(record))
    row = rows_of(text)[1]
    assert row[1].endswith(r"$^\dagger$")
    assert row[6:9] == ["$0.400$", "22 : 1", "$<0.001$"]
    assert "% Dagger, worse on these clips: only McNemar's exact test" in text


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
    for line in render(records.of(record)).split("\\begin{tabular}")[0].splitlines():
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
    (tmp_path / "ranking.tex").write_text(render(records.of(record)), encoding="utf-8")
    (tmp_path / "paper.tex").write_text(
        "\\documentclass{article}\\usepackage[T1]{fontenc}\\usepackage{booktabs}"
        "\\begin{document}\\input{ranking}\\end{document}"
    )
    done = subprocess.run([latex, "-halt-on-error", "paper.tex"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
