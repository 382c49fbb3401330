"""The store keeps arrays whole, notices damage, and never ends a run."""

from __future__ import annotations

import os
import pickle
import sqlite3
import subprocess
import sys
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from audioclf.extractor import Extractor
from audioclf.spec import param
from audioclf.spectra import Analysis
from audioclf.store import FeatureStore, NoStore, key


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "features.sqlite"


@pytest.fixture
def arrays(rng):
    shapes = [(1, 1), (1, 40), (98, 13), (3, 0), (1, 7)]
    return {f"key{i}": rng.normal(size=shape).astype(np.float32) for i, shape in enumerate(shapes)}


def same(found, expected):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], array)


def tamper(path, statement, *values):
    connection = sqlite3.connect(path)
    with connection:
        assert connection.execute(statement, values).rowcount == 1
    connection.close()


def test_what_was_put_is_found_by_any_store_of_that_file(path, arrays):
    store = FeatureStore(path)
    assert store.get(arrays) == {}
    store.put(arrays)
    same(store.get([*arrays, "unknown"]), arrays)
    same(FeatureStore(path).get(arrays), arrays)
    same(FeatureStore(path).get(["key2"]), {"key2": arrays["key2"]})


def test_values_that_floats_can_hold_are_kept_bit_by_bit(path):
    array = np.array([[0.0, -0.0, np.inf, np.nan, 1e-45, 3.4e38, np.pi]], np.float32)
    FeatureStore(path).put({"a": array})
    assert FeatureStore(path).get(["a"])["a"].tobytes() == array.tobytes()


def test_arrays_of_any_memory_layout_are_kept(path, rng):
    array = rng.normal(size=(20, 6)).astype(np.float32)
    store = FeatureStore(path)
    store.put({"fortran": np.asfortranarray(array), "strided": array[::2, ::3], "double": array.astype(np.float64)})
    found = store.get(["fortran", "strided", "double"])
    np.testing.assert_array_equal(found["fortran"], array)
    np.testing.assert_array_equal(found["strided"], array[::2, ::3])
    np.testing.assert_array_equal(found["double"], array)


def test_a_key_put_again_holds_the_later_array(path):
    store = FeatureStore(path)
    store.put({"a": np.zeros((2, 2), np.float32)})
    store.put({"a": np.ones((1, 3), np.float32)})
    same(store.get(["a"]), {"a": np.ones((1, 3), np.float32)})


def test_more_keys_than_sqlite_takes_in_one_query(path):
    arrays = {f"k{i}": np.full((1, 1), i, np.float32) for i in range(2500)}
    store = FeatureStore(path)
    store.put(arrays)
    same(store.get(arrays), arrays)


def test_all_arrays_of_a_put_are_kept_or_none(path):
    store = FeatureStore(path)
    store.put({"a": np.ones((1, 1), np.float32)})
    connection = sqlite3.connect(path)
    connection.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON features WHEN NEW.key = 'c' BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    connection.commit()
    connection.close()
    with pytest.warns(UserWarning, match="can't be used"):
        store.put({name: np.ones((1, 1), np.float32) for name in "bcd"})
    assert set(FeatureStore(path).get(["a", "b", "c", "d"])) == {"a"}


def test_a_damaged_entry_counts_as_absent_and_is_replaced(path, arrays):
    FeatureStore(path).put(arrays)
    data = arrays["key2"].tobytes()
    broken = data[:100] + bytes([data[100] ^ 1]) + data[101:]
    tamper(path, "UPDATE features SET data = ? WHERE key = 'key2'", broken)
    store = FeatureStore(path)
    rest = {name: array for name, array in arrays.items() if name != "key2"}
    same(store.get(arrays), rest)
    store.put({"key2": arrays["key2"]})
    same(store.get(arrays), arrays)


@pytest.mark.parametrize(
    "change",
    ["rows = 13, columns = 98", "rows = 49", "rows = 97", "checksum = x'00'", "data = x''", "data = substr(data, 5)"],
)
def test_any_damage_of_an_entry_is_noticed(path, arrays, change):
    FeatureStore(path).put(arrays)
    tamper(path, f"UPDATE features SET {change} WHERE key = 'key2'")
    assert "key2" not in FeatureStore(path).get(arrays)


