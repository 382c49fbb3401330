"""What holds for every report format, built in or another package's."""

from __future__ import annotations

import copy
import hashlib

import pytest

from audioclf import plugins
from audioclf.errors import SpecError
from audioclf.results.report import Report, write_reports


def _digests(folder):
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("name", plugins.names("reports"))
class TestEveryReport:
    def test_describes_itself(self, name):
        report = plugins.load("reports", name)
        assert issubclass(report, Report)
        assert report.name == name
        assert report.title

    def test_bears_every_record_and_writes_what_it_says(self, name, results, tmp_path):
        before = copy.deepcopy(results.record)
        files = plugins.load("reports", name)().write(results, tmp_path)
        assert results.record == before
        assert {str(file.relative_to(tmp_path)) for file in files} == set(_digests(tmp_path))
        assert all(file.stat().st_size for file in files)

    def test_again_gives_the_same_bytes(self, name, make_results, tmp_path):
        for folder in ("one", "two"):
            plugins.load("reports", name)().write(make_results(n_clips=40), tmp_path / folder)
        assert _digests(tmp_path / "one") == _digests(tmp_path / "two")

    def test_leaves_other_files_alone(self, name, make_results, tmp_path):
        (tmp_path / "notes.txt").write_text("mine")
        plugins.load("reports", name)().write(make_results(n_clips=40), tmp_path)
        assert (tmp_path / "notes.txt").read_text() == "mine"


def test_write_reports(make_results, tmp_path):
    files = write_reports(make_results(n_clips=40), tmp_path / "new" / "run", ["markdown", "html"])
    names = [file.name for file in files]
    assert names[0] == "report.md"
    assert names[-1] == "report.html"


def test_an_unknown_format_stops_before_anything_is_written(make_results, tmp_path):
    with pytest.raises(SpecError, match="Did you mean 'html'"):
        write_reports(make_results(n_clips=40), tmp_path / "run", ["markdown", "htm"])
    assert not (tmp_path / "run").exists()
