"""Tests over several data sets, against published examples and other libraries' figures."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from audioclf.statistics.ranks import cliques, friedman, nemenyi

# Demšar 2006, table 6: ranks of C4.5, C4.5+m, C4.5+cf and C4.5+m+cf by AUC on 14 data sets.
DEMSAR = [
    [4, 3, 2, 1], [1, 2, 3, 4], [4, 1, 2, 3], [4, 1, 3, 2], [4, 2, 3, 1], [1, 2.5, 4, 2.5], [3, 2, 4, 1],
    [2.5, 2.5, 4, 1], [4, 3, 2, 1], [2.5, 2.5, 2.5, 2.5], [4, 2.5, 1, 2.5], [3, 2, 4, 1], [4, 1, 2, 3], [3, 1, 4, 2],
]  # fmt: skip


def test_friedman_and_nemenyi_are_demsars_example():
    found = friedman(-np.array(DEMSAR))
    np.testing.assert_allclose(found.mean_ranks, [3.143, 2.000, 2.893, 1.964], atol=5e-4)
    assert found.chi2 == pytest.approx(9.28, abs=5e-3)
    assert found.f == pytest.approx(3.69, abs=5e-3)
    assert found.p == pytest.approx(scipy.stats.chi2.sf(found.chi2, 3))
    assert found.p_f == pytest.approx(scipy.stats.f.sf(found.f, 3, 39))
    assert 0.01 < found.p_f < 0.05  # the critical value of F(3, 39) is 2.85 there
    pairs = nemenyi(found.mean_ranks, 14)
    assert pairs.critical_difference == pytest.approx(1.25, abs=5e-3)
    assert nemenyi(found.mean_ranks, 14, level=0.1).critical_difference == pytest.approx(1.12, abs=5e-3)
    # scikit-posthocs 0.17, posthoc_nemenyi_friedman on the same table
    expected = [0.08867270928888271, 0.9561771752218107, 0.0741847950687442, 0.2592280701547286, 0.999859449385133,
                0.22669688602641525]  # fmt: skip
    np.testing.assert_allclose(pairs.p[np.triu_indices(4, 1)], expected, rtol=1e-6)
    np.testing.assert_allclose(pairs.p, pairs.p.T)
    np.testing.assert_allclose(np.diag(pairs.p), 1.0)
    assert cliques(found.mean_ranks, pairs.critical_difference) == [[3, 1, 2, 0]]
    # At 0.10 Demšar finds C4.5 worse than both variants with -m, and no more.
    assert cliques(found.mean_ranks, 1.12) == [[3, 1, 2], [2, 0]]


@pytest.mark.parametrize(
    ("level", "table"),
    [
        (0.05, [1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164]),
        (0.10, [1.645, 2.052, 2.291, 2.459, 2.589, 2.693, 2.780, 2.855, 2.920]),
    ],
)
def test_critical_values_are_those_of_demsars_table_5a(level, table):
    for k, q in zip(range(2, 11), table):
        n = k * (k + 1) / 6  # the critical difference is q itself
        assert nemenyi(np.arange(k), n, level).critical_difference == pytest.approx(q, abs=1.5e-3)


def test_friedman_without_ties_is_scipys(rng):
    scores = rng.random((9, 5)) + 0.2 * np.arange(5)
    found = friedman(scores)
    expected = scipy.stats.friedmanchisquare(*scores.T)
    assert found.chi2 == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue)
    assert found.mean_ranks.argmin() == scores.mean(axis=0).argmax()


def test_friedman_at_its_ends():
    agreed = friedman([[3, 2, 1]] * 4)
    assert agreed.chi2 == pytest.approx(8)
    assert (agreed.f, agreed.p_f) == (np.inf, 0.0)
    tied = friedman(np.ones((4, 3)))
    assert (tied.chi2, tied.p, tied.f, tied.p_f) == (0.0, 1.0, 0.0, 1.0)
    for unfit in ([[1, 2, 3]], [[1], [2]], [[1, 2], [np.nan, 1]]):
        with pytest.raises(ValueError, match="Friedman"):
            friedman(unfit)


def test_cliques_are_the_largest_groups_and_none_of_one():
    assert cliques([1, 2, 3, 4], 0.5) == []
    assert cliques([1, 2, 3, 4], 1.0) == []  # as far apart as the critical difference is significant
    assert cliques([4, 1, 2, 3.5], 1.6) == [[1, 2], [2, 3], [3, 0]]
    assert cliques([2, 2, 2], 0.1) == [[0, 1, 2]]