@pytest.mark.parametrize("content", [b"this is no database " * 500, b"SQLite format 3\0" + b"\xff" * 5000])
@pytest.mark.parametrize("first", ["get", "put"])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(path, arrays, content, first):
    path.parent.mkdir()
    path.write_bytes(content)
    store = FeatureStore(path)
    with pytest.warns(UserWarning, match=r"features\.sqlite was damaged; it is kept as features\.sqlite\.damaged"):
        store.get(["a"]) if first == "get" else store.put(arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        store.put(arrays)
        same(store.get(arrays), arrays)
    assert path.with_name("features.sqlite.damaged").read_bytes() == content


def test_damage_in_the_middle_of_the_file_costs_time_only(path, rng):
    arrays = {f"k{i}": rng.normal(size=(50, 20)).astype(np.float32) for i in range(50)}
    FeatureStore(path).put(arrays)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20000] = rng.bytes(20000)
    path.write_bytes(content)
    store = FeatureStore(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, array in store.get(arrays).items():
            np.testing.assert_array_equal(array, arrays[name])
        store.put(arrays)
        same(store.get(arrays), arrays)


@pytest.mark.parametrize("way", ["folder", "file in the way"])
def test_a_store_that_cannot_be_made_is_gone_without_with_one_warning(tmp_path, arrays, way):
    if way == "folder":
        (tmp_path / "features.sqlite").mkdir()
        store = FeatureStore(tmp_path / "features.sqlite")
    else:
        (tmp_path / "file").write_text("x")
        store = FeatureStore(tmp_path / "file" / "features.sqlite")
    with pytest.warns(UserWarning, match=r"can't be used \(.+\); going on without it"):
        assert store.get(arrays) == {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        store.put(arrays)
        assert store.get(arrays) == {}


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may write everywhere")
def test_an_unwritable_folder_is_gone_without(tmp_path, arrays):
    tmp_path.chmod(0o500)
    store = FeatureStore(tmp_path / "features.sqlite")
    with pytest.warns(UserWarning, match="can't be used"):
        store.put(arrays)
    assert store.get(arrays) == {}


def test_a_database_of_another_program_is_left_as_it_is(path, arrays):
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE features (name TEXT, price REAL)")
    connection.execute("INSERT INTO features VALUES ('tea', 2.5)")
    connection.commit()
    connection.close()
    store = FeatureStore(path)
    with pytest.warns(UserWarning, match="can't be used"):
        store.put(arrays)
    assert os.listdir(path.parent) == ["features.sqlite"]
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT * FROM features").fetchall() == [("tea", 2.5)]
    connection.close()


def test_an_error_that_isnt_damage_never_sets_a_good_file_aside(path, arrays, monkeypatch):
    """Children of `sqlite3.DatabaseError` speak of the query or the disk, not of the file's content."""
    FeatureStore(path).put(arrays)
    for error in (sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.OperationalError, sqlite3.InterfaceError):
        store = FeatureStore(path)

        def fail(*_, error=error):
            raise error("string or blob too big")

        monkeypatch.setattr(store, "_try", fail)
        with pytest.warns(UserWarning, match="blob too big"):
            store.put(arrays)
        same(FeatureStore(path).get(arrays), arrays)
    assert sorted(os.listdir(path.parent)) == ["features.sqlite"]


def test_a_lock_during_the_first_opening_is_waited_for(path, arrays):
    """SQLite refuses at once to change the journal mode of a file that another process is about to write."""
    path.parent.mkdir()
    other = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    other.execute("CREATE TABLE begun (x)")
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.2, other.rollback)
    timer.start()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FeatureStore(path).put(arrays)
    timer.join()
    other.close()
    same(FeatureStore(path).get(arrays), arrays)


def test_threads_may_share_a_store(path):
    store = FeatureStore(path)
    store.put({"x": np.ones((1, 1), np.float32)})
    problems = []

    def work(i):
        try:
            for j in range(10):
                store.put({f"{i}-{j}": np.full((2, 2), i, np.float32)})
                assert store.get(["x"])
        except BaseException as error:  # pytest doesn't see what a thread raises
            problems.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert problems == []
    assert len(store.get([f"{i}-{j}" for i in range(4) for j in range(10)])) == 40


WRITER = """
import sys, warnings
import numpy as np
from audioclf.store import FeatureStore
path, number = sys.argv[1], int(sys.argv[2])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    store = FeatureStore(path)
    print("ready", flush=True)
    sys.stdin.readline()
    for i in range(10):
        store.get([f"{number}-{i}"])
        store.put({f"{number}-{i}-{j}": np.full((3, 4), number, np.float32) for j in range(4)})
for warning in caught:
    print(warning.message)
"""


@pytest.mark.parametrize("damaged", [False, True])
def test_several_processes_write_at_once(path, damaged):
    path.parent.mkdir()
    if damaged:
        path.write_bytes(b"this is no database " * 500)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for n in range(4)
    ]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:  # all open the file now, for the first time
        worker.stdin.write("go\n")
        worker.stdin.flush()
    said = [line for worker in workers for line in worker.communicate(timeout=100)[0].splitlines()]
    assert [worker.returncode for worker in workers] == [0] * 4
    found = FeatureStore(path).get([f"{n}-{i}-{j}" for n in range(4) for i in range(10) for j in range(4)])
    for name, array in found.items():
        np.testing.assert_array_equal(array, np.full((3, 4), int(name[0]), np.float32))
    if damaged:  # two processes may each have begun a new one: that costs time, not numbers
        assert len(found) >= 40
        assert said
        assert [message for message in said if "was damaged" not in message] == []
    else:
        assert len(found) == 160
        assert said == []


