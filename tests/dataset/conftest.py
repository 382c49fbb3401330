"""What the tests of the room of data sets share."""

from __future__ import annotations

from local_server import server  # noqa: F401 (a fixture)
