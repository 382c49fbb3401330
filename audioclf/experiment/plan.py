"""The grid of experiments: every feature set with every classifier, and the baseline (majority class)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from audioclf.classifier.contract import Classifier, build_classifier
from audioclf.errors import SpecError
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.space import Grid, candidates, check_grid, load_grid
from audioclf.features.specs import build_extractors
from audioclf.results.names import BASELINE


def plan(
    features: str | Sequence[str],
    classifiers: str | Sequence[str],
    augment: str | None = None,
    both: bool = False,
    device: str | None = None,
) -> list[Experiment]:
    """Return the grid of experiments, each once, and the baseline (majority class) at the end.

    Parameters
    ----------
    features, classifiers : str or sequence of str
        Specs.
    augment : str, optional
        How the clips that train are augmented.
    both : bool
        Each experiment also without that.
    device : str, optional
        For classifiers that have such a parameter and weren't given one.

    Raises
    ------
    SpecError
        If a spec is wrong.
    MissingExtraError
        If a classifier needs a package that isn't installed.

    Examples
    --------
    >>> [e.title for e in plan("mfcc,zcr", "svm")]
    ['mfcc with svm', 'zcr with svm', 'mfcc with dummy']
    """
    if both and augment is None:
        raise SpecError("there is nothing to compare with: --augment-compare goes with --augment")
    feature_sets = {
        "+".join(x.spec for x in extractors): extractors for extractors in map(build_extractors, _listed(features))
    }
    built = [_on(device, build_classifier(text)) for text in _listed(classifiers)]
    if not feature_sets or not built:
        raise SpecError("give at least one feature set and one classifier")
    chosen = {classifier.spec: classifier for classifier in built if classifier.name != BASELINE}
    for classifier in chosen.values():
        classifier.check_installed()
    grid = [
        Experiment(spec, tuple(extractors), classifier, augment=how)
        for spec, extractors in feature_sets.items()
        for classifier in chosen.values()
        for how in ([None, augment] if both else [augment])
    ]
    spec, extractors = next(iter(feature_sets.items()))
    return [*grid, Experiment(spec, tuple(extractors), build_classifier(BASELINE))]


def _on(device: str | None, classifier: Classifier) -> Classifier:
    if device is None or "device" not in classifier.parameters or "device" in classifier.given:
        return classifier
    return build_classifier(f"{classifier.spec}:device={device}")


def _listed(specs: str | Sequence[str]) -> list[str]:
    if isinstance(specs, str):
        specs = specs.split(",")
    return [spec.strip() for spec in specs if spec.strip()]


def with_candidates(
    experiments: Sequence[Experiment],
    grid: str | os.PathLike[str] | Grid | None,
    budget: int,
    seed: int,
) -> list[Experiment]:
    """Give each experiment the classifiers that its search may choose from; one without a choice stays as it is.

    Raises
    ------
    SpecError
        If the grid or the budget is wrong.
    """
    spaces = load_grid(grid) if isinstance(grid, str | os.PathLike) else None if grid is None else check_grid(grid)
    choice = {e.classifier: tuple(candidates(e.classifier, spaces, budget, seed)) for e in experiments}
    return [replace(e, candidates=choice[e.classifier] if len(choice[e.classifier]) > 1 else ()) for e in experiments]
