"""Records as small as they may be, for tests that are about one part of them."""

from __future__ import annotations

from audioclf.results.results import Results


def minimal(**fields):
    """Return a whole record as a dictionary, with *fields* in place of what is empty."""
    return {
        "schema": 1,
        "audioclf": "0.1.0",
        "created": "2026-11-21T08:00:00+00:00",
        "versions": {},
        "platform": "Linux x86_64",
        "seed": 0,
        "command": "",
        "analysis": {"sample_rate": 22050, "frame_length": 0.025, "hop_length": 0.01, "window": "hamming"},
        "dataset": {"name": "demo", "n_clips": 2, "labels": ["a", "b"], "label_counts": {"a": 1, "b": 1}},
        "cv": {"kind": "stratified-k-fold", "n_splits": 2, "repeats": 1},
        "timing": {},
        "experiments": [],
        "skipped": [],
        "warnings": [],
    } | fields


def results(**fields):
    """Return the `Results` of a `minimal` record."""
    return Results(minimal(**fields))
