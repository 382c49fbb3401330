"""Every built-in classifier of vectors passes scikit-learn's own checks of an estimator."""

from __future__ import annotations

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from audioclf import plugins
from audioclf.classifier.contract import build_classifier

# Fewer trees, so that hundreds of small fits stay quick; smaller leaves, because some checks give 10 clips.
QUICK = {"rf": "rf:trees=10", "extra_trees": "extra_trees:trees=10", "gboost": "gboost:rounds=5:min_leaf=1"}
VECTORS = [
    build_classifier(QUICK.get(name, name)).build(seed=0)
    for name in plugins.names("classifiers")
    if plugins.load("classifiers", name).takes == "vectors"
    and plugins.load("classifiers", name).__module__.startswith("audioclf.")
]

IN_PLACE = "scikit-learn's Pipeline fits its steps in place, so that its parameters change"
BOOTSTRAP = "scikit-learn draws bootstraps, features or bins from clips, not from their weights"
IMPOSSIBLE = {
    ("Pipeline", "check_estimators_overwrite_params"): IN_PLACE,
    ("Pipeline", "check_dont_overwrite_parameters"): IN_PLACE,
    ("DummyClassifier", "check_classifiers_classes"): "it never predicts the rarer classes",
    ("RandomForestClassifier", "check_sample_weight_equivalence_on_dense_data"): BOOTSTRAP,
    ("RandomForestClassifier", "check_sample_weight_equivalence_on_sparse_data"): BOOTSTRAP,
    ("RandomForestClassifier", "check_sample_weights_invariance"): BOOTSTRAP,
    ("HistGradientBoostingClassifier", "check_sample_weight_equivalence_on_dense_data"): BOOTSTRAP,
    ("HistGradientBoostingClassifier", "check_sample_weights_invariance"): BOOTSTRAP,
}


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(VECTORS)
def test_check(estimator, check):
    name = getattr(check, "func", check).__name__
    why = IMPOSSIBLE.get((type(estimator).__name__, name))
    if why:
        pytest.skip(why)
    check(estimator)
