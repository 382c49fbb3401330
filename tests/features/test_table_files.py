"""Feature tables, read back by other programs' readers."""

from __future__ import annotations

import csv
import json
import os
import sys

import numpy as np
import pytest

from audioclf.errors import AudioclfError, MissingExtraError, SpecError
from audioclf.features.table import FeatureTable
from audioclf.features.table_files import FORMATS, check_format, write_table

LABELS = ["birds", "it's 5 o'clock", "birds", "50% \\ loud,\ttab"]
PATHS = ["a/1.wav", "häher 鳥.wav", 'quote".wav', "comma, semicolon; and\nnewline.wav"]


@pytest.fixture
def table(rng):
    values = (rng.normal(size=(4, 3)) * [1e-8, 1.0, 1e8]).astype(np.float32)
    values[0] = [0.1, -0.0, 3.4e38]
    about = {"path": PATHS, "label": LABELS, "group": ["", "g1", "g1", "g2"]}
    return FeatureTable(about, ["mfcc_0_mean", "zcr_p5", "odd name"], values)


def test_csv(table, tmp_path):
    assert write_table(table, tmp_path / "t.csv") == tmp_path / "t.csv"
    with open(tmp_path / "t.csv", newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == ["path", "label", "group", "mfcc_0_mean", "zcr_p5", "odd name"]
    assert [row[0] for row in rows] == PATHS
    assert [row[1] for row in rows] == LABELS
    np.testing.assert_array_equal(np.array([row[3:] for row in rows], np.float32), table.values)


def test_csv_numbers_are_as_short_as_float32_allows(table, tmp_path):
    write_table(table, tmp_path / "t.csv")
    assert "a/1.wav,birds,,0.1,-0.0,3.4e+38" in (tmp_path / "t.csv").read_text(encoding="utf-8")


def test_npz_needs_no_pickle(table, tmp_path):
    write_table(table, tmp_path / "t.npz")
    with np.load(tmp_path / "t.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["features"], table.values)
        assert found["features"].dtype == np.float32
        assert found["names"].tolist() == table.names
        assert found["label"].tolist() == LABELS
        assert found["path"].tolist() == PATHS


def test_parquet(table, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    write_table(table, tmp_path / "t.parquet")
    found = parquet.read_table(tmp_path / "t.parquet").to_pydict()
    assert list(found) == ["path", "label", "group", *table.names]
    assert found["path"] == PATHS
    for name, column in zip(table.names, table.values.T):
        np.testing.assert_array_equal(np.float32(found[name]), column)


def test_json(table, tmp_path):
    write_table(table, tmp_path / "t.json")
    found = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert [row["path"] for row in found] == PATHS
    assert [row["label"] for row in found] == LABELS
    assert [list(row["features"]) for row in found] == [table.names] * 4
    np.testing.assert_array_equal(np.float32([list(row["features"].values()) for row in found]), table.values)


def read_arff(path):
    """Attributes and rows of an ARFF file: a small reader of Weka's grammar (quotes, backslashes, commas)."""
    text = path.read_text(encoding="utf-8")
    head, data = text.split("@DATA\n")

    def fields(line):
        found, current, quoted, i = [], "", False, 0
        while i < len(line):
            c = line[i]
            if quoted and c == "\\":
                i += 1
                current += {"n": "\n", "r": "\r"}.get(line[i], line[i])
            elif c == "'":
                quoted = not quoted
            elif c == "," and not quoted:
                found.append(current)
                current = ""
            else:
                current += c
            i += 1
        assert not quoted
        return [*found, current]

    attributes = [line[len("@ATTRIBUTE ") :] for line in head.splitlines() if line.startswith("@ATTRIBUTE")]
    return attributes, [fields(line) for line in data.splitlines()], fields


def test_arff(table, tmp_path):
    write_table(table, tmp_path / "t.arff")
    attributes, rows, fields = read_arff(tmp_path / "t.arff")
    assert attributes[:2] == ["path STRING", "group STRING"]
    assert attributes[2:5] == ["mfcc_0_mean NUMERIC", "zcr_p5 NUMERIC", "'odd name' NUMERIC"]
    name, _, nominal = attributes[5].partition(" ")
    assert name == "label"
    assert fields(nominal.strip("{}")) == sorted(set(LABELS))
    assert [row[0] for row in rows] == PATHS
    assert [row[-1] for row in rows] == LABELS
    np.testing.assert_array_equal(np.array([row[2:5] for row in rows], np.float32), table.values)


def test_arff_is_read_by_scipy(tmp_path, rng):
    """SciPy's reader takes no text attributes, so without a path."""
    from scipy.io import arff

    values = rng.normal(size=(3, 2)).astype(np.float32)
    table = FeatureTable({"time": [0.0, 0.01, 0.02], "label": ["a b", "c", "a b"]}, ["x", "y"], values)
    write_table(table, tmp_path / "t.arff")
    data, meta = arff.loadarff(tmp_path / "t.arff")
    assert meta.names() == ["time", "x", "y", "label"]
    assert meta.types() == ["numeric", "numeric", "numeric", "nominal"]
    assert [label.decode() for label in data["label"]] == ["a b", "c", "a b"]
    np.testing.assert_array_equal(np.float32(data["x"]), values[:, 0])
    np.testing.assert_allclose(data["time"], [0.0, 0.01, 0.02])


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_table_without_rows_is_written(tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    empty = FeatureTable({"path": [], "label": []}, ["x"], np.empty((0, 1), np.float32))
    assert write_table(empty, tmp_path / f"t{suffix}").stat().st_size > 0


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_name_that_is_no_unicode_doesnt_lose_the_table(tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    name = os.fsdecode(b"caf\xe9.wav") if os.name != "nt" else "caf\udce9.wav"
    table = FeatureTable({"path": [name], "label": ["a"]}, ["x"], np.ones((1, 1), np.float32))
    write_table(table, tmp_path / f"t{suffix}")
    if suffix == ".csv":
        assert "caf\\udce9.wav,a,1.0" in (tmp_path / "t.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("suffix", [*FORMATS, ".CSV"])
def test_a_failure_leaves_the_old_file(table, tmp_path, suffix, monkeypatch):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    path = tmp_path / f"t{suffix}"
    path.write_text("old")
    short = FeatureTable({"path": PATHS, "label": LABELS[:1]}, table.names, table.values)

    def fail(table, aside):
        aside.write_text("half")
        raise RuntimeError("in the middle")

    monkeypatch.setitem(FORMATS, suffix.lower(), fail)
    with pytest.raises(RuntimeError, match="in the middle"):
        write_table(short, path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("name", ["t.txt", "t", "t.csv.gz"])
def test_an_unknown_format_is_refused_before_anything_is_written(table, tmp_path, name):
    with pytest.raises(SpecError, match=r"unknown format .*; known: \.csv, \.npz, \.parquet, \.arff, \.json"):
        write_table(table, tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_parquet_without_pyarrow_says_what_to_install(table, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for attempt in (lambda: check_format(tmp_path / "t.parquet"), lambda: write_table(table, tmp_path / "t.parquet")):
        with pytest.raises(MissingExtraError, match=r"Parquet files need pyarrow.*pip install 'audioclf\[parquet\]'"):
            attempt()
    assert os.listdir(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_an_error_for_the_user(table, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(AudioclfError, match="can't make the folder"):
        write_table(table, tmp_path / "file" / "t.csv")
