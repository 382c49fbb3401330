"""Convolutional network on the picture of frames and coefficients."""

from __future__ import annotations

from dataclasses import dataclass

from ._network import Convolutional


@dataclass(frozen=True)
class CNN(Convolutional):
    """Blocks of 3x3 convolution, batch normalisation, ReLU and pooling; global pooling, dropout, a linear layer.

    The plain network of the field, on log-mel energies or cepstra over time: Simonyan & Zisserman 2015 for the blocks,
    Kong et al. 2020, "PANNs: large-scale pretrained audio neural networks", for the pooling.
    """

    name = "cnn"
    title = "convolutional network over frames and coefficients"
    effort = 12.0
    space = {"width": (16, 32), "cmvn": ("none", "mean")}
