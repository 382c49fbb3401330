"""What the test over folds could decide: by hand, against dealing clips out to folds, and against real classifiers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from audioclf.statistics.reach import Reach, chance_spread, expected_p, reach, repeats_needed
from audioclf.statistics.significance import McNemar, corrected_t_test, versus_best


def test_the_smallest_p_by_hand():
    """22 clips against 1, of 49, in five folds: variance (23 - 21² / 49) / 49 = 14 / 49 a clip."""
    pairs = McNemar(22, 1, 49, p=0.0)
    assert pairs.variance == pytest.approx(14 / 49)
    t = (21 / 49) / np.sqrt((1 / 5 + 9.8 / 39.2) * (14 / 49) / 9.8)
    assert t == pytest.approx(3.742, abs=5e-4)
    p = 2 * scipy.stats.t.sf(t, 4)
    spread = chance_spread(pairs, 9.8)
    assert spread == pytest.approx(14 / 49 / 9.8)
    assert expected_p(21 / 49, spread, 5, 39.2, 9.8) == pytest.approx(p)
    assert expected_p(21 / 49, spread, 5, 39.2, 9.8, n_compared=9) == pytest.approx(9 * p)
    assert expected_p(-21 / 49, spread, 5, 39.2, 9.8) == pytest.approx(p)
    assert expected_p(0.0, spread, 5, 39.2, 9.8, n_compared=9) == 1.0


def test_the_variance_of_a_clips_difference_is_that_of_its_values():
    values = np.repeat([1, -1, 0], [12, 5, 33])
    assert McNemar(12, 5, 50, p=0.1).variance == pytest.approx(values.var())


def test_clips_that_all_differ_spread_by_no_less_than_rounding():
    pairs = McNemar(40, 0, 40, p=0.0)
    assert pairs.variance == 0.0
    equal = corrected_t_test([1.0] * 5, 32, 8)[1]
    assert expected_p(1.0, chance_spread(pairs, 8), 5, 32, 8) == pytest.approx(equal)


@pytest.mark.parametrize(
    ("won", "lost", "n_splits", "compared", "expected"),
    [(22, 1, 5, 1, 1), (22, 1, 5, 9, 2), (12, 1, 5, 2, 3), (8, 1, 5, 1, 6), (8, 1, 5, 9, None), (2, 1, 5, 1, None)],
)
def test_the_repeats_needed_are_the_first_with_a_p_below_the_level(won, lost, n_splits, compared, expected):
    n = 49.0
    train, test = n * (n_splits - 1) / n_splits, n / n_splits
    facts = ((won - lost) / n, chance_spread(McNemar(won, lost, 49, p=0.0), test))
    found = repeats_needed(*facts, n_splits, train, test, compared)
    assert found == expected
    for repeats in range(1, 101):
        below = expected_p(*facts, repeats * n_splits, train, test, compared) < 0.05
        assert below == (found is not None and repeats >= found)


def test_one_fold_says_nothing_and_one_repeated_split_needs_two():
    assert repeats_needed(0.9, 0.0025, 1, 80, 20) == 2


def dealt(rng, won, lost, n_clips, n_splits, repeats):
    """Differences of folds to which clips with the very same answers are dealt out at random."""
    clips = np.repeat([1.0, -1.0, 0.0], [won, lost, n_clips - won - lost])
    differences = []
    for _ in range(repeats):
        fold = rng.permutation(n_clips) % n_splits
        differences += [clips[fold == k].mean() for k in range(n_splits)]
    return differences


@pytest.mark.parametrize(("won", "lost", "n_clips", "compared"), [(22, 1, 50, 9), (30, 8, 120, 4), (25, 5, 200, 6)])
def test_folds_that_differ_by_chance_give_the_smallest_p_more_or_less(won, lost, n_clips, compared):
    """200 divisions each: about half decide with a smaller p; the repeats that are needed let most of them decide."""
    rng = np.random.default_rng(0)
    train, test = 0.8 * n_clips, 0.2 * n_clips
    facts = ((won - lost) / n_clips, chance_spread(McNemar(won, lost, n_clips, p=0.0), test))

    def p_values(repeats):
        tested = [corrected_t_test(dealt(rng, won, lost, n_clips, 5, repeats), train, test) for _ in range(200)]
        return np.minimum(1, compared * np.array([p for _, p in tested]))

    once = p_values(1)
    expected = float(expected_p(*facts, 5, train, test, compared))
    assert expected > 0.05
    assert 0.45 < (once < expected).mean() < 0.7
    assert (once < 0.05).mean() < 0.4
    needed = repeats_needed(*facts, 5, train, test, compared)
    assert needed > 1
    assert (p_values(needed) < 0.05).mean() > 0.6


def nearest_mean(x, y, train):
    """Which of all clips a nearest-mean classifier of one feature, learnt on *train*, gets right."""
    middle = [x[train & (y == label)].mean() for label in (0, 1)]
    return (np.abs(x - middle[1]) < np.abs(x - middle[0])) == y


@pytest.mark.parametrize("group", [1, 6])
def test_classifiers_that_learn_spread_by_no_less_than_chance_and_groups_by_more(group):
    """100 data sets of a good and a worse feature: the p of real folds is the expected one at best."""
    rng = np.random.default_rng(1)
    larger, ratio = 0, []
    groups = np.arange(60) // group
    y = groups % 2
    for _ in range(100):
        shared = rng.normal(size=(2, groups.max() + 1))[:, groups]
        x = np.sqrt(0.8) * shared + np.sqrt(0.2) * rng.normal(size=(2, 60)) + np.array([[2.0], [0.6]]) * y
        fold = rng.permutation(groups.max() + 1)[groups] % 5
        right = np.empty((2, 60), dtype=bool)
        for k in range(5):
            for i in range(2):
                right[i, fold == k] = nearest_mean(x[i], y, fold != k)[fold == k]
        d = [(right[0].astype(float) - right[1])[fold == k].mean() for k in range(5)]
        won, lost = (right[0] & ~right[1]).sum(), (right[1] & ~right[0]).sum()
        pairs = McNemar(int(won), int(lost), 60, p=0.0)
        spread = chance_spread(pairs, 12)
        larger += corrected_t_test(d, 48, 12)[1] > expected_p(np.mean(d), spread, 5, 48, 12)
        ratio.append(np.var(d, ddof=1) / spread)
    if group == 1:
        assert 0.35 < larger / 100 < 0.65
        assert 0.9 < np.mean(ratio) < 1.3
    else:
        assert larger / 100 > 0.65
        assert np.mean(ratio) > 2


def compared_with(rights, scores, n_clips=50):
    n_folds = len(scores[0])
    return versus_best(np.array(scores), 0, [0.8 * n_clips] * n_folds, [0.2 * n_clips] * n_folds, rights)


def reached(found, n_clips=50, n_splits=5, metric="accuracy"):
    return reach(found, metric, [0.8 * n_clips] * 5, [0.2 * n_clips] * 5, n_splits)


def test_folds_too_few_are_told_with_the_remedy():
    """Nine rivals that are right on 21 clips fewer, in folds that differ by chance."""
    best = np.arange(50) < 47
    rivals = [np.roll(np.arange(50), i) % 50 < 26 for i in range(9)]
    rng = np.random.default_rng(0)
    fold = rng.permutation(50) % 5
    scores = [[right[fold == k].mean() for k in range(5)] for right in (best, *rivals)]
    found = compared_with([best, *rivals], scores)
    assert not any(c.distinguishable for c in found[1:])
    assert all(c.mcnemar.p_holm < 0.001 for c in found[1:])
    each = [expected_p(c.difference, chance_spread(c.mcnemar, 10), 5, 40, 10, 9) for c in found[1:]]
    assert reached(found) == Reach(pytest.approx(min(each)), 2)
    assert min(each) > 0.05
    assert reached(found, n_splits=None) == Reach(reached(found).smallest_p, None)  # folds that can't be drawn anew


def test_folds_that_differ_by_more_than_chance_are_not_called_too_few_but_may_be_repeated():
    best, rival = np.arange(100) < 90, np.arange(100) < 50
    scores = np.array([[1.0, 1.0, 0.9, 0.8, 0.8], [0.3, 0.5, 0.2, 0.8, 0.7]])
    found = compared_with([best, rival], scores, n_clips=100)
    assert found[1].distinguishable is False
    told = reached(found, n_clips=100)
    assert told.smallest_p < 0.05
    d = scores[0] - scores[1]
    assert d.var(ddof=1) > 5 * chance_spread(found[1].mcnemar, 20)
    assert told.repeats_needed == repeats_needed(d.mean(), d.var(ddof=1), 5, 80, 20)
    p = [corrected_t_test(np.tile(d, r), 80, 20)[1] for r in range(1, told.repeats_needed + 1)]
    assert p[0] > 0.05  # the very same folds again, nearly what is reckoned with
    assert p[-1] < 0.05


def test_the_remedy_does_not_trust_folds_that_happen_to_agree():
    """Two experiments with equal differences in all folds, but for Holm's factor: chance spreads them by more."""
    best, rival = np.arange(50) < 20, np.arange(50) % 4 == 0
    steady = np.array([[0.4] * 5, [0.14, 0.16, 0.16, 0.16, 0.14]]) + np.array([[0.0], [0.1]])
    found = [c for c in compared_with([best, rival], steady) if c is not None]
    assert found[0].p < 0.01
    unsure = [replace(found[0], distinguishable=False, mcnemar=replace(found[0].mcnemar, p_holm=0.01))]
    chance = chance_spread(found[0].mcnemar, 10)
    assert reached(unsure).repeats_needed == repeats_needed(found[0].difference, chance, 5, 40, 10)


