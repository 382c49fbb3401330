"""Hindsight: what answers to held-out clips tell of the data, doubtful labels and the price of a leak."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audioclf.audit.examine import examine
from audioclf.audit.finding import Finding
from audioclf.audit.labels import likely_wrong_labels
from audioclf.comparison.preparation import Prepared
from audioclf.dataset.clips import Clip
from audioclf.experiment.task import Task
from audioclf.results.metrics import TAG_TITLES, TITLES
from audioclf.results.schema import Audit, Checked, Finished

_WORTH_TELLING = 0.02


def audit(
    prepared: Prepared, task: Task, best: Finished | None, clips: Sequence[Clip], metric: str, seed: int
) -> Audit:
    """Return what is wrong with a data set, the serious first: what its sounds tell, then what *best* adds.

    Parameters
    ----------
    prepared : Prepared
    task : Task
    best : Finished or None
        The experiment whose answers are looked at.
    clips : sequence of Clip
        Those that it answered, and maybe others.
    metric : str
    seed : int
    """
    findings = task.meant(examine(prepared.dataset.clips, prepared.measured, seed))
    if best is not None:
        doubts = doubtful_labels(best, clips) if task.has_classes else None
        later = (doubts, cost_of_leak(best, metric))
        findings += [finding for finding in later if finding is not None]
        findings.sort(key=lambda finding: finding.severity != "serious")
    return Audit(findings=findings, checked=Checked(clips=len(prepared.dataset)))


def doubtful_labels(experiment: Finished, clips: Sequence[Clip]) -> Finding | None:
    """Return the finding of clips whose label is likely wrong, by the answers to them when they were held out.

    Parameters
    ----------
    experiment : Finished
        Probabilities are averaged over repeats; without any, there is no finding.
    clips : sequence of Clip
        Those with answers, and maybe others.
    """
    sums: dict[str, Any] = {}
    labels: list[str] = []
    for row in experiment.predictions:
        if row.probabilities is None:
            return None
        labels = list(row.probabilities)
        sums[row.path] = sums.get(row.path, 0.0) + np.array(list(row.probabilities.values()))
    asked = [clip for clip in clips if clip.name in sums]
    rows = np.array([sums[clip.name] for clip in asked])
    return likely_wrong_labels(asked, labels, rows / rows.sum(axis=1, keepdims=True))


def cost_of_leak(experiment: Finished, metric: str) -> Finding | None:
    """Return the finding of what an experiment would score if groups were ignored; None without such a score.

    It is serious if that adds more than 0.02 and more than the standard deviation over the honest folds.
    """
    if experiment.naive is None:
        return None
    honest, leaky = experiment.metrics[metric], experiment.naive.metrics[metric]
    if honest.mean is None or leaky.mean is None:
        return None
    gain = leaky.mean - honest.mean
    name = (TAG_TITLES | TITLES)[metric]
    what = f"on groups that it wasn't trained on, {experiment.title} scores {honest.mean:.3f} {name}"
    if gain <= _WORTH_TELLING:
        sentence = f"{what}; on folds that ignore groups it scores {leaky.mean:.3f}: on this data a leak adds little"
    else:
        sentence = f"{what}; on folds that ignore groups it would score {leaky.mean:.3f}, optimistic by {gain:.3f}"
    return Finding(
        topic="leakage",
        kind="cost-of-leak",
        severity="serious" if gain > max(_WORTH_TELLING, honest.std or 0.0) else "note",
        sentence=sentence,
        advice="Quote the score with groups kept together." if gain > _WORTH_TELLING else "",
        score=leaky.mean,
        chance=honest.mean,
    )
