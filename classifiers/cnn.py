"""Convolutional network on the picture of frames and coefficients."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.spec import param

from ._network import Network


@dataclass(frozen=True)
class CNN(Network):
    """Blocks of 3x3 convolution, batch normalisation, ReLU and pooling; global pooling, dropout, a linear layer.

    The plain network of the field, on log-mel energies or cepstra over time: Simonyan & Zisserman 2015 for the blocks,
    Kong et al. 2020, "PANNs: large-scale pretrained audio neural networks", for the pooling.
    """

    name = "cnn"
    title = "convolutional network over frames and coefficients"
    effort = 12.0
    space = {"width": (16, 32), "cmvn": ("none", "mean")}

    width: int = param(16, "channels of the first block; each block has twice those of the one before")
    blocks: int = param(4, "blocks of convolution and pooling")
    dropout: float = param(0.3, "share of the pooled values that training hides")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(self.width >= 1, f"width={self.width}; it must be at least 1")
        self.require(1 <= self.blocks <= 8, f"blocks={self.blocks}; it must be from 1 to 8")
        self.require(0 <= self.dropout < 1, f"dropout={self.dropout}; it must be from 0 to below 1")
