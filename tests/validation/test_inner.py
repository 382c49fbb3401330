"""Inner splits divide the training clips alone, keep groups together, and test nothing that wasn't learnt."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from audioclf.dataset.clips import Clip
from audioclf.errors import DatasetError
from audioclf.validation.division import make_splits, naive_splits, ungrouped
from audioclf.validation.inner import inner_splits, with_inner


def clips_of(labels, groups=None):
    groups = groups or [None] * len(labels)
    return [Clip(Path(f"{i}.wav"), label, group) for i, (label, group) in enumerate(zip(labels, groups))]


def layouts(seed, count):
    """Random data sets: groups of one class or of several, of even or very uneven size, some clips without."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        n_classes, labels, groups, number = int(rng.integers(2, 5)), [], [], 0
        mixed, nameless, plain = rng.random() < 0.3, rng.random() < 0.2, rng.random() < 0.2
        sizes = [lambda: rng.integers(1, 8), lambda: rng.geometric(0.1), lambda: 1, lambda: 4][rng.integers(4)]
        for c in range(n_classes):
            for _ in range(rng.integers(1, 7)):
                for _ in range(sizes()):
                    labels.append(f"c{rng.integers(n_classes) if mixed else c}")
                    groups.append(None if plain or (nameless and rng.random() < 0.3) else f"g{number}")
                number += 1
        yield clips_of(labels, groups), rng


def check_inner(clips, train, splits):
    seen = []
    for split in splits:
        inner, test = set(split.train.tolist()), set(split.test.tolist())
        assert inner <= set(train.tolist())
        assert test <= set(train.tolist())
        assert inner
        assert test
        assert not inner & test
        assert not {clips[i].group for i in inner} - {None} & {clips[i].group for i in test}
        learnt = {clips[i].label for i in inner}
        assert len(learnt) > 1
        assert {clips[i].label for i in test} <= learnt
        seen += sorted(test)
    assert len(seen) == len(set(seen))


def test_no_group_is_split_and_nothing_unlearnt_is_scored_whatever_the_layout():
    made = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for clips, rng in layouts(1, 80):
            train = np.flatnonzero(rng.random(len(clips)) < 0.8)
            splits = inner_splits(clips, train, seed=int(rng.integers(1000)))
            check_inner(clips, train, splits)
            made += bool(splits)
    assert made > 50


def test_wherever_an_outer_split_can_be_made_the_inner_ones_do_not_fail():
    made = 0
    for clips, _ in layouts(2, 12):
        for cv in (2, 5, "logo"):
            try:
                outer = make_splits(clips, cv)
            except DatasetError:
                continue
            for split in outer.splits:
                check_inner(clips, split.train, inner_splits(clips, split.train))
                made += 1
    assert made > 20


@pytest.mark.parametrize("groups", [None, [f"g{i // 2}" for i in range(36)]], ids=["plain", "grouped"])
def test_inner_folds_are_stratified_shuffled_and_determined_by_the_seed(groups):
    clips = clips_of(sorted("abc" * 12), groups)
    train = np.arange(2, 36)
    splits = inner_splits(clips, train, seed=4)
    assert [s.fold for s in splits] == [0, 1, 2]
    assert sorted(np.concatenate([s.test for s in splits])) == train.tolist()
    for s in splits:
        assert sorted([*s.train, *s.test]) == train.tolist()
        labels = [clips[i].label for i in s.test]
        assert all(2 <= labels.count(label) <= 6 for label in "abc")

    def tests(seed):
        return [s.test.tolist() for s in inner_splits(clips, train, seed=seed)]

    assert tests(4) == tests(4)
    assert len({str(tests(seed)) for seed in range(5)}) == 5


@pytest.mark.parametrize(
    ("labels", "groups", "n_splits"),
    [
        ("aabb", None, 2),
        ("aaab", None, 2),
        ("ab", None, 0),
        ("aaaa", None, 0),
        ("", None, 0),
        ("aaaabbbb", ["g"] * 8, 0),
        ("aaaabbbb", ["g", "h"] * 4, 2),
        ("aaaabbbb", ["g"] * 4 + ["h"] * 4, 0),
        ("aaaabbbb", ["g"] * 4 + [None] * 4, 2),
    ],
)
def test_fewer_folds_where_clips_or_groups_are_few_and_none_where_nothing_can_be_learnt(labels, groups, n_splits):
    clips = clips_of(list(labels), groups)
    splits = inner_splits(clips, np.arange(len(clips)))
    assert len(splits) == n_splits
    check_inner(clips, np.arange(len(clips)), splits)


