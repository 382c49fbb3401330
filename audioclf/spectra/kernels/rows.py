"""The layout of what kernels work on: one frame to a column, the frames of one bin or band side by side in memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
"""Shape (rows, n_frames), C-contiguous."""

LANES = 64
"""Frames worked on together: enough to hide the loops' overhead, few enough for the first-level cache."""


def rows(frames: NDArray[np.floating]) -> Rows:
    """Frames (n_frames, n) as float32 rows (n, n_frames), C-contiguous; not copied if they lie so already."""
    return np.ascontiguousarray(frames.T, dtype=np.float32)
