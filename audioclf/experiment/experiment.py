"""An experiment: one feature set with one classifier, as it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.classifier.contract import Classifier
from audioclf.features.extractor import Extractor
from audioclf.results.names import Names


@dataclass(frozen=True)
class Experiment:
    """One feature set with one classifier, as it is asked for; what came of it is a `fitting.Outcome`.

    Attributes
    ----------
    features : str
        Spec of the feature set.
    extractors : tuple of Extractor
    classifier : Classifier
    candidates : tuple of Classifier
        What the search may choose from when the experiment is tuned; empty if it isn't.
    augment : str or None
        How the clips that train are augmented, as a spec; None if they aren't.

    Examples
    --------
    >>> from audioclf.classifier.contract import build_classifier
    >>> from audioclf.features.specs import build_extractors
    >>> Experiment("zcr", tuple(build_extractors("zcr")), build_classifier("knn:k=3")).title
    'zcr with knn:k=3'
    """

    features: str
    extractors: tuple[Extractor, ...]
    classifier: Classifier
    candidates: tuple[Classifier, ...] = ()
    augment: str | None = None

    @property
    def names(self) -> Names:
        """What names it in a record, and says whether it is the baseline."""
        return Names(features=self.features, classifier=self.classifier.spec, augment=self.augment)

    @property
    def title(self) -> str:
        """Such as ``mfcc+gfcc with svm``."""
        return self.names.title
