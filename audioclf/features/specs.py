"""Specs of feature sets, such as ``mfcc+gfcc``: their extractors, and the names of a clip's vector.

Apart from `audioclf.features.transformer`, whose transformer needs scikit-learn: extracting and predicting don't.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from audioclf import spec
from audioclf.errors import SpecError
from audioclf.features.extractor import Extractor


def build_extractors(features: str) -> list[Extractor]:
    """Return the extractors that a spec such as ``mfcc:deltas=2+gfcc`` names.

    Raises
    ------
    SpecError
        If a name or parameter is wrong, or two extractors would give a coefficient of the same name.

    Examples
    --------
    >>> [extractor.spec for extractor in build_extractors("mfcc:n_coeffs=20+zcr")]
    ['mfcc:n_coeffs=20', 'zcr']
    """
    return list(_built(features))


@lru_cache(maxsize=256)
def _built(features: str) -> tuple[Extractor, ...]:
    extractors: list[Extractor] = spec.build("features", features)
    seen: dict[str, str] = {}
    for extractor in extractors:
        for name in extractor.coefficient_names:
            if name in seen:
                raise SpecError(
                    f"'{features}' gives '{name}' twice, by {seen[name]} and by {extractor.spec}; leave one out"
                )
            seen[name] = extractor.spec
    return tuple(extractors)


def vector_names(extractors: Iterable[Extractor], pooled: Iterable[str]) -> list[str]:
    """Return the names of a clip's vector: per extractor, each functional of each coefficient.

    >>> vector_names(build_extractors("zcr+centroid"), ["mean", "std"])
    ['zcr_mean', 'zcr_std', 'centroid_mean', 'centroid_std']
    """
    pooled = tuple(pooled)
    return [f"{c}_{name}" for extractor in extractors for name in pooled for c in extractor.coefficient_names]
