"""The inner part of nested cross-validation: what is tried, on which clips, and what is chosen."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from materials import material

from audioclf.classifier.contract import Classifier, build_classifier
from audioclf.dataset.clips import Clip
from audioclf.errors import SpecError
from audioclf.experiment.search import (
    FEW,
    Found,
    better_half,
    candidates,
    load_grid,
    search,
    search_space,
)
from audioclf.results.metrics import RANKING
from audioclf.spec import param
from audioclf.validation.inner import inner_splits
from audioclf.validation.splits import Split, make_splits


def clips_of(labels, groups=None):
    groups = groups or [None] * len(labels)
    return [Clip(Path(f"{i}.wav"), label, group) for i, (label, group) in enumerate(zip(labels, groups))]


# --- which parameters -------------------------------------------------------------------------------------


def grid_file(tmp_path, content):
    path = tmp_path / "grid.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_a_grids_values_are_converted_as_a_specs_are(tmp_path):
    grid = load_grid(
        grid_file(
            tmp_path,
            {
                "svm": {"C": [1, 2.5], "gamma": [None, 0.01, "0.3x"], "class_weight": [None, "balanced"]},
                "knn": {"k": [1, 3.0, 3]},
                "rf": {},
            },
        )
    )
    assert grid == {
        "svm": {"C": [1.0, 2.5], "gamma": [None, 0.01, "0.3x"], "class_weight": [None, "balanced"]},
        "knn": {"k": [1, 3]},
        "rf": {},
    }
    assert [type(value) for value in [*grid["svm"]["C"], *grid["knn"]["k"]]] == [float, float, int, int]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no JSON .* write for example"),
        ("[1]", "it must name classifiers, for example"),
        ({"svn": {}}, "unknown classifier 'svn'. Did you mean 'svm'"),
        ({"svm": ["C"]}, "'svm' must be followed by its parameters"),
        ({"svm": {"gama": [1]}}, "svm has no parameter 'gama'. Did you mean 'gamma'"),
        ({"svm": {"C": 5}}, r"svm:C: give a list of values, as in \[1, 10\]"),
        ({"svm": {"C": []}}, "svm:C: give a list of values"),
        ({"svm": {"C": [[1]]}}, r"svm:C: \[1\] is no single value"),
        ({"svm": {"C": [1, -1]}}, r"C=-1.0; it must be above 0"),
        ({"svm": {"C": [None]}}, "'none' isn't a value of type float"),
        ({"svm": {"C": [True]}}, "'true' isn't a value of type float"),
        ('{"svm": {"C": [NaN]}}', "'nan' isn't a value of type float"),
        ({"knn": {"k": [1.5]}}, "'1.5' isn't a value of type int"),
        ({"knn": {"metric": ["euclid"]}}, "metric=euclid; it must be one of"),
        ('{"svm": {"C": [1], "C": [2]}}', "'C' stands twice"),
    ],
)
def test_a_wrong_grid_names_the_file_and_what_to_do(tmp_path, content, message):
    path = grid_file(tmp_path, content)
    with pytest.raises(SpecError, match=message) as caught:
        load_grid(path)
    assert str(caught.value).startswith(f"--grid {path}: ")


def test_a_grid_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(SpecError, match="can't be read"):
        load_grid(tmp_path / "absent.json")
    binary = tmp_path / "song.wav"
    binary.write_bytes(b"RIFF\xff\xfe")
    with pytest.raises(SpecError, match="no JSON"):
        load_grid(binary)


def test_what_the_spec_sets_is_not_searched_even_where_it_is_the_default():
    assert set(search_space(build_classifier("svm"))) == {"C", "gamma"}
    assert set(search_space(build_classifier("svm:C=5"))) == {"gamma"}
    assert set(search_space(build_classifier("svm:C=10"))) == {"gamma"}
    assert {c.C for c in candidates(build_classifier("svm:C=10"))} == {10.0}
    assert search_space(build_classifier("svm:C=5"), {"svm": {"C": [1.0], "gamma": [0.1]}}) == {"gamma": [0.1]}


def test_given_parameters_are_remembered_through_pickling_but_make_no_other_classifier():
    asked = pickle.loads(pickle.dumps(build_classifier("svm:C=10")))
    assert asked.given == {"C"}
    assert asked == build_classifier("svm")
    assert asked.spec == "svm"
    from_python = type(asked)(gamma=0.2)
    assert set(search_space(from_python)) == {"C"}


def test_all_combinations_are_candidates_once_the_one_asked_for_first():
    found = candidates(build_classifier("knn:weights=uniform"), budget=100)
    assert len(found) == len(set(found)) == 12
    assert found[0] == build_classifier("knn:weights=uniform")
    assert {(c.k, c.metric) for c in found} == {
        (k, m) for k in type(found[0]).space["k"] for m in type(found[0]).space["metric"]
    }
    assert all(c.weights == "uniform" for c in found)


def test_a_grid_replaces_the_space_of_its_classifier_only():
    grid = {"svm": {"C": [3.0]}, "knn": {}}
    assert [c.spec for c in candidates(build_classifier("svm"), grid)] == ["svm", "svm:C=3"]
    assert [c.spec for c in candidates(build_classifier("knn"), grid)] == ["knn"]
    assert candidates(build_classifier("rf"), grid) == candidates(build_classifier("rf"))


@pytest.mark.parametrize("budget", [1, 2, 5, 11, 12, 13])
def test_the_budget_holds_and_the_one_asked_for_is_always_in(budget):
    asked = build_classifier("svm")
    everything = candidates(asked, budget=1000)
    for seed in range(20):
        found = candidates(asked, budget=budget, seed=seed)
        assert len(found) == len(set(found)) == min(budget, len(everything))
        assert found[0] == asked
        assert [c for c in everything if c in found] == found
        assert candidates(asked, budget=budget, seed=seed) == found


def test_with_one_asked_for_outside_the_grid_the_budget_holds_too():
    grid = {"svm": {"C": [1.0, 2.0, 3.0]}}
    assert [len(candidates(build_classifier("svm"), grid, budget)) for budget in (1, 2, 3, 4, 9)] == [1, 2, 3, 4, 4]


def test_the_seed_determines_the_draw_and_every_combination_can_be_drawn():
    asked = build_classifier("svm")
    draws = [tuple(candidates(asked, budget=4, seed=seed)) for seed in range(60)]
    assert len(set(draws)) > 30
    assert {c for draw in draws for c in draw} == set(candidates(asked, budget=1000))


def test_a_grid_of_billions_costs_no_more_than_its_budget():
    values = [float(n) for n in range(1, 2001)]
    grid = {"gboost": {"learning_rate": values, "rounds": list(range(1, 2001)), "max_leaves": list(range(2, 2002))}}
    assert len(candidates(build_classifier("gboost"), grid, budget=10)) == 10


def test_a_budget_below_one_is_refused():
    with pytest.raises(SpecError, match="budget of 0 candidates; it must be at least 1"):
        candidates(build_classifier("svm"), budget=0)


# --- the choice -------------------------------------------------------------------------------------------


class Oracle:
    """Right for a given share of the clips, which are numbers from 0 to 1; keeps count of its fits."""

    fits: list[str] = []

    def __init__(self, skill, name):
        self.skill, self.name = skill, name

    def fit(self, X, y):
        Oracle.fits.append(self.name)
        if self.skill < 0:
            raise ValueError(f"no skill {self.skill}")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.where(X[:, 0] < self.skill, np.where(X[:, 1] > 0, "yes", "no"), np.where(X[:, 1] > 0, "no", "yes"))


@dataclass(frozen=True)
class Skilled(Classifier):
    name = "skilled"
    title = "right for so many clips"

    skill: float = param(0.5, "share")
    style: str = param("plain", "makes no difference")

    def build(self, seed: int) -> Any:
        return Oracle(self.skill, self.spec)


class Sure(Oracle):
    """Has probabilities too."""

    def predict_proba(self, X):
        yes = self.predict(X) == "yes"
        return np.column_stack([1.0 - yes, yes])


@dataclass(frozen=True)
class SureOne(Skilled):
    name = "sure"

    def build(self, seed: int) -> Any:
        return Sure(self.skill, self.spec)


@pytest.fixture
def questions():
    """60 clips of which `Oracle` knows the share that its skill says, in each of six test parts."""
    share = np.tile(np.linspace(0.05, 0.95, 10), 6)
    truth = np.where(np.arange(60) % 2 == 0, "yes", "no")
    data = np.column_stack([share, np.where(truth == "yes", 1.0, -1.0)]).astype(np.float32)
    parts = np.arange(60).reshape(6, 10)
    splits = [Split(0, fold, np.setdiff1d(np.arange(60), part), part) for fold, part in enumerate(parts)]
    Oracle.fits.clear()
    return data, truth, splits


def choose(skills, questions, n_splits=3, kind=Skilled, metric="accuracy"):
    data, truth, splits = questions
    return search([kind(skill) for skill in skills], material(data, None, truth), splits[:n_splits], metric)


def test_the_best_wins_and_the_worse_half_is_dropped_after_every_third_of_the_folds(questions):
    found = choose([0.5, 0.1, 0.2, 0.3, 0.4, 0.9, 0.6, 0.7], questions)
    assert found.best == Skilled(0.9)
    assert found.score == pytest.approx(0.9)
    assert found.method == "successive halving"
    assert found.fits == len(Oracle.fits) == 8 + 4 + 2
    by_spec = {row["spec"]: row for row in found.table}
    assert by_spec["skilled:skill=0.1"]["folds"] == [pytest.approx(0.1), None, None]
    assert by_spec["skilled:skill=0.1"]["mean"] == pytest.approx(0.1)
    assert None not in by_spec["skilled:skill=0.7"]["folds"]
    assert found.table[0]["spec"] == "skilled"


@pytest.mark.parametrize(
    ("n_candidates", "n_splits", "fits"),
    [(2, 3, 6), (3, 3, 9), (4, 3, 8), (5, 3, 5 + 3 + 2), (7, 2, 7 + 4), (6, 6, 12 + 6 + 4), (8, 1, 8)],
)
def test_the_fits_are_counted(questions, n_candidates, n_splits, fits):
    found = choose(np.linspace(0.1, 0.9, n_candidates).round(2), questions, n_splits)
    assert found.fits == len(Oracle.fits) == fits
    assert found.method == ("exhaustive" if n_candidates <= FEW or n_splits == 1 else "successive halving")
    assert found.best == Skilled(0.9)


def test_equal_candidates_are_not_dropped(questions):
    data, truth, splits = questions
    equal = [Skilled(0.7), *(Skilled(0.7, f"s{i}") for i in range(6)), Skilled(0.1)]
    found = search(equal, material(data, None, truth), splits[:3])
    assert found.fits == 8 + 7 + 7
    assert found.best == equal[0]


def test_of_equal_candidates_the_one_asked_for_wins_then_the_earlier(questions):
    data, truth, splits = questions
    asked, other, same = Skilled(0.7), Skilled(0.7, "other"), Skilled(0.7, "same")
    assert search([asked, other, same], material(data, None, truth), splits[:3]).best == asked
    assert search([Skilled(0.2), other, same], material(data, None, truth), splits[:3]).best == other
    assert (
        search([Skilled(0.2), same, Skilled(0.3), other, Skilled(0.1)], material(data, None, truth), splits).best
        == same
    )


def test_rounding_decides_nothing():
    means = np.array([0.7 - 1e-16, 0.1 + 0.2 + 0.4, 0.7, 0.1, 0.05])
    assert better_half([0, 1, 2, 3, 4], means) == [0, 1, 2]
    assert better_half([3, 4], means) == [3, 4]
    assert better_half([0, 3, 4], np.full(5, -np.inf)) == [0, 3, 4]


def test_one_candidate_needs_no_fits(questions):
    assert choose([0.5], questions) == Found(Skilled(0.5), None, 0, "exhaustive")


def test_without_splits_the_one_asked_for_is_kept_with_a_warning(questions):
    found = choose([0.5, 0.9], questions, n_splits=0)
    assert (found.best, found.score, found.fits) == (Skilled(0.5), None, 0)
    assert "can't be divided" in found.warnings[0]


def test_a_candidate_that_raises_is_out_with_a_warning(questions):
    found = choose([-1.0, 0.2, 0.3, 0.4, -2.0], questions)
    assert found.best == Skilled(0.4)
    assert [w.split(" failed")[0] for w in found.warnings] == ["skilled:skill=-1", "skilled:skill=-2"]
    assert found.warnings[0].endswith("ValueError: no skill -1.0")
    assert found.fits == 5 + 2 + 2


def test_if_all_raise_the_first_error_is_raised(questions):
    with pytest.raises(ValueError, match=r"no skill -1\.0"):
        choose([-1.0, -2.0, -3.0, -4.0], questions)


class Fragile(Oracle):
    """Fails from its second fit on."""

    def fit(self, X, y):
        if self.name in Oracle.fits:
            raise ValueError("worn out")
        return super().fit(X, y)


@dataclass(frozen=True)
class FragileOne(Skilled):
    name = "skilled"

    def build(self, seed: int) -> Any:
        return Fragile(self.skill, self.spec)


def test_if_those_that_are_left_fail_the_dropped_ones_get_their_turn(questions):
    data, truth, splits = questions
    tried = [FragileOne(0.9), FragileOne(0.8), Skilled(0.3), Skilled(0.4)]
    found = search(tried, material(data, None, truth), splits[:3])
    assert found.best == Skilled(0.4)
    assert len(found.warnings) == 2


@pytest.mark.parametrize("metric", RANKING)
def test_every_metric_that_ranks_can_choose(questions, metric):
    found = choose([0.5, 0.1, 0.2, 0.3, 0.9], questions, kind=SureOne, metric=metric)
    assert found.best == SureOne(0.9)
    assert 0.5 < found.score < 1


def test_a_metric_that_is_nowhere_defined_keeps_the_one_asked_for(questions):
    found = choose([0.5, 0.1, 0.9, 0.2], questions, metric="roc_auc")
    assert (found.best, found.score) == (Skilled(0.5), None)
    assert "ROC AUC" in found.warnings[-1]


def test_an_unknown_metric_is_refused(questions):
    with pytest.raises(SpecError, match="a search can't go by 'log_loss'"):
        choose([0.5, 0.6], questions, metric="log_loss")


# --- with real classifiers --------------------------------------------------------------------------------


def rings(rng, n=120):
    """A disc within a ring, among features that say nothing: a wide kernel can't part them."""
    labels = np.array(["disc", "ring"])[np.arange(n) % 2]
    angle, radius = rng.uniform(0, 2 * np.pi, n), np.where(labels == "disc", 0.7, 2.0) + rng.normal(0, 0.15, n)
    data = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]).astype(np.float32)
    return data, labels


