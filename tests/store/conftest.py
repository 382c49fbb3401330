"""A store's file, what is put into it, and time that passes at once."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest
from stores import clips_named


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "features.sqlite"


@pytest.fixture
def clips():
    return clips_named(*"abcd")


@pytest.fixture
def arrays(rng):
    return [rng.normal(size=(rows, 13)).astype(np.float32) for rows in (1, 98, 0, 7)]


@pytest.fixture
def quiet():
    """No warning is expected."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture
def settled(monkeypatch):
    """Let two seconds pass at once, whenever asked to."""
    real, ahead = time.time_ns, [0]
    monkeypatch.setattr(time, "time_ns", lambda: real() + ahead[0])

    def wait():
        ahead[0] += 2_100_000_000

    return wait
