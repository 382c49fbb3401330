"""Bases of the networks: the parameters of training, and how a fitted network is saved."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from audioclf.plugin import MissingExtraError, param

from ._weighted import Weighted, class_weight

OPTIMIZERS = ("adamw", "sgd")
DEVICES = ("auto", "cpu", "cuda", "mps")
NORMALISATIONS = ("none", "mean")
PACKAGES = ("torch", "skorch", "safetensors")


@dataclass(frozen=True)
class Network(Weighted):
    """The parameters that every network is trained by; a child adds those of its architecture, and its name."""

    takes = "sequences"

    epochs: int | None = param(None, "most epochs; none: as many as make 20,000 crops, between 20 and 80")
    patience: int = param(20, "epochs without a lower validation loss that end training")
    batch: int = param(16, "crops in a batch")
    crop: int = param(200, "frames of a crop; fewer where nine in ten clips are shorter")
    learning_rate: float = param(0.003, "highest rate of the cycle")
    weight_decay: float = param(0.01, "how strongly weights are drawn to zero")
    optimizer: str = param("adamw", "adamw or sgd, with a momentum of 0.9")
    class_weight: str | None = class_weight()
    validation: float = param(0.1, "share of the training clips that tells when to stop, groups whole; 0 for none")
    jitter: float = param(0.2, "how far crops are stretched in time and shifted in level; 0 for not at all")
    mixup: float = param(0.2, "how far crops are mixed: parameter of a Beta distribution; 0 for not at all")
    spec_augment: float = param(0.2, "largest share of coefficients and of frames that a mask hides; 0 for none")
    cmvn: str = param("none", "normalise every clip: none, or its mean")
    device: str = param("auto", "auto: the fastest there is; cpu, cuda or mps")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(self.epochs is None or self.epochs >= 1, f"epochs={self.epochs}; it must be at least 1, or none")
        self.require(self.patience >= 1, f"patience={self.patience}; it must be at least 1")
        self.require(self.batch >= 2, f"batch={self.batch}; it must be at least 2")
        self.require(self.crop >= 1, f"crop={self.crop}; it must be at least 1")
        self.require(self.learning_rate > 0, f"learning_rate={self.learning_rate}; it must be above 0")
        self.require(self.weight_decay >= 0, f"weight_decay={self.weight_decay}; it must be 0 or more")
        self._require_one("optimizer", OPTIMIZERS)
        self.require(0 <= self.validation <= 0.5, f"validation={self.validation}; it must be from 0 to 0.5, a share")
        self.require(0 <= self.jitter <= 1, f"jitter={self.jitter}; it must be from 0 to 1")
        self.require(self.mixup >= 0, f"mixup={self.mixup}; it must be 0 or more")
        self.require(
            0 <= self.spec_augment <= 0.5, f"spec_augment={self.spec_augment}; it must be from 0 to 0.5, a share"
        )
        self._require_one("cmvn", NORMALISATIONS)
        self._require_one("device", DEVICES)

    def _require_one(self, key: str, allowed: tuple[str, ...]) -> None:
        value = getattr(self, key)
        self.require(value in allowed, f"{key}={value}; it must be one of {', '.join(allowed)}")

    @property
    def options(self) -> dict[str, Any]:
        """The parameters of the architecture alone."""
        shared = {field.name for field in dataclasses.fields(Network)}
        return {key: value for key, value in self.parameters.items() if key not in shared}

    def build(self, seed: int) -> Any:
        return self._build(seed, multilabel=False)

    def build_multilabel(self, seed: int) -> Any:
        return self._build(seed, multilabel=True)

    def _build(self, seed: int | None, multilabel: bool) -> Any:
        self._require_packages()
        from ._network_estimator import NetworkClassifier

        training = {key: value for key, value in self.parameters.items() if key not in self.options}
        return NetworkClassifier(self.name, self.options, **training, multilabel=multilabel, random_state=seed)

    def check_installed(self) -> None:
        """Raise `MissingExtraError` without PyTorch, skorch or safetensors, `SpecError` without the wanted device."""
        self._require_packages()
        if self.device in ("cuda", "mps"):
            from ._network_answers import has_device

            self.require(has_device(self.device), f"device={self.device}; PyTorch finds none here, take auto or cpu")

    def _require_packages(self) -> None:
        for package in PACKAGES:
            if find_spec(package) is None:
                raise MissingExtraError(f"{self.name}: networks", package, "deep")

    def pack(self, estimator: Any) -> dict[str, bytes]:
        """Return network.json, what the network is, and weights.safetensors."""
        from ._network_files import pack

        return pack(estimator)

    def unpack(self, members: Mapping[str, bytes]) -> Any:
        """Return the estimator of these members.

        Raises
        ------
        ModelError
            If they aren't what `pack` writes for this classifier.
        """
        self._require_packages()
        from ._network_files import is_multilabel, unpack

        return unpack(members, self._build(None, is_multilabel(members)))


@dataclass(frozen=True)
class Convolutional(Network):
    """What networks of convolutions have in common."""

    width: int = param(16, "channels of the first block; each block has twice those of the one before")
    blocks: int = param(4, "blocks of convolution and pooling")
    dropout: float = param(0.3, "share of the pooled values that training hides")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(self.width >= 1, f"width={self.width}; it must be at least 1")
        self.require(1 <= self.blocks <= 8, f"blocks={self.blocks}; it must be from 1 to 8")
        self.require(0 <= self.dropout < 1, f"dropout={self.dropout}; it must be from 0 to below 1")
