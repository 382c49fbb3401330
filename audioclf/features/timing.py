"""Seconds that the stages of an extraction take."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from time import perf_counter

Seconds = defaultdict[str, float]
"""By stage: "decode", "extract" and "store"; see `audioclf.features.extraction.Extraction`."""


@contextlib.contextmanager
def timed(seconds: Seconds, stage: str) -> Iterator[None]:
    """Add what the block takes to *seconds* of *stage*."""
    began = perf_counter()
    try:
        yield
    finally:
        seconds[stage] += perf_counter() - began
