"""Folds of clips with several labels: groups whole, labels even, rare ones in as many folds as can be."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, KFold

from audioclf.validation.stratification import iterative_folds, learnable_folds, n_unlearnt


def tagged(seed, n_groups=120, mean_size=1, n_labels=12):
    """Labels from rare to frequent; clips of a group carry much the same. Returns Y and the groups."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(n_groups), rng.geometric(1 / mean_size, n_groups))
    common = rng.random((n_groups, n_labels)) < rng.beta(0.7, 4, n_labels)
    Y = common[group] ^ (rng.random((len(group), n_labels)) < (0.03 if mean_size > 1 else 0))
    return Y, group.astype(str)


def in_folds(Y, folds, n_splits):
    return np.array([Y[folds == fold].sum(axis=0) for fold in range(n_splits)])


def of_divider(divider, Y, groups):
    folds = np.empty(len(Y), int)
    for fold, (_, test) in enumerate(divider.split(Y, None, groups)):
        folds[test] = fold
    return folds


def unevenness(Y, folds, n_splits):
    """Mean over labels and folds of the distance from an equal share, in equal shares."""
    carried = Y[:, Y.any(axis=0)]
    equal = carried.sum(axis=0) / n_splits
    return np.mean(np.abs(in_folds(carried, folds, n_splits) - equal) / equal)


@pytest.mark.parametrize("n_splits", [2, 5, 10])
def test_clips_of_one_label_each_are_divided_as_evenly_as_can_be(rng, n_splits):
    Y = np.eye(4, dtype=bool)[rng.choice(4, p=[0.6, 0.25, 0.1, 0.05], size=200)]
    folds = iterative_folds(Y, None, n_splits, seed=1)
    assert np.ptp(in_folds(Y, folds, n_splits), axis=0).max() <= 1
    assert np.ptp(np.bincount(folds)) <= 1


def alg_1(Y, n_splits, rng):
    """Sechidis, Tsoumakas & Vlahavas 2011, Algorithm 1, word for word, with desired numbers; then clips of no label."""
    left = set(range(len(Y)))
    folds = np.empty(len(Y), int)
    desired = np.full(n_splits, len(Y) / n_splits)
    desired_label = np.tile(Y.sum(axis=0) / n_splits, (n_splits, 1))
    while any(Y[i].any() for i in left):
        remaining = Y[sorted(left)].sum(axis=0)
        label = rng.choice(np.flatnonzero(remaining == remaining[remaining > 0].min()))
        for i in [i for i in rng.permutation(sorted(left)) if Y[i, label]]:
            best = np.flatnonzero(np.isclose(desired_label[:, label], desired_label[:, label].max()))
            best = best[np.isclose(desired[best], desired[best].max())]
            folds[i] = rng.choice(best)
            desired_label[folds[i], Y[i]] -= 1
            desired[folds[i]] -= 1
            left.remove(i)
    for i in left:
        folds[i] = rng.choice(np.flatnonzero(np.isclose(desired, desired.max())))
        desired[folds[i]] -= 1
    return folds


def test_without_groups_it_is_the_papers_algorithm():
    """Chance decides between equals, so that what is compared is the distribution of the counts."""
    rng = np.random.default_rng(0)
    Y = rng.random((30, 5)) < 0.5
    ours = [np.sort(in_folds(Y, iterative_folds(Y, None, 3, seed), 3), axis=0) for seed in range(150)]
    papers = [np.sort(in_folds(Y, alg_1(Y, 3, rng), 3), axis=0) for _ in range(150)]
    assert np.std(papers, axis=0).max() > 0.3
    np.testing.assert_allclose(np.mean(ours, axis=0), np.mean(papers, axis=0), atol=0.15)
    np.testing.assert_allclose(np.std(ours, axis=0), np.std(papers, axis=0), atol=0.15)


@pytest.mark.parametrize(("n_groups", "mean_size", "at_most"), [(600, 1, 0.6), (150, 4, 0.4), (40, 10, 0.8)])
def test_labels_are_spread_more_evenly_than_by_chance(n_groups, mean_size, at_most):
    ours, chance = [], []
    for seed in range(8):
        Y, groups = tagged(seed, n_groups, mean_size)
        named = groups if mean_size > 1 else None
        divider = KFold if named is None else GroupKFold
        drawn = of_divider(divider(5, shuffle=True, random_state=seed), Y, named)
        ours.append(unevenness(Y, iterative_folds(Y, named, 5, seed), 5))
        chance.append(unevenness(Y, drawn, 5))
    assert np.mean(ours) < at_most * np.mean(chance)


