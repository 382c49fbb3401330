"""Results as text: what the terminal says of an experiment, its rivals, and how sure that is."""

from __future__ import annotations

import re

import pytest
from records import finished, results

from audioclf.cli import show
from audioclf.cli.terminal import print_table


def versus(p_holm, best_only, this_only, paired, distinguishable=False):
    """How an experiment compares with the best: p over folds, and the clips that only one of the two got right."""
    return {
        "difference": 0.1,
        "t": 2.0,
        "p": p_holm / 2,
        "p_holm": p_holm,
        "mcnemar": {"best_only": best_only, "this_only": this_only, "p": paired / 2, "p_holm": paired},
        "distinguishable": distinguishable,
    }


DATA = {
    "name": "fields",
    "n_clips": 40,
    "n_groups": 8,
    "labels": ["a", "b"],
    "label_counts": {"a": 30, "b": 10},
    "notes": ["Recorded in May."],
}
TESTS = {
    "best": {"features": "mfcc", "classifier": "svm"},
    "metric": "accuracy",
    "level": 0.05,
    "decided_by": "corrected resampled t-test",
    "clips_independent": True,
    "n_folds": 5,
    "smallest_p": 0.12,
    "repeats_needed": 3,
}


@pytest.fixture
def said(capsys):
    """Return the lines that a function of `show` writes to stdout."""

    def lines(function, run):
        function(run)
        return capsys.readouterr().out.splitlines()

    return lines


@pytest.fixture
def ranking(said):
    """Return the heads of the ranking, the cells of each experiment by head, and all lines that are shown."""

    def cells(*experiments, **fields):
        lines = said(show.show_results, results(dataset=DATA, experiments=list(experiments), **fields))
        start = next(i for i, line in enumerate(lines) if line.lstrip().startswith("features"))
        bounds = [found.start() for found in re.finditer(r"(?<!\S)\S+( \S+)*", lines[start])]
        rows = [
            [line[a:b].strip() for a, b in zip(bounds, [*bounds[1:], None])]
            for line in lines[start : start + 2 + len(experiments)]
        ]
        heads = rows[0]
        return heads, {f"{row[0]} {row[1]}": dict(zip(heads, row)) for row in rows[2:]}, lines

    return cells


def test_verdicts_stand_with_the_p_that_belongs_to_them(ranking):
    _, rows, lines = ranking(
        finished("mfcc", "svm", {"accuracy": 0.94}),
        finished("gfcc", "svm", {"accuracy": 0.75}, versus_best=versus(0.3, 22, 1, 0.00001)),
        finished("zcr", "svm", {"accuracy": 0.93}, versus_best=versus(0.9, 5, 4, 1.0)),
        finished("mfcc", "dummy", {"accuracy": 0.21}, versus_best=versus(0.002, 30, 1, 0.00001, distinguishable=True)),
        tests=TESTS,
    )
    at = "against the best"
    assert rows["mfcc svm"][at] == ""
    assert rows["gfcc svm"][at] == "worse on these clips (22 : 1, p < 0.001)"
    assert rows["zcr svm"][at] == "not told apart (p = 0.900)"
    assert rows["mfcc dummy (baseline)"][at] == "worse (p = 0.002)"
    assert any("1 is worse on these clips and 1 isn't told apart from it (zcr with svm)" in line for line in lines)
    assert any(line.startswith("5 folds are too few") and "--repeats 3" in line for line in lines)


def test_the_chance_level_stands_beside_the_baseline(ranking):
    _, _, lines = ranking(finished("mfcc", "svm", {"accuracy": 0.94}), finished("mfcc", "dummy", {"accuracy": 0.25}))
    assert any("against 0.250 of the baseline (majority class)" in line for line in lines)
    [chance] = [line for line in lines if line.startswith("Chance level: 0.625")]
    assert "The baseline is lower: " in chance


def test_columns_that_say_nothing_are_left_out(ranking):
    heads, _, _ = ranking(finished())
    assert heads[:2] == ["features", "classifier"]
    assert not {"augmented", "by recording", "not nested (optimistic)", "groups ignored (data leakage)"} & set(heads)


