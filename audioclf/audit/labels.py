"""Labels that are likely wrong, by the answers of models that weren't trained on their clips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.audit.finding import Finding
from audioclf.dataset.clips import Clip
from audioclf.grammar import count

_TRUSTWORTHY = 0.85  # share of labels that a model agrees with: below, its own mistakes are many
_SUSPICION = 0.2
_CONFUSED = 2.0  # how much a usual confusion counts against the margin
_SHARE = 0.1  # of the clips are listed at most: a list as long as the data helps nobody


def likely_wrong_labels(
    clips: Sequence[Clip], labels: Sequence[str], probabilities: NDArray[np.floating[Any]]
) -> Finding | None:
    """Return the clips whose label is likely wrong, the most suspicious first; None where there are none.

    The normalised margin, the probability of another class less that of the label, ranks label errors well
    (Northcutt, Jiang & Chuang 2021, "Confident learning: estimating uncertainty in dataset labels", JAIR 70, section
    3.2), but a model's own mistakes stand as high. Those go by pairs of classes: violins are taken for cellos again and
    again. So twice the share of the label's other clips that are taken for that class is subtracted. Clips with
    at least 0.2 are listed, and no more than a tenth of all.

    Parameters
    ----------
    clips : sequence of Clip
    labels : sequence of str
        The classes, in the order of the columns.
    probabilities : ndarray, shape (n_clips, n_labels)
        Of models that weren't trained with the clip; rows that aren't finite are passed over.

    Examples
    --------
    >>> from pathlib import Path
    >>> clips = [Clip(Path(f"{i}.wav"), label) for i, label in enumerate("aaabbb")]
    >>> p = np.array([0.9, 0.8, 0.1, 0.2, 0.1, 0.1])
    >>> likely_wrong_labels(clips, ["a", "b"], np.stack([p, 1 - p], axis=1)).clips
    [['2.wav']]
    """
    place = {label: k for k, label in enumerate(labels)}
    probabilities = np.asarray(probabilities, np.float64)
    usable = [i for i, clip in enumerate(clips) if clip.label in place and np.isfinite(probabilities[i]).all()]
    if not usable or len(labels) < 2:
        return None
    given = np.array([place[clips[i].label] for i in usable])
    p = probabilities[usable]
    each = np.arange(len(p))
    own = p[each, given]
    others = p.copy()
    others[each, given] = -1.0
    suggested = others.argmax(axis=1)
    top = p[each, suggested]
    taken = np.zeros((len(labels), len(labels)))  # by label, how often it is taken for which class
    np.add.at(taken, (given, suggested), top > own)
    usual = (taken[given, suggested] - (top > own)) / np.maximum(np.bincount(given)[given] - 1, 1)
    suspicion = top - own - _CONFUSED * usual
    order = [int(k) for k in np.argsort(-suspicion, kind="stable") if suspicion[k] >= _SUSPICION]
    order = order[: max(5, int(_SHARE * len(usable)))]
    if not order:
        return None
    rows = [
        {
            "clip": clips[usable[k]].name,
            "label": labels[given[k]],
            "suggested": labels[suggested[k]],
            "probability_of_label": round(float(own[k]), 3),
            "probability_of_suggested": round(float(p[k, suggested[k]]), 3),
        }
        for k in order
    ]
    worst = rows[0]
    share = len(order) / len(usable)
    sentence = (
        f"{count(len(order), 'label')} of {len(usable)} ({share:.1%}) may be wrong, most of all {worst['clip']}: it is "
        f"labelled '{worst['label']}', but a model that wasn't trained on it gives '{worst['suggested']}' a "
        f"probability of {worst['probability_of_suggested']:.2f}"
    )
    agreed = float((own >= top).mean())
    if agreed < _TRUSTWORTHY:
        sentence += f"; as it agrees with only {agreed:.0%} of all labels, most of these are likely its own mistakes"
    advice = "listen to these first, and correct only what you hear; clips that the model confuses are listed, too"
    return Finding(
        "quality", "likely-wrong-labels", "note", sentence, advice, [[str(row["clip"])] for row in rows], rows
    )
