"""Splits keep a group on one side, a class in the training clips, and every clip tested once."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from audioclf.dataset.clips import Clip
from audioclf.errors import DatasetError, SpecError
from audioclf.validation.division import DEFAULT_FOLDS, make_splits, naive_splits


def clips_of(labels, groups=None, folds=None):
    groups = groups or [None] * len(labels)
    folds = folds or [None] * len(labels)
    return [Clip(Path(f"{i}.wav"), *facts) for i, facts in enumerate(zip(labels, groups, folds))]


def grouped(n_classes=3, n_groups=6, size=4):
    """Each class has groups of its own."""
    facts = [(f"class{c}", f"group{c}-{g}") for c in range(n_classes) for g in range(n_groups) for _ in range(size)]
    return clips_of(*map(list, zip(*facts)))


def check_partition(splits, count):
    """Within a repeat, test parts are disjoint and cover all clips; training is the rest; none is empty."""
    for repeat in range(splits.repeats):
        parts = [s for s in splits.splits if s.repeat == repeat]
        assert [s.fold for s in parts] == list(range(splits.n_splits))
        assert sorted(np.concatenate([s.test for s in parts])) == list(range(count))
        for s in parts:
            assert len(s.test)
            assert len(s.train)
            assert sorted([*s.train, *s.test]) == list(range(count))


def layouts(seed, count):
    """Random data sets: groups of one class or of several, of even or very uneven size, with or without names."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        n_classes, labels, groups, number = int(rng.integers(2, 5)), [], [], 0
        mixed, nameless = rng.random() < 0.3, rng.random() < 0.2
        sizes = [lambda: rng.integers(1, 8), lambda: rng.geometric(0.1), lambda: 1, lambda: 4][rng.integers(4)]
        for c in range(n_classes):
            for _ in range(rng.integers(2, 9)):
                for _ in range(sizes()):
                    labels.append(f"c{rng.integers(n_classes) if mixed else c}")
                    groups.append(None if nameless and rng.random() < 0.3 else f"g{number}")
                number += 1
        yield clips_of(labels, groups), int(rng.integers(2, 9)), int(rng.integers(1, 3))


def test_no_group_is_split_and_no_class_unlearnt_whatever_the_layout():
    made = 0
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what is to be said stands in the splits' own warnings
        for clips, k, repeats in layouts(0, 400):
            try:
                splits = make_splits(clips, k, repeats, seed=made)
            except DatasetError:  # too few for k folds; which and why is tested below
                continue
            made += 1
            check_partition(splits, len(clips))
            labels = np.array([clip.label for clip in clips])
            for s in splits.splits:
                train = {clips[i].group for i in s.train} - {None}
                assert not train & {clips[i].group for i in s.test}
                assert set(labels[s.test]) <= set(labels[s.train])
    assert made > 250


def test_a_draw_that_leaves_a_class_unlearnt_is_drawn_again():
    """Here the first draw of scikit-learn's grouped folds puts both groups of a class into one."""
    labels, groups = list("abacbc"), ["g0", "g0", "g1", "g2", "g3", "g3"]
    splits = make_splits(clips_of(labels, groups), 2, seed=0)
    for s in splits.splits:
        assert {labels[i] for i in s.test} <= {labels[i] for i in s.train}


def test_groups_that_leave_a_class_unlearnt_in_every_draw_are_refused():
    """Three pairs of groups share a class, and each pair would have to be parted by two folds."""
    clips = clips_of(list("acabbc"), ["g0", "g0", "g1", "g1", "g2", "g2"])
    with pytest.raises(DatasetError, match=r"is tested in fold \d .* use another number of folds, or add clips"):
        make_splits(clips, 2)
    assert len(make_splits(clips, "logo").splits) == 3


@pytest.mark.parametrize("k", [2, 3, 5, 7])
def test_folds_are_stratified(rng, k):
    counts = {"a": 70, "b": 35, "c": 14}
    labels = np.array([label for label, count in counts.items() for _ in range(count)])
    labels = labels[rng.permutation(len(labels))]
    splits = make_splits(clips_of(list(labels)), k, seed=3)
    assert (splits.kind, splits.n_splits, splits.repeats) == ("stratified-k-fold", k, 1)
    check_partition(splits, len(labels))
    for s in splits.splits:
        for label, count in counts.items():
            assert abs((labels[s.test] == label).sum() - count / k) < 1


