"""Quality of a data set: clips that are broken, and classes that are rare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from audioclf.audit.evidence import MOST, SILENT, Data
from audioclf.audit.finding import Finding
from audioclf.audit.soundness import Sound
from audioclf.grammar import count

_SHORT = 0.1  # s
_ZEROS = 0.5  # share
_CLIPPED, _BADLY = 0.001, 0.02  # share
_IMBALANCE, _GROSS = 3.0, 10.0  # most frequent to least frequent class
_MISSING = 0.05  # s, and a hundredth


def find_bad_clips(data: Data) -> list[Finding]:
    """Return which clips are broken, and whether classes are imbalanced."""
    return [_finding(data, fault) for fault in _faults(data.sounds) if fault.members] + _imbalance(data)


@dataclass(frozen=True)
class _Fault:
    """Clips with the same fault: what it is of one and of many, what to do, and what the table shows of each."""

    kind: str
    severity: Literal["serious", "note"]
    members: list[int]
    one: str
    many: str
    advice: str
    row: Callable[[Sound], dict[str, Any]]


def _faults(sounds: Sequence[Sound]) -> list[_Fault]:
    silent = [i for i, s in enumerate(sounds) if s.level <= SILENT]
    quiet = set(silent)
    clipped = sorted((i for i, s in enumerate(sounds) if s.clipped >= _CLIPPED), key=lambda i: -sounds[i].clipped)
    worst = sounds[clipped[0]].clipped if clipped else 0.0
    return [
        _Fault(
            "silent",
            "serious",
            silent,
            f"holds no sound (below {SILENT:g} dBFS)",
            f"hold no sound (below {SILENT:g} dBFS)",
            "record them again or leave them out",
            lambda s: {"level": round(s.level, 1)},
        ),
        _Fault(
            "truncated",
            "serious",
            [i for i, s in enumerate(sounds) if s.missing > max(_MISSING, 0.01 * (s.duration + s.missing))],
            "ends before its header or the manifest says",
            "end before their header or the manifest says",
            "copy or download them again",
            lambda s: {"seconds": round(s.duration, 3), "missing": round(s.missing, 3)},
        ),
        _Fault(
            "clipped",
            "serious" if worst >= _BADLY else "note",
            clipped,
            f"is clipped: up to {worst:.1%} of the samples lie at a ceiling",
            f"are clipped: up to {worst:.1%} of the samples lie at a ceiling",
            "record with less gain, or leave the worst out",
            lambda s: {"clipped": round(s.clipped, 4), "peak": round(s.peak, 3)},
        ),
        _Fault(
            "short",
            "note",
            [i for i, s in enumerate(sounds) if s.duration < _SHORT],
            f"is shorter than {_SHORT:g} s",
            f"are shorter than {_SHORT:g} s",
            "see whether they were cut by mistake",
            lambda s: {"seconds": round(s.duration, 3)},
        ),
        _Fault(
            "zeros",
            "note",
            [i for i, s in enumerate(sounds) if s.zeros >= _ZEROS and i not in quiet],
            f"is zeros for at least {_ZEROS:.0%} of its samples",
            f"are zeros for at least {_ZEROS:.0%} of their samples",
            "trim the padding, for features are averaged over all of the clip",
            lambda s: {"zeros": round(s.zeros, 3)},
        ),
    ]


def _finding(data: Data, fault: _Fault) -> Finding:
    names = data.names(fault.members[:MOST])
    number = len(fault.members)
    example = f"{fault.one}: {names[0]}" if number == 1 else f"{fault.many}, for example {names[0]}"
    return Finding(
        "quality",
        fault.kind,
        fault.severity,
        f"{count(number, 'clip')} {example}",
        fault.advice,
        [[name] for name in names],
        [{"clip": name, **fault.row(data.sounds[i])} for name, i in zip(names, fault.members)],
    )


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
