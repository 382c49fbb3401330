"""The networks themselves: from a batch of crops to a logit for each class. Needs PyTorch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Convolutions2D(nn.Module):
    """Blocks of 3x3 convolution, batch normalisation, ReLU and pooling over the crop seen as a picture.

    The blocks are those of Simonyan & Zisserman 2015 (VGG). Over frames, mean and maximum are taken of what the last
    one finds (Kong et al. 2020, "PANNs"). Coefficients are kept apart: unlike a moment, a frequency means something.
    Mean and standard deviation of each coefficient over the crop itself come to these: a few hundred clips are too few
    to learn what they say by convolutions.

    Parameters
    ----------
    n_coefficients, n_frames : int
        Of a crop. Pooling halves what is still longer than one; the first makes one of four frames, for neighbouring
        ones overlap.
    n_outputs : int
    width : int
        Channels of the first block; each block has twice those of the one before.
    blocks : int
    dropout : float
        Share of the pooled values that training hides.
    """

    def __init__(
        self, n_coefficients: int, n_frames: int, n_outputs: int, width: int, blocks: int, dropout: float
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels, frames, coefficients = 1, n_frames, n_coefficients
        for block in range(blocks):
            wider = width * 2**block
            layers += [nn.Conv2d(channels, wider, 3, padding=1, bias=False), nn.BatchNorm2d(wider), nn.ReLU()]
            step = (min(4 if block == 0 else 2, frames), min(2, coefficients))
            if block < blocks - 1 and step != (1, 1):
                layers.append(nn.MaxPool2d(step))
                frames, coefficients = frames // step[0], coefficients // step[1]
            channels = wider
        self.blocks = nn.Sequential(*layers)
        pooled = 2 * channels * coefficients + 2 * n_coefficients
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(pooled, n_outputs))
        # Nearly twice as fast on a CPU.
        self.blocks.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, crops: Tensor) -> Tensor:
        """Logits, shape (n_crops, n_outputs), of *crops*, shape (n_crops, n_frames, n_coefficients)."""
        maps = self.blocks(crops[:, None].contiguous(memory_format=torch.channels_last))
        found = _mean_and_max(maps.transpose(2, 3).flatten(1, 2))
        return self.head(torch.cat([found, crops.mean(dim=1), crops.std(dim=1, correction=0)], dim=1))


class Convolutions1D(nn.Module):
    """Blocks of convolution along frames, batch normalisation, ReLU and pooling; coefficients are the channels.

    Parameters
    ----------
    n_coefficients, n_frames : int
        Of a crop.
    n_outputs : int
    width : int
        Channels of the first block; each block has twice those of the one before.
    blocks : int
    dropout : float
        Share of the pooled values that training hides.
    """

    def __init__(
        self, n_coefficients: int, n_frames: int, n_outputs: int, width: int, blocks: int, dropout: float
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels, length = n_coefficients, n_frames
        for block in range(blocks):
            wider = width * 2**block
            layers += [nn.Conv1d(channels, wider, 3, padding=1, bias=False), nn.BatchNorm1d(wider), nn.ReLU()]
            if block < blocks - 1 and length > 1:
                layers.append(nn.MaxPool1d(2))
                length //= 2
            channels = wider
        self.blocks = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * channels, n_outputs))

    def forward(self, crops: Tensor) -> Tensor:
        """Logits, shape (n_crops, n_outputs), of *crops*, shape (n_crops, n_frames, n_coefficients)."""
        return self.head(_mean_and_max(self.blocks(crops.transpose(1, 2))))


class Recurrent(nn.Module):
    """An LSTM (Hochreiter & Schmidhuber 1997) or GRU (Cho et al. 2014) along time, then pooled over it.

    What it reads is made of four frames at once by a convolution without overlap, batch normalisation and ReLU: steps
    of 40 ms, at the usual 10 ms a frame, are as fine as it needs (Sak et al. 2015, "Fast and accurate recurrent neural
    network acoustic models") and take a quarter of the time.

    Parameters
    ----------
    n_coefficients, n_frames : int
        Of a crop.
    n_outputs : int
    cell : {"lstm", "gru"}
    units : int
        Of a layer and direction.
    layers : int
    bidirectional : bool
    pooling : {"attention", "mean"}
        How the states at all times become one: their mean, or a mean weighted by what a small network makes of each
        (Bahdanau et al. 2015; Yang et al. 2016, eqs. 5-7).
    dropout : float
        Share of the states between layers, and of the pooled values, that training hides.
    """

    def __init__(
        self,
        n_coefficients: int,
        n_frames: int,
        n_outputs: int,
        cell: str,
        units: int,
        layers: int,
        bidirectional: bool,
        pooling: str,
        dropout: float,
    ) -> None:
        super().__init__()
        together = min(4, n_frames)
        self.reader = nn.Sequential(
            nn.Conv1d(n_coefficients, 2 * units, together, stride=together, bias=False),
            nn.BatchNorm1d(2 * units),
            nn.ReLU(),
            nn.Dropout(dropout),
        )
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        self.cells = kind(
            2 * units,
            units,
            layers,
            batch_first=True,
            bidirectional=bidirectional,
            dropout=dropout if layers > 1 else 0.0,
        )
        states = units * (2 if bidirectional else 1)
        self.attention: nn.Sequential | None = None
        if pooling == "attention":
            self.attention = nn.Sequential(nn.Linear(states, states), nn.Tanh(), nn.Linear(states, 1, bias=False))
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(states, n_outputs))

    def forward(self, crops: Tensor) -> Tensor:
        """Logits, shape (n_crops, n_outputs), of *crops*, shape (n_crops, n_frames, n_coefficients)."""
        states, _ = self.cells(self.reader(crops.transpose(1, 2)).transpose(1, 2))
        if self.attention is None:
            return self.head(states.mean(dim=1))
        weights = torch.softmax(self.attention(states), dim=1)
        return self.head((weights * states).sum(dim=1))


ARCHITECTURES: dict[str, type[nn.Module]] = {
    "cnn": Convolutions2D,
    "cnn1d": Convolutions1D,
    "rnn": Recurrent,
}


def build(architecture: str, options: dict[str, Any], n_coefficients: int, n_frames: int, n_outputs: int) -> nn.Module:
    """Return a new network of one of the `ARCHITECTURES`, with weights from PyTorch's generator."""
    return ARCHITECTURES[architecture](n_coefficients, n_frames, n_outputs, **options)


def _mean_and_max(maps: Tensor) -> Tensor:
    """Pool over the last axis."""
    return torch.cat([maps.mean(dim=-1), maps.amax(dim=-1)], dim=1)
