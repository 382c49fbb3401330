"""esc50, esc10, urbansound8k, gtzan and fsdd, read from small trees in the published layout."""

from __future__ import annotations

import pytest

from audioclf.datasets import fsdd
from audioclf.datasets.esc10 import ESC10
from audioclf.datasets.esc50 import ESC50
from audioclf.datasets.fsdd import FSDD
from audioclf.datasets.gtzan import GTZAN
from audioclf.datasets.urbansound8k import UrbanSound8K
from audioclf.errors import DatasetError


def test_esc50(esc):
    data = ESC50().load(esc)
    assert [(c.name, c.label, c.group, c.fold) for c in data] == [
        ("1-100032-A-0.wav", "dog", "100032", "1"),
        ("1-100032-B-0.wav", "dog", "100032", "1"),
        ("2-100210-A-36.wav", "vacuum_cleaner", "100210", "2"),
        ("5-101296-A-1.wav", "rooster", "101296", "5"),
    ]
    assert len(ESC50().labels()) == 50
    assert set(data.labels) <= set(ESC50().labels())
    assert "NC" in data.licence


def test_esc10_is_the_marked_part_in_the_same_folder(esc):
    data = ESC10().load(esc)
    assert [c.label for c in data] == ["dog", "dog", "rooster"]
    assert len(ESC10().labels()) == 10
    assert set(ESC10().labels()) < set(ESC50().labels())
    assert ESC10().default_root() == ESC50().default_root()


def test_archive_unpacked_by_hand_lies_one_folder_down(esc):
    data = ESC50().load(esc.parent)
    assert len(data) == 4


def test_esc50_incomplete(esc):
    (esc / "audio" / "2-100210-A-36.wav").unlink()
    with pytest.raises(DatasetError, match=r"1 of 4 recordings are missing.*2-100210-A-36.wav"):
        ESC50().load(esc)
    assert len(ESC10().load(esc)) == 3  # what is missing isn't part of it


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column 'filename'"),
        ("filename,fold,category,esc10\na,1,dog,True\n", "no column 'src_file'"),
        ("filename,fold,target,category,esc10,src_file,take\n", "no rows"),
        ("filename,fold,target,category,esc10,src_file,take\na.wav,1,0\n", "cut off"),
    ],
)
def test_esc50_damaged_table(esc, text, message):
    (esc / "meta" / "esc50.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        ESC50().load(esc)


def test_fetch_keeps_a_complete_copy(esc):
    assert ESC50().fetch(esc) == esc  # the fixture no_network would fail a download


def test_urbansound8k(tmp_path, wav):
    rows = [("100032-3-0-0.wav", 100032, 5, "dog_bark"), ("102305-6-0-0.wav", 102305, 10, "gun_shot")]
    lines = ["slice_file_name,fsID,start,end,salience,fold,classID,class"]
    for name, source, fold, label in rows:
        lines.append(f"{name},{source},0.0,0.3,1,{fold},3,{label}")
        wav(tmp_path / "audio" / f"fold{fold}" / name)
    (tmp_path / "metadata").mkdir()
    (tmp_path / "metadata" / "UrbanSound8K.csv").write_text("\n".join(lines))
    data = UrbanSound8K().load(tmp_path)
    assert [(c.name, c.label, c.group, c.fold) for c in data] == [
        ("fold5/100032-3-0-0.wav", "dog_bark", "100032", "5"),
        ("fold10/102305-6-0-0.wav", "gun_shot", "102305", "10"),
    ]
    assert all(c.path.is_file() for c in data)
    assert len(UrbanSound8K().labels()) == 10
    (tmp_path / "audio" / "fold5" / rows[0][0]).unlink()
    with pytest.raises(DatasetError, match="1 of 2 recordings are missing"):
        UrbanSound8K().load(tmp_path)


def test_gtzan(tmp_path, wav):
    for genre in ("blues", "rock"):
        for i in range(2):
            wav(tmp_path / "genres" / genre / f"{genre}.0000{i}.wav")
    (tmp_path / "genres" / "blues" / "._blues.00000.wav").write_bytes(b"Mac")
    (tmp_path / "genres" / "mf").write_text("list")
    data = GTZAN().load(tmp_path)
    assert data.label_counts == {"blues": 2, "rock": 2}
    assert not data.has_groups
    assert "Sturm" in data.notes[0]
    assert len(GTZAN().labels()) == 10


@pytest.fixture
def small_fsdd(wav):
    def make(folder, indices=range(6)):
        for digit in (0, 7):
            for speaker in ("george", "jackson"):
                for i in indices:
                    wav(folder / "recordings" / f"{digit}_{speaker}_{i}.wav")

    return make


def test_fsdd_takes_the_repository_or_its_recordings(tmp_path, small_fsdd):
    small_fsdd(tmp_path)
    (tmp_path / "recordings" / "readme.txt").write_text("x")
    data = FSDD().load(tmp_path)
    assert data.label_counts == {"0": 12, "7": 12}
    assert set(data.groups) == {"george", "jackson"}
    assert {c.name for c in data if c.fold == "train"} == {
        f"{digit}_{speaker}_5.wav" for digit in (0, 7) for speaker in ("george", "jackson")
    }
    assert {c.fold for c in data} == {"train", "test"}
    inner = FSDD().load(tmp_path / "recordings")
    assert [c.path for c in inner] == [c.path for c in data]


def test_fsdd_real_copy(shared_data):
    folder = shared_data / "fsdd"
    if not folder.is_dir():
        pytest.skip("no copy of FSDD on this machine")
    data = FSDD().load(folder)
    assert len(data) == 3000
    assert data.label_counts == dict.fromkeys(FSDD().labels(), 300)
    assert set(data.groups) == set(fsdd.SPEAKERS)
    assert sum(c.fold == "test" for c in data) == 300
    fsdd._check(folder)
    assert FSDD().fetch(folder) == folder


def test_fsdd_check_refuses_what_is_not_the_release(tmp_path, monkeypatch, capsys, small_fsdd, wav):
    monkeypatch.setattr(fsdd, "SPEAKERS", ("george",))
    small_fsdd(tmp_path / "less", range(3))
    with pytest.raises(DatasetError, match="494 recordings are missing and 6 are unknown"):
        fsdd._check(tmp_path / "less")
    for digit in range(10):
        for i in range(50):
            wav(tmp_path / "full" / "recordings" / f"{digit}_george_{i}.wav")
    fsdd._check(tmp_path / "full")
    assert "samples differ" in capsys.readouterr().err
    wav(tmp_path / "full" / "recordings" / "3_george_9.wav", rate=16000)
    with pytest.raises(DatasetError, match=r"3_george_9\.wav isn't 8 kHz"):
        fsdd._check(tmp_path / "full")
    (tmp_path / "full" / "recordings" / "3_george_9.wav").write_bytes(b"<html>")
    with pytest.raises(DatasetError, match=r"3_george_9\.wav isn't a WAV file"):
        fsdd._check(tmp_path / "full")
