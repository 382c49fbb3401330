"""The best experiment: how the others compare with it, and what a model of it would be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from audioclf.classifier.contract import Classifier, build_classifier
from audioclf.experiment.experiment import Experiment
from audioclf.results.names import Names
from audioclf.results.ranking import rank
from audioclf.results.schema import Failed, Finished, McNemar, Tests, VersusBest
from audioclf.statistics import reach, significance
from audioclf.statistics.significance import Versus
from audioclf.validation.splits import Splits


def compare_with_best(
    experiments: Sequence[Finished | Failed], metric: str, splits: Splits, clips_independent: bool
) -> tuple[list[Finished | Failed], Tests | None]:
    """Test every finished experiment against the best.

    Parameters
    ----------
    experiments : sequence of Finished or Failed
    metric : str
        What ranks.
    splits : Splits
        Of the experiments' folds.
    clips_independent : bool
        Whether no groups are known.

    Returns
    -------
    list of Finished or Failed
        The experiments, with ``versus_best`` where there is something to compare.
    Tests or None
        How they were tested; None with fewer than two that finished.
    """
    finished = [e for e in experiments if isinstance(e, Finished)]
    if len(finished) < 2:
        return list(experiments), None
    best = rank(finished, metric)[0]
    scores = np.array([[_number(fold.score(metric)) for fold in e.folds] for e in finished])
    n_train = np.array([len(split.train) for split in splits.splits])
    n_test = np.array([len(split.test) for split in splits.splits])
    right = [np.array([p.label == p.predicted for p in e.predictions if p.repeat == 0]) for e in finished]
    rows = significance.versus_best(scores, _position(finished, best), n_train, n_test, right)
    against = iter([None if row is None else _versus(row) for row in rows])
    drawn_anew = splits.n_splits if splits.kind.endswith("k-fold") else None
    reached = reach.reach(rows, metric, n_train, n_test, drawn_anew)
    tests = Tests(
        best=Names(features=best.features, classifier=best.classifier, augment=best.augment),
        metric=metric,
        level=significance.LEVEL,
        decided_by=significance.decided_by(rows),
        clips_independent=clips_independent,
        n_folds=len(splits.splits),
        smallest_p=None if reached is None else reached.smallest_p,
        repeats_needed=None if reached is None else reached.repeats_needed,
    )
    return [replace(e, versus_best=next(against)) if isinstance(e, Finished) else e for e in experiments], tests


def find_winner(
    experiments: Sequence[Experiment], scored: Sequence[Finished | Failed], metric: str
) -> tuple[Experiment, Finished] | None:
    """Return the experiment at the head of the ranking, as it was asked for and as it was scored; None without one."""
    ranked = rank(scored, metric)
    return (experiments[_position(scored, ranked[0])], ranked[0]) if ranked else None


def final_classifier(asked: Experiment, scored: Finished) -> Classifier:
    """Return the classifier for a model of all clips: as asked for, or as the search over all folds chose."""
    return asked.classifier if scored.tuning is None else build_classifier(scored.tuning.non_nested.spec)


def _position(experiments: Sequence[Finished | Failed], one: Finished) -> int:
    return next(i for i, e in enumerate(experiments) if e is one)


def _versus(found: Versus) -> VersusBest:
    pairs = found.mcnemar
    return VersusBest(
        difference=found.difference,
        t=found.t,
        p=found.p,
        p_holm=found.p_holm,
        mcnemar=None
        if pairs is None
        else McNemar(best_only=pairs.first_only, this_only=pairs.second_only, p=pairs.p, p_holm=pairs.p_holm),
        distinguishable=found.distinguishable,
    )


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
