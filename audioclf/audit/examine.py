"""Judging of measured clips: what is wrong with a data set before anything is learnt from it.

Leakage, shortcuts and quality. What each check sees, by which rule, and what it can't see is in docs/audit.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from audioclf.audit.evidence import Data, Measured
from audioclf.audit.finding import Finding
from audioclf.audit.leakage import find_leakage
from audioclf.audit.quality import find_bad_clips
from audioclf.audit.shortcuts import find_shortcuts
from audioclf.dataset.clips import Clip

_SEVERITIES = ("serious", "note")
_TOPICS = ("leakage", "shortcuts", "quality")


def examine(clips: Sequence[Clip], measured: Measured, seed: int = 0) -> list[Finding]:
    """Return what is wrong with a data set, the serious first.

    Parameters
    ----------
    clips : sequence of Clip
        Those that are to be learnt from. Their labels and groups count; clips that weren't measured are passed over.
    measured : Measured
        Of these clips or more.
    seed : int
        Of the folds and permutations behind the shortcuts.
    """
    data = Data.of(clips, measured)
    if not data.clips:
        return []
    findings = [*find_leakage(data), *find_shortcuts(data, seed), *find_bad_clips(data)]
    return sorted(findings, key=lambda f: (_SEVERITIES.index(f.severity), _TOPICS.index(f.topic)))
