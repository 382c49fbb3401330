"""A finding of the audit: one thing that a reader of the scores should know."""

from __future__ import annotations

from typing import Any, Literal

from audioclf.structs import Finite, Struct


class Finding(Struct, frozen=True):
    """One thing that a reader of the scores should know.

    Attributes
    ----------
    topic : str
        "leakage", "shortcuts" or "quality".
    kind : str
        Which check, as in docs/audit.md.
    severity : str
        "serious": scores can't be trusted before it is mended; or "note".
    sentence, advice : str
        What was found, with figures; what to do, empty where there is nothing.
    clips : list of list of str
        Names of clips that belong together, single ones as lists of one. At most 100 lists.
    rows : list of dict
        A small table, all rows with the same keys.
    score, chance : float or None
        Of a classifier, where there is one.
    """

    topic: str
    kind: str
    severity: Literal["serious", "note"]
    sentence: str
    advice: str = ""
    clips: list[list[str]] = []
    rows: list[dict[str, Any]] = []
    score: Finite | None = None
    chance: Finite | None = None

    @property
    def of_classes(self) -> bool:
        """Whether it takes each clip to be of one class, so that it means nothing where clips have several labels."""
        return self.topic == "shortcuts" or self.kind in ("group-labels", "imbalance", "likely-wrong-labels")