def test_it_is_as_even_as_the_iterative_stratification_package():
    from iterstrat.ml_stratifiers import MultilabelStratifiedKFold

    even = {"ours": [], "theirs": []}
    for seed in range(10):
        Y, _ = tagged(seed, n_groups=400)
        divider = MultilabelStratifiedKFold(5, shuffle=True, random_state=seed)
        folds = np.empty(len(Y), int)
        for fold, (_, test) in enumerate(divider.split(Y, Y)):
            folds[test] = fold
        even["theirs"].append(unevenness(Y, folds, 5))
        even["ours"].append(unevenness(Y, iterative_folds(Y, None, 5, seed), 5))
    assert np.mean(even["ours"]) < 1.1 * np.mean(even["theirs"])


def test_groups_stay_whole_and_no_fold_is_empty():
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n_groups = int(rng.integers(3, 20))
        Y, groups = tagged(seed, n_groups, int(rng.integers(1, 6)), n_labels=int(rng.integers(1, 8)))
        n_splits = int(rng.integers(2, n_groups + 1))
        folds = iterative_folds(Y, groups, n_splits, seed)
        assert set(folds.tolist()) == set(range(n_splits))
        assert all(len(set(folds[groups == name].tolist())) == 1 for name in set(groups))


def test_a_group_of_each_clip_is_as_good_as_none():
    Y, _ = tagged(0, n_groups=300)
    alone = [unevenness(Y, iterative_folds(Y, None, 5, seed), 5) for seed in range(5)]
    named = [unevenness(Y, iterative_folds(Y, np.arange(300).astype(str), 5, seed), 5) for seed in range(5)]
    assert np.mean(named) < 1.1 * np.mean(alone)


def test_a_rare_label_is_in_as_many_folds_as_it_has_groups():
    for seed in range(20):
        Y, groups = tagged(seed, n_groups=60, mean_size=3, n_labels=5)
        Y = np.column_stack([Y, groups == "4", np.isin(groups, ["5", "6", "7"])])
        counts = in_folds(Y, iterative_folds(Y, groups, 5, seed), 5)
        assert (counts[:, -2:] > 0).sum(axis=0).tolist() == [1, 3]


def test_clips_without_a_label_even_out_the_sizes():
    Y = np.zeros((103, 2), bool)
    Y[:11, 0] = True
    Y[:2, 1] = True
    for groups in (None, np.arange(103).astype(str)):
        folds = iterative_folds(Y, groups, 5, seed=0)
        assert np.ptp(np.bincount(folds)) <= 1
        assert np.ptp(in_folds(Y, folds, 5)[:, 0]) <= 1
    assert np.ptp(np.bincount(iterative_folds(Y[:, :0], None, 5, seed=0))) <= 1


def test_the_seed_alone_decides():
    Y, groups = tagged(1, n_groups=50, mean_size=2)
    for named in (None, groups):
        first = iterative_folds(Y, named, 4, seed=7)
        np.random.seed(0)  # noqa: NPY002
        np.testing.assert_array_equal(first, iterative_folds(Y, named, 4, seed=7))
        assert len({tuple(iterative_folds(Y, named, 4, seed).tolist()) for seed in range(10)}) == 10
    np.testing.assert_array_equal(iterative_folds(Y, list(groups), 4, 7), iterative_folds(Y, groups, 4, 7))


def test_more_folds_than_groups_are_refused():
    with pytest.raises(ValueError, match="2 groups can't fill 3 folds"):
        iterative_folds(np.ones((9, 1), bool), list("aaaaabbbb"), 3, 0)


def test_folds_are_drawn_again_until_all_labels_are_learnt():
    """Some draws put all three clips without the first label, or all of another, into one fold."""
    Y = np.array([[0, 0, 0], [1, 1, 0], [1, 0, 1], [0, 0, 0], [0, 1, 1], [1, 1, 0], [1, 0, 1]], dtype=bool)
    drawn = [n_unlearnt(Y, iterative_folds(Y, None, 2, seed)) for seed in range(40)]
    assert max(drawn) > min(drawn) == 0
    for seed in range(10):
        assert n_unlearnt(Y, learnable_folds(Y, None, 2, range(seed, seed + 30))) == 0


def test_what_no_draw_can_mend_costs_no_draws():
    Y, groups = tagged(0, n_groups=30, mean_size=4)
    Y = np.column_stack([Y, groups == "3"])  # all clips of the last label are of one group
    seeds = iter(range(1000))
    learnable_folds(Y[:, -1:], groups, 5, seeds)
    assert next(seeds) == 1
