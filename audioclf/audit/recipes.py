"""Recipes under which the feature store keeps measurements of the audit."""

from __future__ import annotations

import hashlib

from audioclf.store.recipe import Recipe


def recipe(what: str, version: int) -> Recipe:
    """Return the recipe of *what* is measured, in a *version* of it, with the libraries that decode and resample."""
    made = Recipe(hashlib.blake2b(repr((what, version, *_libraries())).encode(), digest_size=16).hexdigest())
    made.feature = what
    return made


def _libraries() -> tuple[tuple[str, str], ...]:
    """The versions of what decodes and resamples: with others, numbers may differ."""
    import soundfile
    import soxr

    return ("soundfile", soundfile.__version__), ("soxr", soxr.__version__)
