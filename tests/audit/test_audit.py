"""Planted faults are found, each under its name, and clean data gives no alarm."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audioclf import load_dataset
from audioclf.audit import examine as audit
from audioclf.audit.examine import auto_groups, examine, likely_wrong_labels, measure
from audioclf.audit.leakage import name_stem
from audioclf.dataset.clips import Clip
from audioclf.store.store import FeatureStore

RATE = 16000
CLASSES = ("hiss", "hum", "sweep")


def sound(label, rng):
    """0.8 to 1.6 s of a class at a random level: nothing but the sound tells which."""
    t = np.arange(int(rng.uniform(0.8, 1.6) * RATE)) / RATE
    steps = np.repeat(rng.uniform(0.1, 1, 40), len(t) // 40 + 1)[: len(t)]
    noise = rng.standard_normal(len(t))
    pitch = rng.uniform(150, 500)
    bend = np.cumsum(pitch * (1 + 0.2 * np.sin(2 * np.pi * rng.uniform(1, 5) * t + rng.uniform(0, 6)))) / RATE
    pure = {
        "hiss": noise,
        "hum": sum(np.sin(2 * np.pi * k * bend) / k for k in range(1, 12)) + 0.1 * noise,
        "sweep": np.sin(2 * np.pi * (pitch + rng.uniform(500, 2500) * t) * t) + 0.1 * noise,
    }[label]
    audio = pure * steps + 0.001 * noise
    return (
        (audio * 10 ** (rng.uniform(-30, -14) / 20) / np.sqrt(np.mean(audio**2))).astype(np.float32).clip(-0.99, 0.99)
    )


class Data:
    """A data set to plant faults in."""

    def __init__(self, folder: Path, seed: int = 0, per_class: int = 12) -> None:
        self.folder = folder
        self.rng = np.random.default_rng(seed)
        self.clips: list[Clip] = []
        for label in CLASSES:
            for _ in range(per_class):
                self.add(label, sound(label, self.rng))

    def add(self, label, samples, rate=RATE, name=None, group=None, **settings):
        name = name or f"{self.rng.integers(16**8):08x}.wav"
        path = self.folder / label / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, rate, **settings)
        self.clips.append(Clip(path, label, group, name=f"{label}/{name}"))
        return self.clips[-1]

    def findings(self, kind=None, topic=None):
        found = examine(self.clips, measure(self.clips))
        return [f for f in found if kind in (None, f.kind) and topic in (None, f.topic)]


@pytest.fixture
def data(tmp_path):
    return Data(tmp_path)


def read(clip):
    return soundfile.read(clip.path, dtype="float32")[0]


@pytest.mark.parametrize("seed", range(4))
def test_clean_data_gives_no_alarm(tmp_path, seed):
    data = Data(tmp_path, seed, per_class=20)
    assert [f.sentence for f in data.findings() if f.severity == "serious" or f.topic != "shortcuts"] == []


class TestLeakage:
    @pytest.mark.parametrize("settings", [("x.ogg", {"subtype": "VORBIS"}), ("x.mp3", {})])
    def test_a_clip_reencoded_trimmed_and_at_another_level_is_a_near_duplicate(self, data, settings):
        name, how = settings
        originals = [data.clips[0], data.clips[12], data.clips[24]]
        copies = [
            data.add(clip.label, 0.3 * read(clip)[600:-900], name=f"{i}{name}", **how)
            for i, clip in enumerate(originals)
        ]
        [found] = data.findings("near-duplicates")
        assert found.severity == "serious"
        assert sorted(map(sorted, found.clips)) == sorted(sorted([a.name, b.name]) for a, b in zip(originals, copies))

    def test_the_same_samples_are_exact_duplicates_in_any_container(self, data):
        clip = data.clips[3]
        data.add(clip.label, read(clip), name="copy.flac")
        data.add(data.clips[20].label, read(data.clips[20]), name="copy.wav")
        [found] = data.findings("exact-duplicates")
        assert sorted(map(len, found.clips)) == [2, 2]
        assert data.findings("near-duplicates") == []

    def test_a_group_that_keeps_copies_together_makes_it_a_note(self, data):
        data.clips[0] = replace(data.clips[0], group="a")
        data.clips.append(replace(data.clips[0], name="again"))
        assert [f.severity for f in data.findings("exact-duplicates")] == ["note"]

    def test_one_file_under_two_labels(self, data):
        data.clips.append(replace(data.clips[0], label="hum"))
        [found] = data.findings("duplicate-labels")
        assert found.severity == "serious"
        assert {row["label"] for row in found.rows} == {"hiss", "hum"}
        assert data.findings("exact-duplicates") == []

    def test_a_copy_under_another_label(self, data):
        copy = data.add("sweep", 0.5 * read(data.clips[14]), name="copy.ogg", subtype="VORBIS")
        [found] = data.findings("duplicate-labels")
        assert found.clips == [[data.clips[14].name, copy.name]]

    def test_overlapping_cuts_are_of_one_recording(self, data):
        long = np.concatenate([sound("hum", data.rng) for _ in range(3)])
        cuts = [
            data.add("hum", long[: RATE * 2], name="p.wav"),
            data.add("hum", long[int(RATE * 0.7) :][: RATE * 2], name="q.wav"),
        ]
        [found] = data.findings("one-recording")
        assert (found.severity, found.clips) == ("serious", [[clip.name for clip in cuts]])

    def test_names_that_share_a_stem(self, data):
        for source, part in itertools.product(("lake", "wood", "yard", "road"), range(1, 4)):
            data.add(CLASSES[part % 3], sound(CLASSES[part % 3], data.rng), name=f"{source}_{part:02}.wav")
        [found] = data.findings("one-recording")
        assert found.severity == "serious"
        assert len(found.clips) == 4
        grouped = [replace(c, group=name_stem(c.path.name, c.label)) for c in data.clips]
        assert [f for f in examine(grouped, measure(grouped)) if f.kind == "one-recording"] == []

    def test_numbered_clips_of_a_class_are_no_recording(self, tmp_path):
        data = Data(tmp_path, per_class=0)
        for label, i in itertools.product(CLASSES, range(6)):
            data.add(label, sound(label, data.rng), name=f"the {label}s_{i}.wav")
        data.add("hum", sound("hum", data.rng), name="odd_1.wav")
        assert data.findings("one-recording") == []

    def test_group_labels_are_a_note_where_groups_have_one_label(self, data):
        data.clips = [replace(c, group=f"g{i // 3}") for i, c in enumerate(data.clips)]
        assert data.findings("group-labels") == []
        data.clips[0] = replace(data.clips[0], label="hum")
        [found] = data.findings("group-labels")
        assert (found.severity, found.rows[0]["group"]) == ("note", "g0")
        speakers = [replace(c, group=f"speaker{i % 4}") for i, c in enumerate(data.clips)]
        assert [f for f in examine(speakers, measure(speakers)) if f.kind == "group-labels"] == []


@pytest.mark.parametrize(
    ("name", "label", "stem"),
    [
        ("name_01.wav", "", "name"),
        ("name-2.wav", "", "name"),
        ("name (3).wav", "", "name"),
        ("name_part3.wav", "", "name"),
        ("name part 3.wav", "", "name"),
        ("namePart3.wav", "", "name"),
        ("talk_10.0_15.0.wav", "", "talk"),
        ("talk_10s-15s.wav", "", "talk"),
        ("talk_000500_001000.wav", "", "talk"),
        ("3_george_12.wav", "3", "george"),
        ("dog/dog_12.wav", "dog", None),
        ("dog/yard/bark_12.wav", "dog", "yard/bark"),
        ("100032-3-0-7.wav", "dog", "100032_3_0"),
        ("06c48eab.flac", "", None),
        ("song.wav", "", None),
        ("12.wav", "", None),
    ],
)
def test_name_stem(name, label, stem):
    assert name_stem(name, label) == stem


class TestAutoGroups:
    def test_joins_what_belongs_together_and_splits_no_group(self, data):
        data.clips[0] = replace(data.clips[0], group="a")
        data.clips[1] = replace(data.clips[1], group="a")
        copy = data.add("hiss", 0.4 * read(data.clips[0]), name="x.ogg", subtype="VORBIS")
        for source, part in itertools.product(("lake", "wood"), (1, 2)):
            data.add("hum", sound("hum", data.rng), name=f"{source}_{part}.wav")
        groups = dict(zip((c.name for c in data.clips), auto_groups(data.clips, measure(data.clips))))
        assert groups[data.clips[0].name] == groups[data.clips[1].name] == groups[copy.name] == "a"
        assert groups["hum/lake_1.wav"] == groups["hum/lake_2.wav"] != groups["hum/wood_1.wav"]
        assert len(set(groups.values())) == len(data.clips) - 4

    def test_of_unreadable_clips_go_by_the_name(self, tmp_path):
        clips = [Clip(tmp_path / f"{s}_{i}.wav", "a") for s, i in itertools.product("xy", range(2))]
        assert len(set(auto_groups(clips, measure(clips)))) == 2


class TestShortcuts:
    def test_a_class_at_another_rate(self, tmp_path):
        data = Data(tmp_path)
        for clip in data.clips:
            if clip.label == "hum":
                soundfile.write(clip.path, read(clip), 22050)
        found = data.findings("sample-rate")[0]
        assert (found.severity, found.score, found.chance) == ("serious", 1.0, 0.5)
        assert "'hum'" in found.sentence

    def test_a_class_that_was_made_from_a_lower_rate(self, tmp_path):
        import soxr

        data = Data(tmp_path)
        for clip in data.clips:
            if clip.label == "hiss":
                soundfile.write(clip.path, soxr.resample(soxr.resample(read(clip), RATE, 8000), 8000, RATE), RATE)
        found = data.findings("bandwidth")[0]
        assert found.severity == "serious"
        assert "steep edge" in found.sentence

    def test_a_class_with_a_dc_offset(self, tmp_path):
        data = Data(tmp_path)
        for clip in data.clips:
            if clip.label == "sweep":
                soundfile.write(clip.path, read(clip) * 0.5 + 0.05, RATE)
        found = data.findings("dc-offset")[0]
        assert (found.severity, found.score) == ("serious", 1.0)

    def test_a_class_in_another_format(self, tmp_path):
        data = Data(tmp_path, per_class=8)
        for i in range(8):
            clip = data.clips[i]
            data.clips[i] = data.add("hiss", read(clip), name=f"{i}.ogg", subtype="VORBIS")
        data.clips = data.clips[:24]
        assert data.findings("format")[0].severity == "serious"

    def test_durations_that_tell_are_a_note_unless_they_tell_everything(self, tmp_path):
        data = Data(tmp_path)
        for clip in data.clips:
            if clip.label == "hum":
                soundfile.write(clip.path, read(clip)[: int(RATE * data.rng.uniform(0.3, 0.9))], RATE)
        assert [f.severity for f in data.findings("duration")] == ["note"]

    def test_a_few_groups_prove_nothing(self, tmp_path):
        data = Data(tmp_path)
        data.clips = [replace(c, group=f"{c.label}{i % 2}") for i, c in enumerate(data.clips)]
        for clip in data.clips:
            if clip.label == "hum":
                soundfile.write(clip.path, read(clip), 22050)
        assert data.findings("sample-rate") == []


class TestQuality:
    def test_broken_clips_are_named(self, data):
        rng = data.rng
        silent = data.add("hum", np.zeros(RATE, np.float32))
        clipped = data.add("hum", np.clip(8 * sound("hum", rng), -0.7, 0.7))
        short = data.add("hum", sound("hum", rng)[:1000])
        padded = data.add("hum", np.concatenate([sound("hum", rng), np.zeros(3 * RATE, np.float32)]))
        cut = data.add("hum", sound("hum", rng))
        content = cut.path.read_bytes()
        cut.path.write_bytes(content[: len(content) // 2])
        found = {f.kind: f for f in data.findings(topic="quality")}
        names = {kind: f.clips for kind, f in found.items()}
        assert names["silent"] == [[silent.name]]
        assert [clipped.name] in names["clipped"]
        assert names["short"] == [[short.name]]
        assert names["zeros"] == [[padded.name]]
        assert names["truncated"] == [[cut.name]]
        assert found["silent"].severity == "serious"

    @pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
    def test_whole_clips_are_not_truncated(self, data, name):
        data.clips = [data.add("hum", sound("hum", data.rng), name=name)]
        assert data.findings("truncated") == []

    def test_imbalance(self, data):
        data.clips = data.clips[:20]
        assert [f.severity for f in data.findings("imbalance")] == []
        data.clips = data.clips[:13]
        assert [f.severity for f in data.findings("imbalance")] == ["serious"]

    def test_silent_clips_are_no_duplicates(self, data):
        for label in ("hum", "hum", "hiss"):
            data.add(label, np.zeros(RATE, np.float32))
        assert data.findings(topic="leakage") == []


class TestLikelyWrongLabels:
    def planted(self, seed, share=0.05):
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import cross_val_predict

        rng = np.random.default_rng(seed)
        truth = rng.integers(4, size=240)
        x = rng.standard_normal((4, 6))[truth] * 2.5 + rng.standard_normal((240, 6))
        labels = truth.copy()
        flipped = rng.choice(240, int(share * 240), replace=False)
        labels[flipped] = (truth[flipped] + rng.integers(1, 4, len(flipped))) % 4
        p = cross_val_predict(LogisticRegression(), x, labels, cv=5, method="predict_proba")
        return [Clip(Path(f"{i}.wav"), "abcd"[k], name=str(i)) for i, k in enumerate(labels)], p, set(map(str, flipped))

    @pytest.mark.parametrize("seed", range(3))
    def test_half_of_the_flipped_ones_are_listed(self, seed):
        clips, p, flipped = self.planted(seed)
        found = likely_wrong_labels(clips, list("abcd"), p)
        listed = {row["clip"] for row in found.rows}
        assert len(listed & flipped) >= len(flipped) / 2
        assert len(listed) <= 2 * len(flipped)
        assert list(found.rows[0]) == ["clip", "label", "suggested", "probability_of_label", "probability_of_suggested"]

    @pytest.mark.parametrize("seed", range(3))
    def test_the_list_is_short_on_clean_labels(self, seed):
        clips, p, _ = self.planted(seed, share=0)
        found = likely_wrong_labels(clips, list("abcd"), p)
        assert found is None or len(found.rows) <= 5

    def test_a_weak_model_says_so(self, rng):
        clips = [Clip(Path(f"{i}.wav"), "abc"[i % 3]) for i in range(60)]
        sure = np.eye(3)[[i % 3 for i in range(60)]] * 0.9 + 0.1 / 3
        sure[0] = sure[1]
        assert "mistakes" not in likely_wrong_labels(clips, list("abc"), sure).sentence
        guesses = np.eye(3)[rng.integers(3, size=60)] * 0.9 + 0.1 / 3
        found = likely_wrong_labels(clips, list("abc"), guesses)
        assert "of all labels only, most of these are likely its own mistakes" in found.sentence

    def test_a_usual_confusion_is_not_suspicious(self):
        clips = [Clip(Path(f"{i}.wav"), "a" if i < 10 else "b") for i in range(20)]
        p = np.array([0.1] * 4 + [0.9] * 6 + [0.1] * 10)
        assert likely_wrong_labels(clips, ["a", "b"], np.stack([p, 1 - p], 1)) is None

    def test_rows_without_probabilities_are_passed_over(self):
        clips = [Clip(Path(f"{i}.wav"), "a") for i in range(3)]
        assert likely_wrong_labels(clips, ["a", "b"], np.full((3, 2), np.nan)) is None


class TestMeasure:
    def test_unreadable_clips_are_skipped_with_the_reason(self, data):
        (data.folder / "junk.wav").write_bytes(b"no audio")
        data.clips.insert(1, Clip(data.folder / "junk.wav", "hum", name="junk.wav"))
        data.clips.append(Clip(data.folder / "absent.wav", "hum", name="absent.wav"))
        measured = measure(data.clips)
        assert [name for name, _ in measured.skipped] == ["junk.wav", "absent.wav"]
        assert len(measured.clips) == len(measured.sounds) == len(data.clips) - 2
        examine(data.clips, measured)

    def test_is_the_same_from_the_store_and_with_any_number_of_workers(self, data, tmp_path, monkeypatch):
        data.add("hum", 0.4 * read(data.clips[14]), name="x.ogg", subtype="VORBIS")
        store = FeatureStore(tmp_path / "store.sqlite")
        first, second = measure(data.clips, features=store), measure(data.clips, workers=2)
        monkeypatch.setattr(audit, "_measure_clip", None)  # nothing is measured again
        third = measure(data.clips, features=store)
        assert first.sounds == second.sounds == third.sounds
        assert [(m.first, m.second) for m in first.matches] == [(14, 36)]
        assert (
            [(m.first, m.second) for m in third.matches] == [(m.first, m.second) for m in second.matches] == [(14, 36)]
        )

    def test_of_stretches_of_a_recording(self, data):
        clip = data.clips[0]
        cuts = [replace(clip, start=0.0, end=0.4, name="a"), replace(clip, start=0.4, end=0.8, name="b")]
        assert [round(s.duration, 3) for s in measure(cuts).sounds] == [0.4, 0.4]

    def test_nothing(self):
        assert examine([], measure([])) == []


def test_findings_are_plain_and_the_serious_come_first(data):
    import json

    data.clips.append(replace(data.clips[0], label="hum"))
    data.add("hum", sound("hum", data.rng)[:1000])
    found = data.findings()
    assert [f.severity for f in found] == sorted((f.severity for f in found), key=["serious", "note"].index)
    assert json.loads(json.dumps([f.as_dict() for f in found]))[0]["kind"] == "duplicate-labels"


def test_the_rates_of_speech_music_birds_are_found(shared_data):
    clips = load_dataset(shared_data / "speech_music_birds" / "clips.csv").clips
    measured = measure(clips)
    found = {f.kind: f for f in examine(clips, measured)}
    assert found["sample-rate"].severity == "serious"
    assert "'birds'" in found["sample-rate"].sentence
    assert not {"exact-duplicates", "near-duplicates", "duplicate-labels", "one-recording"} & set(found)
    bare = [replace(clip, group=None) for clip in clips]
    [named] = [f for f in examine(bare, measured) if f.kind == "one-recording"]
    assert named.severity == "serious"
    auto = auto_groups(bare, measured)
    assert len(set(zip(auto, (c.group for c in clips)))) == len(set(auto)) == len({c.group for c in clips})
