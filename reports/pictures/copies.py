"""Pictures of a clip's augmented copies: each with its waveform and its log-mel spectrogram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from audioclf.reports.pictures.canvas import (
    ACCENT,
    INK,
    MUTED,
    add_axes,
    add_head,
    line_count,
    plain,
    plain_text,
    tidy,
)
from audioclf.results.pictures import Portrait
from audioclf.results.portrait import unpack_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE = 8.5
_RANGE = 80.0  # dB below the loudest point of all


def copies(versions: Sequence[Portrait], heading: str) -> Figure:
    """Draw an original and its copies below each other, on the same scales of time, amplitude and level.

    Parameters
    ----------
    versions : sequence of Portrait
        The original first. Their names stand over their pictures.
    heading : str
        Stands over the picture.
    """
    from matplotlib.figure import Figure

    left, bottom, across, down, wide, high = 0.75, 0.5, 0.85, 0.42, 4.6, 1.15
    n = len(versions)
    width = left + 2 * wide + across + 0.85
    top = 0.45 + 0.22 * line_count(heading, width)
    height = bottom + n * high + (n - 1) * down + top
    figure = Figure(figsize=(width, height), dpi=110, facecolor="white")
    longest = max(version.shown for version in versions)
    peak = max(float(np.abs([v.waveform.low, v.waveform.high]).max()) for v in versions)
    loudest = max(version.filterbank.high for version in versions)
    for i, version in enumerate(versions):
        base = bottom + (n - 1 - i) * (high + down)
        last = i == n - 1
        wave = add_axes(figure, left, base, wide, high)
        lowest, highest = version.waveform.low, version.waveform.high
        time = (np.arange(len(lowest)) + 0.5) * version.shown / len(lowest)
        wave.fill_between(time, lowest, highest, color=ACCENT, edgecolor=ACCENT, linewidth=0.6)
        tidy(wave, "both", _SIZE)
        wave.set_ylim(-max(peak, 1e-3) * 1.05, max(peak, 1e-3) * 1.05)
        wave.set_ylabel("amplitude", fontsize=_SIZE, color=MUTED, labelpad=3)
        wave.set_title(plain(version.name), fontsize=_SIZE + 1, color=INK, loc="left", pad=4, **plain_text())

        mel = add_axes(figure, left + wide + across, base, wide, high)
        picture = version.filterbank
        image = mel.imshow(
            unpack_picture(picture), cmap="viridis", vmin=loudest - _RANGE, vmax=loudest, origin="lower",
            aspect="auto", interpolation="nearest", extent=(0, picture.seconds, -0.5, picture.rows - 0.5),
        )  # fmt: skip
        places = np.linspace(0, picture.rows - 1, 4).round().astype(int)
        mel.set_yticks(places, [f"{picture.centres[k] / 1000:.2g}" for k in places])
        mel.tick_params(labelsize=_SIZE, colors=MUTED, length=2)
        mel.set_ylabel("mel bands / kHz", fontsize=_SIZE, color=MUTED, labelpad=3)
        for axes in (wave, mel):
            axes.set_xlim(0, longest)
            axes.tick_params(bottom=last, labelbottom=last)
            if last:
                axes.set_xlabel("time / s", fontsize=_SIZE, color=MUTED, labelpad=3)
        for spine in mel.spines.values():
            spine.set_visible(False)
    bar = add_axes(figure, left + 2 * wide + across + 0.12, bottom, 0.12, high)
    scale = figure.colorbar(image, cax=bar, extend="min", extendfrac=0.02)
    scale.ax.tick_params(labelsize=_SIZE - 1, colors=MUTED, length=2)
    scale.ax.set_title("dB", fontsize=_SIZE - 0.5, color=MUTED, pad=3)
    scale.outline.set_visible(False)  # type: ignore[operator]
    add_head(figure, heading)
    return figure
