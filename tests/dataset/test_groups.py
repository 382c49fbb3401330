"""Groups are read from names."""

from __future__ import annotations

import pytest
from sets import named

from audioclf.dataset.groups import group_by
from audioclf.errors import DatasetError, SpecError


def test_groups_by_pattern():
    data = named("a/x_1.wav", "a/x_2.wav", "b/y_1.wav", "b/odd.wav")
    found = group_by(data, r"([^/]+)_\d")
    assert [c.group for c in found] == ["x", "x", "y", None]
    assert found.notes == [
        r"--group-by '([^/]+)_\d' doesn't match 1 of 4 names, for example b/odd.wav; each of these clips is a group of "
        "its own."
    ]
    assert [c.group for c in group_by(data, "^.")] == ["a", "a", "b", "b"]
    assert [c.group for c in group_by(data, r"^(.)/([a-z])")] == ["a/x", "a/x", "b/y", "b/o"]
    assert [c.group for c in data] == ["given"] * 4
    assert data.notes == []


def test_patterns_that_are_none():
    with pytest.raises(SpecError, match=r"--group-by '\(x' is no regular expression: .*position"):
        group_by(named("a/1.wav", "b/2.wav"), "(x")
    with pytest.raises(DatasetError, match=r"--group-by 'site' matches no clip's name; the first name is a/1\.wav"):
        group_by(named("a/1.wav", "b/2.wav"), "site")
