"""Names of experiments, and which one is the baseline."""

from __future__ import annotations

from audioclf.structs import Struct, Text

BASELINE = "dummy"
"""The classifier that always answers the majority class and looks at no features: what every other one has to beat."""


class Names(Struct, kw_only=True, frozen=True):
    """What tells an experiment from all others of its run.

    Attributes
    ----------
    features, classifier : str
        Specs.
    augment : str or None
        How its training clips were augmented, as a spec; None if they weren't.
    """

    features: Text
    classifier: Text
    augment: str | None = None

    @property
    def title(self) -> str:
        """Such as ``mfcc+gfcc with svm``, and whether its training clips were augmented.

        >>> Names(features="logmel", classifier="cnn", augment="noise,pitch").title
        'logmel with cnn, augmented'
        """
        return f"{self.features} with {self.classifier}" + ", augmented" * bool(self.augment)

    @property
    def is_baseline(self) -> bool:
        """Whether it is the baseline (majority class) that the others have to beat.

        >>> Names(features="mfcc", classifier="dummy").is_baseline
        True
        """
        return self.classifier.partition(":")[0] == BASELINE

    @property
    def identity(self) -> tuple[str, str, str | None]:
        """Features, classifier and augmentation."""
        return self.features, self.classifier, self.augment
