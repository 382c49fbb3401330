"""An extractor for tests that never run it."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.features.extractor import Extractor
from audioclf.spec import param


@dataclass(frozen=True)
class Plain(Extractor):
    name = "plain"
    count: int = param(1, "")
    level: float = param(0.5, "")

    def static_names(self):
        return ["plain"]

    def static(self, spectra):
        raise NotImplementedError
