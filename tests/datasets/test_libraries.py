"""soundata and mirdata: the real libraries over small trees in the layouts that they expect."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from audioclf.dataset.load import load_dataset
from audioclf.datasets._library import facts
from audioclf.datasets.mirdata import Mirdata
from audioclf.datasets.soundata import Soundata
from audioclf.errors import DatasetError, MissingExtraError
from audioclf.files import cache_folder

needs_soundata = pytest.mark.skipif(not importlib.util.find_spec("soundata"), reason="soundata isn't installed")
needs_mirdata = pytest.mark.skipif(not importlib.util.find_spec("mirdata"), reason="mirdata isn't installed")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIOCLF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def write_index(library, filename, kind, items):
    """Put an index where a fetched one would be; the libraries read no checksums from it when loading."""
    path = cache_folder() / "datasets" / library / "indexes" / filename
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"version": "1", kind: items}))


def esc_index(esc):
    names = sorted(p.stem for p in (esc / "audio").iterdir())
    return {name: {"audio": [f"audio/{name}.wav", "0" * 32]} for name in names}


@needs_soundata
def test_esc50_agrees_with_the_short_name(esc):
    write_index("soundata", "esc50_index_2.0.json", "clips", esc_index(esc))
    data = load_dataset("soundata:esc50", root=esc)
    short = load_dataset("esc50", root=esc)
    assert [(c.path, c.label, c.group, c.fold) for c in data] == [(c.path, c.label, c.group, c.fold) for c in short]
    assert data.name == "esc50"
    assert "NonCommercial" in data.licence
    assert "Piczak" in data.citation
    assert data.source == "soundata:esc50"


@needs_soundata
def test_urbansound8k(tmp_path, wav):
    root = tmp_path / "us8k"
    names = {"100032-3-0-0": 5, "102305-6-0-0": 10}
    for name, fold in names.items():
        wav(root / "audio" / f"fold{fold}" / f"{name}.wav")
    (root / "metadata").mkdir()
    (root / "metadata" / "UrbanSound8K.csv").write_text(
        "slice_file_name,fsID,start,end,salience,fold,classID,class\n"
        "100032-3-0-0.wav,100032,0.0,0.317551,1,5,3,dog_bark\n"
        "102305-6-0-0.wav,102305,0.0,2.6,1,10,6,gun_shot\n"
    )
    index = {n: {"audio": [f"audio/fold{f}/{n}.wav", ""]} for n, f in names.items()}
    write_index("soundata", "urbansound8k_index_1.0.json", "clips", index)
    data = load_dataset("soundata:urbansound8k", root=root)
    short = load_dataset("urbansound8k", root=root)
    facts_of = [sorted((c.path, c.label, c.group, c.fold) for c in d) for d in (data, short)]
    assert facts_of[0] == facts_of[1]


@needs_soundata
def test_codes_become_class_names(tmp_path, wav):
    root = tmp_path / "warblr"
    rows = ["itemid,hasbird"]
    for i, bird in enumerate((0, 1, 1)):
        wav(root / "wav" / f"clip{i}.wav")
        rows.append(f"clip{i},{bird}")
    (root / "warblrb10k_public_metadata.csv").write_text("\n".join(rows))
    index = {f"clip{i}": {"audio": [f"wav/clip{i}.wav", ""]} for i in range(3)}
    write_index("soundata", Soundata("warblrb10k")._open(root)._index_data.filename, "clips", index)
    data = Soundata("warblrb10k").load(root)
    assert [c.label for c in data] == ["no bird", "bird", "bird"]
    assert not data.has_groups
    assert not data.has_folds


@needs_soundata
def test_parts_of_a_split_and_unlabelled_clips(tmp_path, wav, capsys):
    """TAU 2022's development set: train and evaluate are its split, the unlabelled evaluation set is left out."""
    root = tmp_path / "tau"
    development = root / "TAU-urban-acoustic-scenes-2022-mobile-development"
    evaluation = root / "TAU-urban-acoustic-scenes-2023-mobile-evaluation"
    clips = {
        "airport-lisbon-1000-40000-0-a": ("airport", "lisbon-1000", "train"),
        "bus-lyon-1002-40001-0-b": ("bus", "lyon-1002", "evaluate"),
        "bus-lyon-1002-40001-1-b": ("bus", "lyon-1002", None),
    }
    for part, folder in (("development", development), ("evaluation", evaluation)):
        (folder / "evaluation_setup").mkdir(parents=True)
        wav(folder / "audio" / f"{part}.wav")
    meta = ["filename\tscene_label\tidentifier\tsource_label"]
    parts = {"train": ["filename\tscene_label"], "evaluate": ["filename\tscene_label"]}
    for name, (scene, place, part) in clips.items():
        wav(development / "audio" / f"{name}.wav")
        meta.append(f"audio/{name}.wav\t{scene}\t{place}\ta")
        if part:
            parts[part].append(f"audio/{name}.wav\t{scene}")
    (development / "meta.csv").write_text("\n".join(meta) + "\n")
    for part, lines in parts.items():
        (development / "evaluation_setup" / f"fold1_{part}.csv").write_text("\n".join(lines) + "\n")
    wav(evaluation / "audio" / "0.wav")
    (evaluation / "evaluation_setup" / "fold1_test.csv").write_text("filename\naudio/0.wav\n")
    index = {n: {"audio": [f"{development.name}/audio/{n}.wav", ""]} for n in clips}
    index["0"] = {"audio": [f"{evaluation.name}/audio/0.wav", ""]}
    loader = Soundata("tau2022uas_mobile")
    write_index("soundata", loader._open(root)._index_data.filename, "clips", index)
    data = loader.load(root)
    assert [(c.label, c.group, c.fold) for c in data] == [
        ("airport", "lisbon-1000", "train"),
        ("bus", "lyon-1002", "test"),
    ]
    assert data.notes == ["2 clips of tau2022uas_mobile have no label or no fold, and were left out."]
    assert capsys.readouterr().out == ""  # soundata's loader prints its whole table once a row


