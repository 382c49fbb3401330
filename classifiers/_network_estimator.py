"""A classifier of sequences: one scikit-learn estimator for all networks. Needs PyTorch and skorch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from . import _network_layers as layers
from ._calibration import best_temperature
from ._network_answers import clip_logits, find_device, has_device, one_thread
from ._network_crops import Epochs, Frames, crop_length
from ._network_training import BinaryCrossEntropy, CrossEntropy, Plan, Watch, train
from ._network_validation import validation_clips
from ._sequences import as_sequences, center_and_scale

Array = NDArray[np.float64]
CROPS_IN_ALL = 20_000
FEWEST_EPOCHS, MOST_EPOCHS = 20, 80


class NetworkClassifier(ClassifierMixin, BaseEstimator):
    """A neural network that learns from random crops of sequences and answers by the mean over a clip's crops.

    Coefficients are scaled by the mean and the standard deviation of the training frames, hence families of any
    scale go together. Probabilities are softmax(log p / T) of the mean p over crops, where the temperature T is
    fitted on the validation part (Guo et al. 2017; 1 without such a part); it doesn't change which class is the most
    probable.

    Equal seeds give equal models on a CPU, whatever was computed before and however many cores there are; neither
    PyTorch's nor NumPy's global generators are touched.

    Parameters
    ----------
    architecture : str
        One of `_network_layers.ARCHITECTURES`.
    options : dict
        Its own parameters.
    epochs : int or None
        Most epochs; None is as many as make 20,000 crops, between 20 and 80.
    patience : int
        Epochs without a lower validation loss that end training.
    batch : int
        Crops in a batch, at least.
    crop : int
        Frames of a crop; fewer where nine in ten clips are shorter.
    learning_rate : float
        The highest of the one-cycle policy (Smith & Topin 2018, "Super-convergence").
    weight_decay : float
    optimizer : {"adamw", "sgd"}
    class_weight : {None, "balanced"}
    validation : float
        Share of the training clips that training is watched with, groups whole; 0 for none.
    jitter, mixup, spec_augment : float
        See `_network_crops.Epochs`.
    cmvn : {"none", "mean"}
        Whether each clip's own mean is subtracted from its coefficients.
    device : {"auto", "cpu", "cuda", "mps"}
    multilabel : bool
        Whether a clip may have any number of labels: *y* is then a matrix of truth values (n_clips, n_labels).
    random_state : int, RandomState or None

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        Sorted labels; for several labels a clip their numbers.
    center_, scale_ : ndarray, shape (n_coefficients,)
        Mean and standard deviation of the training frames (1 where that is 0).
    n_frames_ : int
        Of a crop.
    module_ : torch.nn.Module
    temperature_ : float
        T.
    history_ : dict
        See `_network_training.train`.
    n_parameters_ : int
        Weights that were learnt.

    Examples
    --------
    >>> rise, fall = np.linspace(0, 1, 20)[:, None], np.linspace(1, 0, 20)[:, None]
    >>> options = {"width": 4, "blocks": 2, "dropout": 0.0}
    >>> clf = NetworkClassifier("cnn1d", options, epochs=40, jitter=0, mixup=0, spec_augment=0, random_state=0)
    >>> clf = clf.fit([rise, rise + 0.1, fall, fall - 0.1], list("rrff"))
    >>> [str(label) for label in clf.predict([rise, fall])]
    ['r', 'f']
    """

    def __init__(
        self,
        architecture: str,
        options: dict[str, Any],
        epochs: int | None = None,
        patience: int = 20,
        batch: int = 16,
        crop: int = 200,
        learning_rate: float = 0.003,
        weight_decay: float = 0.01,
        optimizer: str = "adamw",
        class_weight: str | None = None,
        validation: float = 0.1,
        jitter: float = 0.2,
        mixup: float = 0.2,
        spec_augment: float = 0.2,
        cmvn: Literal["none", "mean"] = "none",
        device: str = "auto",
        multilabel: bool = False,
        random_state: Any = None,
    ) -> None:
        self.architecture = architecture
        self.options = options
        self.epochs = epochs
        self.patience = patience
        self.batch = batch
        self.crop = crop
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.optimizer = optimizer
        self.class_weight = class_weight
        self.validation = validation
        self.jitter = jitter
        self.mixup = mixup
        self.spec_augment = spec_augment
        self.cmvn = cmvn
        self.device = device
        self.multilabel = multilabel
        self.random_state = random_state

    def fit(
        self,
        X: Sequence[ArrayLike],
        y: ArrayLike,
        groups: ArrayLike | None = None,
        clips: ArrayLike | None = None,
    ) -> NetworkClassifier:
        """Train on *X*, a list of arrays (n_frames, n_coefficients), and their labels *y*.

        Parameters
        ----------
        X : sequence of ndarray
        y : ndarray, shape (n_rows,), or of bool, shape (n_rows, n_labels)
        groups : ndarray of int, shape (n_rows,), optional
            Rows of one group are never divided between learning and validation.
        clips : ndarray of int, shape (n_rows,), optional
            Rows of one number are versions of one clip, the first of them the clip itself. Each epoch takes each clip
            once, in one of its versions; it is validated with the first alone.

        Raises
        ------
        ValueError
            If a sequence isn't such an array or holds a number that isn't finite, lengths differ, or there
            are fewer than two classes.
        """
        if not has_device(find_device(self.device)):
            raise ValueError(f"device={self.device}: this PyTorch has no such device; take auto or cpu")
        sequences = as_sequences(X)
        targets = self._targets(np.asarray(y), len(sequences))
        versions = _versions(clips, len(sequences))
        originals = np.array([rows[0] for rows in versions])
        group = originals if groups is None else np.asarray(groups)[originals]
        random = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        watched = validation_clips(targets[originals], group, self.validation, random)
        if watched is None:
            watched = np.zeros(len(originals), dtype=bool)
        learnt = [rows for rows, kept in zip(versions, ~watched) if kept]

        self.n_features_in_ = sequences[0].shape[1]
        self.center_, self.scale_ = center_and_scale([sequences[row] for rows in learnt for row in rows])
        self.n_frames_ = crop_length([len(sequences[rows[0]]) for rows in learnt], self.crop)
        epochs = Epochs(
            [[self._normalised(sequences[row]) for row in rows] for rows in learnt],
            targets[originals[~watched]],
            self.n_frames_,
            self.batch,
            self.jitter,
            self.mixup,
            self.spec_augment,
            random,
        )
        watch = None
        if watched.any():
            clips_watched = [self._normalised(sequences[row]) for row in originals[watched]]
            watch = Watch(clips_watched, targets[originals[watched]], self.n_frames_)
        with one_thread(), _own_generator(int(random.integers(2**31)), self._device):
            self._train(epochs, watch)
            self.temperature_ = 1.0 if watch is None else self._fit_temperature(watch)
        return self

    def _targets(self, y: NDArray[Any], n_rows: int) -> Frames:
        """Learn the classes; 1 for the classes of a row, else 0, float32 array (n_rows, n_classes)."""
        if self.multilabel:
            if y.ndim != 2 or len(y) != n_rows or y.shape[1] == 0:
                raise ValueError(f"{n_rows} sequences, but labels of shape {y.shape}; (n_clips, n_labels) is needed")
            self.classes_ = np.arange(y.shape[1])
            return (y != 0).astype(np.float32)
        if y.shape != (n_rows,):
            raise ValueError(f"{n_rows} sequences, but labels of shape {y.shape}; one each is needed")
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"all {n_rows} sequences are of one class; at least 2 classes are needed")
        return np.eye(len(self.classes_), dtype=np.float32)[codes]

    def _train(self, epochs: Epochs, watch: Watch | None) -> None:
        n_clips = len(epochs.versions)
        n_epochs = self.epochs or int(np.clip(round(CROPS_IN_ALL / n_clips), FEWEST_EPOCHS, MOST_EPOCHS))
        module = layers.build(self.architecture, self.options, self.n_features_in_, self.n_frames_, len(self.classes_))
        plan = Plan(n_epochs, self.patience, self.learning_rate, self.weight_decay, self.optimizer, self._device)
        self.history_ = train(module, self._criterion(epochs.targets), epochs, watch, plan, self.multilabel)
        self.module_ = module.cpu()
        self.n_parameters_ = sum(parameter.numel() for parameter in module.parameters())

    def _criterion(self, targets: Frames) -> torch.nn.Module:
        counts = np.maximum(targets.sum(axis=0), 1.0)
        weights = np.ones(len(counts), dtype=np.float32)
        if self.class_weight == "balanced":
            against = np.maximum(len(targets) - counts, 1.0) if self.multilabel else len(targets) / len(counts)
            weights = (against / counts).astype(np.float32)
        criterion = BinaryCrossEntropy if self.multilabel else CrossEntropy
        return criterion(torch.from_numpy(weights))

    def _fit_temperature(self, watch: Watch) -> float:
        logits = clip_logits(self.module_.to(self._device), watch.clips, self.n_frames_, self._device, self.multilabel)
        self.module_.cpu()
        if not self.multilabel:
            return best_temperature(logits, watch.targets.argmax(axis=1))
        pairs = np.column_stack([np.zeros(logits.size), logits.ravel()])
        return best_temperature(pairs, watch.targets.ravel().astype(np.int64))

    @property
    def _device(self) -> str:
        """Where to compute: a model that was trained on another machine does without that machine's device."""
        found = find_device(self.device)
        return found if has_device(found) else "cpu"

    def logits(self, X: Sequence[ArrayLike]) -> Array:
        """What `predict_proba` makes probabilities of, shape (n_clips, n_classes)."""
        check_is_fitted(self)
        clips = [self._normalised(sequence) for sequence in as_sequences(X, self.n_features_in_)]
        with one_thread():
            module = self.module_.to(self._device)
            found = clip_logits(module, clips, self.n_frames_, self._device, self.multilabel)
            self.module_ = module.cpu()
        return found / self.temperature_

    def predict_proba(self, X: Sequence[ArrayLike]) -> Array:
        """Probabilities, shape (n_clips, n_classes); rows sum to 1, but for several labels, which don't exclude
        each other."""
        logits = self.logits(X)
        return expit(logits) if self.multilabel else softmax(logits, axis=1)

    def predict(self, X: Sequence[ArrayLike]) -> NDArray[Any]:
        """The most probable labels, shape (n_clips,); or whether each has probability 0.5, (n_clips, n_labels)."""
        probabilities = self.predict_proba(X)
        if self.multilabel:
            return probabilities >= 0.5
        return self.classes_[np.argmax(probabilities, axis=1)]

    def _normalised(self, sequence: NDArray[np.floating]) -> Frames:
        scaled = (sequence - self.center_) / self.scale_
        if self.cmvn == "mean":
            scaled -= scaled.mean(axis=0)
        return scaled.astype(np.float32)


def _versions(clips: ArrayLike | None, n_rows: int) -> list[NDArray[np.int64]]:
    """The rows of each clip, the clip itself first."""
    if clips is None:
        return list(np.arange(n_rows)[:, None])
    numbers = np.asarray(clips)
    if numbers.shape != (n_rows,):
        raise ValueError(f"{n_rows} sequences, but clips of shape {numbers.shape}; one number each is needed")
    _, code = np.unique(numbers, return_inverse=True)
    order = np.argsort(code, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(code[order])) + 1)


@contextmanager
def _own_generator(seed: int, device: str) -> Iterator[None]:
    """Let PyTorch draw from *seed*, and leave its generators as they were."""
    devices = list(range(torch.cuda.device_count())) if device == "cuda" else []
    with torch.random.fork_rng(devices):
        (torch.default_generator if device == "cpu" else torch).manual_seed(seed)
        yield
