"""Pictures of clips: waveform, spectrum, cepstrum, spectrogram, filterbank and cepstrogram."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audioclf.reports.pictures.canvas import (
    ACCENT,
    INK,
    MUTED,
    add_axes,
    add_head,
    add_legend,
    line_count,
    plain,
    plain_text,
    text_width,
    tidy,
)
from audioclf.results.pictures import Picture, Portrait, Spectrum
from audioclf.results.portrait import unpack_picture
from audioclf.results.words import duration, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

A_PAGE = 10
"""Clips on one page of `overview`."""

_PALE = "#7fb2dc"
_SIZE = 8.5
_SPAN = 110.0  # dB of a spectrum that are shown
_LEVELS = "viridis"
_SIGNED = "PuOr"  # its middle is white in print, too: 0


def six_pictures(clip: Portrait, heading: str = "") -> Figure:
    """Draw all six pictures of one clip; *heading* is its name and class where none is given."""
    from matplotlib.figure import Figure

    heading = heading or _heading(clip)
    left, bottom, across, down, wide, high = 0.85, 0.55, 1.3, 0.8, 3.5, 1.95
    width = left + 3 * wide + 2 * across + 0.75
    top = 0.5 + 0.22 * line_count(heading, width)
    figure = Figure(figsize=(width, bottom + 2 * high + down + top), dpi=110, facecolor="white")

    def panel(row: int, column: int, title: str) -> Axes:
        axes = add_axes(figure, left + column * (wide + across), bottom + (1 - row) * (high + down), wide, high)
        axes.set_title(title, fontsize=_SIZE + 1, color=INK, loc="left", pad=4)
        return axes

    axes = panel(0, 0, "waveform")
    lowest, highest = np.array(clip.waveform.low), np.array(clip.waveform.high)
    time = _middles(len(lowest), clip.shown)
    axes.fill_between(time, lowest, highest, color=ACCENT, linewidth=0.6, edgecolor=ACCENT)
    tidy(axes, "both", _SIZE)
    axes.set_xlim(0, clip.shown)
    most = max(float(np.abs(np.r_[lowest, highest]).max()), 1e-3) * 1.08
    axes.set_ylim(-most, most)
    _label(axes, "time / s", "amplitude (full scale 1)")

    axes = panel(0, 1, "spectrum")
    for line, look in ((clip.spectrum, {"color": _PALE, "linewidth": 0.8}), (clip.density, _WELCH)):
        axes.plot(*_spectrum(line), **look)
    tidy(axes, "both", _SIZE)
    axes.set_xlim(0, clip.sample_rate / 2000)
    axes.set_ylim(*_span(clip.spectrum.level, clip.density.level))
    _label(axes, "frequency / kHz", "dB, Welch: dB / Hz")
    x = left + wide + across + wide
    y = bottom + 2 * high + down + 0.13
    add_legend(figure, x - 1.75, y, [("FFT", {"color": _PALE, "linewidth": 1.5})])
    add_legend(figure, x - 0.9, y, [("Welch", _WELCH)])

    axes = panel(0, 2, "real cepstrum")
    axes.plot(*_cepstrum(clip), color=ACCENT, linewidth=0.9)
    axes.axhline(0, color=MUTED, linewidth=0.7)
    tidy(axes, "both", _SIZE)
    axes.set_xlim(0, 30)
    most = _cepstral_peak(clip)
    axes.set_ylim(-most, most)
    _label(axes, "quefrency / ms", "cepstrum of ln |X|")

    axes = panel(1, 0, "spectrogram")
    image = _show(axes, clip.spectrogram, _LEVELS, (0, clip.sample_rate / 2000))
    _label(axes, "time / s", "frequency / kHz")
    _scale(figure, axes, image, "dB")

    axes = panel(1, 1, f"filterbank: {clip.filterbank.rows} mel bands")
    image = _show(axes, clip.filterbank, _LEVELS, (-0.5, clip.filterbank.rows - 0.5))
    places = np.linspace(0, clip.filterbank.rows - 1, 5).round().astype(int)
    axes.set_yticks(places, [_hertz(clip.filterbank.centres[k]) for k in places])
    _label(axes, "time / s", "band's centre / kHz")
    _scale(figure, axes, image, "dB")

    first, rows = clip.cepstrogram.first, clip.cepstrogram.rows
    axes = panel(1, 2, f"cepstrogram: MFCC {first} to {first + rows - 1}")
    image = _show(axes, clip.cepstrogram, _SIGNED, (first - 0.5, first + rows - 0.5))
    axes.set_yticks(range(first, first + rows, 2))
    _label(axes, "time / s", "coefficient")
    _scale(figure, axes, image, "", extend="both")
    add_head(figure, heading)
    return figure


def overview(clips: Sequence[Portrait], heading: str) -> Figure:
    """Draw clips below each other, usually one of each class, with their six pictures side by side.

    Meant for up to `A_PAGE` clips; the figure grows with their number. Spectra and cepstra share their axes, so that
    classes can be compared; times don't, for clips differ in length: each clip fills the width, and its length is told.
    """
    from matplotlib.figure import Figure

    names = [shortened(plain(clip.label or PurePath(clip.name).name), 24) for clip in clips]
    left = max(max(text_width(name, 9.5) for name in names) + 0.35, 1.2)
    bottom, row, gap, wide, across = 0.55, 1.0, 0.14, 2.1, 0.18
    n = len(clips)
    width = left + 6 * wide + 5 * across + 0.2
    top = 0.62 + 0.22 * line_count(heading, width)
    high = n * row + (n - 1) * gap
    figure = Figure(figsize=(width, bottom + high + top), dpi=110, facecolor="white")
    titles = ("waveform", "spectrum", "real cepstrum", "spectrogram", "filterbank", "cepstrogram")
    # One axes a column, clips one above the other in it: an axes a picture would take ten times as long.
    columns = [add_axes(figure, left + k * (wide + across), bottom, wide, high) for k in range(6)]
    for axes, title in zip(columns, titles, strict=True):
        axes.set_title(title, fontsize=9.5, color=INK, loc="left", pad=5)
        axes.set_ylim(0, high)
        axes.set_yticks([])
        axes.tick_params(labelsize=_SIZE - 0.5, colors=MUTED, length=2)
        for spine in axes.spines.values():
            spine.set_visible(False)
    wave, spectrum, cepstrum, *pictures = columns
    top_khz = max(clip.sample_rate for clip in clips) / 2000
    for axes, end in ((wave, 1.0), (spectrum, top_khz), (cepstrum, 30.0), *((axes, 1.0) for axes in pictures)):
        axes.set_xlim(0, end)
    peak = max(_cepstral_peak(clip) for clip in clips)

    for i, clip in enumerate(clips):
        base = (n - 1 - i) * (row + gap)
        _draw_row(columns, clip, base, row, peak)
        at = (bottom + base + row / 2) / figure.get_figheight()
        lines = [(names[i], 9.5, INK, 0.1), (duration(clip.shown), _SIZE, MUTED, -0.1)]
        for text, size, colour, above in lines:
            figure.text(
                (left - 0.15) / width, at + above / figure.get_figheight(), text, fontsize=size, color=colour,
                ha="right", va="center", **plain_text(),
            )  # fmt: skip
    for axes in (wave, *pictures):
        axes.set_xticks([])
        axes.set_xlabel("whole length", fontsize=_SIZE, color=MUTED)
    pictures[0].set_xlabel(f"whole length, 0 to {top_khz:.3g} kHz", fontsize=_SIZE, color=MUTED)
    pictures[1].set_xlabel(f"whole length, {clips[0].filterbank.rows} mel bands", fontsize=_SIZE, color=MUTED)
    first, rows = clips[0].cepstrogram.first, clips[0].cepstrogram.rows
    pictures[2].set_xlabel(f"whole length, MFCC {first} to {first + rows - 1}", fontsize=_SIZE, color=MUTED)
    spectrum.set_xlabel(f"kHz; {_SPAN:g} dB high; thick: Welch density", fontsize=_SIZE, color=MUTED)
    cepstrum.set_xlabel("quefrency / ms", fontsize=_SIZE, color=MUTED)
    add_head(figure, heading)
    return figure


def _draw_row(columns: Sequence[Axes], clip: Portrait, base: float, row: float, peak: float) -> None:
    """Draw one clip's six pictures into the columns, from *base* up, *row* high; *peak* is the cepstra's scale."""
    wave, spectrum, cepstrum, *pictures = columns
    top = wave.get_ylim()[1]
    for axes in (wave, spectrum, cepstrum):
        _box(axes, base, row)
    low, up = np.array(clip.waveform.low), np.array(clip.waveform.high)
    most = max(float(np.abs(np.r_[low, up]).max()), 1e-3) * 1.08
    middle, half = base + row / 2, row / 2 / most
    wave.fill_between(
        _middles(len(low), 1.0), middle + low * half, middle + up * half, color=ACCENT, linewidth=0.4,
        edgecolor=ACCENT,
    )  # fmt: skip
    bottom_db, top_db = _span(clip.spectrum.level, clip.density.level)
    for line, look in ((clip.spectrum, {"color": _PALE, "linewidth": 0.6}), (clip.density, _WELCH)):
        khz, level = _spectrum(line)
        inside = np.clip((level - bottom_db) / (top_db - bottom_db), 0, 1)
        spectrum.plot(khz, base + row * inside, **look)
    ms, value = _cepstrum(clip)
    cepstrum.plot(ms, base + row / 2 + np.clip(value / peak, -1, 1) * row / 2, color=ACCENT, linewidth=0.7)
    cepstrum.plot([0, 30], [base + row / 2] * 2, color=MUTED, linewidth=0.5)
    for axes, picture, colours in (
        (pictures[0], clip.spectrogram, _LEVELS),
        (pictures[1], clip.filterbank, _LEVELS),
        (pictures[2], clip.cepstrogram, _SIGNED),
    ):
        axes.imshow(
            unpack_picture(picture), cmap=colours, vmin=picture.low, vmax=picture.high, origin="lower",
            aspect="auto", interpolation="nearest", extent=(0, 1, base, base + row),
        )  # fmt: skip
        axes.set_ylim(0, top)


_WELCH: dict[str, Any] = {"color": "#d55e00", "linewidth": 1.5}


def _heading(clip: Portrait) -> str:
    name = clip.name or "clip"
    about = [f"class {clip.label}"] if clip.label else []
    length = duration(clip.duration)
    if clip.shown < clip.duration - 0.05:
        length = f"the first {duration(clip.shown)} of {length}"
    return f"{name}: {', '.join([*about, length, f'at {clip.sample_rate} Hz'])}"


def _middles(count: int, length: float) -> NDArray[np.float64]:
    return (np.arange(count) + 0.5) * length / count


def _spectrum(line: Spectrum) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    level = np.array(line.level, np.float64)
    return (line.first_hz + line.step_hz * np.arange(len(level))) / 1000, level


def _cepstrum(clip: Portrait) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    value = np.array(clip.cepstrum.value, np.float64)
    steps = np.arange(len(value), dtype=np.float64)
    return (clip.cepstrum.first_seconds + clip.cepstrum.step_seconds * steps) * 1000, value


def _cepstral_peak(clip: Portrait) -> float:
    """The height that shows pitch: what lies below 1 ms, the envelope, would outshine it."""
    ms, value = _cepstrum(clip)
    return max(float(np.abs(value[ms > 1.0]).max(initial=0.0)) * 1.25, 0.02)


def _span(*levels: Sequence[float]) -> tuple[float, float]:
    top = max(max(level) for level in levels) + 5
    return top - _SPAN, top


def _show(axes: Axes, picture: Picture, colours: str, ends: tuple[float, float]) -> Any:
    image = axes.imshow(
        unpack_picture(picture), cmap=colours, vmin=picture.low, vmax=picture.high, origin="lower",
        aspect="auto", interpolation="nearest", extent=(0, picture.seconds, *ends),
    )  # fmt: skip
    axes.tick_params(labelsize=_SIZE, colors=MUTED, length=2)
    for spine in axes.spines.values():
        spine.set_color("#c3cad3")
    return image


def _scale(figure: Figure, axes: Axes, image: Any, unit: str, extend: str = "min") -> None:
    place = axes.get_position()
    bar = figure.add_axes((place.x1 + 0.006, place.y0, 0.008, place.height))
    scale = figure.colorbar(image, cax=bar, extend=extend, extendfrac=0.02)
    scale.ax.tick_params(labelsize=_SIZE - 1, colors=MUTED, length=2)
    scale.ax.set_title(unit, fontsize=_SIZE - 0.5, color=MUTED, pad=3)
    scale.outline.set_visible(False)  # type: ignore[operator]


def _box(axes: Axes, base: float, height: float) -> None:
    from matplotlib.patches import Rectangle

    width = axes.get_xlim()[1]
    axes.add_patch(Rectangle((0, base), width, height, facecolor="#f5f7f9", edgecolor="none", zorder=0))


def _label(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x, fontsize=_SIZE, color=MUTED, labelpad=3)
    axes.set_ylabel(y, fontsize=_SIZE, color=MUTED, labelpad=3)


def _hertz(value: float) -> str:
    return f"{value / 1000:.2g}" if value < 9950 else f"{value / 1000:.0f}"
