"""Clean data, for the tests of the audit to plant faults in."""

from __future__ import annotations

import pytest
from planted import Data


@pytest.fixture
def data(tmp_path):
    return Data(tmp_path)
