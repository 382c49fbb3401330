"""All experiments of a comparison, fitted and scored."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from audioclf.comparison.checkpoints import Checkpoints
from audioclf.comparison.protocol import Protocol
from audioclf.comparison.scoring import score_experiment
from audioclf.comparison.settings import Surroundings
from audioclf.experiment import fitting
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.material import Sources
from audioclf.results.schema import Failed, Finished


@dataclass(frozen=True)
class Carried:
    """What came of all experiments.

    Attributes
    ----------
    experiments : list of Finished or Failed
        In the order asked for.
    fit_seconds, score_seconds : float
        Summed over workers.
    """

    experiments: list[Finished | Failed]
    fit_seconds: float
    score_seconds: float


def carry_out(
    experiments: Sequence[Experiment],
    sources: Sources,
    protocol: Protocol,
    checkpoints: Checkpoints,
    around: Surroundings,
    by_recording: bool = False,
) -> Carried:
    """Fit and score all *experiments* but those that *checkpoints* have; by_recording as for `score_experiment`."""
    done: dict[int, Finished | Failed] = {}
    for i, experiment in enumerate(experiments):
        kept = checkpoints.get(experiment)
        if kept is not None:
            done[i] = kept
    left = [i for i in range(len(experiments)) if i not in done]
    fit_seconds = score_seconds = 0.0

    def tell(finished: int, jobs: int, note: str) -> None:
        around.progress("experiments", finished, jobs, note)

    def tell_epochs(finished: int, epochs: int, note: str) -> None:
        around.progress("epochs", finished, epochs, note)

    waiting = [experiments[i] for i in left]
    for position, outcome in fitting.run(waiting, sources, protocol.course, around.n_workers, tell, tell_epochs):
        experiment = waiting[position]
        start = time.perf_counter()
        scored = score_experiment(experiment, outcome, sources, protocol, by_recording)
        if isinstance(scored, Finished):
            checkpoints.put(experiment, scored)
        done[left[position]] = scored
        score_seconds += time.perf_counter() - start
        for fold in (*outcome.folds, *outcome.naive):
            fit_seconds += fold.fit_seconds
            score_seconds += fold.predict_seconds
    return Carried([done[i] for i in range(len(experiments))], fit_seconds, score_seconds)
