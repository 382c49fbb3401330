"""PNG files: which are written, and confusion matrices that can be read."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from audioclf.audio.signal import Signal
from audioclf.reports.pictures.confusion import confusion_counts, confusion_shares
from audioclf.reports.pictures.ranking import ranking
from audioclf.reports.png import PNGReport
from audioclf.results.portrait import portrait
from audioclf.spectra.analysis import Analysis


def names_of(files, folder):
    return [file.relative_to(folder).as_posix() for file in files]


def test_files(make_results, tmp_path):
    results = make_results(features=("mfcc", "mfcc:n_coeffs=20+gfcc"), classifiers=("svm",), n_clips=40)
    names = names_of(PNGReport().write(results, tmp_path), tmp_path)
    assert names[0] == "figures/ranking.png"
    assert sum(name.startswith("figures/confusion-") for name in names) == 2 * len(results.ranking())
    assert "figures/confusion-mfcc-n_coeffs=20-gfcc-svm.png" in names
    assert "figures/confusion-mfcc-n_coeffs=20-gfcc-svm-normalised.png" in names
    for name in ("roc", "precision-recall", "reliability", "class-distribution"):
        assert f"figures/{name}.png" in names


def test_nothing_finished(make_results, tmp_path):
    files = PNGReport().write(make_results(features=(), dummy=False), tmp_path)
    assert names_of(files, tmp_path) == ["figures/class-distribution.png"]


class TestDrawPortraits:
    def clip(self, name, hz=440):
        tone = 0.3 * np.sin(2 * np.pi * hz * np.arange(4000) / 8000)
        return portrait(Signal(tone.astype(np.float32), 8000), Analysis(8000), name=name)

    def test_one_file_a_clip_none_over_another(self, tmp_path):
        clips = [self.clip(name) for name in ("x/a.wav", "y/a.flac", "A.wav", "b:c?.ogg", "")]
        files = PNGReport().draw_portraits(clips, tmp_path / "new")
        assert names_of(files, tmp_path / "new") == ["a.png", "a-2.png", "A-3.png", "b-c-.png", "clip.png"]
        assert all(file.stat().st_size > 10_000 for file in files)

    def test_again_is_the_same_file_and_another_picture_stays(self, tmp_path):
        first = PNGReport().draw_portraits([self.clip("a.wav")], tmp_path)
        before = first[0].read_bytes()
        assert PNGReport().draw_portraits([self.clip("a.wav")], tmp_path) == first
        other = PNGReport().draw_portraits([self.clip("a.wav", hz=880)], tmp_path)
        assert names_of(other, tmp_path) == ["a-2.png"]
        assert first[0].read_bytes() == before


@pytest.mark.parametrize("n", [2, 10, 50])
def test_matrix_is_readable(n):
    """Every class is named on both axes, no name is cut off by the edge, every count that fits is written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    rng = np.random.default_rng(0)
    matrix = np.diag(rng.integers(5, 30, n)) + rng.integers(0, 2, (n, n))
    labels = [f"class of number {i}" for i in range(n)]
    figure = confusion_counts(matrix, labels, "mfcc+gfcc with svm: 0.953 accuracy")
    renderer = FigureCanvasAgg(figure).get_renderer()
    axes = figure.axes[0]
    width, height = figure.bbox.width, figure.bbox.height
    for ticks in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [tick.get_text() for tick in ticks] == labels
        for tick in ticks:
            box = tick.get_window_extent(renderer)
            assert box.x0 >= 0
            assert box.y0 >= 0
            assert box.x1 <= width
            assert box.y1 <= height
            assert tick.get_fontsize() >= 4.5
    boxes = [tick.get_window_extent(renderer) for tick in axes.get_yticklabels()]
    assert all(a.y0 >= b.y1 - 1 for a, b in itertools.pairwise(boxes))  # names don't overlap
    assert figure.get_figwidth() < 30
    assert len(axes.texts) == np.count_nonzero(matrix)


def test_shares_sum_to_one_and_empty_rows_are_no_error():
    matrix = np.array([[3, 1], [0, 0]])
    figure = confusion_shares(matrix, ["a", "b"], "x")
    drawn = figure.axes[0].images[0].get_array()
    np.testing.assert_allclose(drawn, [[0.75, 0.25], [0, 0]])


def test_ranking_shows_means_and_intervals(make_results):
    results = make_results()
    axes = ranking(results).axes[0]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == [e.metrics["accuracy"].mean for e in results.ranking()]
