"""Tests between the experiments of a run, against published examples, other libraries' figures and simulation."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from audioclf.statistics.significance import (
    MCNEMAR,
    T_TEST,
    corrected_t_test,
    decided_by,
    holm,
    mcnemar,
    versus_best,
)

# Differences between an SVM's RBF and linear kernels in ROC AUC, in steps of 0.04: ten times ten folds of 100 clips,
# from the example "Statistical comparison of models using grid search" of scikit-learn's documentation, which prints
# t = 0.750 with a one-sided p of 0.227, and 2.611 for the test without correction.
KERNELS = 0.04 * np.array([
    -1, -3, 0, 0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, -1, 0, 0, 0, 0, -1, -1, 1, -2, 0,
    1, 1, 1, 0, 0, -1, 1, 0, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0,
    0, 1, 1, 1, 0, 1, -1, 2, 0, 0, 0, 0, 0, 5, -1, 0, 1, 0, 0, 0, 0, 1, 1, 2, 0,
    1, 0, -1, 0, 0, 1, -2, 1, 0, 1, 0, 0, 0, 0, 0, 0, -1, 0, -1, 0, 0, 1, 2, 0, 0,
])  # fmt: skip


def test_the_corrected_t_is_that_of_scikit_learns_example():
    t, p = corrected_t_test(KERNELS, 90, 10)
    assert t == pytest.approx(0.750, abs=5e-4)
    assert p / 2 == pytest.approx(0.227, abs=5e-4)
    plain, _ = corrected_t_test(KERNELS, 1e9, 1)
    assert plain == pytest.approx(2.611, abs=5e-4)


def test_without_overlap_the_corrected_t_is_students(rng):
    d = rng.normal(0.01, 0.02, 12)
    t, p = corrected_t_test(d, 1e15, 1)
    expected = scipy.stats.ttest_1samp(d, 0)
    assert t == pytest.approx(expected.statistic)
    assert p == pytest.approx(expected.pvalue)


def test_the_corrected_t_is_the_formula_and_takes_sizes_fold_by_fold(rng):
    d, n_train, n_test = rng.normal(0, 0.02, 15), rng.integers(70, 90, 15), rng.integers(15, 25, 15)
    t, p = corrected_t_test(d, n_train, n_test)
    expected = d.mean() / np.sqrt((1 / 15 + n_test.mean() / n_train.mean()) * d.var(ddof=1))
    assert t == pytest.approx(expected)
    assert p == pytest.approx(2 * scipy.stats.t.sf(abs(expected), 14))
    assert corrected_t_test(-d, n_train, n_test) == pytest.approx((-t, p))


def test_equal_differences_are_as_sure_as_the_steps_of_a_share_allow():
    assert corrected_t_test([0.0] * 5, 80, 20) == (0.0, 1.0)
    noise = np.array([0.3 - 0.2, 0.1, 0.4 - 0.3, 0.9 - 0.8, 0.7 - 0.6]) - 0.1
    assert corrected_t_test(noise, 80, 20) == (0.0, 1.0)
    _, one_clip_of_twenty = corrected_t_test(noise[:3] + 0.05, 40, 20)
    assert one_clip_of_twenty > 0.05
    _, three_quarters = corrected_t_test(noise + 0.75, 80, 20)
    assert three_quarters < 1e-5
    assert corrected_t_test(noise[:3] + 0.05, 40, 20) == pytest.approx(corrected_t_test([0.05] * 3, 40, 20), rel=1e-6)


@pytest.mark.parametrize("few", [[], [0.1]])
def test_fewer_than_two_differences_say_nothing(few):
    assert corrected_t_test(few, 80, 20) is None


def nearest_mean(x, y, train):
    """Which of all clips a nearest-mean classifier of one feature, learnt on *train*, gets right."""
    middle = [x[train & (y == label)].mean() for label in (0, 1)]
    return (np.abs(x - middle[1]) < np.abs(x - middle[0])) == y


def test_the_corrected_t_test_keeps_its_level_on_overlapping_folds_and_the_plain_one_does_not():
    """300 data sets with two features equally good: whoever calls one better is wrong; five repeats of five folds."""
    rng = np.random.default_rng(0)
    wrong = {"corrected": 0, "plain": 0}
    y = np.repeat([0, 1], 30)
    for _ in range(300):
        x = rng.normal(size=(2, 60)) + 0.8 * y
        differences = []
        for _ in range(5):
            fold = rng.permutation(60) % 5
            for k in range(5):
                first, second = (nearest_mean(feature, y, fold != k)[fold == k].mean() for feature in x)
                differences.append(first - second)
        wrong["corrected"] += corrected_t_test(differences, 48, 12)[1] < 0.05
        wrong["plain"] += scipy.stats.ttest_1samp(differences, 0).pvalue < 0.05
    assert wrong["corrected"] / 300 < 0.1
    assert wrong["plain"] / 300 > 0.3


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (1, 0), (0, 6), (12, 5), (5, 12), (7, 7), (400, 350)])
def test_mcnemar_is_the_exact_binomial_test(won, lost):
    first = np.array([True] * won + [False] * lost + [True] * 9 + [False] * 4)
    second = np.array([False] * won + [True] * lost + [True] * 9 + [False] * 4)
    found = mcnemar(first, second)
    assert (found.first_only, found.second_only) == (won, lost)
    expected = scipy.stats.binomtest(won, won + lost, 0.5).pvalue if won + lost else 1.0
    assert found.p == pytest.approx(expected)


def test_holm_by_hand_and_as_statsmodels():
    # sorted: 0.005 × 6, 0.01 × 5, 0.03 × 4, 0.04 × 3, 0.04 × 2 (raised to the one before), 0.5 × 1;
    # statsmodels 0.15 multipletests(method="holm") says the same
    assert holm([0.01, 0.04, 0.03, 0.005, 0.5, 0.04]) == pytest.approx([0.05, 0.12, 0.12, 0.03, 0.5, 0.12])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([None, 0.02, None]) == [None, 0.02, None]
    assert holm([]) == []


@pytest.fixture
def compared():
    """The best, one near it, one far from it, and one that shares a single fold."""
    rng = np.random.default_rng(1)
    base = 0.8 + rng.normal(0, 0.03, 10)
    scores = np.array([base - 0.005 + rng.normal(0, 0.03, 10), base, base - 0.3 + rng.normal(0, 0.01, 10), base - 0.3])
    scores[3, 1:] = np.nan
    right = [np.arange(100) < n for n in (79, 80, 50, 75)]
    return scores, right


def test_versus_best_says_what_the_record_needs(compared):
    scores, right = compared
    found = versus_best(scores, 1, np.full(10, 80), np.full(10, 20), right)
    assert found[1] is None
    near, far, single = found[0], found[2], found[3]
    t, p = corrected_t_test(scores[1] - scores[2], 80, 20)
    assert (far.t, far.p) == (t, p)
    assert far.difference == pytest.approx((scores[1] - scores[2]).mean())
    assert [c.p_holm for c in (near, far)] == holm([near.p, far.p])
    assert far.distinguishable is True
    assert near.distinguishable is False
    assert far.mcnemar.first_only == 30
    assert far.mcnemar.second_only == 0
    assert far.mcnemar.n_clips == 100
    assert [c.mcnemar.p_holm for c in (near, far, single)] == holm(
        [mcnemar(right[1], r).p for r in (right[0], right[2], right[3])]
    )
    assert (single.t, single.p, single.p_holm) == (None, None, None)
    assert single.difference == pytest.approx(0.3)
    assert single.decisive_p == single.mcnemar.p_holm
    assert single.distinguishable is False  # by McNemar: 5 clips against 0
    assert near.decisive_p == near.p_holm
    assert decided_by(found) == T_TEST


def test_the_t_test_decides_against_mcnemar_where_both_exist(compared):
    """Differences that vary wildly between folds, though many clips are won: clips may depend on each other."""
    scores = np.array([[1.0, 0.5, 1.0, 0.5], [0.5, 0.9, 0.5, 0.9]])
    right = [np.arange(100) < 75, np.arange(100) < 50]
    found = versus_best(scores, 0, [75] * 4, [25] * 4, right)[1]
    assert found.mcnemar.p_holm < 1e-6
    assert found.distinguishable is False


def test_one_fold_is_decided_by_mcnemar_and_nothing_by_nothing():
    scores = np.array([[0.9], [0.6], [0.89]])
    right = [np.arange(100) < n for n in (90, 60, 89)]
    found = versus_best(scores, 0, [100], [100], right)
    assert [c and c.distinguishable for c in found] == [None, True, False]
    assert decided_by(found) == MCNEMAR
    without = versus_best(scores, 0, [100], [100])
    assert [c and c.distinguishable for c in without] == [None, False, False]
    assert without[1].mcnemar is None
    assert decided_by(without) is None
    assert versus_best(scores[:1], 0, [100], [100]) == [None]


def test_more_experiments_make_it_harder_to_stand_out(compared):
    rng = np.random.default_rng(2)
    best = 0.8 + rng.normal(0, 0.01, 5)
    rival = best - 0.02 + rng.normal(0, 0.01, 5)
    few = versus_best(np.array([best, rival]), 0, [80] * 5, [20] * 5)[1]
    many = versus_best(
        np.array([best, rival, *[best - rng.normal(0, 0.01, 5) for _ in range(8)]]), 0, [80] * 5, [20] * 5
    )
    assert many[1].p == few.p
    assert many[1].p_holm > few.p_holm


def test_an_experiment_without_scores_is_not_distinguishable():
    found = versus_best(np.array([[0.9, 0.8], [np.nan, np.nan]]), 0, [80, 80], [20, 20])[1]
    assert found.difference is None
    assert found.distinguishable is False
