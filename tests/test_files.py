"""Files are written whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from audioclf.errors import AudioclfError
from audioclf.files import cache_folder, check_writable, make_folder, write_whole


def test_the_cache_folder_is_the_one_of_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIOCLF_CACHE", str(tmp_path / "kept"))
    assert cache_folder() == tmp_path / "kept"
    assert not cache_folder().exists()


def test_the_cache_folder_may_begin_with_a_tilde(monkeypatch):
    monkeypatch.setenv("AUDIOCLF_CACHE", "~/kept")
    assert cache_folder() == Path.home() / "kept"


@pytest.mark.parametrize("value", ["", None])
def test_the_cache_folder_is_else_the_platforms(monkeypatch, value):
    if value is None:
        monkeypatch.delenv("AUDIOCLF_CACHE")
    else:
        monkeypatch.setenv("AUDIOCLF_CACHE", value)
    assert cache_folder().is_absolute()
    assert "audioclf" in cache_folder().parts


def test_a_file_appears_with_its_folders_when_it_is_whole(tmp_path):
    path = tmp_path / "new" / "deep" / "table.csv"
    with write_whole(path) as aside:
        assert (aside.parent, aside.suffix) == (path.parent, ".csv")
        aside.write_text("half")
        assert not path.exists()
        aside.write_text("whole")
    assert path.read_text() == "whole"
    assert os.listdir(path.parent) == ["table.csv"]


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(1)], ids=repr)
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail():
        with write_whole(path) as aside:
            aside.write_text("half")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_killed_writer_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    code = (
        "import os, sys; from audioclf.files import write_whole\n"
        "with write_whole(sys.argv[1]) as aside:\n    aside.write_text('half'); os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == 9
    assert path.read_text() == "old"


def test_a_full_disk_is_an_error_for_the_user(tmp_path):
    with (
        pytest.raises(AudioclfError, match=r"can't write .*a\.txt: No space left.*make room"),
        write_whole(tmp_path / "a.txt"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert not os.listdir(tmp_path)


def test_other_errors_of_the_block_pass_through(tmp_path):
    with pytest.raises(FileNotFoundError), write_whole(tmp_path / "a.txt"):
        open(tmp_path / "gone")  # noqa: SIM115


def test_a_folder_of_that_name_is_not_overwritten(tmp_path):
    (tmp_path / "a.txt" / "inside").mkdir(parents=True)
    with pytest.raises(AudioclfError, match=r"can't write .*a\.txt"), write_whole(tmp_path / "a.txt") as aside:
        aside.write_text("x")
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_the_file_gets_the_permissions_of_any_new_file(tmp_path):
    before = os.umask(0o027)
    try:
        with write_whole(tmp_path / "a.txt") as aside:
            aside.write_text("x")
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640


@pytest.mark.parametrize("attempt", [make_folder, check_writable, lambda path: write_whole(path / "a.txt").__enter__()])
def test_a_file_in_the_way_of_a_folder_is_an_error_for_the_user(tmp_path, attempt):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(AudioclfError, match=r"can't make the folder .*runs.*; choose another"):
        attempt(tmp_path / "runs" / "first")
    with pytest.raises(AudioclfError, match="can't make the folder"):
        attempt(tmp_path / "runs")


def test_make_folder_and_check_writable_leave_what_is_there(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    assert make_folder(tmp_path) == tmp_path
    assert check_writable(tmp_path) == tmp_path
    assert check_writable(tmp_path / "b" / "c").is_dir()
    assert sorted(os.listdir(tmp_path)) == ["a.txt", "b"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_an_error_for_the_user(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(AudioclfError, match="can't write to"):
        check_writable(tmp_path)
    with pytest.raises(AudioclfError, match="can't write to"), write_whole(tmp_path / "a.txt"):
        pass
