"""The same experiments over several data sets: Demšar's example through records, mistakes, and every format."""

from __future__ import annotations

import numpy as np
import pytest
import records

from audioclf import plugins
from audioclf.errors import ResultsError
from audioclf.results.across import across
from audioclf.results.metrics import METRICS
from audioclf.results.report import write_across

# Ranks of four variants of C4.5 on 14 data sets (Demšar 2006, table 6), as scores that give them.
RANKS = [
    (4, 3, 2, 1), (1, 2, 3, 4), (4, 1, 2, 3), (4, 1, 3, 2), (4, 2, 3, 1), (1, 2.5, 4, 2.5), (3, 2, 4, 1),
    (2.5, 2.5, 4, 1), (4, 3, 2, 1), (2.5, 2.5, 2.5, 2.5), (4, 2.5, 1, 2.5), (3, 2, 4, 1), (4, 1, 2, 3), (3, 1, 4, 2),
]  # fmt: skip
NAMES = ("C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf")


def run(name, scores, metric="accuracy", extra=()):
    def experiment(features, classifier, mean):
        return records.finished(features, classifier, dict.fromkeys([*METRICS, "mcc"], mean))

    pairs = [*scores.items(), *extra]
    experiments = [experiment(features, "svm", mean) for features, mean in pairs]
    record = records.minimal(metric=metric, experiments=[*experiments, experiment("C4.5", "dummy", 0.1)])
    record["dataset"] |= {"name": name, "fingerprint": f"of {name}"}
    return records.of(record)


def renamed(results, **fields):
    """Return the run with other *fields* of its data set."""
    record = records.plain(results)
    record["dataset"] |= fields
    return records.of(record)


@pytest.fixture
def runs():
    return [run(f"set {i}", {n: 1 - r / 10 for n, r in zip(NAMES, ranks)}) for i, ranks in enumerate(RANKS)]


def test_published_example(runs):
    found = across(runs)
    assert found.experiments == ["C4.5+m+cf with svm", "C4.5+m with svm", "C4.5+cf with svm", "C4.5 with svm"]
    by_name = dict(zip(found.experiments, found.mean_ranks))
    for name, ranks in zip(NAMES, zip(*RANKS)):
        assert by_name[f"{name} with svm"] == pytest.approx(np.mean(ranks))
    assert found.nemenyi.critical_difference == pytest.approx(1.25, abs=0.005)
    assert found.scores.shape == (14, 4)
    np.testing.assert_allclose(found.scores[0], [0.9, 0.7, 0.8, 0.6])
    assert found.left_out == []


def test_what_not_every_run_has_is_left_out(runs):
    runs[0] = run("set 0", dict.fromkeys(NAMES, 0.5), extra=[("more", 0.9)])
    found = across(runs)
    assert len(found.experiments) == 4
    assert found.left_out == ["more with svm"]


def test_data_sets_of_one_name_are_told_apart(runs):
    assert across([runs[0], renamed(runs[0], fingerprint="other clips")]).datasets == ["set 0", "set 0 (2)"]


def test_mistakes(runs):
    with pytest.raises(ResultsError, match="at least two runs"):
        across(runs[:1])
    with pytest.raises(ResultsError, match=r"2 of the runs are of the same clips \(set 0\)"):
        across([runs[0], runs[0], runs[1]])
    with pytest.raises(ResultsError, match=r"rank by different metrics \(accuracy, mcc\)"):
        across([runs[0], run("x", dict.fromkeys(NAMES, 0.5), metric="mcc")])
    with pytest.raises(ResultsError, match="share 1 finished experiment, and at least two are needed"):
        across([runs[0], run("x", {"C4.5": 0.5})])


def test_every_format(runs, tmp_path):
    hostile = [renamed(r, name=f"<script>_{i}%") for i, r in enumerate(runs)]
    files = write_across(across(hostile), tmp_path, plugins.names("reports"))
    assert {path.relative_to(tmp_path).as_posix() for path in files} == {
        "across.html", "across.md", "across.tex", "across.csv", "figures/critical-difference.png",
    }  # fmt: skip
    page = (tmp_path / "across.html").read_text()
    assert "<script>_" not in page
    assert "&lt;script&gt;_0%" in page
    assert "C4.5+m+cf with svm has the best mean rank over 14 data sets" in page
    text = (tmp_path / "across.md").read_text()
    assert "![Critical-difference diagram](figures/critical-difference.png)" in text
    assert "1.25" in text
    lines = (tmp_path / "across.tex").read_text().splitlines()
    assert lines[-1] == r"\end{tabular}"
    assert any(r"\_0\%" in line for line in lines)
    table = (tmp_path / "across.csv").read_text().splitlines()
    assert len(table) == 5
    assert table[1].startswith("C4.5+m+cf with svm,1.96428571")


def test_what_the_answer_says(runs):
    from audioclf.reports.words import across as _across

    assert "not told apart from it: C4.5+m with svm; C4.5+cf with svm; C4.5 with svm." in _across.answer(across(runs))
    clear = [run(f"set {i}", {"a": 0.9, "b": 0.5}) for i in range(30)]
    assert _across.answer(across(clear)).endswith("every other experiment ranks significantly lower.")
    chance = [run(f"set {i}", {"a": 0.5 + 0.1 * (i % 2), "b": 0.55}) for i in range(6)]
    assert _across.answer(across(chance)).endswith("no more than by chance.")
