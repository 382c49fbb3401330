"""Disjoint sets of numbers that are joined step by step (union-find)."""

from __future__ import annotations

from collections import defaultdict


class DisjointSets:
    """The numbers from 0 to *count* - 1, at first each a set of its own.

    >>> sets = DisjointSets(5)
    >>> sets.join(0, 3)
    >>> sets.join(3, 4)
    >>> sets.several(), sets.find(4)
    ([[0, 3, 4]], 0)
    """

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def find(self, i: int) -> int:
        """Return the least number of the set that *i* is in."""
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def join(self, i: int, j: int) -> None:
        """Make the sets of *i* and *j* one."""
        a, b = sorted((self.find(i), self.find(j)))
        self._parent[b] = a

    def several(self) -> list[list[int]]:
        """Return the sets with more than one member, each in order."""
        members = defaultdict(list)
        for i in range(len(self._parent)):
            members[self.find(i)].append(i)
        return [part for part in members.values() if len(part) > 1]
