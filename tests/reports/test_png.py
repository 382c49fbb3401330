"""Pictures: one ranking and two matrices an experiment, readable, in reasonable sizes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from audioclf.reports import _figures
from audioclf.reports.png import PNGReport


def test_files(make_results, tmp_path):
    results = make_results(features=("mfcc", "mfcc:n_coeffs=20+gfcc"), classifiers=("svm",))
    names = [file.relative_to(tmp_path).as_posix() for file in PNGReport().write(results, tmp_path)]
    assert names[0] == "figures/ranking.png"
    assert len(names) == 1 + 2 * len(results.ranking())
    assert "figures/confusion-mfcc-n_coeffs=20-gfcc-svm.png" in names
    assert "figures/confusion-mfcc-n_coeffs=20-gfcc-svm-normalised.png" in names


def test_nothing_to_draw(make_results, tmp_path):
    assert PNGReport().write(make_results(features=(), dummy=False), tmp_path) == []


@pytest.mark.parametrize("n", [2, 10, 50])
def test_matrix_is_readable(n):
    """Every class is named on both axes, no name is cut off by the edge, every count that fits is written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    rng = np.random.default_rng(0)
    matrix = np.diag(rng.integers(5, 30, n)) + rng.integers(0, 2, (n, n))
    labels = [f"class of number {i}" for i in range(n)]
    figure = _figures.confusion_counts(matrix, labels, "mfcc+gfcc with svm: 0.953 accuracy")
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
    figure = _figures.confusion_shares(matrix, ["a", "b"], "x")
    drawn = figure.axes[0].images[0].get_array()
    np.testing.assert_allclose(drawn, [[0.75, 0.25], [0, 0]])


def test_ranking_shows_means_and_intervals(make_results):
    results = make_results()
    axes = _figures.ranking(results).axes[0]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [dot.get_xdata()[0] for dot in dots] == [e["metrics"]["accuracy"]["mean"] for e in results.ranking()]
