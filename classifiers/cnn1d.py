"""Convolutional network along frames."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.plugin import param

from ._network import Convolutional


@dataclass(frozen=True)
class CNN1D(Convolutional):
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