def test_another_metric_has_repeats_but_no_chance_spread():
    best, rival = np.arange(100) < 90, np.arange(100) < 50
    found = compared_with([best, rival], [[1.0, 1.0, 0.9, 0.8, 0.8], [0.3, 0.5, 0.2, 0.8, 0.7]], n_clips=100)
    told = reached(found, n_clips=100, metric="roc_auc")
    assert told == Reach(None, reached(found, n_clips=100).repeats_needed)


def test_nothing_is_said_where_both_tests_agree_or_one_is_missing():
    best, near, far = (np.arange(50) < n for n in (47, 46, 10))
    scores = [[0.94] * 5, [0.93, 0.91, 0.94, 0.92, 0.9], [0.2] * 5]
    found = compared_with([best, near, far], scores)
    assert [c and c.distinguishable for c in found] == [None, False, True]
    assert reached(found) is None
    assert reached(compared_with(None, scores)) is None
    single = versus_best(np.array([[0.94], [0.2]]), 0, [40], [10], [best, far])
    assert reach(single, "accuracy", [40], [10]) is None
    assert reached([None]) is None


def test_more_right_clips_of_the_other_are_no_doubt_about_it():
    """By the metric the first is better, by the clips the second."""
    fewer, more = np.arange(100) < 50, np.arange(100) < 90
    found = compared_with([fewer, more], [[1.0, 1.0, 0.9, 0.8, 0.8], [0.3, 0.5, 0.2, 0.8, 0.7]], n_clips=100)
    assert found[1].mcnemar.p_holm < 0.001
    assert reached(found, n_clips=100, metric="roc_auc") is None


def test_holms_next_step_counts_what_is_left():
    """One of three is told apart: p of the others is multiplied by two."""
    best, far = np.arange(50) < 50, np.zeros(50, dtype=bool)
    left = [np.roll(np.arange(50) < 39, i) for i in range(2)]
    uneven = [[0.6, 0.9, 0.8, 0.7, 0.9], [0.9, 0.6, 0.7, 0.8, 0.9]]
    found = compared_with([best, *left, far], [[1.0] * 5, *uneven, [0.0] * 5])
    assert [c and c.distinguishable for c in found] == [None, False, False, True]
    expected = expected_p(found[1].difference, chance_spread(found[1].mcnemar, 10), 5, 40, 10, 2)
    assert reached(found).smallest_p == pytest.approx(expected)
