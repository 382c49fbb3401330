"""Folders and manifests become data sets, or an error that says what to mend."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from audioclf.dataset.clips import Clip, Dataset, tag_matrix
from audioclf.dataset.digest import content_digest
from audioclf.dataset.folders import load_folder
from audioclf.dataset.groups import group_by
from audioclf.dataset.load import load_dataset
from audioclf.dataset.manifests import load_manifest
from audioclf.dataset.pieces import cut
from audioclf.dataset.repeats import refuse_repeats
from audioclf.errors import DatasetError, SpecError


def wav(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\1\0" * 80)
    return path


@pytest.fixture
def folder(tmp_path):
    for name in ("birds/b.wav", "birds/a.WAV", "cats/day 1/c.flac", "cats/d.mp3"):
        wav(tmp_path / "set" / name)
    return tmp_path / "set"


def manifest(folder, text, name="clips.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def refuses(path, pattern):
    with pytest.raises(DatasetError, match=pattern):
        load_dataset(path)


# ---------------------------------------------------------------- folders of class folders


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


# ---------------------------------------------------------------- manifests


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


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        (
            "path,label\nbirds/a.WAV,x\nbirds/a.WAV,y\n",
            r"clips\.csv: birds/a\.WAV stands twice as 'x' and as 'y'; keep one .* with all its labels in one cell",
        ),
        ("path,label\nbirds/a.WAV,x\nbirds/a.WAV,x\ncats/d.mp3,y\n", r"birds/a\.WAV stands twice; keep one"),
    ],
)
def test_repeated_clips_can_be_looked_at_but_not_compared(folder, text, pattern):
    data = load_manifest(manifest(folder, text))
    with pytest.raises(DatasetError, match=pattern):
        refuse_repeats(data)
    stretches = "path,label,start,end\nbirds/a.WAV,x,0,1\nbirds/a.WAV,y,1,2\n"
    refuse_repeats(load_manifest(manifest(folder, stretches)))


# ---------------------------------------------------------------- several labels a clip


TAGGED = "path,label\nbirds/a.WAV, rock ;live;; rock\nbirds/b.wav,live\ncats/d.mp3,\n"


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


def test_what_is_made_of_a_multi_label_set_is_one(folder):
    data = load_manifest(manifest(folder, TAGGED))
    refuse_repeats(data)
    grouped = group_by(data, "^[a-z]+")
    assert grouped.multilabel
    assert grouped.labels == ["live", "rock"]
    pieces = cut(grouped.clips, [2.0, 1.0, 2.0], 1.0)
    assert [(p.tags, p.group) for p in pieces[:3]] == [(("live", "rock"), "birds")] * 2 + [(("live",), "birds")]
    hashes = {clip.path: clip.name for clip in data}
    other = load_manifest(manifest(folder, TAGGED.replace("b.wav,live", "b.wav,rock")))
    again = load_manifest(manifest(folder, TAGGED.replace(" rock ;live;; rock", "live;rock")))
    assert content_digest(data, hashes) == content_digest(again, hashes) != content_digest(other, hashes)


def test_tag_matrix(folder):
    data = load_manifest(manifest(folder, TAGGED))
    np.testing.assert_array_equal(tag_matrix(data.clips, data.labels), [[1, 1], [1, 0], [0, 0]])
    np.testing.assert_array_equal(tag_matrix(data.clips, ["rock", "folk"]), [[1, 0], [0, 0], [0, 0]])
    assert tag_matrix([], data.labels).shape == (0, 2)
    assert tag_matrix(data.clips, data.labels).dtype == bool


# ---------------------------------------------------------------- groups from names, and pieces


def named(*names):
    return Dataset("d", [Clip(Path(name), name[0], group="given") for name in names])


def test_groups_by_pattern():
    data = named("a/x_1.wav", "a/x_2.wav", "b/y_1.wav", "b/odd.wav")
    found = group_by(data, r"([^/]+)_\d")
    assert [c.group for c in found] == ["x", "x", "y", None]
    assert found.notes == [
        r"--group-by '([^/]+)_\d' doesn't match 1 of 4 names, for example b/odd.wav; each of these clips is a group of "
        "its own."
    ]
    assert [c.group for c in group_by(data, "^.")] == ["a", "a", "b", "b"]
    assert [c.group for c in group_by(data, r"^(.)/([a-z])")] == ["a/x", "a/x", "b/y", "b/o"]
    assert [c.group for c in data] == ["given"] * 4
    assert data.notes == []


def test_patterns_that_are_none():
    with pytest.raises(SpecError, match=r"--group-by '\(x' is no regular expression: .*position"):
        group_by(named("a/1.wav", "b/2.wav"), "(x")
    with pytest.raises(DatasetError, match=r"--group-by 'site' matches no clip's name; the first name is a/1\.wav"):
        group_by(named("a/1.wav", "b/2.wav"), "site")


def test_pieces_cover_a_recording():
    clips = [
        Clip(Path("a.wav"), "x", name="x/a.wav"),
        Clip(Path("b.wav"), "y", group="g", name="y/b.wav"),
        Clip(Path("c.wav"), "y", name="y/c.wav"),
        Clip(Path("d.wav"), "y", start=10.0, end=12.5, name="y/d.wav[10-12.5s]"),
    ]
    pieces = cut(clips, [3.0, 2.4, 0.3, 2.5], 1.0)
    assert [(p.name, p.label, p.group, p.start, p.end) for p in pieces] == [
        ("x/a.wav[0-1s]", "x", "x/a.wav", 0.0, 1.0),
        ("x/a.wav[1-2s]", "x", "x/a.wav", 1.0, 2.0),
        ("x/a.wav[2-3s]", "x", "x/a.wav", 2.0, 3.0),
        ("y/b.wav[0-1s]", "y", "g", 0.0, 1.0),
        ("y/b.wav[1-2s]", "y", "g", 1.0, 2.0),  # the rest is less than half a piece
        ("y/c.wav", "y", "y/c.wav", None, None),
        ("y/d.wav[10-11s]", "y", "y/d.wav[10-12.5s]", 10.0, 11.0),
        ("y/d.wav[11-12s]", "y", "y/d.wav[10-12.5s]", 11.0, 12.0),
        ("y/d.wav[12-12.5s]", "y", "y/d.wav[10-12.5s]", 12.0, 12.5),
    ]
    assert len(cut(clips[:1], [0.3], 0.1)) == 3  # 0.3 / 0.1 is a little less than 3 in binary
    for seconds in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(SpecError, match=r"--clips .*longer than 0 s"):
            cut(clips, [1.0] * 4, seconds)


def test_pieces_of_a_name_with_brackets():
    [first, _] = cut([Clip(Path("call[2].wav"), "x")], [2.0], 1.0)
    assert first.name == "call[2].wav[0-1s]"


def test_manifest_that_is_none(folder):
    refuses(manifest(folder, "path,label\nb\xf6se.wav,x\n", encoding="latin-1"), "isn't a CSV manifest")
    refuses(folder / "birds" / "b.wav", "is one recording; --data takes a folder")


# ---------------------------------------------------------------- names


def test_nothing_there(tmp_path):
    refuses(tmp_path / "none", "no such file or folder")
    refuses("none.csv", "no such file or folder")
    refuses("./none", "no such file or folder")


def test_typo_in_a_name():
    with pytest.raises(SpecError, match=r"'dmo' is no folder, no file and no known data set\. Did you mean 'demo'"):
        load_dataset("dmo")
    with pytest.raises(SpecError, match="Did you mean 'soundata'"):
        load_dataset("soundat:esc50")
    with pytest.raises((DatasetError, SpecError), match="no variants"):
        load_dataset("demo:large")


def test_a_folder_goes_before_a_name(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    folder.rename(folder.parent / "demo")
    assert len(load_dataset("demo")) == 4


# ---------------------------------------------------------------- what is known of a set


def test_labels_and_counts_go_together(tmp_path):
    clips = [Clip(tmp_path / str(i), label) for i, label in enumerate("bab")]
    data = Dataset("x", clips)
    assert data.labels == ["a", "b"]
    assert list(data.label_counts.items()) == [("a", 1), ("b", 2)]
    assert clips[0].name == str(tmp_path / "0")


def test_fingerprint_tells_content_from_place(tmp_path):
    def of(label="x", group=None, content="1", folder="a", start=None):
        path = tmp_path / folder
        return content_digest(Dataset("d", [Clip(path, label, group, start=start)]), {path: content})

    same = of()
    assert of(folder="b") == same
    others = [of(label="y"), of(group="g"), of(content="2"), of(start=1.0)]
    assert len({same, *others}) == 5
