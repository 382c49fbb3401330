"""Projection: clips as points in a plane, by principal components and by t-SNE of their features."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from audioclf import parallel
from audioclf.dataset.clips import Clip
from audioclf.results.schema import Plane, Projection

MOST_CLIPS = 2000
"""Points at most; of more clips a sample is shown."""

FEWEST_CLIPS = 10
"""With fewer there is no t-SNE."""

_DIGITS = 4
_PERPLEXITY = 30.0
_COMPONENTS = 50  # that t-SNE sees
_FEW = 500  # clips up to which it has time to settle whole; of more, half the steps bring it most of the way


def projection(
    clips: Sequence[Clip],
    vectors: NDArray[np.float32],
    truth: Sequence[str] | NDArray[np.str_],
    predicted: Sequence[str] | NDArray[np.str_] | None,
    features: str,
    seed: int,
) -> Projection:
    """Return the clips' places in the plane of the first two principal components, and in that of t-SNE.

    Features are standardised; those that don't vary are left out. A component's sign is chosen so that its largest
    weight is positive. t-SNE (van der Maaten & Hinton 2008) begins with the principal components, sees the first 50,
    and has a perplexity of 30, or of a third of the other clips where that is less. Neither knows the labels.

    Parameters
    ----------
    clips : sequence of Clip
        Beyond `MOST_CLIPS`, a sample with the classes' shares is taken, at least one clip of each.
    vectors : ndarray, shape (n_clips, n_features)
        As `audioclf.features.inputs.Inputs.summary` gives them.
    truth : sequence of str
        Labels.
    predicted : sequence of str, optional
        What the classifier took them for.
    features : str
        The feature set's spec, for the record.
    seed : int
        Of the sample and of t-SNE.

    Returns
    -------
    Projection
        Rounded to 4 digits. ``tsne`` is None with fewer than `FEWEST_CLIPS` clips or where no feature varies.
    """
    labels = np.array([str(label) for label in truth])
    rows = _sample(labels, MOST_CLIPS, seed)
    with parallel.single_threaded():
        points, explained = _principal(np.asarray(vectors[rows], np.float64))
        tsne = _tsne(points, seed) if len(rows) >= FEWEST_CLIPS and explained[0] > 0 else None
    return Projection(
        features=features,
        clips=[clips[i].name for i in rows],
        labels=labels[rows].tolist(),
        predicted=None if predicted is None else [str(predicted[i]) for i in rows],
        pca=Plane(x=_rounded(points[:, 0]), y=_rounded(points[:, 1]), explained=_rounded(explained[:2])),
        tsne=tsne,
    )


def _sample(labels: NDArray[np.str_], most: int, seed: int) -> NDArray[np.int64]:
    """At most *most* indices in ascending order, from each class its share, but at least one."""
    if len(labels) <= most:
        return np.arange(len(labels))
    rng = np.random.default_rng(seed)
    kept = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        kept.append(rng.choice(rows, max(1, len(rows) * most // len(labels)), replace=False))
    return np.sort(np.concatenate(kept))


def _principal(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return all principal components of standardised vectors, at least two, and their shares of the variance."""
    mean, spread = vectors.mean(axis=0), vectors.std(axis=0)
    varies = spread > 1e-6 * np.abs(mean) + 1e-30  # rounding leaves about eps * mean where there is none
    if not varies.any():
        return np.zeros((len(vectors), 2)), np.zeros(2)
    standard = (vectors[:, varies] - mean[varies]) / spread[varies]
    left, strengths, weights = np.linalg.svd(standard, full_matrices=False)
    largest = np.abs(weights).argmax(axis=1)
    points = left * strengths * np.sign(weights[np.arange(len(weights)), largest])
    explained = strengths**2 / np.sum(strengths**2)
    missing = max(0, 2 - points.shape[1])
    return np.pad(points, ((0, 0), (0, missing))), np.pad(explained, (0, missing))


def _tsne(points: NDArray[np.float64], seed: int) -> Plane:
    from sklearn.manifold import TSNE

    perplexity = min(_PERPLEXITY, (len(points) - 1) / 3)
    start = points[:, :2] / points[:, 0].std() * 1e-4  # what init="pca" is in scikit-learn
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        steps = 1000 if len(points) <= _FEW else 500
        model = TSNE(perplexity=perplexity, init=start.astype(np.float32), max_iter=steps, random_state=seed)
        plane = model.fit_transform(points[:, :_COMPONENTS].astype(np.float32))
    return Plane(x=_rounded(plane[:, 0]), y=_rounded(plane[:, 1]), perplexity=round(perplexity, _DIGITS))


def _rounded(values: NDArray[np.floating]) -> list[float]:
    return [round(float(value), _DIGITS) for value in values]
