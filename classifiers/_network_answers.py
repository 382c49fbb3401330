"""Answers of a network for whole clips, from those for their crops. Needs PyTorch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import log_expit, log_softmax, logsumexp
from torch import nn

from ._network_crops import MOST_CROPS, Frames, laid_out

Array = NDArray[np.float64]


def clip_logits(
    module: nn.Module,
    clips: Sequence[Frames],
    n_frames: int,
    device: str,
    multilabel: bool,
    most: int = MOST_CROPS,
) -> Array:
    """Return the logits of clips, whose probabilities are the mean of those of their crops.

    Each clip goes through the network by itself: what else is asked for doesn't touch a digit of its answer.

    Parameters
    ----------
    module : Module
    clips : sequence of ndarray, shape (n_frames of the clip, n_coefficients)
        Scaled.
    n_frames : int
        Of a crop.
    device : str
    multilabel : bool
        Whether probabilities are the logistic function of logits, each by itself, or their softmax.
    most : int
        Crops of a clip.

    Returns
    -------
    ndarray, shape (n_clips, n_outputs)
    """
    module.eval()
    rows = []
    with torch.inference_mode():
        for clip in clips:
            crops = torch.from_numpy(laid_out(clip, n_frames, most)).to(device)
            rows.append(_mean(module(crops).cpu().numpy().astype(np.float64), multilabel))
    return np.stack(rows)


def _mean(logits: Array, multilabel: bool) -> Array:
    """The logits of the mean probabilities of crops, shape (n_outputs,)."""
    if multilabel:
        return logsumexp(log_expit(logits), axis=0) - logsumexp(log_expit(-logits), axis=0)
    return logsumexp(log_softmax(logits, axis=1), axis=0) - np.log(len(logits))


def accuracy(logits: Array, targets: NDArray[np.floating], multilabel: bool) -> float:
    """Return the share of clips that are answered rightly; where clips have several labels, of single answers.

    >>> accuracy(np.log([[0.6, 0.4], [0.8, 0.2]]), np.array([[1, 0], [0, 1]]), multilabel=False)
    0.5
    """
    if multilabel:
        return float(np.mean((logits >= 0) == (targets > 0)))
    return float(np.mean(logits.argmax(axis=1) == targets.argmax(axis=1)))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch use one thread: sums come in one order whatever the machine, and other folds have the other cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def find_device(wanted: str) -> str:
    """Return the device that *wanted* names; "auto" is the fastest there is.

    >>> find_device("cpu")
    'cpu'
    """
    if wanted != "auto":
        return wanted
    return next((name for name in ("cuda", "mps") if has_device(name)), "cpu")


def has_device(name: str) -> bool:
    """Whether this machine, with this PyTorch, has "cpu", "cuda" or "mps"."""
    if name == "cuda":
        return torch.cuda.is_available()
    return name != "mps" or torch.backends.mps.is_available()