def test_a_class_of_one_group_is_learnt_but_not_scored():
    clips = clips_of(list("aaaabbbbcc"), ["a0", "a0", "a1", "a2", "b0", "b0", "b1", "b2", "c0", "c0"])
    splits = inner_splits(clips, np.arange(10))
    assert sorted(np.concatenate([s.test for s in splits])) == list(range(8))
    assert sum(8 in s.train for s in splits) == 2


def test_a_draw_that_scores_more_clips_is_preferred():
    """Class c has two groups: they must not fall into one fold, in which neither could be scored."""
    clips = clips_of(list("aaabbbcccc"), [*"012345", "6", "6", "7", "7"])
    for seed in range(20):
        splits = inner_splits(clips, np.arange(10), seed=seed)
        assert sorted(np.concatenate([s.test for s in splits])) == list(range(10))


@pytest.mark.parametrize("grouped", [False, True])
def test_inner_folds_of_clips_with_several_labels(rng, grouped):
    labels = [";".join(sorted({"abc"[i] for i in rng.integers(3, size=rng.integers(4))})) for _ in range(60)]
    clips = clips_of(labels, [f"g{i // 2}" for i in range(60)] if grouped else None)
    train = np.arange(4, 60)
    splits = inner_splits(clips, train, seed=3, labels=["a", "b", "c"])
    assert [s.fold for s in splits] == [0, 1, 2]
    assert sorted(np.concatenate([s.test for s in splits])) == train.tolist()
    for s in splits:
        assert sorted([*s.train, *s.test]) == train.tolist()
        assert not {clips[i].group for i in s.train} & ({clips[i].group for i in s.test} - {None})
        for label in "abc":
            whole = sum(label in clips[i].tags for i in train)
            assert abs(sum(label in clips[i].tags for i in s.test) - whole / 3) <= 3

    def tests(seed):
        return [s.test.tolist() for s in inner_splits(clips, train, seed=seed, labels=["a", "b", "c"])]

    assert tests(3) == tests(3) != tests(4)


@pytest.mark.parametrize(
    ("labels", "groups", "n_splits"),
    [
        (["a", "b"], ["g", "g"], 0),  # one group
        ([], None, 0),
        (["a", "b"], None, 0),  # all clips that train carry the same
        (["a", "a;b", "b", ""], ["g", "g", "h", "h"], 2),
        (["a;b"] * 6, None, 0),
        (["a;b"] * 5 + ["a"], None, 2),  # the fold that tests the last clip can't learn
    ],
)
def test_fewer_inner_folds_of_several_labels_where_clips_are_few(labels, groups, n_splits):
    assert len(inner_splits(clips_of(labels, groups), np.arange(len(labels)), labels=["a", "b"])) == n_splits


def parts(splits):
    return [(split.train.tolist(), split.test.tolist()) for split in splits]


def test_every_split_carries_the_inner_splits_of_its_training_part():
    clips = clips_of(sorted("ab" * 12), [f"g{i // 2}" for i in range(24)])
    outer = make_splits(clips, 3, repeats=2)
    nested = with_inner(outer, clips, seed=5)
    assert parts(nested.splits) == parts(outer.splits)
    assert (nested.kind, nested.repeats, nested.warnings) == (outer.kind, outer.repeats, outer.warnings)
    assert all(split.inner == () for split in outer.splits)
    for split in nested.splits:
        check_inner(clips, split.train, split.inner)
        assert parts(split.inner) == parts(inner_splits(clips, split.train, seed=5))
        assert all(inner.inner == () for inner in split.inner)


def test_inner_splits_of_naive_splits_ignore_groups_too():
    clips = clips_of(sorted("ab" * 12), [f"g{i // 2}" for i in range(24)])
    naive = naive_splits(clips, make_splits(clips, 3))
    nested = with_inner(naive, ungrouped(clips), seed=1)

    def divided(split):
        return {clips[i].group for i in split.train} & {clips[i].group for i in split.test}

    assert any(divided(inner) for split in nested.splits for inner in split.inner)
    assert not any(divided(inner) for split in with_inner(naive, clips, seed=1).splits for inner in split.inner)


def test_inner_splits_of_clips_with_several_labels(rng):
    labels = [";".join(sorted({"abc"[i] for i in rng.integers(3, size=rng.integers(4))})) for _ in range(60)]
    clips = clips_of(labels)
    nested = with_inner(make_splits(clips, 3, labels=list("abc")), clips, seed=2, labels=list("abc"))
    for split in nested.splits:
        assert parts(split.inner) == parts(inner_splits(clips, split.train, seed=2, labels=list("abc")))
        assert len(split.inner) == 3


def test_a_split_whose_training_part_cannot_be_divided_carries_none():
    clips = clips_of(list("aabb"), list("ghgh"))
    assert [split.inner for split in with_inner(make_splits(clips, 2), clips).splits] == [(), ()]
