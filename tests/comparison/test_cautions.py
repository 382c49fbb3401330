"""Cautions: rates that differ, clips that are short or can't be read."""

from __future__ import annotations

import numpy as np

from audioclf.comparison import compare


def test_warns_of_rates_that_differ_between_classes(tiny, tmp_path):
    import soundfile

    rows = ["path,label,group"]
    for i in range(8):
        for label, rate in (("hiss", 8000), ("hum", 16000)):
            samples, _ = soundfile.read(tiny / label / f"{i}.wav")
            soundfile.write(tmp_path / f"{label}{i}.wav", samples, rate)
            rows.append(f"{label}{i}.wav,{label},{i}")
    (tmp_path / "clips.csv").write_text("\n".join(rows))
    record = compare.compare(tmp_path / "clips.csv", "centroid", "knn", cv=2).results.record
    [told] = [finding for finding in record.audit.findings if finding.kind == "sample-rate"]
    assert "8000 Hz" in told.sentence
    assert record.warnings == []  # the audit has said it
    assert record.analysis.sample_rate == 8000
    kept = [row for row in rows[1:] if row.split(",")[2] in "012"]
    (tmp_path / "few.csv").write_text("\n".join([rows[0], *kept]))  # too few for the audit to be sure
    record = compare.compare(tmp_path / "few.csv", "centroid", "knn", cv=2).results.record
    (warning,) = record.warnings
    assert "native sample rates differ between classes (hiss: 8000 Hz; hum: 16000 Hz)" in warning


def test_unreadable_and_short_clips(tiny, tmp_path):
    import shutil

    import soundfile

    root = shutil.copytree(tiny, tmp_path / "data")
    (root / "hiss" / "text.wav").write_text("this is no audio")
    (root / "hum" / "empty.wav").write_bytes(b"")
    soundfile.write(root / "sweep" / "short.wav", np.full(20, 0.1), 8000)
    record = compare.compare(root, "centroid", "knn", cv=2).results.record
    assert {s.path for s in record.skipped} == {"hiss/text.wav", "hum/empty.wav"}
    assert all(str(root) in s.why for s in record.skipped)
    assert record.dataset.n_clips == 25
    assert any("1 clip is shorter than one frame of 25 ms" in w for w in record.warnings)
    assert any("2 clips left out" in w for w in record.warnings)
    assert any("no groups are known" in w for w in record.warnings)
