"""The size of fitted models, against what can be counted by hand."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from learners import clips, quick

from audioclf import plugins
from audioclf.classifier.contract import build_classifier
from audioclf.classifier.footprint import Footprint, count_numbers, footprint
from audioclf.model.file import Facts
from audioclf.model.model import Model
from audioclf.spectra.analysis import Analysis


def test_a_logistic_regression_holds_its_weights_and_its_scaling(rng):
    X, y = rng.normal(size=(30, 7)).astype(np.float32), np.repeat(list("abc"), 10)
    recipe = build_classifier("logreg")
    found = footprint(recipe, recipe.build(0).fit(X, y)).parameters
    least = 3 * 7 + 3 + 2 * 7  # weights, offsets, means and scales
    assert least <= found <= least + 7 + 10  # variances, and counts


def test_a_forest_holds_its_nodes(rng):
    X, y = rng.normal(size=(40, 5)).astype(np.float32), np.repeat(list("ab"), 20)
    recipe = build_classifier("rf:trees=3")
    model = recipe.build(0).fit(X, y)
    nodes = sum(tree.tree_.node_count for tree in model.estimators_)
    assert footprint(recipe, model).parameters >= 8 * nodes  # two children, feature, threshold, impurity, counts, ...
    assert footprint(recipe, model).parameters < 20 * nodes


def test_an_array_counts_once_and_text_not_at_all():
    weights = np.ones((4, 2))
    assert count_numbers([weights, {"again": weights, "name": "abc", "labels": np.array(["a", "b"])}, 3.0]) == 8
    loop: list[object] = [weights]
    loop.append(loop)
    assert count_numbers(loop) == 8


@pytest.mark.parametrize("name", plugins.names("classifiers"))
def test_kilobytes_are_those_of_the_model_file(name, tmp_path):
    recipe = quick(name)
    X, y = clips(recipe.takes, 8)
    estimator = recipe.build(0).fit(X, y)
    size = footprint(recipe, estimator)
    facts = Facts(
        features="zcr",
        classifier=recipe.spec,
        labels=sorted(set(y)),
        analysis=Analysis(8000),
        functionals=["mean"],
    )
    path = Model(estimator, facts).save(tmp_path / "m")
    with zipfile.ZipFile(path) as archive:
        held = sum(member.compress_size for member in archive.infolist() if member.filename != "model.json")
    assert size.kilobytes == pytest.approx(held / 1000, abs=1.0)  # and a little for the list of members
    assert size.parameters > 0


def test_what_cannot_be_saved_has_no_size():
    class Unsaved:
        def pack(self, estimator):
            raise RuntimeError

    assert footprint(Unsaved(), {"w": np.zeros(3)}) == Footprint(3, None)