def test_grouped_folds_are_stratified_too():
    clips = grouped(3, 10, 4)
    splits = make_splits(clips, 5)
    assert splits.kind == "stratified-group-k-fold"
    assert splits.warnings == []
    for s in splits.splits:
        labels = [clips[i].label for i in s.test]
        assert {labels.count(label) for label in ("class0", "class1", "class2")} == {8}


def test_clips_without_a_group_among_others_are_groups_of_their_own():
    clips = clips_of(["a", "b"] * 10, ["g0", "g1"] * 5 + [None] * 10)
    splits = make_splits(clips, 4)
    assert splits.kind == "stratified-group-k-fold"
    check_partition(splits, 20)
    folds_of = {i: s.fold for s in splits.splits for i in s.test}
    assert len({folds_of[i] for i in range(0, 10, 2)}) == 1
    assert len({folds_of[i] for i in range(10, 20)}) > 1


def as_lists(splits):
    return [(s.repeat, s.fold, s.train.tolist(), s.test.tolist()) for s in splits.splits]


@pytest.mark.parametrize("clips", [grouped(), clips_of(["a", "b"] * 20)], ids=["grouped", "plain"])
def test_the_seed_determines_the_folds(clips):
    assert as_lists(make_splits(clips, 3, seed=5)) == as_lists(make_splits(clips, 3, seed=5))
    assert as_lists(make_splits(clips, 3, seed=5)) != as_lists(make_splits(clips, 3, seed=6))
    np.random.seed(1)  # noqa: NPY002
    first = as_lists(make_splits(clips, 3, seed=5))
    np.random.seed(2)  # noqa: NPY002
    assert as_lists(make_splits(clips, 3, seed=5)) == first


@pytest.mark.parametrize("clips", [grouped(), clips_of(["a", "b"] * 20)], ids=["grouped", "plain"])
def test_repeats_draw_the_folds_anew(clips):
    splits = make_splits(clips, 3, repeats=4)
    assert (splits.repeats, len(splits.splits)) == (4, 12)
    check_partition(splits, len(clips))
    divisions = {tuple(sorted(tuple(s.test) for s in splits.splits if s.repeat == r)) for r in range(4)}
    assert len(divisions) == 4


OWN = ["1", "2", "10"] * 4
LABELS = list("aabbabbabaab")


@pytest.mark.parametrize("cv", [None, "folds"])
def test_the_data_sets_own_folds_are_used_in_numeric_order(cv):
    splits = make_splits(clips_of(LABELS, None, OWN), cv)
    assert (splits.kind, splits.n_splits, splits.repeats) == ("predefined", 3, 1)
    assert splits.warnings == []
    check_partition(splits, 12)
    assert [{OWN[i] for i in s.test} for s in splits.splits] == [{"1"}, {"2"}, {"10"}]


def test_named_folds_are_used_in_the_order_of_their_names():
    folds = ["b", "a", "c"] * 4
    splits = make_splits(clips_of(LABELS, None, folds), "folds")
    assert [{folds[i] for i in s.test} for s in splits.splits] == [{"a"}, {"b"}, {"c"}]


def test_train_and_test_are_one_split():
    folds = ["train"] * 8 + ["test"] * 4
    splits = make_splits(clips_of(LABELS, None, folds))
    assert (splits.kind, splits.n_splits) == ("predefined", 1)
    [only] = splits.splits
    assert only.train.tolist() == list(range(8))
    assert only.test.tolist() == list(range(8, 12))


def test_own_folds_can_be_passed_over_for_a_number():
    splits = make_splits(clips_of(LABELS, None, OWN), 2)
    assert (splits.kind, splits.n_splits) == ("stratified-k-fold", 2)


def test_a_class_that_is_tested_but_not_learnt_is_warned_of():
    splits = make_splits(clips_of(["a", "a", "b", "b", "c"], None, ["1", "2", "1", "2", "2"]))
    assert splits.warnings == ["class 'c' is tested in fold 1 but not among the clips that train it"]


def test_own_folds_that_split_a_group_are_not_chosen():
    groups = [f"g{i // 2}" for i in range(12)]
    clips = clips_of(LABELS, groups, OWN)
    splits = make_splits(clips)
    assert (splits.kind, splits.n_splits) == ("stratified-group-k-fold", DEFAULT_FOLDS)
    assert "own folds put clips of one group on both sides (6 of 6 groups, for example g0)" in splits.warnings[0]
    forced = make_splits(clips, "folds")
    assert forced.kind == "predefined"
    assert "makes scores optimistic for new groups" in forced.warnings[0]


