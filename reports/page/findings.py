"""Findings of the audit for a page: a sentence, a table, and the clips that can be heard."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.audit.finding import Finding
from audioclf.plugin import Results
from audioclf.reports.words import audit

_MOST_ROWS = 60


@dataclass(frozen=True)
class Found:
    """One finding.

    Attributes
    ----------
    severity, topic, what, sentence, advice : str
    clips : list of list of str
        Names of clips that belong together.
    heads : list of tuple
        Of the table's columns: the text, and whether it is one of numbers.
    rows : list of list of tuple
        Of each cell the text, whether it is a number, and whether it is a clip's name.
    further : int
        How many rows are left out.
    heard : list of tuple
        Clips that can be heard, with what they were taken for.
    """

    severity: str
    topic: str
    what: str
    sentence: str
    advice: str
    clips: list[list[str]]
    heads: list[tuple[str, bool]]
    rows: list[list[tuple[str, bool, bool]]]
    further: int
    heard: list[tuple[str, str]]


def findings(results: Results) -> list[Found]:
    """Return what a page shows of all findings, the serious ones first."""
    return [_found(results, f) for severity in ("serious", "note") for f in audit.findings(results, severity)]


def _found(results: Results, finding: Finding) -> Found:
    rows = finding.rows
    keys = list(rows[0]) if rows else []
    numbers = [all(isinstance(row.get(key), int | float | None) for row in rows) for key in keys]
    return Found(
        severity=finding.severity,
        topic=audit.topic(finding),
        what=audit.kind(finding),
        sentence=audit.sentence(finding.sentence),
        advice=audit.sentence(finding.advice),
        clips=finding.clips,
        heads=[(audit.heading(key), number) for key, number in zip(keys, numbers)],
        rows=[
            [(audit.cell(row.get(key)), number, key == "clip") for key, number in zip(keys, numbers)]
            for row in rows[:_MOST_ROWS]
        ],
        further=len(rows) - _MOST_ROWS,
        heard=_heard(results, finding),
    )


def _heard(results: Results, finding: Finding) -> list[tuple[str, str]]:
    """The clips of a finding that can be heard, those first whose labels are doubted."""
    audible = {excerpt.path for excerpt in results.record.excerpts}
    suspected = {
        row["clip"]: f"labelled {row['label']}, sounds like {row['suggested']}"
        for row in finding.rows
        if {"clip", "label", "suggested"} <= set(row)
    }
    named = dict.fromkeys([*suspected, *(path for together in finding.clips for path in together)])
    return [(path, suspected.get(path, "")) for path in named if path in audible]