def test_tuning_helps_where_the_parameters_asked_for_are_bad(rng):
    data, truth = rings(rng)
    unseen, unseen_truth = rings(rng)
    clips = clips_of(truth.tolist())
    splits = inner_splits(clips, np.arange(len(clips)))
    grid = {"svm": {"C": [0.01, 1.0, 10.0], "gamma": ["0.01x", None, "100x"]}}
    asked = type(build_classifier("svm"))(C=0.01, gamma="0.01x")
    tried = [asked, *candidates(build_classifier("svm"), grid)]
    found = search(tried, material(data, None, truth), splits)

    def accuracy(classifier):
        return np.mean(classifier.build(0).fit(data, truth).predict(unseen) == unseen_truth)

    assert accuracy(asked) < 0.8
    assert accuracy(found.best) > 0.95
    assert found.score > 0.95


def test_sequences_are_searched_too_and_alike_every_time(rng):
    lengths = rng.integers(6, 12, 24)
    truth = np.array(["rise", "fall"])[np.arange(24) % 2]
    parts = [
        np.linspace(0, 1, n)[:: 1 if label == "rise" else -1, None] + rng.normal(0, 0.1, (n, 2))
        for n, label in zip(lengths, truth)
    ]
    data = np.concatenate(parts).astype(np.float32)
    splits = inner_splits(clips_of(truth.tolist(), [f"g{i // 2}" for i in range(24)]), np.arange(24))
    tried = candidates(build_classifier("hmm:iterations=3"), {"hmm": {"states": [1, 2, 3, 4]}})
    first, second = (
        pickle.loads(pickle.dumps(search(tried, material(data, lengths, truth), splits, seed=1))) for _ in range(2)
    )
    assert first == second
    assert first.best.states > 1  # one state can't tell up from down
    assert first.score > 0.9