def test_own_folds_that_keep_groups_are_chosen():
    splits = make_splits(clips_of(LABELS, [f"g{fold}" for fold in OWN], OWN))
    assert splits.kind == "predefined"
    assert splits.warnings == []


def test_without_folds_and_groups_five_plain_folds_are_chosen_with_a_warning():
    splits = make_splits(clips_of(["a", "b"] * 10))
    assert (splits.kind, splits.n_splits) == ("stratified-k-fold", 5)
    assert "no groups are known" in splits.warnings[0]


def test_with_groups_five_grouped_folds_are_chosen():
    splits = make_splits(grouped())
    assert (splits.kind, splits.n_splits, splits.warnings) == ("stratified-group-k-fold", 5, [])


@pytest.mark.parametrize("cv", [4, "4", np.int64(4)])
def test_a_number_of_folds_may_be_text(cv):
    assert make_splits(grouped(), cv).n_splits == 4


def test_one_group_at_a_time_is_left_out():
    clips = grouped(2, 4, 3)
    splits = make_splits(clips, "logo")
    assert (splits.kind, splits.n_splits, splits.warnings) == ("leave-one-group-out", 8, [])
    check_partition(splits, len(clips))
    left_out = [{clips[i].group for i in s.test} for s in splits.splits]
    assert all(len(groups) == 1 for groups in left_out)
    assert len(set.union(*left_out)) == 8


def test_a_class_of_few_groups_is_warned_of():
    clips = [*grouped(2, 6, 4), *clips_of(["rare"] * 9, ["r0", "r1", "r2"] * 3)]
    splits = make_splits(clips, 5)
    assert splits.warnings == [
        "class 'rare' has 3 groups for 5 folds: some folds test it not at all; --cv 3 would balance them"
    ]


PLAIN = clips_of(["a", "b"] * 10)


@pytest.mark.parametrize(
    ("clips", "cv", "repeats", "error", "message"),
    [
        ([], None, 1, DatasetError, "at least two classes with readable clips are needed; found none"),
        (clips_of(["a"] * 9), None, 1, DatasetError, "at least two classes .* found 'a'"),
        (PLAIN, 1, 1, SpecError, "--cv 1: at least 2 folds are needed"),
        (PLAIN, "0", 1, SpecError, "--cv 0: at least 2 folds"),
        (PLAIN, -3, 1, SpecError, "--cv -3: at least 2 folds"),
        (PLAIN, "fold", 1, SpecError, "--cv fold: give a number of folds, 'folds' or 'logo'. Did you mean 'folds'"),
        (PLAIN, "2.5", 1, SpecError, "--cv 2.5: give a number"),
        (PLAIN, 5.0, 1, SpecError, r"--cv 5\.0: give a number"),
        (PLAIN, 5, 0, SpecError, "repeats=0; it must be at least 1"),
        (PLAIN, "folds", 1, DatasetError, "--cv folds: the data set has no folds of its own; give a number"),
        (PLAIN, "logo", 1, DatasetError, "--cv logo .* no groups are known; add a group column"),
        (PLAIN, 11, 1, DatasetError, "class 'a' has 10 clips, fewer than the 11 folds; use --cv 10, add clips"),
        (
            clips_of([*"aaaaab"]), 3, 1, DatasetError,
            "class 'b' has 1 clip, fewer than the 3 folds; add clips or leave the class out",
        ),
        (clips_of(["a", "b"] * 5, ["g"] * 10), 5, 1, DatasetError, r"all clips are of one group \('g'\)"),
        (clips_of(["a", "b"] * 5, ["g"] * 10), "logo", 1, DatasetError, "--cv logo: all clips belong to one group"),
        (grouped(2, 2, 9), 5, 1, DatasetError, "4 groups can't fill 5 folds; use --cv 4 or fewer"),
        (grouped(2, 4, 1), 7, 1, DatasetError, "7 folds are more than any class has clips; use --cv 4 or fewer"),
        (
            [*grouped(2, 6, 4), *clips_of(["z"] * 5, ["only"] * 5)], 5, 1, DatasetError,
            r"all clips of class 'z' are of one group \('only'\)",
        ),
        (clips_of(LABELS, None, ["1"] * 12), None, 1, DatasetError, "own fold '1', .* give a number, as in --cv 5"),
        (clips_of(LABELS, None, OWN), "folds", 2, SpecError, "--repeats 2 has no meaning with predefined splits"),
        (grouped(), "logo", 3, SpecError, "--repeats 3 has no meaning with leave-one-group-out splits"),
        (
            clips_of([*"aabb"], ["g0", "g0", "g1", "g1"]), "logo", 1, DatasetError,
            "all clips that train fold 0 are of class 'b', so nothing can be learnt",
        ),
        (
            clips_of([*"aab"], None, ["train", "train", "test"]), None, 1, DatasetError,
            "all clips that train fold 0 are of class 'a'",
        ),
    ],
)  # fmt: skip
def test_a_division_that_cannot_be_is_refused_with_what_to_do(clips, cv, repeats, error, message):
    with pytest.raises(error, match=message):
        make_splits(clips, cv, repeats)


