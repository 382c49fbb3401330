"""The contract of a classifier: what can follow ``--clf``."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from audioclf import spec as spec_module
from audioclf.errors import SpecError
from audioclf.spec import Configurable


@dataclass(frozen=True)
class Classifier(Configurable):
    """A named recipe for a scikit-learn estimator; its dataclass fields are the parameters of the recipe.

    Attributes
    ----------
    name : str
        The word after ``--clf``; the same as the entry point's.
    title : str
        One line for ``audioclf list`` and the report.
    takes : {"vectors", "sequences"}
        Whether ``fit`` gets a float32 matrix (n_clips, n_features) of pooled features, or a list of
        n_clips float32 arrays (n_frames, n_coefficients), one row a frame.
    trusted_types : tuple of str
        Fully qualified types, besides scikit-learn's and NumPy's usual ones, that a saved model of this
        classifier holds (see `audioclf.model`).
    effort : float
        About how many seconds a fit takes per million numbers of its input. Only the order in which fits are
        begun depends on it: the long ones first, so that no worker is idle at the end.
    """

    title: ClassVar[str]
    takes: ClassVar[Literal["vectors", "sequences"]] = "vectors"
    trusted_types: ClassVar[tuple[str, ...]] = ()
    effort: ClassVar[float] = 1.0

    @abstractmethod
    def build(self, seed: int) -> Any:
        """Return a new, unfitted scikit-learn classifier: ``fit``, ``predict``, ``predict_proba``, ``classes_``.

        Scaling and calibration belong inside it, so that they are learnt in the fold. ``predict`` must
        agree with the largest of ``predict_proba``. Equal seeds give equal models.
        """


def build_classifier(spec: str) -> Classifier:
    """Return the classifier that *spec* (``svm`` or ``svm:C=10``) names.

    Raises
    ------
    SpecError
        If the name or a parameter is unknown or wrong, or several are joined.
    """
    built = spec_module.build("classifiers", spec)
    if len(built) != 1:
        raise SpecError(f"'{spec}': classifiers can't be joined with '+'; list them with ','")
    return built[0]
