"""Reliability against its formula, and of probabilities that are calibrated."""

from __future__ import annotations

import numpy as np
import pytest
from guesses import probable

from audioclf.statistics.calibration import reliability


@pytest.mark.parametrize("bins", [1, 10, 15])
def test_reliability_is_guos_formula(rng, bins):
    truth = rng.integers(3, size=500)
    probabilities = probable(rng, truth, 3, 20)
    found = reliability(truth, probabilities, bins)
    ece = 0.0
    for m in range(bins):
        confidence = probabilities.max(axis=1)
        inside = (confidence > found.edges[m]) & (confidence <= found.edges[m + 1])
        assert found.count[m] == inside.sum()
        if not inside.any():
            assert np.isnan(found.confidence[m])
            assert np.isnan(found.accuracy[m])
            continue
        accuracy = (probabilities.argmax(axis=1) == truth)[inside].mean()
        assert found.confidence[m] == pytest.approx(confidence[inside].mean())
        assert found.accuracy[m] == pytest.approx(accuracy)
        ece += inside.sum() / 500 * abs(accuracy - confidence[inside].mean())
    assert found.count.sum() == 500
    assert found.ece == pytest.approx(ece)


def test_reliability_of_calibrated_probabilities_has_a_small_error(rng):
    probabilities = rng.dirichlet(np.ones(4), size=20000)
    truth = (rng.random((20000, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    assert reliability(truth, probabilities).ece < 0.02
    assert reliability((truth + 1) % 4, probabilities).ece > 0.2
    assert np.isnan(reliability(truth[:0], probabilities[:0]).ece)
