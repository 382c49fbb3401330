"""Insight into the winner: its clips in two dimensions, permutation importance, and its learning curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from audioclf.classifier.contract import Classifier
from audioclf.comparison.importance import permutation_importance
from audioclf.comparison.learning_curve import learning_curve
from audioclf.comparison.projection import projection
from audioclf.comparison.protocol import Protocol
from audioclf.comparison.settings import Settings, Surroundings
from audioclf.comparison.winner import final_classifier
from audioclf.dataset.clips import Clip
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.material import Material, Sources
from audioclf.results.schema import Finished, Importance, LearningCurve, Projection

_REFIT_SECONDS = 150.0
_MOST_REFITS = 5  # of the winner, for importance: leaving out one of a hundred groups at a time would take as many


@dataclass(frozen=True)
class Insight:
    """What is known of the winner besides its scores; *left_out* says what couldn't be found out, and why."""

    importance: Importance | None = None
    learning_curve: LearningCurve | None = None
    projection: Projection | None = None
    left_out: tuple[str, ...] = ()


def look_closer(
    winner: Experiment, best: Finished, sources: Sources, protocol: Protocol, settings: Settings, around: Surroundings
) -> Insight:
    """Return what the settings ask for, and what the task and the classifier allow; an error costs a part only.

    Parameters
    ----------
    winner, best
        The experiment at the head of the ranking, as it was asked for and as it was scored.
    sources, protocol, settings, around
        Those of the comparison.
    """
    chosen = replace(winner, classifier=final_classifier(winner, best))
    material = sources.material(winner.extractors, winner.classifier.takes, winner.augment is not None)
    metric, seed, workers = protocol.course.metric, settings.seed, around.n_workers
    splits = protocol.first_repeat

    def project() -> Projection:
        # What is looked at are the clips; material for training holds their copies, too.
        own = material if winner.augment is None else sources.material(winner.extractors, winner.classifier.takes)
        return _project(own, sources.extraction.clips, best, seed)

    def weigh() -> Importance:
        few = splits[: _affordable_refits(chosen.classifier, material.size)]
        return permutation_importance(chosen, material, few, metric, seed, workers)

    looks: dict[str, Callable[[], Importance | LearningCurve | Projection]] = {}
    if sources.task.has_classes:
        looks["projection"] = project
    if not best.is_baseline:
        looks["importance"] = weigh
    if settings.with_curve:
        looks["learning_curve"] = lambda: learning_curve(chosen, material, splits, metric, seed, workers)
    parts, left_out = {}, []
    for name, look in looks.items():
        what = name.replace("_", " ")
        around.progress(what, 0, 1, winner.title)
        try:
            parts[name] = look()
        except Exception as error:  # the scores are there, and may have taken hours
            left_out.append(f"no {what}, for it failed: {type(error).__name__}: {error}")
    return Insight(**parts, left_out=tuple(left_out))  # type: ignore[arg-type]


def _project(material: Material, clips: Sequence[Clip], best: Finished, seed: int) -> Projection:
    said = {row.path: row.predicted for row in best.predictions if row.repeat == 0}
    return projection(
        clips,
        material.inputs.summary(),
        material.task.texts(material.truth),
        [said.get(clip.name, "") for clip in clips],
        best.features,
        seed,
    )


def _affordable_refits(classifier: Classifier, size: int) -> int:
    """How many folds to fit the winner on once more: fewer where a fit takes long, by the size of its input."""
    seconds = classifier.effort * size / 1e6
    return int(np.clip(_REFIT_SECONDS / max(seconds, 1e-9), 1, _MOST_REFITS))
