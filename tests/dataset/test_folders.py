"""A folder of class folders becomes a data set, or an error that says what to mend."""

from __future__ import annotations

from sets import refuses, wav

from audioclf.dataset.folders import load_folder
from audioclf.dataset.load import load_dataset


def test_class_folders(folder):
    data = load_dataset(folder)
    assert [(c.name, c.label) for c in data] == [
        ("birds/a.WAV", "birds"),
        ("birds/b.wav", "birds"),
        ("cats/d.mp3", "cats"),
        ("cats/day 1/c.flac", "cats"),
    ]
    assert data.name == "set"
    assert data.source == str(folder)
    assert data.label_counts == {"birds": 2, "cats": 2}
    assert not data.has_groups
    assert not data.has_folds
    assert len(set(data.groups)) == 4  # a clip without a group is one of its own


def test_hidden_and_other_files_are_passed_over(folder):
    wav(folder / "birds" / ".hidden.wav")
    wav(folder / "birds" / ".trash" / "e.wav")
    wav(folder / ".git" / "f.wav")
    wav(folder / "loose.wav")
    (folder / "birds" / "notes.txt").write_text("x")
    (folder / "empty").mkdir()
    (folder / "cats" / "folder.wav").mkdir()
    assert len(load_folder(folder)) == 4


def test_hidden_parent_does_not_hide_the_set(tmp_path):
    for name in ("a/1.wav", "b/2.wav"):
        wav(tmp_path / ".cache" / name)
    assert len(load_folder(tmp_path / ".cache")) == 2


def test_folder_mistakes(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    refuses(empty, "no recordings found; expected one folder per class")
    wav(tmp_path / "loose" / "a.wav")
    refuses(tmp_path / "loose", "put them into one folder per class")
    wav(tmp_path / "one" / "birds" / "a.wav")
    (tmp_path / "one" / "cats").mkdir()
    refuses(tmp_path / "one", "only one class folder with recordings, 'birds'")