def test_all_columns(ranking):
    tuning = {
        "method": "all", "metric": "accuracy", "candidates": 2, "budget": 24, "inner_folds": 2, "fits": 9,
        "space": {}, "chosen": {}, "non_nested": {"score": 0.97, "spec": "svm"},
    }  # fmt: skip
    naive = {"kind": "k-fold", "n_splits": 2, "repeats": 1, "metrics": {"accuracy": {"mean": 0.99, "std": 0.01}}}
    _, rows, _ = ranking(
        finished(
            augment="noise",
            tuning=tuning,
            naive=naive,
            by_recording={"n_recordings": 4, "metrics": {"accuracy": 0.75}},
            cost={"parameters": 9, "kilobytes": 12.0, "features_ms": 1.5, "classifier_ms": 0.5},
        )
    )
    wanted = {
        "augmented": "yes",
        "ms a clip": "2.0",
        "size": "12 kB",
        "by recording": "0.750",
        "not nested (optimistic)": "0.970",
        "groups ignored (data leakage)": "0.990 ± 0.010",
    }
    assert {head: rows["mfcc svm"][head] for head in wanted} == wanted


def test_data_and_confusions(ranking):
    _, _, lines = ranking(finished(confusion_matrix=[[28, 2], [1, 9]]))
    assert lines[0] == "fields: 40 clips in 8 groups (a 30, b 10); stratified-k-fold, 2 splits"
    assert lines[1] == "Recorded in May."
    at = lines.index("mfcc with svm: rows are the truth, columns the prediction")
    assert [line.split() for line in lines[at + 3 : at + 5]] == [["a", "28", "2"], ["b", "1", "9"]]


def test_several_labels_a_clip(said):
    of = {"precision": 0.5, "recall": 0.25, "f1": 1 / 3, "support": 8, "average_precision": None}
    metrics = dict.fromkeys(("average_precision", "macro_f1", "micro_f1"), 0.5)
    experiment = finished(metrics=metrics, per_class={"a": of}, confusion_matrix=None)
    run = results(dataset=DATA, experiments=[experiment], task="multi-label", metric="average_precision")
    lines = said(show.show_results, run)
    at = lines.index("mfcc with svm:")
    assert lines[at + 3].split() == ["a", "–", "0.500", "0.250", "0.333", "8"]


def test_a_held_out_test_set(ranking):
    test = {
        "features": "mfcc", "classifier": "svm", "source": "june.csv", "n_clips": 12, "n_groups": None,
        "parameters": {}, "per_class": {}, "confusion_matrix": None, "predictions": [], "warnings": ["few clips"],
        "metrics": {"accuracy": {"value": 0.75, "low": 0.5, "high": 1.0}},
    }  # fmt: skip
    _, _, lines = ranking(finished(), test=test)
    at = lines.index("held-out test set: 12 clips of june.csv, answered once by mfcc with svm:")
    assert lines[at + 1] == "  accuracy 0.750 (95 % interval 0.500–1.000)"


def test_nothing_finished(said):
    failed = {"status": "failed", "features": "mfcc", "classifier": "svm", "error": "no"}
    assert said(show.show_results, results(experiments=[failed])) == []


def test_troubles_go_to_stderr(capsys):
    finding = {"topic": "leakage", "kind": "copies", "severity": "serious", "sentence": "Two clips are one."}
    failed = {"status": "failed", "features": "mfcc", "classifier": "svm", "error": "singular"}
    run = results(
        experiments=[finished(), failed],
        warnings=["small"],
        skipped=[{"path": "a.wav", "why": "a.wav: empty"}],
        audit={"findings": [finding, finding | {"severity": "note"}]},
    )
    show.show_troubles(run)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "warning: small",
        "audit: Two clips are one.",
        "warning: left out: a.wav: empty",
        "warning: failed: mfcc with svm: singular",
    ]


def test_findings(said):
    finding = {
        "topic": "leakage", "kind": "copies", "severity": "serious", "sentence": "Five clips are one.",
        "clips": [["a", "b"], ["c"], ["d"], ["e"]], "advice": "Leave one out.",
    }  # fmt: skip
    lines = said(show.show_findings, results(kind="explore", audit={"findings": [finding]}))
    assert lines == ["serious: Five clips are one.", "    a, b; c; d and 1 more", "    Leave one out.", ""]
    assert said(show.show_findings, results(kind="explore"))[0] == "Nothing was found that needs looking at."


def test_a_table_is_aligned_by_what_a_terminal_shows(capsys):
    print_table(["name", "n"], [["猫", "1"], ["e\u0301", "20"]], right=(1,))
    assert capsys.readouterr().out.splitlines() == ["name    n", "─────────", "猫      1", "e\u0301      20"]
