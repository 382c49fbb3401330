"""A fitted estimator as the members of a model file, and back without running code that comes with it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from audioclf.classifier import plain
from audioclf.errors import ModelError

TRUSTED = (
    "audioclf.classifier.one_vs_rest.OneVsRest",
    "numpy.dtype",
    "numpy.random.mtrand.RandomState",
    "sklearn.dummy.DummyClassifier",
    "sklearn.ensemble._forest.ExtraTreesClassifier",
    "sklearn.ensemble._forest.RandomForestClassifier",
    "sklearn.linear_model._logistic.LogisticRegression",
    "sklearn.multiclass.OneVsRestClassifier",
    "sklearn.neighbors._classification.KNeighborsClassifier",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing._data.StandardScaler",
    "sklearn.preprocessing._label.LabelBinarizer",
    "sklearn.svm._classes.LinearSVC",
    "sklearn.svm._classes.SVC",
    "sklearn.tree._classes.DecisionTreeClassifier",
    "sklearn.tree._classes.ExtraTreeClassifier",
)
"""Types that a model may hold, by their full names; a classifier's own come to these."""

_PLAIN = (plain.STRUCTURE, plain.ARRAYS)
_SKOPS = "estimator.skops"


def pack(estimator: Any, trusted: set[str]) -> dict[str, bytes]:
    """Return the members that hold *estimator*: plain data (`audioclf.classifier.plain`) if it can be, else skops's
    form."""
    try:
        return dict(zip(_PLAIN, plain.dumps(estimator, trusted)))
    except plain.NotPlainError:
        import skops.io

        return {_SKOPS: _repacked(skops.io.dumps(estimator))}


def unpack(members: Mapping[str, bytes], trusted: set[str]) -> Any:
    """Return the estimator that `pack` took apart.

    Raises
    ------
    ModelError
        If no estimator is among them, or it holds types that aren't trusted.
    """
    if not (_SKOPS in members or set(_PLAIN) <= set(members)):
        raise ModelError("not a whole model file of audioclf, for it holds no estimator")
    if _PLAIN[0] in members:
        structure, arrays = (members[name] for name in _PLAIN)
        return plain.loads(structure, arrays, trusted)
    import skops.io

    foreign = sorted(set(skops.io.get_untrusted_types(data=members[_SKOPS])) - trusted)
    if foreign:
        raise ModelError(f"holds types that are not trusted ({', '.join(foreign)})")
    return skops.io.loads(members[_SKOPS], trusted=sorted(trusted))


def _repacked(packed: bytes) -> bytes:
    """Store the members of skops's archive without compression, for the outer one compresses better."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as new:
        for member in old.infolist():
            new.writestr(member.filename, old.read(member))
    return out.getvalue()
