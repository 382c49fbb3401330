"""A CSV manifest becomes a data set, or an error that says what to mend."""

from __future__ import annotations

import pytest
from sets import TAGGED, manifest, refuses, wav

from audioclf.dataset.load import load_dataset
from audioclf.dataset.manifests import load_manifest


def test_manifest(folder):
    path = manifest(folder, "path,label\nbirds/a.WAV,bird\n\ncats/d.mp3, cat \n")
    data = load_dataset(path)
    assert [(c.path, c.label, c.group, c.fold, c.start, c.end, c.name) for c in data] == [
        (folder / "birds/a.WAV", "bird", None, None, None, None, "birds/a.WAV"),
        (folder / "cats/d.mp3", "cat", None, None, None, None, "cats/d.mp3"),
    ]
    assert data.name == "set"  # clips.csv says nothing, its folder does
    assert load_dataset(manifest(folder, "path,label\nbirds/a.WAV,bird\ncats/d.mp3,cat", "spring.csv")).name == "spring"


def test_paths_are_relative_to_the_manifest(folder, tmp_path, monkeypatch):
    (tmp_path / "lists").mkdir()
    absolute = folder / "cats" / "d.mp3"
    path = manifest(tmp_path / "lists", f"path,label\n../set/birds/b.wav,x\n{absolute},y\n")
    monkeypatch.chdir(tmp_path / "lists")
    for given in (path, "clips.csv"):
        assert all(c.path.is_file() for c in load_dataset(given))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spellings_of_csv(folder, encoding, separator, end):
    lines = [
        ["Path", " label", "GROUP", "fold"],
        ["birds/a.WAV", "Grünfink", "1", "1"],
        ["cats/d.mp3", "Kätzchen", "2", "2"],
    ]
    text = end.join(separator.join(line) for line in lines)
    data = load_manifest(manifest(folder, text, encoding=encoding))
    assert [(c.label, c.group, c.fold) for c in data] == [("Grünfink", "1", "1"), ("Kätzchen", "2", "2")]


def test_quotes_and_commas(folder):
    wav(folder / "a, b.wav")
    data = load_manifest(manifest(folder, 'path,label\n"a, b.wav","x, y"\ncats/d.mp3,z\n'))
    assert [(c.name, c.label) for c in data] == [("a, b.wav", "x, y"), ("cats/d.mp3", "z")]


def test_stretches_and_their_recording_as_group(folder):
    text = "path,label,start,end\nbirds/a.WAV,x,,0.5\nbirds/a.WAV,y,0.5,\ncats/d.mp3,y,,\n"
    data = load_manifest(manifest(folder, text))
    assert [(c.start, c.end, c.name) for c in data] == [
        (None, 0.5, "birds/a.WAV[0-0.5s]"),
        (0.5, None, "birds/a.WAV[0.5-s]"),
        (None, None, "cats/d.mp3"),
    ]
    assert [c.group for c in data] == ["birds/a.WAV", "birds/a.WAV", "cats/d.mp3"]


def test_given_groups_are_kept(folder):
    text = "path,label,start,group\nbirds/a.WAV,x,0,night\nbirds/a.WAV,y,1,\n"
    data = load_manifest(manifest(folder, text))
    assert [c.group for c in data] == ["night", None]
    assert data.has_groups
    assert data.groups[0] == "night"
    assert data.groups[1] != "night"


def test_folds(folder):
    path = manifest(folder, "path,label,fold\nbirds/a.WAV,x,train\ncats/d.mp3,y,test\n")
    assert [c.fold for c in load_manifest(path)] == ["train", "test"]
    path = manifest(folder, "path,label,fold\nbirds/a.WAV,x,1\ncats/d.mp3,y,\n")
    refuses(path, r"some clips have a fold and some don't, for example cats/d\.mp3")


