"""Names of experiments for files and anchors: the same in every report."""

from __future__ import annotations

import re
from collections.abc import Iterable

from audioclf.plugin import Results
from audioclf.results.names import Names


def slugs(experiments: Iterable[Names]) -> list[str]:
    """Name each experiment for files and anchors: ASCII, about 80 characters at most, all different.

    They differ even where case isn't told apart, and none is another one's name with ``-normalised``.

    >>> slugs([Names(features="a+b", classifier="c"), Names(features="A", classifier="b:c")])
    ['a-b-c', 'A-b-c-2']
    """
    taken: set[str] = set()
    found = []
    for experiment in experiments:
        text = "-".join((experiment.features, experiment.classifier, *(["augmented"] if experiment.augment else [])))
        stem = re.sub(r"[^A-Za-z0-9._=]+", "-", text).strip("-._=")[:80].rstrip("-._=") or "experiment"
        slug, number = stem, 1
        while taken & {slug.lower(), f"{slug.lower()}-normalised"}:
            number += 1
            slug = f"{stem}-{number}"
        taken |= {slug.lower(), f"{slug.lower()}-normalised"}
        found.append(slug)
    return found


def slug_of(results: Results, experiment: Names) -> str:
    """Return the slug of one experiment of a run."""
    experiments = results.record.experiments
    return slugs(experiments)[[e.identity for e in experiments].index(experiment.identity)]