def test_a_store_travels_to_another_process(path, arrays):
    store = FeatureStore(path)
    store.put(arrays)
    same(pickle.loads(pickle.dumps(store)).get(arrays), arrays)


def test_the_default_file_lies_in_the_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("AUDIOCLF_CACHE", str(tmp_path))
    assert FeatureStore().path == tmp_path / "features.sqlite"
    assert FeatureStore(str(tmp_path / "x")).path == tmp_path / "x"
    assert FeatureStore("~/x").path == Path.home() / "x"
    assert os.listdir(tmp_path) == []


def test_no_store_keeps_nothing(tmp_path, monkeypatch, arrays):
    monkeypatch.setenv("AUDIOCLF_CACHE", str(tmp_path))
    store = NoStore()
    store.put(arrays)
    assert store.get(arrays) == {}
    assert os.listdir(tmp_path) == []


@dataclass(frozen=True)
class Plain(Extractor):
    name = "plain"
    count: int = param(1, "")
    level: float = param(0.5, "")

    def static_names(self):
        return ["plain"]

    def static(self, spectra):
        raise NotImplementedError


@dataclass(frozen=True)
class Newer(Plain):
    version = 2


@dataclass(frozen=True)
class Other(Plain):
    name = "other"


def test_the_key_changes_with_everything_that_changes_the_numbers():
    pooled = ("mean", "std")
    analysis = {"sample_rate": 16000, "frame_length": 0.025, "hop_length": 0.01, "window": "hamming", "n_fft": 2048}
    base = ("content", None, None, Analysis(**analysis), Plain(), pooled)

    def with_(place, value):
        return (*base[:place], value, *base[place + 1 :])

    changed = [
        base,
        with_(0, "other content"),
        with_(1, 0.5),
        with_(1, 0.25),
        with_(2, 0.5),
        *(
            with_(3, Analysis(**{**analysis, name: value}))
            for name, value in {
                "sample_rate": 8000, "frame_length": 0.03, "hop_length": 0.02, "window": "hann", "n_fft": 4096,
            }.items()
        ),
        *(with_(4, e) for e in (Plain(count=2), Plain(level=0.25), Plain(deltas=1), Plain(delta_width=3))),
        *(with_(4, e) for e in (Newer(), Other())),
        *(with_(5, f) for f in (None, ("mean",), ("std", "mean"), ("mean", "std", "p5"))),
    ]  # fmt: skip
    keys = [key(*facts) for facts in changed]
    assert len(set(keys)) == len(keys)
    assert keys == [key(*facts) for facts in changed]


def test_the_key_is_the_same_for_the_same_fft_however_it_was_chosen():
    def of(n_fft):
        return key("c", None, None, Analysis(16000, n_fft=n_fft), Plain(), None)

    assert of(None) == of(Analysis(16000).fft_size)
