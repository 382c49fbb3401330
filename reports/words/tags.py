"""Clips with several labels: how the record writes them, and which of them an answer has right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioclf.plugin import Finished, Results
from audioclf.results.schema import OfLabel

SEPARATOR = ";"
SIGNS = {"right": "✓", "missed": "−", "extra": "+"}
KEY = "✓ right, − missed, + given though the clip doesn't have it; with the label's probability."
CELLS = ("TP", "FP", "FN", "TN")
CELLS_KEY = (
    "TP: clips that have the label and got it; FP: that got it wrongly; FN: that didn't get it; TN: all other clips."
)


@dataclass(frozen=True)
class Mark:
    """One label of an answer: ``right``, ``missed`` or ``extra``, with its probability where it was told."""

    label: str
    kind: str
    probability: float | None

    @property
    def words(self) -> str:
        """The label with its sign and probability."""
        sure = "" if self.probability is None else f" ({self.probability:.2f})"
        return f"{SIGNS[self.kind]} {self.label}{sure}"


def names(text: str) -> list[str]:
    """Return the labels of a clip or of an answer.

    >>> names("live;rock"), names("")
    (['live', 'rock'], [])
    """
    return text.split(SEPARATOR) if text else []


def marks(label: str, predicted: str, probabilities: Mapping[str, float | None]) -> list[Mark]:
    """Compare an answer with what a clip is: first what is right, then what is missing, then what is too many.

    >>> [mark.words for mark in marks("live;rock", "pop;rock", {"rock": 0.9, "live": 0.3, "pop": 0.6})]
    ['✓ rock (0.90)', '− live (0.30)', '+ pop (0.60)']
    """
    true, given = set(names(label)), set(names(predicted))
    parts = (("right", true & given), ("missed", true - given), ("extra", given - true))
    return [Mark(name, kind, probabilities.get(name)) for kind, found in parts for name in sorted(found)]


def wrong(marks: Sequence[Mark]) -> int:
    """How many labels are missed or too many."""
    return sum(mark.kind != "right" for mark in marks)


def matrix(texts: Sequence[str], labels: Sequence[str]) -> NDArray[np.bool_]:
    """Which of *labels* each text has, shape (n_texts, n_labels)."""
    index = {label: k for k, label in enumerate(labels)}
    found = np.zeros((len(texts), len(labels)), bool)
    for row, text in zip(found, texts, strict=True):
        row[[index[name] for name in names(text)]] = True
    return found


def cells(values: OfLabel) -> tuple[int, int, int, int]:
    """Return the four numbers of a label's confusion in the order of `CELLS`; zeros where there is none."""
    (tn, fp), (fn, tp) = values.confusion or ((0, 0), (0, 0))
    return tp, fp, fn, tn


def spoken(results: Results, experiment: Finished) -> str:
    """Say how many clips have all labels right; empty where clips have one label each."""
    predictions = experiment.predictions
    if not results.multilabel or not predictions:
        return ""
    right = sum(p.label == p.predicted for p in predictions)
    return f"All labels are right in {right} of {len(predictions)} answers."