@needs_mirdata
def test_gtzan(tmp_path, wav):
    root = tmp_path / "gtzan"
    index = {}
    for genre in ("blues", "hiphop"):
        path = f"gtzan_genre/genres/{genre}/{genre}.00000.wav"
        wav(root / path)
        index[f"{genre}.00000"] = {"audio": [path, ""], "beats": [None, None], "tempo": [None, None]}
    write_index("mirdata", "gtzan_genre_index_1.0.json", "tracks", index)
    data = load_dataset("mirdata:gtzan_genre", root=root)
    assert [(c.name, c.label) for c in data] == [
        ("gtzan_genre/genres/blues/blues.00000.wav", "blues"),
        ("gtzan_genre/genres/hiphop/hiphop.00000.wav", "hip-hop"),
    ]


@needs_mirdata
def test_medley_solos_db(tmp_path, wav):
    root = tmp_path / "medley"
    rows = ["subset,instrument,instrument_id,song_id,uuid4"]
    index = {}
    for i, (subset, instrument) in enumerate([("training", "flute"), ("validation", "piano"), ("test", "flute")]):
        wav(root / "audio" / f"{i}.wav")
        rows.append(f"{subset},{instrument},{i},{40 + i},u{i}")
        index[f"u{i}"] = {"audio": [f"audio/{i}.wav", ""]}
    (root / "annotation").mkdir()
    (root / "annotation" / "Medley-solos-DB_metadata.csv").write_text("\n".join(rows))
    write_index("mirdata", "medley_solos_db_index_1.2.json", "tracks", index)
    data = Mirdata("medley_solos_db").load(root)
    assert [(c.label, c.group, c.fold) for c in data] == [
        ("flute", "40", "train"),
        ("piano", "41", "train"),
        ("flute", "42", "test"),
    ]


@needs_mirdata
def test_first_part_of_a_style_and_tracks_without_audio(tmp_path, wav):
    root = tmp_path / "groove"
    rows = ["drummer,session,id,style,bpm,beat_type,time_signature,midi_filename,audio_filename,duration,split"]
    index = {}
    for i, (style, split) in enumerate([("funk/groove1", "train"), ("rock", "validation"), ("jazz", "test")]):
        rows.append(f"drummer{i},s,t{i},{style},100,beat,4-4,a.mid,a.wav,1.5,{split}")
        index[f"t{i}"] = {"midi": ["a.mid", ""], "audio": [f"{i}.wav" if i < 2 else None, ""]}
        wav(root / f"{i}.wav")
    (root / "info.csv").write_text("\n".join(rows))
    write_index("mirdata", "groove_midi_index_1.0.0.json", "tracks", index)
    data = Mirdata("groove_midi").load(root)
    assert [(c.label, c.group, c.fold) for c in data] == [
        ("funk", "drummer0", "train"),
        ("rock", "drummer1", "train"),
    ]
    assert data.notes == ["1 clips of groove_midi have no label or no fold, and were left out."]


