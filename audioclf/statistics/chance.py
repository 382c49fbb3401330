"""Chance level: the score that answers drawn at random are expected to reach (docs/statistics.md)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np


def chance_level(metric: str, label_counts: Mapping[str, int], n_clips: int | None = None) -> float | None:
    """Return the score expected of answers that are drawn at random by the labels' shares, whatever the sound.

    Each clip is given class k with probability p_k, the share of clips of that class, independently of its sound. For
    K classes that occur this scores

    - accuracy: Σ p_k², which is 1 / K of classes of one size, and more of others;
    - balanced accuracy: 1 / K whatever the sizes; also macro F1, for precision and recall of class k are both p_k;
    - Matthews correlation: 0;
    - ROC AUC: 0.5, and average precision: the mean of p_k, which is 1 / K of classes (probabilities are random there).

    Of several labels a clip each is given independently of the others with its own share p_k of *n_clips*. Macro F1 and
    average precision are then the mean of p_k, micro F1 is Σ p_k² / Σ p_k.

    It is the level of a large test set. Of few clips, macro F1 and average precision come out a little differently.

    The baseline, a classifier that always answers the most frequent class of its training part, isn't bound by it. Of
    classes of one size it is lower: a fold that tests many clips of a class trains on few of them, so that the most
    frequent class of the training part is the rarest of the test part.

    Parameters
    ----------
    metric : str
        As in results.json.
    label_counts : mapping of str to int
        Clips of each label; labels without clips don't count.
    n_clips : int, optional
        Where clips may carry several labels, or none: how many clips there are. Left out, each clip is of one class.

    Returns
    -------
    float or None
        None where no such level is defined: for losses, for the share of clips of which all labels are right, and
        without clips.

    Examples
    --------
    >>> chance_level("accuracy", {"birds": 10, "music": 30}), chance_level("balanced_accuracy", {"a": 10, "b": 30})
    (0.625, 0.5)
    >>> chance_level("average_precision", {"live": 10, "rock": 30}, n_clips=40), chance_level("log_loss", {"a": 1})
    (0.5, None)
    """
    counts = np.array([count for count in label_counts.values() if count > 0], dtype=np.float64)
    if not len(counts):
        return None
    share = counts / (counts.sum() if n_clips is None else n_clips)
    levels = {"roc_auc": 0.5, "average_precision": share.mean(), "macro_f1": share.mean()}
    if n_clips is None:
        levels |= {"accuracy": (share**2).sum(), "balanced_accuracy": 1 / len(counts), "mcc": 0.0}
    else:
        levels["micro_f1"] = (share**2).sum() / share.sum()
    return float(levels[metric]) if metric in levels else None
