"""The parameter ``class_weight``: what the classifiers share that can count rare classes as much as frequent ones."""

from __future__ import annotations

from typing import Any

from audioclf.plugin import Classifier, param


class Weighted(Classifier):
    """A classifier with the parameter `class_weight` among its own, wherever it stands there."""

    class_weight: str | None  # no field here, for it would come before the subclass's own

    def __post_init__(self) -> None:
        self.require(
            self.class_weight in (None, "balanced"), f"class_weight={self.class_weight}; it must be none or balanced"
        )


def class_weight() -> Any:
    """Declare the parameter ``class_weight``."""
    return param(None, "none, or balanced: rare classes count as much as frequent ones")
