"""The contract of a classifier: what can follow ``--clf``."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, TypeVar

from audioclf import spec as spec_module
from audioclf.classifier import packing
from audioclf.errors import SpecError
from audioclf.spec import Configurable

C = TypeVar("C", bound="Classifier")


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
        classifier holds (see `audioclf.model.model`).
    effort : float
        About how many seconds a fit takes per million numbers of its input. Only the order in which fits are
        begun depends on it: the long ones first, so that no worker is idle at the end.
    space : mapping
        Values worth trying, by parameter, the default among them: what ``--tune`` searches. All combinations are
        candidates, hence keep it small.
    given : frozenset of str
        Parameters that the spec set, be it to their defaults: these are not searched.
    """

    title: ClassVar[str]
    takes: ClassVar[Literal["vectors", "sequences"]] = "vectors"
    trusted_types: ClassVar[tuple[str, ...]] = ()
    effort: ClassVar[float] = 1.0
    space: ClassVar[Mapping[str, tuple[Any, ...]]] = {}
    given: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def from_options(cls: type[C], options: dict[str, str]) -> C:
        """Build from text values, and remember which were given.

        Raises
        ------
        SpecError
            If a key is unknown, or a value isn't of the parameter's type or out of its range.
        """
        built = super().from_options(options)
        object.__setattr__(built, "given", frozenset(options))  # no field: it makes no other classifier
        return built

    @abstractmethod
    def build(self, seed: int) -> Any:
        """Return a new, unfitted scikit-learn classifier: ``fit``, ``predict``, ``predict_proba``, ``classes_``.

        Scaling and calibration belong inside it, so that they are learnt in the fold. ``predict`` must
        agree with the largest of ``predict_proba``. Equal seeds give equal models.

        If its ``fit`` has parameters ``groups`` and ``clips``, it is told where its input comes from (see
        `audioclf.classifier.fit.fit`). What it learnt by the epoch it may keep in ``history_``, which the record of a
        run takes over and the report draws: a dictionary with a list ``epochs`` of ``epoch``, ``train_loss``,
        ``valid_loss`` and ``valid_accuracy`` (the last two None without validation), ``best_epoch``, whose weights were
        kept (or None for the last), and ``n_validation`` clips.
        """

    def build_uncalibrated(self, seed: int) -> Any:
        """Return what `build` does, but that only its ``predict`` will be used.

        A classifier whose probabilities cost fits of their own leaves these out here; its labels are the same.
        """
        return self.build(seed)

    def build_multilabel(self, seed: int) -> Any:
        """Return a new, unfitted classifier of clips with any number of labels; by default one `build` for each.

        Its ``fit`` takes a matrix of truth values (n_clips, n_labels), and ``predict`` returns one; ``predict_proba``
        returns the probability of each label, independent of the others.
        """
        from audioclf.classifier.one_vs_rest import OneVsRest

        return OneVsRest(self.build(seed))

    def check_installed(self) -> None:
        """Raise `MissingExtraError` if a package is missing that this classifier needs; by default none is."""

    def pack(self, estimator: Any) -> dict[str, bytes]:
        """Return the members of a model file, by name, that hold a fitted estimator of this classifier."""
        return packing.pack(estimator, self.trusted)

    def unpack(self, members: Mapping[str, bytes]) -> Any:
        """Return the estimator of a model file's members, without running code that comes with them.

        Raises
        ------
        ModelError
            If it holds what isn't trusted.
        """
        return packing.unpack(members, self.trusted)

    @property
    def trusted(self) -> set[str]:
        """Full names of all types that a saved model of this classifier may hold."""
        return {*packing.TRUSTED, *self.trusted_types}


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
