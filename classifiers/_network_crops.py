"""Clips of any length for a network that takes crops of one length: how they are cut, padded and distorted.

Plain NumPy, so that what is drawn depends on one generator alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from audioclf.plugin import Frames

MOST_CROPS = 32
"""Crops that answer for one clip, at most: half an hour needn't be heard in full."""


def crop_length(lengths: Sequence[int], longest: int) -> int:
    """Return how many frames a crop has: *longest*, or less where nine in ten clips are shorter than that.

    >>> crop_length([50] * 9 + [300], 128), crop_length([200] * 10, 128)
    (50, 128)
    """
    return int(min(longest, np.ceil(np.percentile(lengths, 90, method="lower"))))


def lengthened(frames: Frames, n_frames: int) -> Frames:
    """Repeat a clip that is shorter than *n_frames* from its beginning until it isn't.

    Repeated sound is of the clip's own class at every moment, where silence or zeros would be a sign of short clips.

    >>> lengthened(np.float32([[1], [2], [3]]), 5).ravel().tolist()
    [1.0, 2.0, 3.0, 1.0, 2.0]
    """
    if len(frames) >= n_frames:
        return frames
    return frames[np.arange(n_frames) % len(frames)]


def stretched(frames: Frames, factor: float) -> Frames:
    """Make a clip longer, or shorter if *factor* is below 1, by repeating or leaving out frames evenly.

    >>> stretched(np.float32([[1], [2], [3]]), 5 / 3).ravel().tolist()
    [1.0, 1.0, 2.0, 3.0, 3.0]
    """
    n_frames = max(1, round(len(frames) * factor))
    return frames[((np.arange(n_frames) + 0.5) * len(frames) / n_frames).astype(np.int64)]


def laid_out(frames: Frames, n_frames: int, most: int = MOST_CROPS) -> Frames:
    """Return crops evenly laid over a clip, shape (n_crops, n_frames, n_coefficients).

    Each shares at least half of its frames with the next, unless this would take more than *most*.

    >>> laid_out(np.arange(6, dtype=np.float32)[:, None], 4)[:, :, 0].tolist()
    [[0.0, 1.0, 2.0, 3.0], [2.0, 3.0, 4.0, 5.0]]
    """
    frames = lengthened(frames, n_frames)
    spare = len(frames) - n_frames
    n_crops = min(most, 1 + int(np.ceil(2 * spare / n_frames)))
    starts = np.linspace(0, spare, n_crops).round().astype(np.int64)
    return np.stack([frames[start : start + n_frames] for start in starts])


@dataclass
class Epochs:
    """Batches of random crops of the training clips, anew each time it is gone through.

    Attributes
    ----------
    versions : list of list of ndarray, shape (n_frames, n_coefficients)
        Of each clip: the clip itself and its augmented copies, scaled. An epoch takes one of them.
    targets : ndarray of float32, shape (n_clips, n_outputs)
        1 for what a clip is, 0 for what it isn't.
    n_frames : int
        Of a crop.
    batch : int
        Least number of crops in a batch (all, if there are fewer): no crop is left alone, for batch normalisation
        has nothing to learn from one.
    jitter : float
        How far crops are changed, or 0: they are sped up or slowed down by a factor of up to exp(jitter), and all
        coefficients raised or lowered by one number, whose standard deviation is *jitter* times theirs. In log energies
        that is another distance from the microphone.
    mixup : float
        Parameter of the Beta distribution of shares in which two crops and their targets are mixed, or 0 (Zhang et al.
        2018, "mixup: beyond empirical risk minimization").
    spec_augment : float
        The largest share of coefficients, and of frames, that one of two masks hides, or 0 (Park et al. 2019,
        "SpecAugment"). Hidden is set to 0, the mean of the training part.
    random : Generator
    """

    versions: list[list[Frames]]
    targets: Frames
    n_frames: int
    batch: int
    jitter: float
    mixup: float
    spec_augment: float
    random: np.random.Generator

    @property
    def n_batches(self) -> int:
        """In an epoch."""
        return max(1, len(self.versions) // self.batch)

    def __iter__(self) -> Iterator[tuple[Frames, Frames]]:
        for rows in np.array_split(self.random.permutation(len(self.versions)), self.n_batches):
            crops, targets = np.stack([self._crop(row) for row in rows]), self.targets[rows]
            if self.mixup > 0:
                crops, targets = self._mixed(crops, targets)
            if self.spec_augment > 0:
                for axis in (1, 2):
                    crops = self._masked(self._masked(crops, axis), axis)
            yield crops, targets

    def _crop(self, row: int) -> Frames:
        frames = self.versions[row][self.random.integers(len(self.versions[row]))]
        if self.jitter > 0:
            frames = stretched(frames, np.exp(self.jitter * self.random.uniform(-1, 1)))
            frames = frames + np.float32(self.jitter * self.random.normal())
        frames = lengthened(frames, self.n_frames)
        start = self.random.integers(len(frames) - self.n_frames + 1)
        return frames[start : start + self.n_frames]

    def _mixed(self, crops: Frames, targets: Frames) -> tuple[Frames, Frames]:
        share = self.random.beta(self.mixup, self.mixup, len(crops)).astype(np.float32)
        other = self.random.permutation(len(crops))
        crops = share[:, None, None] * crops + (1 - share)[:, None, None] * crops[other]
        return crops, share[:, None] * targets + (1 - share)[:, None] * targets[other]

    def _masked(self, crops: Frames, axis: int) -> Frames:
        length = crops.shape[axis]
        widths = self.random.integers(int(self.spec_augment * length) + 1, size=len(crops))
        starts = self.random.integers(length - widths + 1)
        places = np.arange(length)
        hidden = (places >= starts[:, None]) & (places < (starts + widths)[:, None])
        return np.where(np.expand_dims(hidden, 3 - axis), np.float32(0), crops)
