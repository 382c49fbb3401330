"""What an extraction shall return."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from audioclf.features import functionals
from audioclf.features.extractor import Extractor


@dataclass(frozen=True)
class Wanted:
    """Which extractors' frames to pool to vectors, and whose to keep as sequences.

    Attributes
    ----------
    vectors, sequences : tuple of Extractor
    pooled : tuple of str
        The functionals that pool frames to vectors.
    """

    vectors: tuple[Extractor, ...] = ()
    sequences: tuple[Extractor, ...] = ()
    pooled: tuple[str, ...] = functionals.DEFAULT

    @classmethod
    def by(
        cls, pairs: Iterable[tuple[Iterable[Extractor], str]], pooled: tuple[str, ...] = functionals.DEFAULT
    ) -> Wanted:
        """Return what several classifiers want: the extractors of each, and what it takes, "vectors" or "sequences".

        >>> from audioclf.features.specs import build_extractors
        >>> wanted = Wanted.by([(build_extractors("zcr"), "vectors"), (build_extractors("mfcc+zcr"), "sequences")])
        >>> [x.spec for x in wanted.vectors], [x.spec for x in wanted.sequences]
        (['zcr'], ['mfcc', 'zcr'])
        """
        by_kind: dict[str, dict[Extractor, None]] = {"vectors": {}, "sequences": {}}
        for extractors, takes in pairs:
            by_kind[takes].update(dict.fromkeys(extractors))
        return cls(tuple(by_kind["vectors"]), tuple(by_kind["sequences"]), pooled)
