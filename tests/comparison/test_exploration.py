"""Exploring a data set: planted faults are found, clean data stays quiet, and the record can be reported."""

from __future__ import annotations

import numpy as np
import pytest
import records
import soundfile

import audioclf
from audioclf.comparison.exploration import explore
from audioclf.errors import DatasetError, SpecError
from audioclf.results.results import Results

RATE = 8000


def sound(rng, label):
    """A second of one of three kinds of sound, in notes of its own, over some noise; no two alike, all as loud."""
    starts = np.sort(rng.integers(0, RATE, 7))
    note = np.searchsorted(starts, np.arange(RATE))
    phase = 2 * np.pi * np.cumsum(rng.uniform(150, 900, 8)[note]) / RATE
    tone = {
        "buzz": np.sign(np.sin(phase)),
        "hiss": rng.standard_normal(RATE),
        "whistle": np.sin(phase),
    }[label]
    tone = tone * rng.uniform(0.2, 1.0, 8)[note] + 0.05 * rng.standard_normal(RATE)
    return rng.uniform(0.05, 0.15) * tone / np.sqrt(np.mean(tone**2))


@pytest.fixture
def clean(tmp_path):
    """Three classes of 15 clips whose names tell nothing."""
    rng = np.random.default_rng(1)
    names = iter(rng.permutation([f"{i:x}" for i in range(0xA00, 0xA00 + 45)]))
    for label in ("buzz", "hiss", "whistle"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for _ in range(15):
            soundfile.write(tmp_path / "data" / label / f"{next(names)}x.wav", sound(rng, label), RATE)
    return tmp_path / "data"


def kinds(exploration):
    return {finding.kind: finding for finding in exploration.findings}


def test_clean_data_stay_quiet(clean):
    done = explore(clean)
    assert [finding.sentence for finding in done.findings if finding.severity == "serious"] == []
    assert repr(done).endswith("0 of them serious>")


def test_planted_faults_are_found(clean):
    """A copy as OGG at another level, one sound under two labels, a class at another rate, a silent clip."""
    buzz, hiss, whistle = (sorted((clean / label).iterdir()) for label in ("buzz", "hiss", "whistle"))
    samples, _ = soundfile.read(buzz[0])
    soundfile.write(buzz[0].with_name("copy.ogg"), 0.4 * samples[300:], RATE)
    (clean / "hiss" / "stray.wav").write_bytes(whistle[1].read_bytes())
    soundfile.write(hiss[2], np.zeros(RATE), RATE)
    for path in whistle:
        if path != whistle[1]:
            samples, _ = soundfile.read(path)
            soundfile.write(path, np.repeat(samples, 2), 2 * RATE)
    found = kinds(explore(clean))

    def same(kind, *paths):
        return sorted(p.relative_to(clean).as_posix() for p in paths) in [sorted(c) for c in found[kind].clips]

    assert same("near-duplicates", buzz[0], buzz[0].with_name("copy.ogg"))
    assert same("duplicate-labels", whistle[1], clean / "hiss" / "stray.wav")
    assert same("silent", hiss[2])
    assert found["sample-rate"].severity == "serious"
    assert "'whistle'" in found["sample-rate"].sentence


def test_labels_that_were_swapped_are_doubted(clean, tmp_path):
    paths = sorted(clean.glob("*/*.wav"))
    labels = {path: path.parent.name for path in paths}
    flipped = [paths[3], paths[20], paths[40]]
    for path, label in zip(flipped, ("hiss", "whistle", "buzz")):
        labels[path] = label
    (tmp_path / "clips.csv").write_text("\n".join(["path,label", *(f"{p},{label}" for p, label in labels.items())]))
    found = kinds(explore(tmp_path / "clips.csv"))["likely-wrong-labels"]
    listed = {name for [name] in found.clips}
    assert len(listed & {str(path) for path in flipped}) >= 2
    assert len(listed) <= 6


def test_one_file_under_two_labels_is_a_finding_not_an_error(clean, tmp_path):
    paths = sorted(clean.glob("*/*.wav"))
    rows = [f"{path},{path.parent.name}" for path in paths]
    (tmp_path / "clips.csv").write_text("\n".join(["path,label", *rows, f"{paths[0]},hiss"]))
    found = kinds(explore(tmp_path / "clips.csv"))
    assert found["duplicate-labels"].clips == [[str(paths[0]), str(paths[0])]]
    with pytest.raises(DatasetError, match="stands twice as 'buzz' and as 'hiss'"):
        audioclf.compare(tmp_path / "clips.csv", "centroid", "knn")


def test_the_record_can_be_saved_and_reported(clean, tmp_path):
    done = explore(clean)
    files = done.report(tmp_path / "run", ["html", "markdown", "png"])
    assert {"results.json", "report.html", "report.md"} <= {file.name for file in files}
    record = Results.load(tmp_path / "run").record
    assert record == done.results.record
    assert record.kind == "explore"
    assert record.experiments == []
    assert [p.label for p in record.portraits] == ["buzz", "hiss", "whistle"]
    assert len(record.projection.clips) == 45
    assert record.reference.metrics["balanced_accuracy"].mean > 0.8


def test_the_same_for_any_number_of_workers(clean):
    first, second = (explore(clean, workers=n).results.record for n in (1, 2))
    assert records.timeless(first) == records.timeless(second)


def test_too_few_clips_for_a_reference_model(tmp_path):
    rng = np.random.default_rng(0)
    for label in ("buzz", "hiss"):
        (tmp_path / label).mkdir()
        soundfile.write(tmp_path / label / "1.wav", sound(rng, label), RATE)
    record = explore(tmp_path).results.record
    assert record.reference is None
    assert record.warnings[0].startswith("labels were not doubted, for no reference model could be tested: class")


def test_mistakes(tmp_path):
    with pytest.raises(DatasetError, match="no such file"):
        explore(tmp_path / "none")
    with pytest.raises(SpecError, match="regular expression"):
        explore("demo", group_by="(")