@needs_mirdata
def test_folds_by_number(tmp_path, wav):
    root = tmp_path / "tinysol"
    rows = ["Path,Fold,Family,Abbr,Instrument,TA,Technique,Pitch,ID,Dynamics,DID,Instance,String,Resampled"]
    index = {}
    for i, instrument in enumerate(("Flute", "Violin")):
        wav(root / "audio" / f"n{i}.wav")
        rows.append(f"x/n{i}.wav,{i},Winds,F,{instrument},ord,ordinario,A4,69,mf,2,0,,FALSE")
        index[f"n{i}"] = {"audio": [f"audio/n{i}.wav", ""]}
    (root / "annotation").mkdir()
    (root / "annotation" / "TinySOL_metadata.csv").write_text("\n".join(rows))
    write_index("mirdata", "tinysol_index_6.0.json", "tracks", index)
    assert [(c.label, c.fold) for c in Mirdata("tinysol").load(root)] == [("Flute", "0"), ("Violin", "1")]


@needs_soundata
@needs_mirdata
@pytest.mark.parametrize("loader", [Soundata, Mirdata])
def test_every_set_of_the_library_is_accounted_for(loader):
    library = importlib.import_module(loader.name)
    known = {name for name in library.list_datasets() if name != "__init__"}
    assert known == set(loader.rules) | set(loader.other)
    assert not set(loader.rules) & set(loader.other)
    text = sys.modules[loader.__module__].__doc__
    assert f"Of the {len(known)} data sets" in text
    assert f"the {len(loader.rules)}" in text


@needs_soundata
@needs_mirdata
@pytest.mark.parametrize("name", [f"{c.name}:{n}" for c in (Soundata, Mirdata) for n in c.rules])
def test_every_supported_set_is_described_and_opens(name, tmp_path):
    library, _, variant = name.partition(":")
    loader = {"soundata": Soundata, "mirdata": Mirdata}[library](variant)
    assert loader.title
    assert loader.licence
    assert "@" in loader.citation
    dataset = loader._open(tmp_path)
    documented = (dataset._clip_class if library == "soundata" else dataset._track_class).__dict__
    source = Path(sys.modules[type(dataset).__module__].__file__).read_text()
    rule = loader.rules[variant]
    for wanted in (rule.label, rule.group, rule.fold, rule.audio):
        for attribute in wanted.rstrip("/").split("+"):
            attribute = attribute.partition(".")[0]
            assert not attribute or attribute in documented or f"self.{attribute} =" in source
    if dataset.remotes and not dataset._download_info:
        assert all(d.checksum.startswith("md5:") and d.url for d in loader._downloads(dataset))
    else:
        with pytest.raises(DatasetError, match="--root"):
            loader._downloads(dataset)


@needs_soundata
def test_names_that_do_not_work():
    with pytest.raises(DatasetError, match="Did you mean 'urbansound8k'"):
        load_dataset("soundata:urbansound8")
    with pytest.raises(DatasetError, match=r"tau2019sse is made for sound event detection: .* no single label.*esc50"):
        load_dataset("soundata:tau2019sse")
    with pytest.raises(DatasetError, match=r"say which: soundata:NAME.*urbansound8k"):
        load_dataset("soundata")
    with pytest.raises(DatasetError, match="say which"):
        Soundata().fetch()


@needs_mirdata
def test_a_set_without_recordings_is_refused_for_that_reason():
    with pytest.raises(DatasetError, match=r"cipi is published without recordings\. Supported"):
        Mirdata("cipi")


