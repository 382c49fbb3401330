"""The order of experiments: best first, by the metric that ranks."""

from __future__ import annotations

import math
from collections.abc import Iterable

from audioclf.results.schema import Failed, Finished


def rank(experiments: Iterable[Finished | Failed], metric: str) -> list[Finished]:
    """Return the experiments that finished, best first by *metric*.

    Ties go to the better macro F1, then to fewer features, then to the order given.
    """
    return sorted(
        (e for e in experiments if isinstance(e, Finished)),
        key=lambda e: (
            _descending(e.metrics[metric].mean),
            _descending(e.metrics["macro_f1"].mean),
            e.n_features,
        ),
    )


def _descending(score: float | None) -> float:
    return math.inf if score is None else -round(score, 6)
