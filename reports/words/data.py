"""The data set of a run, in words."""

from __future__ import annotations

from audioclf.grammar import count
from audioclf.plugin import Results
from audioclf.results.words import duration


def noun(results: Results) -> tuple[str, str]:
    """What this run calls what it tells apart: one, and several of them."""
    return ("label", "labels") if results.multilabel else ("class", "classes")


def data_sentence(results: Results) -> str:
    """Say in one sentence how many clips, classes and groups there are."""
    data = results.record.dataset
    of = f"{count(data.n_clips, 'clip')} ({duration(data.duration)})"
    text = f"{of} in {count(len(data.labels), 'class', 'classes')}"
    if results.multilabel:
        each = sum(data.label_counts.values()) / max(data.n_clips, 1)
        text = f"{of} with {count(len(data.labels), 'label')}, {each:.1f} a clip on average"
    if data.n_groups is not None:
        text += f", from {count(data.n_groups, 'group')}"
    return text + "."


def sample_rates(results: Results) -> str:
    """Write the native sample rates, the lowest first, with their numbers of clips."""
    rates = results.record.dataset.sample_rates
    return ", ".join(f"{rate} Hz: {count(rates[rate], 'clip')}" for rate in sorted(rates, key=int))
