"""The call of an Audiomentations transform with parameters that were drawn here."""

from __future__ import annotations

from typing import Any, cast

from audioclf.plugin import Samples

LOWEST_RATE = 1000  # Hz told to Signalsmith Stretch: at some 30 Hz its blocks are empty, and it never ends


def applied(transform: Any, samples: Samples, sample_rate: int, **parameters: float) -> Samples:
    """What a fresh Audiomentations transform makes of *samples* with these parameters instead of random ones."""
    transform.parameters = {"should_apply": True, **parameters}
    return cast(Samples, transform.apply(samples, sample_rate))
