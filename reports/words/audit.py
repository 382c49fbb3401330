"""Findings of the audit, in words and as cells of tables."""

from __future__ import annotations

from typing import Any

from audioclf.audit.finding import Finding
from audioclf.grammar import count, listed
from audioclf.plugin import Results
from audioclf.reports.words.data import data_sentence
from audioclf.results.words import MISSING

_KINDS = {
    "exact-duplicates": "the same sound more than once",
    "near-duplicates": "nearly the same sound more than once",
    "duplicate-labels": "the same sound under different labels",
    "group-labels": "a group under different labels",
    "one-recording": "clips that look cut from one recording",
    "cost-of-leak": "a score that a leak raises",
    "sample-rate": "the sample rate gives classes away",
    "duration": "the duration gives classes away",
    "level": "the level gives classes away",
    "dc-offset": "the DC offset gives classes away",
    "bandwidth": "the bandwidth gives classes away",
    "silence": "leading or trailing silence gives classes away",
    "format": "the file format gives classes away",
    "silent": "silent clips",
    "clipped": "clipped clips",
    "truncated": "truncated clips",
    "short": "very short clips",
    "zeros": "clips of mostly zeros",
    "imbalance": "uneven classes",
    "likely-wrong-labels": "labels that are likely wrong",
}
_TOPICS = {"leakage": "data leakage", "shortcuts": "confounder"}


def findings(results: Results, severity: str) -> list[Finding]:
    """Return the audit's findings that are ``serious`` or a ``note``; none where there was no audit."""
    audit = results.record.audit
    return [] if audit is None else [finding for finding in audit.findings if finding.severity == severity]


def kind(finding: Finding) -> str:
    """Name what a finding is about in a few words.

    >>> from audioclf.audit.finding import Finding
    >>> kind(Finding("quality", "silent", "note", "")), kind(Finding("quality", "another-thing", "note", ""))
    ('silent clips', 'another thing')
    """
    return _KINDS.get(finding.kind, finding.kind.replace("-", " "))


def topic(finding: Finding) -> str:
    """Name the topic of a finding in the field's terms.

    >>> topic(Finding("shortcuts", "level", "note", "")), topic(Finding("quality", "silent", "note", ""))
    ('confounder', 'quality')
    """
    return _TOPICS.get(finding.topic, finding.topic)


def verdict(results: Results) -> str:
    """Say in one sentence what is wrong with the data."""
    name = results.record.dataset.name
    if results.record.audit is None:
        return f"{name}: {data_sentence(results)}"
    serious, notes = (findings(results, severity) for severity in ("serious", "note"))
    if serious:
        kinds = list(dict.fromkeys(kind(f) for f in serious))
        return f"{count(len(serious), 'serious finding')} in {name}: {listed(kinds, 3, '; ')}."
    if notes:
        return f"Nothing serious found in {name}; {count(len(notes), 'note')} below."
    return f"Nothing serious found in {name}."


def audited(results: Results) -> str:
    """Say what the audit looked for and whether it found anything; empty where there was none."""
    audit = results.record.audit
    if audit is None:
        return ""
    clips = "" if audit.checked is None else f"{count(audit.checked.clips, 'clip')} checked for "
    said = (
        f"{clips}data leakage between training and test, confounders that give a class away, and faults in sounds and "
        "labels."
    )
    said = said[:1].upper() + said[1:]
    return said if audit.findings else f"{said} Nothing was found."


def sentence(text: str) -> str:
    """Write what a finding or a warning says as a sentence, unless it begins with a name.

    >>> sentence("the level tells 'wren' from the rest"), sentence("a.wav: silent")
    ("The level tells 'wren' from the rest.", 'a.wav: silent.')
    """
    text = text.strip()
    if text.split(maxsplit=1)[:1] and text.split(maxsplit=1)[0].isalpha():
        text = text[0].upper() + text[1:]
    return text if not text or text[-1] in ".!?…" else f"{text}."


def cell(value: Any) -> str:
    """Write what a finding's small table has in a cell.

    >>> cell(0.123456), cell(12), cell(None), cell(True)
    ('0.123', '12', '–', 'yes')
    """
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def heading(key: str) -> str:
    """Write a key of the record as the head of a column.

    >>> heading("probability_of_label")
    'probability of label'
    """
    return key.replace("_", " ")
