"""The choice of training clips that validate a network while it learns, and that it doesn't learn from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST = 50
"""Clips of a validation part: fewer stop training by chance, and a small set can't do without them."""


def validation_clips(
    targets: NDArray[np.floating], groups: NDArray[np.integer], share: float, random: np.random.Generator
) -> NDArray[np.bool_] | None:
    """Draw about *share* of the clips, of each label about that share too, groups whole.

    Groups come in a random order, and one is taken if this brings the numbers of clips by label closer to what is
    wanted, in squares. It isn't if no clip of one of its labels would be left to learn from. With groups so large that
    each would be too much, none is taken.

    Parameters
    ----------
    targets : ndarray, shape (n_clips, n_labels)
        1 for the labels of a clip, else 0.
    groups : ndarray of int, shape (n_clips,)
    share : float
    random : Generator

    Returns
    -------
    ndarray of bool, shape (n_clips,), or None
        None where fewer than `LEAST` clips would be drawn.

    Examples
    --------
    >>> two = np.repeat(np.eye(2), 150, axis=0)
    >>> drawn = validation_clips(two, np.arange(300) // 2, 0.2, np.random.default_rng(0))
    >>> two[drawn].sum(axis=0).tolist()
    [30.0, 30.0]
    >>> validation_clips(two, np.arange(300) // 150, 0.2, np.random.default_rng(0)) is None
    True
    """
    if share == 0:
        return None
    # A last column for the clips without any label.
    counted = np.column_stack([targets, ~np.any(targets, axis=1)])
    total = counted.sum(axis=0)
    names, group = np.unique(groups, return_inverse=True)
    sizes = np.zeros((len(names), counted.shape[1]))
    np.add.at(sizes, group, counted)
    taken, drawn = np.zeros(counted.shape[1]), np.zeros(len(names), dtype=bool)
    for number in random.permutation(len(names)):
        more = taken + sizes[number]
        closer = np.sum((more - share * total) ** 2) < np.sum((taken - share * total) ** 2)
        if closer and np.all((total - more > 0) | (sizes[number] == 0)):
            taken, drawn[number] = more, True
    chosen = drawn[group]
    return chosen if chosen.sum() >= LEAST else None