@pytest.mark.parametrize("spec", ["rf:trees=10", "knn", "svm"])
def test_the_choice_depends_on_the_arguments_only(rng, spec):
    data = rng.normal(size=(60, 5)).astype(np.float32)
    truth = np.array(["a", "b", "c"])[rng.integers(0, 3, 60)]
    splits = inner_splits(clips_of(truth.tolist()), np.arange(60), seed=2)
    tried = candidates(build_classifier(spec))
    first = search(tried, material(data, None, truth), splits, "macro_f1", seed=3)
    np.random.default_rng().normal()
    np.random.seed(7)  # noqa: NPY002
    assert search(tried, material(data, None, truth), splits, "macro_f1", seed=3) == first


def test_outer_splits_serve_as_well(rng):
    data, truth = rings(rng, 60)
    clips = clips_of(truth.tolist(), [f"g{i // 3}" for i in range(60)])
    found = search(candidates(build_classifier("knn")), material(data, None, truth), make_splits(clips, 5).splits)
    assert found.score > 0.9
    best = next(row for row in found.table if row["spec"] == found.best.spec)
    assert len(best["folds"]) == 5
    assert found.score == pytest.approx(np.mean(best["folds"]))


def test_probabilities_are_not_calibrated_where_only_labels_count(rng, monkeypatch):
    data, truth = rings(rng, 40)
    splits = inner_splits(clips_of(truth.tolist()), np.arange(40))
    kind = type(build_classifier("svm"))

    def refuse(self, seed):
        raise AssertionError("not needed")

    tried = candidates(build_classifier("svm"), budget=2)
    with monkeypatch.context() as patch:
        patch.setattr(kind, "build", refuse)
        assert search(tried, material(data, None, truth), splits).score is not None
    assert search(tried, material(data, None, truth), splits, "roc_auc").score is not None