def test_library_not_installed(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'audioclf\[datasets\]'"):
        Soundata("esc50")
    assert "supported" in Soundata().title


@needs_soundata
def test_no_index_no_copy_and_a_damaged_copy(esc, tmp_path):
    with pytest.raises(DatasetError, match="audioclf datasets fetch soundata:esc50 --root"):
        Soundata("esc50").load(esc)
    with pytest.raises(DatasetError, match="no copy of soundata:esc50"):
        Soundata("esc50").load(tmp_path / "nowhere")
    write_index("soundata", "esc50_index_2.0.json", "clips", esc_index(esc))
    (esc / "audio" / "2-100210-A-36.wav").unlink()
    with pytest.raises(DatasetError, match="1 of 4 recordings of soundata:esc50 are missing"):
        Soundata("esc50").load(esc)
    (esc / "meta" / "esc50.csv").write_text("filename,fold\n1-100032-A-0.wav,one\n")
    with pytest.raises(DatasetError, match="soundata can't read this copy of esc50"):
        Soundata("esc50").load(esc)
    (esc / "meta" / "esc50.csv").unlink()
    with pytest.raises(DatasetError, match=r"no copy of soundata:esc50.*fetch.*--root"):
        Soundata("esc50").load(esc)


@pytest.fixture
def published(server, esc, tmp_path, monkeypatch):
    """Have soundata believe that ESC-50 is published on this machine."""
    from soundata.datasets import esc50

    index = json.dumps({"version": "1", "clips": esc_index(esc)}).encode()
    shutil.copytree(esc, tmp_path / "pack" / "ESC-50-master")
    archive = Path(shutil.make_archive(str(tmp_path / "ESC"), "zip", tmp_path / "pack")).read_bytes()
    server.files |= {"/index.json": index, "/ESC.zip": archive}
    remote_index, remote = esc50.INDEXES["2.0"].remote, esc50.REMOTES["all"]
    monkeypatch.setattr(remote_index, "url", server.url + "/index.json")
    monkeypatch.setattr(remote_index, "checksum", hashlib.md5(index).hexdigest())
    monkeypatch.setattr(remote, "url", server.url + "/ESC.zip")
    monkeypatch.setattr(remote, "checksum", hashlib.md5(archive).hexdigest())
    return server


@needs_soundata
def test_fetch_by_the_library_s_list(published, capsys):
    loader = Soundata("esc50")
    root = loader.fetch()
    assert root == loader.default_root() == cache_folder() / "datasets" / "soundata" / "esc50"
    assert len(loader.load()) == 4
    assert published.requests == ["/index.json", "/ESC.zip"]
    assert "NonCommercial" in capsys.readouterr().err
    loader.fetch()
    assert len(published.requests) == 2


@needs_soundata
def test_fetch_for_a_copy_gets_the_index_alone(published, esc):
    assert Soundata("esc50").fetch(esc) == esc
    assert published.requests == ["/index.json"]
    assert len(Soundata("esc50").load(esc)) == 4


@needs_soundata
def test_fetch_refuses_a_wrong_checksum(published, monkeypatch):
    from soundata.datasets import esc50

    monkeypatch.setattr(esc50.REMOTES["all"], "checksum", "0" * 32)
    with pytest.raises(DatasetError, match="checksum"):
        Soundata("esc50").fetch()
    assert not Soundata("esc50").default_root().exists()


@needs_soundata
@pytest.mark.parametrize(("filename", "several"), [("a.7z", False), ("a.zip", True)])
def test_archives_that_python_cannot_unpack(published, monkeypatch, filename, several):
    from soundata.datasets import esc50

    monkeypatch.setattr(esc50.REMOTES["all"], "filename", filename)
    if several:
        monkeypatch.setitem(esc50.REMOTES, "all", [esc50.REMOTES["all"]] * 2)
    with pytest.raises(DatasetError, match=r"download it yourself.*--root"):
        Soundata("esc50").fetch()
    assert "/ESC.zip" not in published.requests


@needs_soundata
def test_the_library_s_own_download_is_found(esc, tmp_path):
    theirs = tmp_path / "home" / "sound_datasets" / "esc50"
    shutil.copytree(esc, theirs)
    write_index("soundata", "esc50_index_2.0.json", "clips", esc_index(esc))
    assert Soundata("esc50").default_root() == theirs
    assert len(load_dataset("soundata:esc50")) == 4


@needs_soundata
def test_logging_is_left_as_it_was(esc):
    """Both libraries call logging.basicConfig when imported, which would make every library talkative."""
    program = (
        "import logging; from audioclf.datasets.soundata import Soundata; from pathlib import Path\n"
        "Soundata('esc50')._open(Path('x')); print(logging.getLogger().handlers, logging.getLogger().level)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == f"[] {logging.WARNING}\n"


def test_facts_are_read_not_run(tmp_path):
    source = tmp_path / "module.py"
    source.write_text(
        '"""Bird Dataset Loader\n\n**Birds: a set**\n"""\nraise SystemExit\nLICENSE_INFO = "CC0\\n 1.0"\n'
    )
    assert facts(source, "birds") == ("Birds: a set", "CC0 1.0", "")
    assert facts(tmp_path / "none.py", "birds") == ("birds", "see its homepage", "")
