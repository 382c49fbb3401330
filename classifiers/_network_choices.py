"""The values that a network's parameters of text may take; free of PyTorch, so that they can be checked without it."""

from __future__ import annotations

OPTIMIZERS = ("adamw", "sgd")
DEVICES = ("auto", "cpu", "cuda", "mps")
NORMALISATIONS = ("none", "mean")
