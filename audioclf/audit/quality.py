"""Clips that are broken, classes that are rare, and labels that are likely wrong."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.audit.evidence import MOST, SILENT, Data, count
from audioclf.audit.finding import Finding
from audioclf.audit.soundness import Sound
from audioclf.dataset.clips import Clip

_SHORT = 0.1  # s
_ZEROS = 0.5  # share
_CLIPPED, _BADLY = 0.001, 0.02  # share
_IMBALANCE, _GROSS = 3.0, 10.0  # most frequent to least frequent class
_MISSING = 0.05  # s, and a hundredth


def find_bad_clips(data: Data) -> list[Finding]:
    """Return which clips are broken, and whether classes are imbalanced."""
    sounds = data.sounds
    silent = [i for i, s in enumerate(sounds) if s.level <= SILENT]
    quiet = set(silent)
    clipped = sorted((i for i, s in enumerate(sounds) if s.clipped >= _CLIPPED), key=lambda i: -sounds[i].clipped)
    missing = [i for i, s in enumerate(sounds) if s.missing > max(_MISSING, 0.01 * (s.duration + s.missing))]
    short = [i for i, s in enumerate(sounds) if s.duration < _SHORT]
    zeros = [i for i, s in enumerate(sounds) if s.zeros >= _ZEROS and i not in quiet]
    worst = sounds[clipped[0]].clipped if clipped else 0.0
    checks: list[tuple[str, str, list[int], str, str, Callable[[Sound], dict[str, Any]]]] = [
        (
            "silent",
            "serious",
            silent,
            f"hold no sound (below {SILENT:g} dBFS)",
            "record them again or leave them out",
            lambda s: {"level": round(s.level, 1)},
        ),
        (
            "truncated",
            "serious",
            missing,
            "end before their header or the manifest says",
            "copy or download them again",
            lambda s: {"seconds": round(s.duration, 3), "missing": round(s.missing, 3)},
        ),
        (
            "clipped",
            "serious" if worst >= _BADLY else "note",
            clipped,
            f"are clipped: up to {worst:.1%} of the samples lie at a ceiling",
            "record with less gain, or leave the worst out",
            lambda s: {"clipped": round(s.clipped, 4), "peak": round(s.peak, 3)},
        ),
        (
            "short",
            "note",
            short,
            f"are shorter than {_SHORT:g} s",
            "see whether they were cut by mistake",
            lambda s: {"seconds": round(s.duration, 3)},
        ),
        (
            "zeros",
            "note",
            zeros,
            f"are zeros for at least {_ZEROS:.0%} of their samples",
            "trim the padding, for features are averaged over all of the clip",
            lambda s: {"zeros": round(s.zeros, 3)},
        ),
    ]
    findings = []
    for kind, severity, members, what, advice, row in checks:
        if members:
            names = data.names(members[:MOST])
            one = len(members) == 1
            what = (
                re.sub(r"^(hold|end|are)\b", lambda m: {"hold": "holds", "end": "ends", "are": "is"}[m[0]], what)
                if one
                else what
            )
            sentence = f"{count(len(members), 'clip')} {what}"
            sentence += f": {names[0]}" if one else f", for example {names[0]}"
            rows = [{"clip": name, **row(sounds[i])} for name, i in zip(names, members)]
            findings.append(Finding("quality", kind, severity, sentence, advice, [[name] for name in names], rows))
    return findings + _imbalance(data)


def _imbalance(data: Data) -> list[Finding]:
    counts = Counter(clip.label for clip in data.clips).most_common()
    (most, n), (least, m) = counts[0], counts[-1]
    if n < _IMBALANCE * m:
        return []
    return [
        Finding(
            "quality",
            "imbalance",
            "serious" if n >= _GROSS * m else "note",
            f"the classes are imbalanced: '{most}' has {n / m:.1f} times the clips of '{least}' ({n} and {m})",
            "look at balanced accuracy and macro F1 rather than accuracy",
            [],
            [{"label": label, "clips": number} for label, number in counts],
        )
    ]


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
        f"{count(len(order), 'label')} of {len(usable)} ({share:.1%}) may be wrong, most of all {worst['clip']}: "
        f"labelled '{worst['label']}', to a model that never heard it '{worst['suggested']}' "
        f"with {worst['probability_of_suggested']:.2f}"
    )
    agreed = float((own >= top).mean())
    if agreed < _TRUSTWORTHY:
        sentence += f"; as it agrees with {agreed:.0%} of all labels only, most of these are likely its own mistakes"
    advice = "listen to these first; what the model can't tell apart stands here too, so mend only what you hear"
    return Finding(
        "quality", "likely-wrong-labels", "note", sentence, advice, [[str(row["clip"])] for row in rows], rows
    )