@pytest.mark.parametrize("seed", [-1, 2**31, 2**40])
def test_a_seed_that_scikit_learn_would_refuse_is_refused_with_the_range(seed):
    with pytest.raises(SpecError, match=f"seed={seed}; it must lie between 0 and 2147483647"):
        make_splits(PLAIN, seed=seed)
    assert make_splits(PLAIN, seed=2**31 - 1, repeats=50).repeats == 50


# ---------------------------------------------------------------- as if no groups were known


@pytest.mark.parametrize(("cv", "n_splits"), [(4, 4), ("logo", DEFAULT_FOLDS), ("folds", 2)])
def test_naive_splits_tear_groups_apart(cv, n_splits):
    clips = grouped()
    if cv == "folds":
        clips = [Clip(c.path, c.label, c.group, fold=str(int(c.group[-1]) % 2)) for c in clips]
    splits = make_splits(clips, cv, seed=3)
    naive = naive_splits(clips, splits, seed=3)
    assert (naive.kind, naive.n_splits, naive.repeats, naive.warnings) == ("stratified-k-fold", n_splits, 1, [])
    check_partition(naive, len(clips))
    groups = np.array([clip.group for clip in clips])
    assert any(set(groups[s.train]) & set(groups[s.test]) for s in naive.splits)


def test_naive_splits_repeat_as_the_honest_ones_do():
    clips = grouped()
    splits = make_splits(clips, 3, repeats=2)
    assert naive_splits(clips, splits).repeats == 2


def test_naive_splits_have_as_many_folds_as_the_smallest_class_has_clips():
    clips = clips_of(list("aaaaaaabb"), [*"stuvstu", "s", "t"])
    splits = make_splits(clips, "logo")
    assert naive_splits(clips, splits).n_splits == 2


def test_nothing_to_be_naive_about():
    clips = clips_of(list("aaabbb"))
    assert naive_splits(clips, make_splits(clips, 3)) is None
    clips = clips_of(list("aaab"), list("sstt"))
    with pytest.raises(DatasetError):
        make_splits(clips, 2)
    assert naive_splits(clips, make_splits(grouped(), 2)) is None


# ---------------------------------------------------------------- several labels a clip


def tagged(rng, n_groups=20, size=4, labels="abcd", shares=(0.5, 0.3, 0.15, 0.1), grouped=True):
    """Groups whose clips carry much the same labels; some clips carry none."""
    clips = []
    for g in range(n_groups):
        common = rng.random(len(labels)) < shares
        for i in range(size):
            carried = common ^ (rng.random(len(labels)) < 0.05)
            text = ";".join(label for label, on in zip(labels, carried) if on)
            clips.append(Clip(Path(f"{g}-{i}.wav"), text, f"g{g}" if grouped else None))
    return clips


def carrying(clips, rows, label):
    return sum(label in clips[i].tags for i in rows)


@pytest.mark.parametrize("grouped", [False, True])
def test_folds_of_clips_with_several_labels(rng, grouped):
    clips = tagged(rng, n_groups=40, grouped=grouped)
    splits = make_splits(clips, 4, repeats=2, seed=1, labels=list("abcd"))
    assert splits.kind == ("iterative-stratified-group-k-fold" if grouped else "iterative-stratified-k-fold")
    assert (splits.n_splits, splits.repeats) == (4, 2)
    check_partition(splits, len(clips))
    assert not np.array_equal(splits.splits[0].test, splits.splits[4].test)
    for split in splits.splits:
        assert not {clips[i].group for i in split.train} & ({clips[i].group for i in split.test} - {None})
        for label in "abcd":
            share = carrying(clips, range(len(clips)), label) / 4
            assert abs(carrying(clips, split.test, label) - share) <= (4 if grouped else 2)
    assert [w.startswith("no groups are known") for w in splits.warnings] == [True] * (not grouped)
    assert as_lists(splits) == as_lists(make_splits(clips, 4, repeats=2, seed=1, labels=list("abcd")))
    assert as_lists(splits) != as_lists(make_splits(clips, 4, repeats=2, seed=2, labels=list("abcd")))


