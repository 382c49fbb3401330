"""Learning curve: how the score grows with the number of training clips."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audioclf import parallel
from audioclf.classifier.contract import Classifier
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.material import Material
from audioclf.results.schema import LearningCurve, Point
from audioclf.statistics.scores import mean_and_std
from audioclf.validation.splits import Split

SHARES = (0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


def learning_curve(
    experiment: Experiment,
    material: Material,
    splits: Sequence[Split],
    metric: str,
    seed: int,
    workers: int = 1,
    shares: Sequence[float] = SHARES,
) -> LearningCurve:
    """Score a classifier that learns from a part of each fold's training clips.

    In each fold the parts are nested, and every one is tested on the same clips: all of the fold's test clips. Parts
    are made of whole groups, drawn by chance so that the classes keep their shares (see `nested`); more clips of a
    recording already heard would not be more to learn from. A share is left out if in some fold it would lack a class
    or the classifier can't learn from so few clips, or if it gives the same parts as the share before.

    Parameters
    ----------
    experiment : Experiment
        With the classifier to fit.
    material : Material
    splits : sequence of Split
    metric : str
        One of the task's ranking.
    seed : int
    workers : int
        Processes at most. The numbers don't depend on it.
    shares : sequence of float
        Of each fold's training clips, above 0 and at most 1.

    Returns
    -------
    LearningCurve
        Of each point ``n_train`` is a mean over folds, too.
    """
    truth = material.task.texts(material.truth)
    wanted = sorted(set(shares))
    parts = [nested(truth, material.groups, split.train, wanted, [seed, split.repeat, split.fold]) for split in splits]
    sizes = np.array([[0 if rows is None else len(rows) for rows in part] for part in parts])
    kept: list[int] = []
    for i in range(len(wanted)):
        if sizes[:, i].all() and not (kept and np.array_equal(sizes[:, i], sizes[:, kept[-1]])):
            kept.append(i)
    pairs = [(i, fold) for i in reversed(kept) for fold in range(len(splits))]  # the long fits first
    with tempfile.TemporaryDirectory(prefix="audioclf-", ignore_cleanup_errors=True) as folder:
        shared = material.shared(Path(folder))
        calls = [(experiment.classifier, shared, parts[fold][i], splits[fold].test, metric, seed) for i, fold in pairs]
        found = {pairs[position]: value for position, value in parallel.share_out(_part_score, calls, workers)}
    points = []
    for i in kept:
        scores = [found[i, fold] for fold in range(len(splits))]
        if None in scores:
            continue
        mean, std = mean_and_std(np.array(scores))
        n_train = round(float(sizes[:, i].mean()), 2)
        points.append(Point(share=wanted[i], n_train=n_train, mean=mean, std=std))
    return LearningCurve(
        features=experiment.features,
        classifier=experiment.classifier.spec,
        augment=experiment.augment,
        metric=metric,
        points=points,
    )


def nested(
    truth: NDArray[np.str_],
    groups: NDArray[np.int64],
    train: NDArray[np.int64],
    shares: Sequence[float],
    seed: int | Sequence[int],
) -> list[NDArray[np.int64] | None]:
    """Return parts of the training clips *train*, each within the next, or None where one would lack a class.

    Groups are put in an order once: each time the class that lags most behind its share of the training clips gets
    the next, by chance, of the groups that hold it. A part is the beginning of that order whose number of clips is
    nearest to what *share* asks for.

    Parameters
    ----------
    truth : ndarray of str, shape (n_clips,)
    groups : ndarray of int, shape (n_clips,)
    train : ndarray of int
        Indices of clips.
    shares : sequence of float
        Ascending.
    seed : int or sequence of int

    Examples
    --------
    >>> truth, train = np.array(["a"] * 6 + ["b"] * 3), np.arange(9)
    >>> parts = nested(truth, train, train, [0.1, 0.3, 1.0], seed=0)
    >>> [None if part is None else "".join(truth[part]) for part in parts]
    [None, 'aab', 'aaaaaabbb']
    """
    classes, codes = np.unique(truth[train], return_inverse=True)
    names, index = np.unique(groups[train], return_inverse=True)
    counts = np.zeros((len(names), len(classes)), np.int64)
    np.add.at(counts, (index, codes), 1)
    order = _stratified(counts, np.random.default_rng(seed))
    so_far = np.cumsum(counts[order], axis=0)
    clips = np.append(0, so_far.sum(axis=1))
    rank = np.empty(len(names), np.int64)
    rank[order] = np.arange(len(names))
    parts: list[NDArray[np.int64] | None] = []
    for share in shares:
        n_groups = int(np.argmin(np.abs(clips - share * len(train))))
        complete = n_groups > 0 and bool((so_far[n_groups - 1] > 0).all())
        parts.append(train[rank[index] < n_groups] if complete else None)
    return parts


def _stratified(counts: NDArray[np.int64], rng: np.random.Generator) -> list[int]:
    """Put groups in an order whose every beginning has about the shares of classes of all of them.

    *counts*: clips of each group and class, shape (n_groups, n_classes).
    """
    waiting: dict[int, list[int]] = defaultdict(list)
    for group in rng.permutation(len(counts)):
        for code in np.flatnonzero(counts[group]):
            waiting[int(code)].append(int(group))
    goal = counts.sum(axis=0) / counts.sum()
    taken = np.zeros(counts.shape[1])
    done: set[int] = set()
    order: list[int] = []
    while len(order) < len(counts):
        lag = goal * (taken.sum() + 1) - taken
        for code in np.argsort(-lag, kind="stable"):
            while waiting[int(code)] and waiting[int(code)][-1] in done:
                waiting[int(code)].pop()
            if waiting[int(code)]:
                break
        group = waiting[int(code)].pop()
        done.add(group)
        order.append(group)
        taken += counts[group]
    return order


def _part_score(
    classifier: Classifier,
    material: Material,
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    metric: str,
    seed: int,
) -> float | None:
    """Fit on *train*, score on *test*; None if the classifier can't learn from these clips."""
    try:
        predicted, probabilities = material.answers(material.fit(classifier, seed, train), test)
    except Exception:  # whatever a classifier raises: the other shares are worth having
        return None
    return material.task.score(metric, material.truth[test], predicted, probabilities)
