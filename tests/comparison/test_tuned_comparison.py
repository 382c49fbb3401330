"""Tuned comparisons: parameters are chosen within every training part, and tested clips have no say."""

from __future__ import annotations

import pytest
import records

import audioclf
from audioclf import parallel
from audioclf.comparison import compare
from audioclf.errors import SpecError


@pytest.fixture(scope="module")
def tuned(tiny):
    grid = {"knn": {"k": [1, 3, 5]}, "hmm": {"states": [1, 2]}}
    return compare.compare(tiny / "clips.csv", "centroid", "knn,hmm,logreg:C=1", cv=3, grid=grid, repeats=2)


def test_parameters_are_chosen_within_every_fold(tuned):
    record = tuned.results.record
    assert record.cv.tuned is True
    knn, hmm, logreg, dummy = record.experiments
    assert {fold.spec for fold in knn.folds} <= {"knn:k=1", "knn:k=3", "knn"}
    assert knn.tuning.space == {"k": [5, 1, 3]}
    assert knn.tuning.chosen == {spec: sum(fold.spec == spec for fold in knn.folds) for spec in knn.tuning.chosen}
    assert sum(knn.tuning.chosen.values()) == 6
    for fold in knn.folds:
        assert fold.parameters["k"] == int(fold.spec.partition("=")[2] or 5)
        assert 0 <= fold.inner_score <= 1
    assert knn.tuning.candidates == 3
    assert hmm.tuning.candidates == 3  # the one asked for, and two states in place of it
    assert logreg.tuning is None is dummy.tuning
    assert {fold.inner_score for fold in logreg.folds} == {None}


def test_a_score_that_is_not_nested_is_that_of_the_chosen_on_the_same_folds(tuned, tiny):
    knn = tuned.results.record.experiments[0]
    plain = compare.compare(tiny / "clips.csv", "centroid", "knn:k=1,knn:k=3,knn:k=5", cv=3, repeats=2)
    means = {e.classifier: e.metrics["accuracy"].mean for e in plain.results.record.experiments}
    means.pop("dummy")
    assert knn.tuning.non_nested.score == pytest.approx(max(means.values()))
    assert means[knn.tuning.non_nested.spec] == pytest.approx(max(means.values()))


def test_tuned_numbers_are_the_same_for_any_number_of_workers(tuned, tiny, monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE", 0.0)
    grid = {"knn": {"k": [1, 3, 5]}, "hmm": {"states": [1, 2]}}
    again = compare.compare(tiny / "clips.csv", "centroid", "knn,hmm,logreg:C=1", cv=3, grid=grid, repeats=2, workers=2)
    assert records.timeless(again.results.record) == records.timeless(tuned.results.record)


def test_tested_clips_have_no_say_in_the_parameters(tiny, monkeypatch):
    from audioclf.experiment import search

    seen = []
    real = search.search

    def spy(candidates, material, splits, *rest):
        seen.append({int(i) for split in splits for i in (*split.train, *split.test)})
        return real(candidates, material, splits, *rest)

    monkeypatch.setattr(search, "search", spy)
    monkeypatch.setattr(parallel, "PATIENCE", 1e9)
    done = compare.compare(tiny / "clips.csv", "centroid", "knn", cv=4, grid={"knn": {"k": [1, 2]}})
    names = [clip.name for clip in done.extraction.clips]
    rows = done.results.record.experiments[0].predictions
    [whole, *inner] = seen  # the first is the search over all folds
    assert len(whole) == 24
    assert len(inner) == 4
    for fold, searched in enumerate(inner):
        tested = {names.index(row.path) for row in rows if row.fold == fold}
        assert searched
        assert not searched & tested


def test_a_model_gets_the_parameters_of_the_search_over_all_folds(tiny):
    model = audioclf.train(tiny / "clips.csv", "centroid", "knn", cv=2, grid={"knn": {"k": [1, 2]}})
    search = model.comparison.results.record.experiments[0].tuning
    assert model.facts.classifier == search.non_nested.spec
    assert model.classifier.k in (1, 2, 5)
    assert model.estimator[-1].n_neighbors == model.classifier.k


def test_wrong_grids_and_budgets(tiny, tmp_path):
    (tmp_path / "grid.json").write_text('{"knm": {"k": [1]}}')
    with pytest.raises(SpecError, match="knm"):
        compare.compare(tiny, "centroid", "knn", grid=tmp_path / "grid.json")
    with pytest.raises(SpecError, match="budget"):
        compare.compare(tiny, "centroid", "knn", tune=True, budget=0)