def test_a_rare_label_is_a_warning(rng):
    clips = [*tagged(rng, shares=(0.5, 0.4), labels="ab"), Clip(Path("x.wav"), "a;once", "g1")]
    clips += [Clip(Path(f"{i}.wav"), "a;b;twice", f"g{i}") for i in range(2)]
    splits = make_splits(clips, 5, labels=["a", "b", "once", "twice"])
    [unlearnt, untested] = splits.warnings
    assert unlearnt.startswith("in some folds label 'once' can't be learnt: all clips that carry it, or all that don't")
    assert untested.startswith("in some folds each of the labels 'once', 'twice' is on none of the clips tested")
    test = [carrying(clips, split.test, "twice") for split in splits.splits]
    assert sorted(test) == [0, 0, 0, 1, 1]


def test_a_label_that_all_clips_carry_is_a_warning():
    clips = [Clip(Path(f"{i}.wav"), "all;b" if i % 2 else "all") for i in range(20)]
    [_, untested] = make_splits(clips, 4, labels=["all", "b"]).warnings  # the first: no groups are known
    assert untested.startswith("in some folds label 'all' is on none of the clips tested, or on all")


def test_own_folds_and_groups_of_clips_with_several_labels(rng):
    clips = [Clip(c.path, c.label, c.group, fold=str(int(c.group[1:]) % 3)) for c in tagged(rng)]
    own = make_splits(clips, labels=list("abcd"))
    assert (own.kind, own.n_splits, own.warnings) == ("predefined", 3, [])
    logo = make_splits(clips, "logo", labels=list("abcd"))
    assert (logo.kind, logo.n_splits) == ("leave-one-group-out", 20)
    check_partition(logo, len(clips))
    [untested] = logo.warnings
    assert "each of the labels 'a', 'b', 'c', 'd' is on none of the clips tested, or on all" in untested
    for cv in ("folds", "logo"):
        with pytest.raises(SpecError, match="--repeats 2 has no meaning"):
            make_splits(clips, cv, repeats=2, labels=list("abcd"))


def test_a_label_that_own_folds_test_but_do_not_teach():
    clips = clips_of(["a;b", "a", "a;b", "", "a;c"], None, ["train"] * 4 + ["test"])
    splits = make_splits(clips, labels=["a", "b", "c"])
    assert [w.split(":")[0] for w in splits.warnings] == [
        "in some folds label 'c' can't be learnt",
        "in some folds each of the labels 'a', 'b', 'c' is on none of the clips tested, or on all",
    ]


@pytest.mark.parametrize(
    ("labels", "groups", "cv", "message"),
    [
        ([], None, 5, "at least two labels with readable clips are needed; found none"),
        (["a", "a", ""], None, 2, "at least two labels with readable clips are needed; found 'a'"),
        (["a", "b"], None, 3, "2 clips can't fill 3 folds; use --cv 2 or fewer"),
        (["a", "b", "a;b"], ["g", "g", "h"], 3, "2 groups can't fill 3 folds; use --cv 2 or fewer"),
        (["a", "b", "a;b"], ["g"] * 3, 2, r"all clips are of one group \('g'\)"),
        (["a;b", "a;b", "a"], ["g", "g", "h"], "logo", "all clips that train fold 0 carry the same labels"),
    ],
)
def test_what_cannot_be_divided_is_refused_for_several_labels_too(labels, groups, cv, message):
    with pytest.raises(DatasetError, match=message):
        make_splits(clips_of(labels, groups), cv, labels=["a", "b"])


@pytest.mark.parametrize("cv", [4, "logo"])
def test_naive_splits_of_several_labels(rng, cv):
    clips = tagged(rng)
    naive = naive_splits(clips, make_splits(clips, cv, labels=list("abcd")), labels=list("abcd"))
    assert (naive.kind, naive.n_splits, naive.warnings) == ("iterative-stratified-k-fold", 4 if cv == 4 else 5, [])
    check_partition(naive, len(clips))
    assert any({clips[i].group for i in s.train} & {clips[i].group for i in s.test} for s in naive.splits)
    assert naive_splits(clips[:1], naive, labels=list("abcd")) is None
