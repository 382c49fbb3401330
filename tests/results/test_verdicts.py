"""How experiments compare with the best, in words: both tests are told apart, and no sentence hides either."""

from __future__ import annotations

import pytest
import records

from audioclf.results import headline, verdicts

WORSE, ON_THESE, ALIKE = "worse", "worse on these clips", "not told apart"


def versus(verdict, difference=0.2):
    """Return versus_best as a comparison writes it, of which both tests together give *verdict*."""
    over_folds, paired = {WORSE: (0.01, 0.001), ON_THESE: (1.0, 0.001), ALIKE: (1.0, 1.0)}[verdict]
    return {
        "difference": difference,
        "t": 2.1,
        "p": 0.1,
        "p_holm": over_folds,
        "mcnemar": {"best_only": 22, "this_only": 1, "p": 0.0001, "p_holm": paired},
        "distinguishable": over_folds < 0.05,
    }


def run(*kinds, baseline=WORSE, tests=None, **fields):
    """Return a run whose best experiment is followed by others of these verdicts, and by the baseline."""
    experiments = [records.finished("best", "svm", {"accuracy": 0.94})]
    for k, kind in enumerate(kinds):
        one = records.finished(f"f{k}", "svm", {"accuracy": 0.9 - k / 100}, versus_best=versus(kind))
        experiments.append(one)
    if baseline:
        experiments.append(records.finished("f0", "dummy", {"accuracy": 0.21}, versus_best=versus(baseline, 0.73)))
    best = {"features": "best", "classifier": "svm"}
    given = {"best": best, "metric": "accuracy", "level": 0.05, "clips_independent": False, "n_folds": 5}
    given |= {"decided_by": "corrected resampled t-test"} | (tests or {})
    return records.results(experiments=experiments, tests=given, **fields)


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        ([WORSE, ON_THESE, ON_THESE, ALIKE],
         "Of 4 others, 1 is worse, 2 are worse on these clips and 1 isn't told apart from it (f3 with svm)."),
        ([WORSE, WORSE], "Both others are worse."),
        ([ON_THESE] * 3, "All 3 others are worse on these clips."),
        ([ALIKE] * 4, "All 4 others aren't told apart from it (f0 with svm, f1 with svm and 2 more)."),
        ([ON_THESE], "The only other, f0 with svm, is worse on these clips."),
        ([ALIKE], "The only other, f0 with svm, isn't told apart from it."),
        ([], ""),
    ],
)  # fmt: skip
def test_the_headline_counts_each_verdict(kinds, said):
    results = run(*kinds)
    assert verdicts.counted(results) == said
    assert headline.answer(results).startswith("best with svm: 0.940 accuracy, 95 % interval 0.94–0.94")
    assert said in headline.answer(results)


def test_the_baseline_is_no_other_but_is_named_where_it_is_not_beaten():
    assert "baseline" not in headline.answer(run(WORSE))
    assert headline.answer(run()).endswith(", against 0.210 of the baseline (majority class).")
    assert headline.answer(run(WORSE, baseline=ALIKE)).endswith(
        "It isn't told apart from the baseline (majority class), which reaches 0.210."
    )
    assert headline.answer(run(baseline=ALIKE)).count("0.210") == 1
    assert "which reaches 0.210, is worse on these clips only." in headline.answer(run(WORSE, baseline=ON_THESE))


def test_more_right_answers_of_the_other_are_no_reason_to_call_it_worse():
    record = records.plain(run(ON_THESE))
    records.ranked(record)[1]["versus_best"]["mcnemar"] |= {"best_only": 1, "this_only": 22}
    assert records.of(record).ranking()[1].versus_best.verdict == ALIKE


def test_too_few_folds_are_told_with_the_remedy():
    said = verdicts.too_few(run(ON_THESE, tests={"smallest_p": 0.08, "repeats_needed": 3}))
    assert said.startswith("5 folds are too few to say how a new draw of clips would come out")
    assert "0.080 after Holm's correction; 0.05 is needed" in said
    assert said.endswith("--repeats 3 may be enough.")
    assert "--repeats" not in verdicts.too_few(run(ON_THESE, tests={"smallest_p": 0.08}))
    for unknown in ({}, {"smallest_p": None}):
        assert verdicts.too_few(run(ON_THESE, tests=unknown)) == ""


@pytest.mark.parametrize("smallest", [0.01, None])
def test_folds_that_differ_by_more_than_chance_are_told_with_the_remedy(smallest):
    said = verdicts.too_few(run(ON_THESE, tests={"smallest_p": smallest, "repeats_needed": 3}))
    assert said.startswith("5 folds that differ as much as these don't say how a new draw of clips would come out.")
    assert said.endswith("--repeats 3 may be enough.")


def test_the_explanation_says_what_each_test_says():
    said = verdicts.explained(run(ON_THESE, ALIKE, tests={"smallest_p": 0.08, "repeats_needed": 3}))
    assert [text.partition(":")[0] for text in said[:2]] == ["Worse", "Worse on these clips"]
    assert "corrected resampled t-test over 5 folds" in said[0]
    assert "Holm's correction for 3 comparisons" in said[0]
    assert "McNemar" in said[1]
    assert "its p is too small" in said[1]
    assert said[2] == verdicts.too_few(run(ON_THESE, ALIKE, tests={"smallest_p": 0.08, "repeats_needed": 3}))
    assert said[3].startswith("Not told apart:")
    alone = verdicts.explained(run(ALIKE, tests={"decided_by": "McNemar"}))
    assert "McNemar" in alone[0]
    assert "t-test" not in " ".join(alone)
    assert verdicts.explained(records.results()) == []


def test_sentences_and_cells_have_both_tests():
    results = run(ON_THESE)
    other = results.ranking()[1]
    said = verdicts.sentence(results, other)
    assert said.startswith("Worse than the best on these clips, which doesn't say how a new draw would come out: 0.200")
    assert "corrected resampled t = 2.10, p = 0.100, after Holm's correction p = 1.000" in said
    assert "the best alone has 22 clips right and this one alone 1 (McNemar p < 0.001" in said
    assert verdicts.columns(other.versus_best) == (ON_THESE, "1.000", "22 : 1", "0.001")
    assert verdicts.against(other.versus_best) == "worse on these clips (22 : 1, p = 0.001)"
    assert verdicts.sentence(results, results.best) == ""


def test_the_chance_level_stands_beside_the_baseline():
    data = {"name": "x", "n_clips": 120, "labels": ["a", "b", "c"], "label_counts": dict.fromkeys("abc", 40)}
    results = run(WORSE, dataset=data)
    assert headline.chance(results) == pytest.approx(1 / 3)
    said = headline.beside_chance(results)
    assert said.startswith("Chance level: 0.333, of answers drawn at random. The baseline is lower: ")
    assert "rarer one in the test part" in said
    above = run(WORSE, dataset=data | {"label_counts": {"a": 110, "b": 5, "c": 5}})
    record = records.plain(above)
    records.ranked(record)[-1]["metrics"]["accuracy"]["mean"] = 0.92
    assert headline.beside_chance(records.of(record)) == "Chance level: 0.844, of answers drawn at random."
