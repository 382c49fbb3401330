"""A damaged results.json is one line that names the file and the field, whatever is damaged and however."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from audioclf import structs
from audioclf.cli.main import main
from audioclf.comparison.compare import compare
from audioclf.comparison.exploration import explore
from audioclf.errors import ResultsError
from audioclf.results.results import Results
from audioclf.results.schema import Record

REMOVED = object()
WRONG = (REMOVED, None, True, 7, -1, 0.5, 1e999, "x", [], [[]], {}, {"x": 1})
"""What stands in place of a field: that which is of another type, or out of its range, is damage."""


@pytest.fixture(scope="module")
def runs(tiny):
    """Two records as they are written: of a comparison with all there may be in one, and of an exploration."""
    compared = compare(
        tiny / "clips.csv", "zcr", "knn", cv=2, clip_seconds=0.15, naive_split_too=True, with_curve=True,
        grid={"knn": {"k": [1, 3]}}, test=tiny / "clips.csv",
    )  # fmt: skip
    explored = explore(tiny / "clips.csv")
    return {"compare": structs.encode(compared.results.record), "explore": structs.encode(explored.results.record)}


def places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place below *value*; of a list the first item stands for all."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, item in items:
        yield (*at, key)
        yield from places(item, (*at, key))


def damaged(content: bytes, place: tuple[str | int, ...], value: Any) -> str:
    """The record with *value* at *place*."""
    data = json.loads(content)
    parent = data
    for key in place[:-1]:
        parent = parent[key]
    if value is REMOVED:
        del parent[place[-1]]
    else:
        parent[place[-1]] = value
    return json.dumps(data).replace("Infinity", "1e999")


def complaint(folder, content: str | bytes) -> str | None:
    """What `Results.load` says of *content*; None if it takes it."""
    file = folder / "results.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        Results.load(folder)
    except ResultsError as error:
        said = str(error)
        assert said.startswith(f"{file}: ")
        assert "\n" not in said
        return said.removeprefix(f"{file}: ")
    return None


def test_a_whole_one_is_taken(runs, tmp_path):
    for content in runs.values():
        assert complaint(tmp_path, content) is None


def test_every_top_level_field_removed_and_mistyped(runs, tmp_path):
    told = 0
    for content in runs.values():
        for name in json.loads(content):
            for value in WRONG:
                said = complaint(tmp_path, damaged(content, (name,), value))
                if said is not None and (name, value) != ("schema", 7):
                    told += 1
                    assert re.match(rf"not a whole results\.json of audioclf: (\$\.{name}\b|it names no schema)", said)
    assert told >= 123
    for name in ("audioclf", "created", "versions", "platform", "seed", "command", "analysis", "dataset", "cv",
                 "timing", "experiments", "skipped", "warnings"):  # fmt: skip
        said = complaint(tmp_path, damaged(runs["compare"], (name,), REMOVED))
        assert said == f"not a whole results.json of audioclf: $.{name}: missing"


@pytest.mark.parametrize("run", ["compare", "explore"])
def test_every_field_below(runs, tmp_path, run):
    """What isn't told must be taken as what it is: written again, it is the same."""
    content = runs[run]
    told = 0
    for number, place in enumerate(places(json.loads(content))):
        value = WRONG[number % len(WRONG)]
        changed = damaged(content, place, value)
        said = complaint(tmp_path, changed)
        if said is None:
            written = structs.encode(Results.load(tmp_path).record)
            assert structs.encode(structs.decode(written, Record)) == written
        else:
            told += 1
            assert re.match(r"not a whole results\.json of audioclf: (\$\.|it names no schema)", said), (place, said)
    assert told >= 123


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("experiments", 0, "folds"), REMOVED, "$.experiments[0].folds: missing"),
        (("experiments", 0, "folds"), [], "$.experiments[0].folds: expected a list of length >= 1"),
        (("experiments", 0, "folds"), 5, "$.experiments[0].folds: expected a list, got a whole number"),
        (("experiments", 0, "folds", 1, "n_test"), -1,
         "$.experiments[0].folds[1].n_test: expected a whole number >= 0"),
        (("experiments", 0, "folds", 1, "n_test"), 10**30, "$.experiments[0].folds[1].n_test: "),
        (("experiments", 0, "status"), "done", "$.experiments[0].status: invalid value 'done'"),
        (("experiments", 0, "status"), REMOVED, "$.experiments[0].status: missing"),
        (("experiments", 0, "metrics"), {}, "$.experiments[0].metrics.accuracy: missing"),
        (
            ("experiments", 0, "metrics", "accuracy", "mean"), "high",
            "$.experiments[0].metrics.accuracy.mean: expected a number or null, got text",
        ),
        (
            ("experiments", 0, "metrics", "accuracy", "mean"), 1e999,
            "$.experiments[0].metrics.accuracy.mean: expected a number <= 1.7976931348623157e+308",
        ),
        (("experiments", 0, "per_class", "hum"), REMOVED, "$.experiments[0].per_class.hum: missing"),
        (("experiments", 0, "confusion_matrix"), [[1]], "$.experiments[0].confusion_matrix: not 3 rows and columns"),
        (("experiments", 0, "predictions", 0, "label"), "owl",
         "$.experiments[0].predictions[0].label: no label of the data set: 'owl'"),
        (("experiments", 0, "naive", "metrics"), {}, "$.experiments[0].naive.metrics.accuracy: missing"),
        (("experiments", 0, "takes"), "pixels", "$.experiments[0].takes: invalid enum value 'pixels'"),
        (("dataset", "labels"), [], "$.dataset.labels: expected a list of length >= 1"),
        (("dataset", "label_counts", "hum"), REMOVED, "$.dataset.label_counts.hum: missing"),
        (("metric",), "acuracy", "$.metric: 'acuracy' isn't known here. Did you mean 'accuracy'?"),
        (("metric",), "micro_f1", "$.metric: 'micro_f1' isn't known here."),
        (("test", "confusion_matrix"), None, "$.test.confusion_matrix: missing"),
        (("projection", "labels"), ["hum"], "$.projection.labels: 1 in place of 48"),
        (("projection", "pca", "x"), [0.0], "$.projection.pca.x: 1 in place of 48"),
        (("analysis", "sample_rate"), 0, "$.analysis.sample_rate: expected a whole number >= 1"),
        (("audit", "findings", 0), {}, "$.audit.findings[0].topic: missing"),
    ],
)  # fmt: skip
def test_the_field_of_a_comparison_is_named(runs, tmp_path, place, value, told):
    said = complaint(tmp_path, damaged(runs["compare"], place, value))
    assert said is not None
    assert said.startswith(f"not a whole results.json of audioclf: {told}")


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("spectrogram", "data"), "?", "spectrogram.data: can't be unpacked"),
        (("spectrogram", "data"), "AAAA", "spectrogram.data: can't be unpacked"),
        (("spectrogram", "rows"), 1, "spectrogram.data: "),
        (("cepstrogram", "rows"), 0, "cepstrogram.data: "),
        (("filterbank", "high"), -999.0, "filterbank.high: -999 isn't above"),
        (("spectrum", "level"), [], "spectrum.level: expected a list of length >= 1"),
        (("waveform", "low"), [0.0], "waveform.high: "),
        (("sample_rate",), 0, "sample_rate: expected a whole number >= 1"),
    ],
)
def test_the_field_of_a_picture_is_named(runs, tmp_path, place, value, told):
    said = complaint(tmp_path, damaged(runs["explore"], ("portraits", 1, *place), value))
    assert said is not None
    assert said.startswith(f"not a whole results.json of audioclf: $.portraits[1].{told}")


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda text: b"", "no JSON"),
        (lambda text: text[: len(text) // 2], "no JSON"),
        (lambda text: text[:-1], "no JSON"),
        (lambda text: text + b"}", "no JSON"),
        (lambda text: b"\xff" + text, "no JSON"),
        (lambda text: text.replace(b'"mean": ', b'"mean": NaN, "x": ', 1), "no JSON (NaN is no number)"),
        (lambda text: b"[" * 100_000, "nested too deep"),
        (lambda text: b'{"a": ' * 100_000, "nested too deep"),
        (lambda text: b"[]", "it names no schema"),
        (lambda text: b"null", "it names no schema"),
        (lambda text: b'"x"', "it names no schema"),
        (lambda text: b'{"schema": "1"}', "it names no schema"),
        (lambda text: b'{"schema": true}', "it names no schema"),
        (lambda text: b'{"schema": 0}', "$.schema: expected a whole number >= 1"),
    ],
)
def test_what_is_no_record_at_all(runs, tmp_path, damage, told):
    said = complaint(tmp_path, damage(runs["compare"]))
    assert said is not None
    assert said.startswith(f"not a whole results.json of audioclf: {told}")


