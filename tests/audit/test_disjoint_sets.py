"""Sets that are joined hold what a search through all joins would find."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from audioclf.audit.disjoint_sets import DisjointSets


def test_joined_numbers_are_scipys_connected_components(rng):
    for _ in range(20):
        pairs = rng.integers(30, size=(int(rng.integers(1, 40)), 2))
        sets = DisjointSets(30)
        for i, j in pairs.tolist():
            sets.join(i, j)
        graph = coo_array((np.ones(len(pairs)), pairs.T), shape=(30, 30))
        of = connected_components(graph, directed=False)[1]
        parts = [np.flatnonzero(of == k).tolist() for k in range(of.max() + 1)]
        assert sorted(sets.several()) == sorted(part for part in parts if len(part) > 1)
        assert [sets.find(i) for i in range(30)] == [min(np.flatnonzero(of == k)) for k in of]
