"""Frames of each of the nine families by itself over one 30 s clip, against the bare FFT: where the time goes."""

from __future__ import annotations

import sys
from functools import partial

from _material import NINE
from _rows import Row, Setting, main
from frames import against_floor


def measure(setting: Setting, name: str) -> dict[str, list[float]]:
    """Time one family and the floor, once: nine rows take long enough."""
    return against_floor(name, 1)


ROWS = [Row(f"{name} alone, against the bare FFT", partial(measure, name=name)) for name in NINE]

if __name__ == "__main__":
    main(sys.modules[__name__])
