"""esc10: the ten classes of ESC-50 that its maker published first, under a freer licence."""

from __future__ import annotations

from .esc50 import ESC50

CLASSES = "chainsaw clock_tick crackling_fire crying_baby dog helicopter rain rooster sea_waves sneezing"


class ESC10(ESC50):
    """400 clips of five seconds; groups and folds as in ESC-50, whose copy on disk it uses."""

    name = "esc10"
    title = "ESC-10: environmental sounds, 400 clips of 5 s in 10 classes (a part of ESC-50)"
    licence = "CC BY (the rest of ESC-50, fetched with it, is CC BY-NC 3.0)"
    size = "600 MB (the whole of ESC-50 is fetched)"
    only_esc10 = True

    def labels(self) -> list[str]:
        """The class names, as in the column ``category`` of the data set's table."""
        return sorted(CLASSES.split())
