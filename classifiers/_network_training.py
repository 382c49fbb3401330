"""Training of a network: skorch's loop with a one-cycle rate, a watch on the validation part, and what is told."""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, LRScheduler
from torch import Tensor, nn

from audioclf.plugin import tell

from ._network_answers import Array, accuracy, clip_logits
from ._network_crops import Epochs, Frames

OPTIMIZERS = {"adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}
_GLANCES = 4  # crops of a clip by which an epoch is judged


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes
    ----------
    epochs, patience : int
        Most of them; and how many without a lower validation loss are the end.
    learning_rate : float
        The highest of the cycle.
    weight_decay : float
    optimizer : {"adamw", "sgd"}
    device : str
        A device of PyTorch.
    """

    epochs: int
    patience: int
    learning_rate: float
    weight_decay: float
    optimizer: str
    device: str


@dataclass
class Watch:
    """Clips that a network is watched with: their frames, scaled, and their targets, (n_clips, n_outputs)."""

    clips: list[Frames]
    targets: Frames
    n_frames: int


class CrossEntropy(nn.Module):
    """Cross-entropy with targets that may be shares, each class weighted; of one label per clip.

    Parameters
    ----------
    weights : Tensor, shape (n_classes,)
    """

    weights: Tensor

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.register_buffer("weights", weights)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        weighted = targets * self.weights
        return -(weighted * torch.log_softmax(logits, dim=1)).sum() / weighted.sum()


class BinaryCrossEntropy(nn.Module):
    """Mean over labels of the binary cross-entropy, where any number of labels is right.

    Parameters
    ----------
    weights : Tensor, shape (n_labels,)
        What a clip with the label counts, one without counting 1.
    """

    weights: Tensor

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.register_buffer("weights", weights)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        return nn.functional.binary_cross_entropy_with_logits(logits, targets, pos_weight=self.weights)


def train(
    module: nn.Module, criterion: nn.Module, epochs: Epochs, watch: Watch | None, plan: Plan, multilabel: bool
) -> dict[str, Any]:
    """Train *module* in place; return its history (see `audioclf.classifier.contract.Classifier.build`).

    With a *watch*, training stops when the validation loss hasn't fallen for ``plan.patience`` epochs, and the weights
    of its lowest value are put back. Without, it goes through all epochs.

    Raises
    ------
    ValueError
        If the loss becomes infinite or no number.
    """
    teller = _Watcher(watch, plan, multilabel)
    extra = {"momentum": 0.9, "nesterov": True} if plan.optimizer == "sgd" else {}
    net = _Loop(
        module,
        criterion=criterion,
        optimizer=OPTIMIZERS[plan.optimizer],
        optimizer__weight_decay=plan.weight_decay,
        **{f"optimizer__{name}": value for name, value in extra.items()},
        lr=plan.learning_rate,
        max_epochs=plan.epochs,
        train_split=None,
        callbacks=[
            (
                "rate",
                LRScheduler(
                    torch.optim.lr_scheduler.OneCycleLR,
                    step_every="batch",
                    max_lr=plan.learning_rate,
                    total_steps=plan.epochs * epochs.n_batches,
                ),
            ),
            ("watcher", teller),
        ],
        callbacks__valid_loss=None,
        callbacks__print_log=None,
        device=plan.device,
        verbose=0,
    )
    net.initialize()
    net.notify("on_train_begin", X=None, y=None)
    with contextlib.suppress(_Enough):
        # Not fit: that takes the user's Ctrl-C for the end of training.
        net.fit_loop(_Dataset(epochs))
    net.notify("on_train_end", X=None, y=None)
    return {
        "epochs": teller.told,
        "best_epoch": teller.best_epoch,
        "n_validation": 0 if watch is None else len(watch.clips),
    }


class _Enough(Exception):
    """Training goes on no longer."""


class _Dataset(torch.utils.data.IterableDataset):
    """What skorch takes for a data set."""

    def __init__(self, epochs: Epochs) -> None:
        self.epochs = epochs

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return ((torch.from_numpy(crops), torch.from_numpy(targets)) for crops, targets in self.epochs)


class _Loop(NeuralNet):
    """skorch's training loop over batches that are made elsewhere."""

    def get_iterator(self, dataset: _Dataset, training: bool = False) -> _Dataset:
        return dataset


@dataclass
class _Watcher(Callback):
    """After each epoch: score the validation part, tell, keep the best weights, stop."""

    watch: Watch | None
    plan: Plan
    multilabel: bool
    told: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int | None = None
    best_loss: float = float("inf")
    best_weights: dict[str, Tensor] = field(default_factory=dict)

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        epoch = len(self.told) + 1
        loss = float(net.history[-1, "train_loss"])
        if not math.isfinite(loss):
            raise ValueError(f"training diverged in epoch {epoch}; take a lower learning_rate")
        note = f"loss {loss:.2f}"
        valid_loss = valid_accuracy = None
        if self.watch is not None:
            logits = clip_logits(
                net.module_, self.watch.clips, self.watch.n_frames, self.plan.device, self.multilabel, _GLANCES
            )
            valid_accuracy = accuracy(logits, self.watch.targets, self.multilabel)
            valid_loss = self._loss(net.criterion_, logits)
            note += f", validation loss {valid_loss:.2f}, accuracy {valid_accuracy:.2f}"
            if valid_loss < self.best_loss:
                self.best_loss, self.best_epoch = valid_loss, epoch
                self.best_weights = copy.deepcopy(net.module_.state_dict())
        self.told.append(
            {"epoch": epoch, "train_loss": loss, "valid_loss": valid_loss, "valid_accuracy": valid_accuracy}
        )
        tell(epoch, self.plan.epochs, note)
        if self.best_epoch is not None and epoch - self.best_epoch >= self.plan.patience:
            raise _Enough

    def _loss(self, criterion: nn.Module, logits: Array) -> float:
        assert self.watch is not None
        found, wanted = torch.from_numpy(logits).float(), torch.from_numpy(self.watch.targets)
        return float(criterion(found.to(self.plan.device), wanted.to(self.plan.device)))

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        if self.best_weights:
            net.module_.load_state_dict(self.best_weights)
