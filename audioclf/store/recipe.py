"""Recipes and keys: the names under which the store keeps features."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

from audioclf.spectra.analysis import Analysis
from audioclf.store.file import FORMAT

KEY = 16  # bytes of a clip's key


class Family(Protocol):
    """What a recipe must know of an extractor."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> int:
        """Raised whenever the numbers change."""
        ...

    @property
    def parameters(self) -> Mapping[str, Any]: ...

    @property
    def spec(self) -> str:
        """In short, for people."""
        ...


class Recipe(str):
    """The digest that `recipe` returns: text, with what ``audioclf store info`` says of it.

    Attributes
    ----------
    feature, analysis, functionals : str
        In words.
    """

    feature: str = ""
    analysis: str = ""
    functionals: str = ""


def recipe(analysis: Analysis, extractor: Family, functionals: tuple[str, ...] | None) -> Recipe:
    """Return the digest of all that turns a clip into numbers, as 32 hexadecimal digits.

    Parameters
    ----------
    analysis : Analysis
    extractor : Extractor
        Its name, version and parameters count.
    functionals : tuple of str or None
        None stands for the extractor's frames.

    Examples
    --------
    >>> from audioclf.features.specs import build_extractors
    >>> made = recipe(Analysis(16000), *build_extractors("mfcc:n_coeffs=20"), ("mean", "std"))
    >>> len(made), made.feature, made.functionals
    (32, 'mfcc:n_coeffs=20', 'mean,std')
    """
    facts: tuple[Any, ...] = (
        FORMAT,
        sorted(analysis.as_dict().items()),
        extractor.name,
        extractor.version,
        sorted(extractor.parameters.items()),
        functionals,
        _libraries(),
    )
    made = Recipe(hashlib.blake2b(repr(facts).encode(), digest_size=16).hexdigest())
    made.feature = extractor.spec
    made.analysis = (
        f"{analysis.sample_rate} Hz, {analysis.window} frames of {1000 * analysis.frame_length:g} ms "
        f"every {1000 * analysis.hop_length:g} ms, FFT of {analysis.fft_size}"
    )
    made.functionals = "frames" if functionals is None else ",".join(functionals)
    return made


@cache
def _libraries() -> tuple[tuple[str, str], ...]:
    """The versions of what decodes, resamples and gives filterbanks: with others, numbers may differ."""
    from importlib import metadata

    versions = []
    for name in ("soundfile", "soxr", "librosa", "spafe"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions.append((name, metadata.version(name)))
    return tuple(versions)


def clip_key(content: str, start: float | None, end: float | None) -> bytes:
    """Return the key of a stretch of a recording: 16 bytes.

    Parameters
    ----------
    content : str
        Hash of the recording's bytes.
    start, end : float or None
        In seconds; None is the beginning, the end of the recording.

    Examples
    --------
    >>> clip_key("d41d8c", None, 1.5) == clip_key("d41d8c", None, 1.5) != clip_key("d41d8c", 0.5, 1.5)
    True
    """
    return hashlib.blake2b(f"{content} {start} {end}".encode(), digest_size=KEY).digest()
