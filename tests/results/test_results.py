"""results.json: reading, writing, and the questions that reports ask."""

from __future__ import annotations

import json

import pytest
import records
from msgspec.structs import replace

from audioclf.errors import ResultsError
from audioclf.results.results import Results


def experiment(classifier, accuracy, f1=0.5, **fields):
    means = {"accuracy": accuracy, "balanced_accuracy": accuracy, "macro_f1": f1}
    return records.finished("mfcc", classifier, means, **fields)


def record(*experiments, **more):
    return records.minimal(experiments=list(experiments), **more)


def test_round_trip(tmp_path):
    kept = records.of(record(experiment("svm", 0.9), command="ü"))
    path = kept.save(tmp_path / "run")
    assert Results.load(tmp_path / "run").record == Results.load(path).record == kept.record
    assert "ü" in path.read_text(encoding="utf-8")


def test_a_number_that_is_not_finite_is_written_as_null(tmp_path):
    """JSON has no NaN; a run of hours must not be lost over one."""
    whole = records.of(record(experiment("svm", 0.9))).record
    undefined = replace(whole.experiments[0].metrics["accuracy"], mean=float("nan"))
    scored = replace(whole.experiments[0], metrics=whole.experiments[0].metrics | {"accuracy": undefined})
    path = Results(replace(whole, experiments=[scored])).save(tmp_path)
    assert "NaN" not in path.read_text()
    loaded = Results.load(tmp_path)
    assert loaded.best.metrics["accuracy"].mean is None
    assert loaded.best.metrics["macro_f1"].mean == 0.5


def test_an_interrupted_save_leaves_the_old_file(tmp_path, monkeypatch):
    records.of(record(experiment("svm", 0.9))).save(tmp_path)
    before = (tmp_path / "results.json").read_text()
    monkeypatch.setattr("pathlib.Path.write_bytes", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        records.of(record()).save(tmp_path)
    assert (tmp_path / "results.json").read_text() == before
    assert [p.name for p in tmp_path.iterdir()] == ["results.json"]


def test_ranking_and_its_ties():
    results = records.of(
        record(
            experiment("c", 0.9, f1=0.5, n_features=20),
            experiment("b", 0.9, f1=0.5, n_features=10),
            experiment("a", 0.9, f1=0.6, n_features=99),
            experiment("d", 0.95, f1=0.1),
            {"features": "x", "classifier": "e", "status": "failed", "error": "no"},
        )
    )
    assert [e.classifier for e in results.ranking()] == ["d", "a", "b", "c"]
    assert results.best.classifier == "d"
    assert [e.classifier for e in results.failed()] == ["e"]
    assert Results(replace(results.record, metric="macro_f1")).best.classifier == "a"


def test_nothing_finished():
    assert records.of(record()).best is None


def test_confusions():
    rows = [("a", "b", "1.wav"), ("a", "b", "1.wav"), ("a", "b", "2.wav"), ("a", "a", "3.wav"), ("b", "a", "4.wav")]
    predictions = [{"label": t, "predicted": p, "path": path} for t, p, path in rows]
    results = records.of(record(experiment("svm", 0.2, predictions=predictions)))
    first, second = results.confusions(results.best)
    assert (first.label, first.predicted, first.count, first.clips) == ("a", "b", 3, ["1.wav", "2.wav"])
    assert first.share == pytest.approx(3 / 4)
    assert (second.label, second.count, second.share) == ("b", 1, 1.0)


@pytest.mark.parametrize("text", ["", "{}", "[]", "not json", '{"schema": 1}', '{"schema": "1", "experiments": []}'])
def test_no_record(text, tmp_path):
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(ResultsError, match=r"not a (whole )?results\.json"):
        Results.load(tmp_path)


def test_missing_and_later(tmp_path):
    with pytest.raises(ResultsError, match=r"no results\.json there"):
        Results.load(tmp_path)
    (tmp_path / "results.json").write_text(json.dumps({**record(), "schema": 2, "audioclf": "9.0"}))
    with pytest.raises(ResultsError, match=r"later audioclf \(9.0\)"):
        Results.load(tmp_path)
