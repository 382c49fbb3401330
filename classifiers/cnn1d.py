"""Convolutional network along frames."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.spec import param

from ._network import Network


@dataclass(frozen=True)
class CNN1D(Network):
    """Convolutions along time, with the coefficients as channels; global pooling, dropout, a linear layer.

    Cheaper than the `cnn`, and the better choice where neighbouring coefficients have nothing in common, as in cepstra
    joined with spectral features.
    """

    name = "cnn1d"
    title = "convolutional network along frames"
    effort = 9.0
    space = {"width": (32, 64), "cmvn": ("none", "mean")}

    width: int = param(64, "channels of the first block; each block has twice those of the one before")
    blocks: int = param(3, "blocks of convolution and pooling")
    dropout: float = param(0.3, "share of the pooled values that training hides")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(self.width >= 1, f"width={self.width}; it must be at least 1")
        self.require(1 <= self.blocks <= 8, f"blocks={self.blocks}; it must be from 1 to 8")
        self.require(0 <= self.dropout < 1, f"dropout={self.dropout}; it must be from 0 to below 1")
