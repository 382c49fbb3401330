"""Leakage: clips that a split must not part, and labels that contradict each other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from audioclf.audit.evidence import MOST, Data
from audioclf.audit.finding import Finding
from audioclf.audit.sources import families
from audioclf.grammar import count, have


def find_leakage(data: Data) -> list[Finding]:
    """Return what lets a test clip be known from training, or contradicts it."""
    findings = []
    findings += _conflicts(data)
    exact = [part for part in data.exact if len(data.labels(part)) == 1]
    findings += _duplicates(data, "exact-duplicates", exact, "the same samples")
    together = {i: k for k, part in enumerate(data.exact) for i in part}
    near = [
        part for part in data.near if len(data.labels(part)) == 1 and len({together.get(i, -1 - i) for i in part}) > 1
    ]
    findings += _duplicates(data, "near-duplicates", near, "the same sound, re-encoded, trimmed or at another level")
    findings += _one_recording(data)
    findings += _group_labels(data)
    return findings


def _conflicts(data: Data) -> list[Finding]:
    parts = [part for part in data.near if len(data.labels(part)) > 1]
    if not parts:
        return []
    example = parts[0]
    named = " and ".join(f"{data.clips[i].name} ('{data.clips[i].label}')" for i in _one_of_each(data, example)[:2])
    sentence = f"{count(len(parts), 'sound')} {have(len(parts))} more than one label, for example {named}"
    rows = [
        {"clip": data.clips[i].name, "label": data.clips[i].label, "sound": k + 1}
        for k, part in enumerate(parts)
        for i in part
    ]
    return [
        Finding(
            "leakage",
            "duplicate-labels",
            "serious",
            sentence,
            "listen, keep one label for each sound, and leave the other copies out",
            [data.names(part) for part in parts[:MOST]],
            rows[:MOST],
        )
    ]


def _one_of_each(data: Data, members: Sequence[int]) -> list[int]:
    first: dict[str, int] = {}
    for i in members:
        first.setdefault(data.clips[i].label, i)
    return list(first.values())


def _duplicates(data: Data, kind: str, parts: list[list[int]], what: str) -> list[Finding]:
    findings = []
    for apart in (True, False):
        chosen = [part for part in parts if data.apart(part) == apart]
        if not chosen:
            continue
        number = sum(map(len, chosen))
        names = data.names(chosen[0])
        sentence = f"{number} clips in {count(len(chosen), 'set')} hold {what}, for example {names[0]} and {names[1]}"
        sentence += "; no group keeps them on one side of a split" if apart else "; their group keeps them together"
        advice = "leave the copies out, or keep them together with --group-by auto" if apart else ""
        severity: Literal["serious", "note"] = "serious" if apart else "note"
        findings.append(
            Finding("leakage", kind, severity, sentence, advice, [data.names(part) for part in chosen[:MOST]])
        )
    return findings


def _one_recording(data: Data) -> list[Finding]:
    findings = []
    exact = {i for part in data.near for i in part}
    heard = [part for part in data.overlapping if data.apart(part) and not set(part) <= exact]
    if heard:
        names = data.names(heard[0])
        findings.append(
            Finding(
                "leakage",
                "one-recording",
                "serious",
                f"{sum(map(len, heard))} clips in {count(len(heard), 'set')} overlap, so each set was cut from one "
                f"recording, for example {names[0]} and {names[1]}; no group says so",
                "name the recording in a group column, or use --group-by auto",
                [data.names(part) for part in heard[:MOST]],
            )
        )
    named = {stem: members for stem, members in families(data.clips).items() if data.apart(members)}
    if named:
        number = sum(map(len, named.values()))
        sources = count(len(named), "recording or speaker", "recordings or speakers")
        stem, members = max(named.items(), key=lambda item: len(item[1]))
        sure = len(named) >= 3 or any(len({data.clips[i].path for i in m}) == 1 for m in named.values())
        findings.append(
            Finding(
                "leakage",
                "one-recording",
                "serious" if sure else "note",
                f"by their names, {number} of {len(data.clips)} clips come from {sources}, such as {len(members)} "
                f"clips of '{Path(stem).name}', and no group says so: a split may put parts of one on both sides",
                "if that is so, name the recording in a group column, or use --group-by PATTERN or --group-by auto",
                [data.names(members) for members in list(named.values())[:MOST]],
            )
        )
    return findings


def _group_labels(data: Data) -> list[Finding]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for clip in data.clips:
        if clip.group is not None:
            counts[clip.group][clip.label] += 1
    several = {group: labels for group, labels in counts.items() if sum(labels.values()) > 1}
    mixed = {group: labels for group, labels in several.items() if len(labels) > 1}
    # Where groups are speakers, all say everything; where they are recordings, one label is the rule.
    if not mixed or len(mixed) > 0.2 * len(several):
        return []
    group, labels = next(iter(mixed.items()))
    parts = ", ".join(f"{n} '{label}'" for label, n in labels.most_common())
    return [
        Finding(
            "leakage",
            "group-labels",
            "note",
            f"{count(len(mixed), 'group')} of {len(several)} {have(len(mixed))} clips of more than one label, "
            f"for example '{group}': {parts}",
            "check whether the labels or the groups are wrong",
            [[c.name for c in data.clips if c.group == group] for group in list(mixed)[:MOST]],
            [
                {"group": g, "labels": ", ".join(f"{label} ({n})" for label, n in c.most_common())}
                for g, c in mixed.items()
            ][:MOST],
        )
    ]