def test_a_newer_one_is_refused_by_name(runs, tmp_path):
    newer = json.loads(runs["compare"]) | {"schema": 2, "audioclf": "9.1", "experiments": "of another kind"}
    said = complaint(tmp_path, json.dumps(newer))
    assert said == "written by a later audioclf (9.1); upgrade to read it"


def test_fields_that_are_not_known_are_left_aside(runs, tmp_path):
    data = json.loads(runs["compare"])
    data["colour"] = data["experiments"][0]["colour"] = data["experiments"][0]["folds"][0]["colour"] = ["blue"]
    assert complaint(tmp_path, json.dumps(data)) is None
    assert b"colour" not in structs.encode(Results.load(tmp_path).record)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("experiments", 0, "folds"), REMOVED),
        (("experiments",), {}),
        (("dataset", "labels"), "hum"),
        (("timing",), {"fit_seconds": "long"}),
        (("projection", "pca", "y"), []),
        (("schema",), 99),
    ],
)
def test_the_command_line_says_it_in_one_line(runs, tmp_path, capsys, place, value):
    (tmp_path / "results.json").write_text(damaged(runs["compare"], place, value))
    with pytest.raises(SystemExit) as ended:
        main(["report", str(tmp_path), "--report", "csv"])
    assert ended.value.code == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert shown.err.startswith(f"error: {tmp_path / 'results.json'}: ")
