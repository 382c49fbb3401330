"""The command line as a user types it, in this process: an interpreter of its own takes longer than most commands."""

from __future__ import annotations

import pytest

from audioclf.cli.main import main


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Run ``audioclf`` in an empty folder; return what it wrote to stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*words, code=0, **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        capfd.readouterr()
        with pytest.raises(SystemExit) as done:
            main([str(word) for word in words])
        said = capfd.readouterr()
        assert done.value.code == code, (done.value.code, *said)
        assert "Traceback" not in said.err
        return said

    return call