def test_some_recordings_may_be_missing_but_not_all(folder):
    assert len(load_manifest(manifest(folder, "path,label\nbirds/a.WAV,x\nnone.wav,y\n"))) == 2
    refuses(
        manifest(folder, "path,label\nno.wav,x\nnone.wav,y\n"), r"none of its 2 files exists; the first is .*no\.wav"
    )


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("", r"no column 'path' \(found: none\)"),
        ("file,label\na.wav,x\n", r"no column 'path' \(found: file, label\)"),
        ("path,class\na.wav,x\n", r"no column 'label' \(found: path, class\); the first line must be"),
        ("path,label\n", "no rows below the header"),
        ("path,label\n,x\n", "line 2: no path"),
        ("path,label\nbirds/a.WAV,x,y\n", 'line 2: more cells than .* must be quoted, as in "rock;live"'),
        ("path;label\nbirds/a.WAV;x\nbirds/b.wav;x;y\n", "line 3: more cells than the header has columns"),
        ("path,label\nbirds/a.WAV,x\nbirds/b.wav\n", "line 3: no label"),
        ("path,label\nbirds/a.WAV,x\nbirds/b.wav,x\n", "only one label, 'x'"),
        ("path,label,start\nbirds/a.WAV,x,soon\n", "line 2: start 'soon' isn't a number of seconds"),
        ("path,label,end\nbirds/a.WAV,x,nan\n", "line 2: end 'nan' isn't a number of seconds"),
        ("path,label,end\nbirds/a.WAV,x,inf\n", "line 2: end 'inf' isn't a number of seconds"),
        ("path,label,start\nbirds/a.WAV,x,-1\n", "line 2: the clip .* is empty"),
        ("path,label,start,end\nbirds/a.WAV,x,2,1\n", "line 2: the clip from 2 s to 1 s is empty"),
    ],
)
def test_manifest_mistakes(folder, text, pattern):
    refuses(manifest(folder, text), pattern)


def test_several_labels_a_clip(folder):
    data = load_dataset(manifest(folder, TAGGED))
    assert data.multilabel
    assert [(c.label, c.tags) for c in data] == [("live;rock", ("live", "rock")), ("live", ("live",)), ("", ())]
    assert data.labels == ["live", "rock"]
    assert list(data.label_counts.items()) == [("live", 2), ("rock", 1)]
    assert data.notes == ["1 of 3 clips carries no label."]
    text = TAGGED.replace("cats/d.mp3,", "cats/d.mp3,folk") + "cats/day 1/c.flac, ; \nnone.wav,\n"
    assert load_manifest(manifest(folder, text)).notes == ["2 of 5 clips carry no label."]
    assert load_manifest(manifest(folder, text.replace(" ; ", "x").replace("none.wav,", "none.wav,y"))).notes == []


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_labels_in_quotes_whatever_separates_the_columns(folder, separator):
    rows = [["path", "label", "group"], ["birds/a.WAV", '"rock;live"', "g"], ["cats/d.mp3", '"a, b; c"', "h"]]
    data = load_manifest(manifest(folder, "\n".join(separator.join(row) for row in rows)))
    assert data.multilabel
    assert [(c.tags, c.group) for c in data] == [(("live", "rock"), "g"), (("a, b", "c"), "h")]


def test_a_manifest_without_two_labels_in_any_cell_is_of_one_label_a_clip(folder):
    data = load_manifest(manifest(folder, "path,label\nbirds/a.WAV,x;\ncats/d.mp3,y\n"))
    assert not data.multilabel
    assert data.labels == ["x;", "y"]
    refuses(manifest(folder, "path,label\nbirds/a.WAV,x;\ncats/d.mp3,\n"), "line 3: no label")
    refuses(manifest(folder, "path,label\nbirds/a.WAV,x;x\n"), "only one label, 'x'")


def test_manifest_that_is_none(folder):
    refuses(manifest(folder, "path,label\nb\xf6se.wav,x\n", encoding="latin-1"), "isn't a CSV manifest")
    refuses(folder / "birds" / "b.wav", "is one recording; --data takes a folder")
