"""What answers to held-out clips tell of the data: labels that are doubtful, and what ignoring groups would hide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audioclf.audit.finding import Finding
from audioclf.audit.labels import likely_wrong_labels
from audioclf.dataset.clips import Clip
from audioclf.results.metrics import TAG_TITLES, TITLES
from audioclf.results.names import title

_WORTH_TELLING = 0.02


def doubtful_labels(experiment: dict[str, Any], clips: Sequence[Clip]) -> Finding | None:
    """Return the finding of clips whose label is likely wrong, by the answers to them when they were held out.

    Parameters
    ----------
    experiment : dict
        Its record. Probabilities are averaged over repeats; without any, there is no finding.
    clips : sequence of Clip
        Those with answers, and maybe others.
    """
    sums: dict[str, Any] = {}
    for row in experiment["predictions"]:
        if row["probabilities"] is None:
            return None
        sums[row["path"]] = sums.get(row["path"], 0.0) + np.array(list(row["probabilities"].values()))
    asked = [clip for clip in clips if clip.name in sums]
    rows = np.array([sums[clip.name] for clip in asked])
    labels = list(experiment["predictions"][0]["probabilities"])
    return likely_wrong_labels(asked, labels, rows / rows.sum(axis=1, keepdims=True))


def cost_of_leak(experiment: dict[str, Any], metric: str) -> Finding | None:
    """Return the finding of what an experiment would score if groups were ignored; None without such a score.

    It is serious if that adds more than 0.02 and more than the standard deviation over the honest folds.

    Parameters
    ----------
    experiment : dict
        Its record.
    metric : str
    """
    if not experiment.get("naive"):
        return None
    honest, leaky = experiment["metrics"][metric], experiment["naive"]["metrics"][metric]
    if honest["mean"] is None or leaky["mean"] is None:
        return None
    gain = leaky["mean"] - honest["mean"]
    name = (TAG_TITLES | TITLES)[metric]
    what = f"{title(experiment)} scores {honest['mean']:.3f} {name} on groups that it hasn't heard"
    if gain <= _WORTH_TELLING:
        sentence = f"{what}, and {leaky['mean']:.3f} on folds that ignore groups: on this data a leak adds little"
    else:
        sentence = f"{what}; on folds that ignore groups it would be {leaky['mean']:.3f}, {gain:.3f} too good"
    return Finding(
        topic="leakage",
        kind="cost-of-leak",
        severity="serious" if gain > max(_WORTH_TELLING, honest["std"] or 0.0) else "note",
        sentence=sentence,
        advice="Quote the score with groups kept together." if gain > _WORTH_TELLING else "",
        score=leaky["mean"],
        chance=honest["mean"],
    )
