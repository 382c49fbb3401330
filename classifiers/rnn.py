"""Recurrent network."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.plugin import param

from ._network import Network

CELLS = ("lstm", "gru")
POOLINGS = ("attention", "mean")


@dataclass(frozen=True)
class RNN(Network):
    """An LSTM (Hochreiter & Schmidhuber 1997) or GRU (Cho et al. 2014) along frames, pooled over time by attention."""

    name = "rnn"
    title = "recurrent network along frames"
    effort = 10.0
    space = {"units": (64, 128), "cmvn": ("none", "mean")}

    cell: str = param("lstm", "lstm or gru")
    units: int = param(64, "units of a layer, in each direction")
    layers: int = param(1, "layers, 1 or 2")
    bidirectional: bool = param(True, "whether frames are read backwards, too")
    pooling: str = param("attention", "how the states at all times become one: attention or mean")
    dropout: float = param(0.3, "share of the pooled states that training hides")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_one("cell", CELLS)
        self.require(self.units >= 1, f"units={self.units}; it must be at least 1")
        self.require(self.layers in (1, 2), f"layers={self.layers}; it must be 1 or 2")
        self._require_one("pooling", POOLINGS)
        self.require(0 <= self.dropout < 1, f"dropout={self.dropout}; it must be from 0 to below 1")
