"""Bootstrap over groups: scores of predictions of which whole groups are drawn with replacement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf.statistics.areas import FoldRanking, mean_areas

Counts = NDArray[np.float64]
Scores = dict[str, Counts]

_RESAMPLES = 2000
_FEWEST = 400  # resamples of rankings, however many predictions there are
_RANKED = 200_000_000  # predictions × classes × resamples of rankings at the most: about a second
_CELLS = 1_000_000  # of an array that holds a block of resamples


def resampled(
    tables: list[NDArray[np.int64]],
    losses: dict[str, NDArray[Any]],
    sizes: NDArray[np.int64],
    rankings: list[FoldRanking],
    score: Callable[[Counts, Counts, Counts], Scores],
    seed: int,
) -> Scores:
    """Return the scores of all resamples, each (n_resamples, ...); of rankings fewer where they are large.

    Parameters
    ----------
    tables : list of ndarray, shape (n_groups, n_classes)
        How often each class was found, occurs and was said.
    losses : dict of ndarray, shape (n_groups,)
        Sums over a group's predictions; what is returned are means.
    sizes : ndarray of int, shape (n_groups,)
        Predictions of each group.
    rankings : list of FoldRanking
        As from `fold_rankings`.
    score : callable
        Takes what *tables* add up to, each (n_resamples, n_classes), and returns scores of them.
    seed : int
    """
    n_groups, n_classes = tables[0].shape
    by_group = np.column_stack([*tables, sizes, *losses.values()]).astype(np.float64)
    tallest = max([n_groups, *(ranking.n_thresholds for fold in rankings for ranking in fold.labels)])
    n_ranked = int(np.clip(_RANKED // max(1, sizes.sum() * n_classes), min(_FEWEST, _RESAMPLES), _RESAMPLES))
    draws: dict[str, list[Counts]] = {}
    done = 0
    for times in _resamples(n_groups, tallest, seed):
        sums = times @ by_group
        hits, support, guessed, rest = np.split(sums, np.arange(1, 4) * n_classes, axis=1)
        scored = score(hits, support, guessed)
        for name, summed in zip(losses, rest[:, 1:].T):
            scored[name] = summed / rest[:, 0]
        if rankings and done < n_ranked:
            scored.update(mean_areas(rankings, np.ascontiguousarray(times[: n_ranked - done].T)))
        for name, values in scored.items():
            draws.setdefault(name, []).append(values)
        done += len(times)
    return {name: np.concatenate(parts) for name, parts in draws.items()}


def _resamples(n_groups: int, tallest: int, seed: int) -> Iterator[Counts]:
    """Yield how often each group was drawn, in blocks (n_resamples, n_groups) small enough for *tallest* columns."""
    rng = np.random.default_rng(seed)
    size = min(_RESAMPLES, max(8, _CELLS // tallest))
    for begin in range(0, _RESAMPLES, size):
        rows = range(begin, min(begin + size, _RESAMPLES))
        drawn = [np.bincount(rng.integers(n_groups, size=n_groups), minlength=n_groups) for _ in rows]
        yield np.array(drawn, dtype=np.float64)  # whole numbers still, but BLAS multiplies floats only
