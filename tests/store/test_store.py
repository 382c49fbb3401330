"""The store keeps pages whole, notices damage and changed recordings, bounds itself, and never ends a run."""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from audioclf.errors import AudioclfError
from audioclf.features.extractor import Extractor
from audioclf.spec import param
from audioclf.spectra.analysis import Analysis
from audioclf.store import file as store_file
from audioclf.store import store as module
from audioclf.store.store import FeatureStore, FileFacts, NoStore, clip_key, recipe

RECIPE = "0123456789abcdef" * 2
OTHER = "fedcba9876543210" * 2


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "features.sqlite"


def clips_named(*names):
    return [clip_key(str(name), None, None) for name in names]


def same(found, expected):
    assert len(found) == len(expected)
    for array, other in zip(found, expected):
        assert (array is None) == (other is None)
        if other is not None:
            assert array.dtype == np.float32
            np.testing.assert_array_equal(array, other)


@pytest.fixture
def clips():
    return clips_named(*"abcd")


@pytest.fixture
def arrays(rng):
    return [rng.normal(size=(rows, 13)).astype(np.float32) for rows in (1, 98, 0, 7)]


def query(path, statement, *values):
    connection = sqlite3.connect(path)
    with connection:
        rows = connection.execute(statement, values).fetchall()
    connection.close()
    return rows


def count(path):
    [(pages,)] = query(path, "SELECT count(*) FROM pages")
    [(contents,)] = query(path, "SELECT count(*) FROM contents")
    assert pages == contents
    return pages


@pytest.fixture
def quiet():
    """No warning is expected."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


# Features


@pytest.mark.usefixtures("quiet")
def test_what_was_put_is_found_by_any_store_of_that_file_and_recipe(path, clips, arrays):
    store = FeatureStore(path)
    same(store.get(RECIPE, clips), [None] * 4)
    store.put(RECIPE, clips, arrays)
    same(store.get(RECIPE, clips), arrays)
    same(FeatureStore(path).get(RECIPE, clips), arrays)
    same(FeatureStore(path).get(OTHER, clips), [None] * 4)


def test_looking_for_features_makes_no_file(path, clips):
    FeatureStore(path).get(RECIPE, clips)
    assert not path.parent.exists()


def test_clips_are_found_in_the_order_asked_for_and_as_often(path, clips, arrays):
    store = FeatureStore(path)
    store.put(RECIPE, clips, arrays)
    [absent] = clips_named("absent")
    wanted = [3, 1, 1, None, 0, 3, None]
    found = store.get(RECIPE, [absent if i is None else clips[i] for i in wanted])
    same(found, [None if i is None else arrays[i] for i in wanted])
    assert store.get(RECIPE, []) == []


def test_clips_of_many_pages_are_found_in_any_order(path, rng):
    names = clips_named(*range(500))
    arrays = [rng.normal(size=(int(rows), 3)).astype(np.float32) for rows in rng.integers(0, 5, 500)]
    store = FeatureStore(path)
    first = 0
    while first < 500:
        last = first + int(rng.integers(1, 40))
        store.put(RECIPE, names[first:last], arrays[first:last])
        store.put(OTHER, names[first:last], [array[:, :1] + 1 for array in arrays[first:last]])
        first = last
    order = rng.integers(0, 500, 900)
    same(store.get(RECIPE, [names[i] for i in order]), [arrays[i] for i in order])
    same(store.get(OTHER, [names[i] for i in order]), [arrays[i][:, :1] + 1 for i in order])


def test_several_recipes_are_looked_up_at_once(path, clips, arrays):
    store = FeatureStore(path)
    assert store.get_many([RECIPE, OTHER], clips[:1]) == [[None], [None]]
    store.put(RECIPE, clips, arrays)
    store.put(OTHER, clips[1:], [array[:, :2] for array in arrays[1:]])
    first, second, third = store.get_many([OTHER, "neither", RECIPE], clips)
    same(first, [None, *(array[:, :2] for array in arrays[1:])])
    same(second, [None] * 4)
    same(third, arrays)
    assert store.get_many([], clips) == []
    assert store.get_many([RECIPE], []) == [[]]


def test_values_that_floats_can_hold_are_kept_bit_by_bit(path, clips):
    array = np.array([[0.0, -0.0, np.inf, np.nan, 1e-45, 3.4e38, np.pi]], np.float32)
    FeatureStore(path).put(RECIPE, clips[:1], [array])
    assert FeatureStore(path).get(RECIPE, clips[:1])[0].tobytes() == array.tobytes()


def test_arrays_of_any_memory_layout_are_kept(path, clips, rng):
    array = rng.normal(size=(20, 6)).astype(np.float32)
    store = FeatureStore(path)
    layouts = [np.asfortranarray(array), array[::2], array.astype(np.float64)]
    store.put(RECIPE, clips[:3], layouts)
    same(store.get(RECIPE, clips[:3]), [array, array[::2], array])


def test_arrays_without_columns_keep_their_rows(path, clips):
    store = FeatureStore(path)
    store.put(RECIPE, clips[:2], [np.empty((3, 0), np.float32), np.empty((2, 0), np.float32)])
    assert [array.shape for array in store.get(RECIPE, clips[:2])] == [(3, 0), (2, 0)]


def test_what_is_found_cannot_be_written_to(path, clips, arrays):
    store = FeatureStore(path)
    store.put(RECIPE, clips, arrays)
    with pytest.raises(ValueError, match="read-only"):
        store.get(RECIPE, clips)[0][0, 0] = 1


def test_of_a_clip_put_twice_the_later_array_is_found(path, clips):
    store = FeatureStore(path)
    zeros, ones, twos = (np.full((1, 2), value, np.float32) for value in range(3))
    store.put(RECIPE, clips, [zeros] * 4)
    store.put(RECIPE, clips[1:3], [ones] * 2)
    store.put(RECIPE, [clips[0], clips[0]], [ones, twos])
    same(store.get(RECIPE, clips), [twos, ones, ones, zeros])


def test_more_pages_than_sqlite_takes_in_one_query(path):
    names = clips_named(*range(2000))
    store = FeatureStore(path)
    store.put_many((RECIPE, [name], [np.full((1, 1), i, np.float32)]) for i, name in enumerate(names))
    assert count(path) == 2000
    assert [float(array[0, 0]) for array in store.get(RECIPE, names)] == list(range(2000))


def test_large_arrays_are_spread_over_pages(path, clips, arrays, monkeypatch):
    monkeypatch.setattr(store_file, "_LARGEST", 1000)
    store = FeatureStore(path)
    store.put(RECIPE, clips, arrays)
    assert count(path) == 2
    same(store.get(RECIPE, clips), arrays)


def test_an_array_beyond_what_sqlite_can_hold_is_left_out(path, clips, arrays, monkeypatch):
    monkeypatch.setattr(store_file, "_BLOB", 1000)
    store = FeatureStore(path)
    store.put(RECIPE, clips, arrays)
    store.put(OTHER, clips[1:2], arrays[1:2])
    same(store.get(RECIPE, clips), [arrays[0], None, arrays[2], arrays[3]])
    same(store.get(OTHER, clips), [None] * 4)


@pytest.mark.parametrize(
    ("names", "shapes", "message"),
    [
        ("ab", [(1, 2)], "2 clips and 1 arrays"),
        ("ab", [(1, 2), (1, 3)], "same number of columns"),
        ("ab", [(1, 2), (2,)], "two dimensions"),
        (None, [(1, 2)], "16 bytes"),
    ],
)
def test_what_is_no_page_is_refused(path, names, shapes, message):
    keys = clips_named(*names) if names else [b"short"]
    with pytest.raises(ValueError, match=message):
        FeatureStore(path).put(RECIPE, keys, [np.zeros(shape, np.float32) for shape in shapes])


def test_all_pages_of_a_put_are_kept_or_none(path, clips, arrays):
    store = FeatureStore(path)
    store.put(RECIPE, clips[:1], arrays[:1])
    trigger = f"CREATE TRIGGER refuse BEFORE INSERT ON pages WHEN NEW.recipe = '{OTHER}' "
    query(path, trigger + "BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.warns(UserWarning, match=r"can't be used \(no\)"):
        store.put_many([(RECIPE, clips[1:], arrays[1:]), (OTHER, clips, arrays)])
    same(FeatureStore(path).get(RECIPE, clips), [arrays[0], None, None, None])
    assert count(path) == 1


# Damage


def flip(path, what):
    """Change one bit of the file where *what* stands."""
    content = bytearray(path.read_bytes())
    place = content.find(what)
    assert place >= 0
    assert content.find(what, place + 1) < 0
    content[place + len(what) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("part", ["data", "rows", "clips"])
def test_a_damaged_page_counts_as_absent_and_is_replaced(path, clips, arrays, part):
    store = FeatureStore(path)
    store.put(RECIPE, clips, arrays)
    store.put(OTHER, clips[:2], arrays[:2])
    if part == "clips":
        flip(path, b"".join(clips))
    elif part == "rows":
        flip(path, np.array([len(array) for array in arrays], "<i4").tobytes())
    else:
        flip(path, arrays[3].tobytes())
    same(store.get(RECIPE, clips), [None] * 4)
    assert count(path) == 1, "the page is deleted"
    same(store.get(OTHER, clips), [*arrays[:2], None, None])
    store.put(RECIPE, clips, arrays)
    same(FeatureStore(path).get(RECIPE, clips), arrays)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE pages SET clips = x'00'",
        "UPDATE pages SET clips = NULL",
        "UPDATE pages SET clips = 'text'",
        "UPDATE contents SET columns = 26",
        "UPDATE contents SET columns = 'x'",
        "UPDATE contents SET rows = 5",
        "UPDATE contents SET data = NULL",
        "UPDATE contents SET data = x''",
        "UPDATE contents SET checksum = NULL",
        "DELETE FROM contents",
    ],
)
def test_a_page_of_the_wrong_shape_is_damaged_too(path, clips, arrays, change):
    store = FeatureStore(path)
    store.put(RECIPE, clips, arrays)
    query(path, change)
    same(store.get(RECIPE, clips), [None] * 4)
    assert count(path) == 0
    store.put(RECIPE, clips, arrays)
    same(store.get(RECIPE, clips), arrays)


def test_a_page_under_another_recipe_than_its_own_is_damaged(path, clips, arrays):
    store = FeatureStore(path)
    store.put(RECIPE, clips, arrays)
    query(path, "UPDATE pages SET recipe = ?", OTHER)
    same(store.get(OTHER, clips), [None] * 4)


@pytest.mark.parametrize("first", ["get", "put"])
@pytest.mark.parametrize("content", [b"this is no database " * 50, b"x" * 700, b"SQLite format 3\0" + b"\1" * 5000])
def test_a_damaged_file_is_set_aside(path, clips, arrays, first, content):
    path.parent.mkdir()
    path.write_bytes(content)
    store = FeatureStore(path)
    with pytest.warns(UserWarning, match=r"features\.sqlite was damaged; it is kept as features\.sqlite\.damaged"):
        store.get(RECIPE, clips) if first == "get" else store.put(RECIPE, clips, arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        store.put(RECIPE, clips, arrays)
        same(store.get(RECIPE, clips), arrays)
    assert path.with_name("features.sqlite.damaged").read_bytes() == content


def test_damage_in_the_middle_of_the_file_costs_time_only(path, rng):
    names = clips_named(*range(400))
    arrays = [rng.normal(size=(5, 20)).astype(np.float32) for _ in names]
    for i in range(0, 400, 8):
        FeatureStore(path).put(RECIPE, names[i : i + 8], arrays[i : i + 8])
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20000] = rng.bytes(20000)
    path.write_bytes(content)
    store = FeatureStore(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for array, true in zip(store.get(RECIPE, names), arrays):
            assert array is None or np.array_equal(array, true)
        store.put(RECIPE, names, arrays)
        same(store.get(RECIPE, names), arrays)


@pytest.mark.parametrize("way", ["folder", "file in the way"])
def test_a_store_that_cannot_be_made_is_gone_without_with_one_warning(tmp_path, clips, arrays, way):
    if way == "folder":
        (tmp_path / "features.sqlite").mkdir()
        store = FeatureStore(tmp_path / "features.sqlite")
    else:
        (tmp_path / "file").write_text("x")
        store = FeatureStore(tmp_path / "file" / "features.sqlite")
    with pytest.warns(UserWarning, match=r"can't be used \(.+\); going on without it"):
        store.put(RECIPE, clips, arrays)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        store.put(RECIPE, clips, arrays)
        same(store.get(RECIPE, clips), [None] * 4)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may write everywhere")
def test_an_unwritable_folder_is_gone_without(tmp_path, clips, arrays):
    tmp_path.chmod(0o500)
    store = FeatureStore(tmp_path / "features.sqlite")
    with pytest.warns(UserWarning, match="can't be used"):
        store.put(RECIPE, clips, arrays)
    same(store.get(RECIPE, clips), [None] * 4)


def test_an_error_that_isnt_damage_never_sets_a_good_file_aside(path, clips, arrays, monkeypatch):
    """Children of `sqlite3.DatabaseError` speak of the query or the disk, not of the file's content."""
    FeatureStore(path).put(RECIPE, clips, arrays)
    for error in (sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.OperationalError, sqlite3.InterfaceError):

        def fail(*_, error=error):
            raise error("database or disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(store_file, "put", fail)
            with pytest.warns(UserWarning, match="disk is full"):
                FeatureStore(path).put(RECIPE, clips, arrays)
        same(FeatureStore(path).get(RECIPE, clips), arrays)
    assert sorted(os.listdir(path.parent)) == ["features.sqlite"]


# Other formats


def test_a_database_of_another_program_is_left_as_it_is(path, clips, arrays):
    path.parent.mkdir()
    query(path, "CREATE TABLE features (name TEXT, price REAL)")
    query(path, "INSERT INTO features VALUES ('tea', 2.5)")
    with pytest.warns(UserWarning, match=r"can't be used \(it is a database of another program\)"):
        FeatureStore(path).put(RECIPE, clips, arrays)
    assert os.listdir(path.parent) == ["features.sqlite"]
    assert query(path, "SELECT * FROM features") == [("tea", 2.5)]


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("first", ["get", "put", "info"])
@pytest.mark.parametrize("older", [0, 1])
def test_a_store_of_an_older_format_is_replaced(path, clips, arrays, first, older):
    path.parent.mkdir()
    if older:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(
            "CREATE TABLE features (key TEXT PRIMARY KEY, rows INTEGER, columns INTEGER, data BLOB, checksum BLOB) "
            "WITHOUT ROWID"
        )
        connection.execute("INSERT INTO features VALUES ('a', 1, 1, zeroblob(1000000), x'00')")
        connection.commit()
        connection.close()
    else:
        path.write_bytes(b"")
    store = FeatureStore(path)
    {"get": lambda: store.get(RECIPE, clips), "put": lambda: store.put(RECIPE, clips, arrays), "info": store.info}[
        first
    ]()
    assert path.stat().st_size < 200_000
    store.put(RECIPE, clips, arrays)
    same(FeatureStore(path).get(RECIPE, clips), arrays)
    assert sorted(os.listdir(path.parent)) == ["features.sqlite"]


def test_a_store_of_a_newer_format_is_left_alone(path, clips, arrays, tmp_path):
    FeatureStore(path).put(RECIPE, clips, arrays)
    query(path, "PRAGMA user_version=99")
    shutil.copy(path, tmp_path / "copy")
    store = FeatureStore(path)
    with pytest.warns(UserWarning, match="written by a later audioclf"):
        same(store.get(RECIPE, clips), [None] * 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        store.put(RECIPE, clips, arrays)
        same(store.get(RECIPE, clips), [None] * 4)
    assert path.read_bytes() == (tmp_path / "copy").read_bytes()


# Several at once


def test_a_lock_during_the_first_opening_is_waited_for(path, clips, arrays):
    """SQLite refuses at once to change the journal mode of a file that another process is about to write."""
    path.parent.mkdir()
    other = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    other.execute("PRAGMA user_version=0")
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.2, other.rollback)
    timer.start()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FeatureStore(path).put(RECIPE, clips, arrays)
    timer.join()
    other.close()
    same(FeatureStore(path).get(RECIPE, clips), arrays)


def test_reading_does_not_wait_for_a_writer(path, clips, arrays):
    store = FeatureStore(path)
    store.put(RECIPE, clips, arrays)
    query(path, "UPDATE pages SET used = 0")  # so that reading would like to write, too
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    same(store.get(RECIPE, clips), arrays)
    other.execute("ROLLBACK")
    other.close()
    same(store.get(RECIPE, clips), arrays)
    assert query(path, "SELECT used > 0 FROM pages") == [(1,)]


def test_threads_may_share_a_store(path):
    store = FeatureStore(path)
    shared = clips_named("shared")
    store.put(RECIPE, shared, [np.ones((1, 1), np.float32)])
    problems = []

    def work(i):
        try:
            for j in range(10):
                store.put(RECIPE, clips_named(f"{i}-{j}"), [np.full((2, 1), i, np.float32)])
                same(store.get(RECIPE, shared), [np.ones((1, 1))])
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
    for i in range(4):
        same(store.get(RECIPE, clips_named(*(f"{i}-{j}" for j in range(10)))), [np.full((2, 1), i)] * 10)


WRITER = """
import sys, warnings
from pathlib import Path
import numpy as np
from audioclf.store.store import FeatureStore, FileFacts, clip_key
path, number = sys.argv[1], int(sys.argv[2])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    store = FeatureStore(path)
    print("ready", flush=True)
    sys.stdin.readline()
    for i in range(10):
        own = [clip_key(f"{number}-{i}-{j}", None, None) for j in range(4)]
        shared = [clip_key(f"shared-{i}", None, None)]
        store.get("recipe", own + shared)
        store.put("recipe", own + shared, [np.full((3, 4), number, np.float32)] * 5)
        store.files([Path(path)])
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
    store = FeatureStore(path)
    found = {
        n: store.get("recipe", clips_named(*(f"{n}-{i}-{j}" for i in range(10) for j in range(4)))) for n in range(4)
    }
    for n, arrays in found.items():
        for array in arrays:
            assert array is None or np.array_equal(array, np.full((3, 4), n))
    shared = store.get("recipe", clips_named(*(f"shared-{i}" for i in range(10))))
    assert {float(array[0, 0]) for array in shared if array is not None} <= {0, 1, 2, 3}
    complete = sum(array is not None for arrays in found.values() for array in arrays)
    if damaged:  # two processes may each have begun a new one: that costs time, not numbers
        assert complete >= 40
        assert said
        assert [message for message in said if "was damaged" not in message] == []
    else:
        assert complete == 160
        assert all(array is not None for array in shared)
        assert said == []


def test_a_store_that_another_process_just_began_is_ours(path, monkeypatch):
    path.parent.mkdir()
    path.touch()
    ask = store_file._tables

    def begin(connection):
        monkeypatch.setattr(store_file, "_tables", ask)
        other = sqlite3.connect(path, timeout=0.1, isolation_level=None)
        with contextlib.closing(other), contextlib.suppress(sqlite3.OperationalError):  # faster, or it has to wait
            store_file.set_up(other)
        return ask(connection)

    monkeypatch.setattr(store_file, "_tables", begin)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        FeatureStore(path).put(RECIPE, clips_named("a"), [np.ones((1, 1), np.float32)])
    same(FeatureStore(path).get(RECIPE, clips_named("a")), [np.ones((1, 1))])


KILLED = """
import sys
import numpy as np
from audioclf.store.store import FeatureStore, clip_key
store = FeatureStore(sys.argv[1])
array = np.ones((100, 50), np.float32)
for i in range(100_000):
    keys = [clip_key(f"{i}-{j}", None, None) for j in range(8)]
    store.put_many([("a", keys, [array * i] * 8), ("b", keys, [array[:, :3] * i] * 8)])
    print(i, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_killed_writer_leaves_the_store_whole(path):
    worker = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True)
    for _ in range(5):
        last = int(worker.stdout.readline())
    worker.send_signal(signal.SIGKILL)
    last += len(worker.communicate()[0].splitlines())
    assert query(path, "PRAGMA integrity_check") == [("ok",)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        store = FeatureStore(path)
        for i in range(last + 2):  # the one after the last word may have been finished or not
            keys = clips_named(*(f"{i}-{j}" for j in range(8)))
            for name, columns in (("a", 50), ("b", 3)):
                found = store.get(name, keys)
                if i <= last or found[0] is not None:
                    same(found, [np.full((100, columns), i)] * 8)
                else:
                    assert found == [None] * 8
        assert (store.get("a", keys)[0] is None) == (store.get("b", keys)[0] is None)
        store.put("c", keys, [np.ones((1, 1), np.float32)] * 8)
        same(store.get("c", keys), [np.ones((1, 1))] * 8)


def test_a_store_travels_to_another_process(path, clips, arrays):
    store = FeatureStore(path)
    store.put(RECIPE, clips, arrays)
    same(pickle.loads(pickle.dumps(store)).get(RECIPE, clips), arrays)


# Recordings

FACTS = FileFacts("0" * 32, 44100, 2, 1.25)


def recording(folder, name="a.wav", content=b"some bytes"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name


@pytest.fixture
def settled(monkeypatch):
    """Let two seconds pass at once, whenever asked to."""
    real, ahead = time.time_ns, [0]
    monkeypatch.setattr(module.time, "time_ns", lambda: real() + ahead[0])

    def wait():
        ahead[0] += 2_100_000_000

    return wait


def test_an_unchanged_recording_is_remembered(path, tmp_path, settled):
    files = [recording(tmp_path / "r", f"ü {i}.wav") for i in range(2000)]
    facts = {file: FileFacts(f"{i:032x}", 8000 + i, 1 + i % 2, i / 7) for i, file in enumerate(files)}
    settled()
    store = FeatureStore(path)
    assert store.files(files) == {}
    store.remember(facts)
    assert store.files(files) == facts
    assert FeatureStore(path).files([*files[::-1], tmp_path / "absent", files[0]]) == facts
    few = files[::500]  # far apart in the table
    assert FeatureStore(path).files(few) == {file: facts[file] for file in few}


def test_a_recording_is_the_same_by_a_relative_path(path, tmp_path, settled, monkeypatch):
    file = recording(tmp_path / "r")
    settled()
    store = FeatureStore(path)
    store.files([file])
    store.remember({file: FACTS})
    monkeypatch.chdir(tmp_path)
    for other in (Path("r/a.wav"), Path("r/../r/a.wav"), tmp_path / "r" / ".." / "r" / "a.wav"):
        assert store.files([other]) == {other: FACTS}


def test_names_that_no_text_can_hold(path, tmp_path, settled):
    store = FeatureStore(path)
    try:
        file = recording(tmp_path / "r", os.fsdecode(b"\xff.wav"))
    except OSError:
        pytest.skip("this file system takes no such name")
    settled()
    store.files([file, Path("null\0character")])
    store.remember({file: FACTS, Path("null\0character"): FACTS})
    assert store.files([file, Path("null\0character")]) == {file: FACTS}


@pytest.mark.parametrize("change", ["content", "size", "replaced", "gone", "times put back"])
def test_a_changed_recording_is_noticed(path, tmp_path, settled, change):
    file, twin = recording(tmp_path / "r"), recording(tmp_path / "r", "b.wav", b"other byte")
    times = file.stat()
    os.utime(twin, ns=(times.st_atime_ns, times.st_mtime_ns))
    settled()
    store = FeatureStore(path)
    store.files([file])
    store.remember({file: FACTS})
    assert store.files([file]) == {file: FACTS}
    time.sleep(0.02)  # more than a tick of the file system's clock
    if change == "content":
        file.write_bytes(b"other byte")
    elif change == "size":
        file.write_bytes(b"more bytes than before")
    elif change == "replaced":
        twin.replace(file)
    elif change == "gone":
        file.unlink()
    else:
        file.write_bytes(b"other byte")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert store.files([file]) == {}
    settled()
    assert FeatureStore(path).files([file]) == {}


def test_a_recording_changed_just_now_is_not_remembered(path, tmp_path, settled):
    file = recording(tmp_path / "r")
    store = FeatureStore(path)
    store.files([file])
    store.remember({file: FACTS})
    settled()
    assert store.files([file]) == {}


def test_a_recording_touched_just_now_is_not_remembered_though_its_content_is_old(path, tmp_path, settled):
    file = recording(tmp_path / "r")
    os.utime(file, (1e9, 1e9))
    store = FeatureStore(path)
    store.files([file])
    store.remember({file: FACTS})
    assert store.files([file]) == {}


def test_a_recording_too_young_when_it_was_read_is_not_remembered_later(path, tmp_path, settled):
    """It may have changed after it was read within the tick of the clock in which it had been written."""
    file = recording(tmp_path / "r")
    store = FeatureStore(path)
    store.files([file])
    settled()
    store.remember({file: FACTS})
    assert store.files([file]) == {}


def test_a_recording_that_changed_while_it_was_read_is_not_remembered(path, tmp_path, settled):
    file = recording(tmp_path / "r")
    settled()
    store = FeatureStore(path)
    store.files([file])
    time.sleep(0.02)
    file.write_bytes(b"other byte")
    settled()
    store.remember({file: FACTS})
    assert store.files([file]) == {}


def test_an_empty_recording_is_not_remembered(path, tmp_path, settled):
    file = recording(tmp_path / "r", content=b"")
    settled()
    store = FeatureStore(path)
    store.files([file])
    store.remember({file: FACTS})
    assert store.files([file]) == {}


def test_a_hash_is_not_forgotten_for_a_header(path, tmp_path, settled):
    file = recording(tmp_path / "r")
    settled()
    header = FACTS._replace(content=None)
    for facts, expected in ((header, header), (FACTS, FACTS), (header, FACTS)):
        store = FeatureStore(path)
        store.files([file])
        store.remember({file: facts})
        assert store.files([file]) == {file: expected}


@pytest.mark.parametrize("change", ["facts = x'00'", "facts = NULL", "facts = facts || x'30'", "checksum = 1"])
def test_damaged_facts_count_as_absent(path, tmp_path, settled, change):
    file = recording(tmp_path / "r")
    settled()
    store = FeatureStore(path)
    store.files([file])
    store.remember({file: FACTS})
    query(path, f"UPDATE files SET {change}")
    assert store.files([file]) == {}
    store.remember({file: FACTS})
    assert store.files([file]) == {file: FACTS}


# Bounds


def aged(path, rng, pages=20):
    """Put pages of 40 kB, the first not used for the longest time, one day apart; return their clips."""
    store = FeatureStore(path)
    names = clips_named(*range(pages))
    for name in names:
        store.put(RECIPE, [name], [rng.normal(size=(100, 100)).astype(np.float32)])
    query(path, "UPDATE pages SET used = ? - 86400 * (? - id)", int(time.time()), pages)
    return names


def there(path, names):
    """Which are there, without their being used."""
    kept = {clips for (clips,) in query(path, "SELECT clips FROM pages")}
    return [name in kept for name in names]


def test_pruning_by_size_leaves_what_was_used_last(path, rng):
    names = aged(path, rng)
    store = FeatureStore(path)
    before = path.stat().st_size
    done = store.prune(max_size=450_000)
    size = path.stat().st_size
    assert 350_000 < size <= 450_000
    assert (done.size, done.freed) == (size, before - size)
    kept = there(path, names)
    assert kept == sorted(kept)
    assert done.pages == 20 - sum(kept) == 20 - count(path)
    assert store.prune(max_size=450_000).pages == 0
    assert store.prune(max_size=0).pages == sum(kept)
    assert store.get(RECIPE, names) == [None] * 20


def test_pruning_by_age(path, rng):
    names = aged(path, rng)
    before = path.stat().st_size
    assert FeatureStore(path).prune(older_than=9.5).pages == 10
    assert there(path, names) == [False] * 10 + [True] * 10
    assert path.stat().st_size < 0.7 * before
    assert all(array is not None for array in FeatureStore(path).get(RECIPE, names[10:]))


def test_reading_makes_a_page_young_again(path, rng):
    names = aged(path, rng)
    FeatureStore(path).get(RECIPE, names[:1])
    FeatureStore(path).prune(older_than=9.5)
    assert there(path, names) == [True] + [False] * 9 + [True] * 10


def test_reading_what_was_used_today_writes_nothing(path, clips, arrays):
    store = FeatureStore(path)
    store.put(RECIPE, clips, arrays)
    hour_ago = int(time.time()) - 3600
    query(path, "UPDATE pages SET used = ?", hour_ago)
    store.get(RECIPE, clips)
    assert query(path, "SELECT used FROM pages") == [(hour_ago,)]


def test_pruning_everything_forgets_recordings_too(path, tmp_path, clips, arrays, settled):
    file = recording(tmp_path / "r")
    settled()
    store = FeatureStore(path)
    store.put(RECIPE, clips, arrays)
    store.files([file])
    store.remember({file: FACTS})
    assert store.prune(everything=True).pages == 1
    info = store.info()
    assert (info.clips, info.recordings, info.recipes, info.oldest) == (0, 0, [], None)
    assert store.files([file]) == {}


def test_recordings_not_asked_for_are_forgotten_by_age(path, tmp_path, settled):
    files = [recording(tmp_path / "r", f"{i}.wav") for i in range(2)]
    settled()
    store = FeatureStore(path)
    store.files(files)
    store.remember(dict.fromkeys(files, FACTS))
    query(path, "UPDATE files SET used = 0")
    store.files(files[:1])
    store.prune(older_than=30)
    assert store.files(files) == {files[0]: FACTS}


def test_pruning_what_is_not_there(path):
    done = FeatureStore(path).prune(everything=True)
    assert (done.pages, done.freed, done.size) == (0, 0, 0)
    assert not path.parent.exists()


def test_a_store_bounds_itself(path, rng, monkeypatch):
    monkeypatch.setenv("AUDIOCLF_STORE_LIMIT", "500kB")
    names = clips_named(*range(40))
    store = FeatureStore(path)
    for i, name in enumerate(names):
        store.put(RECIPE, [name], [rng.normal(size=(100, 100)).astype(np.float32)])
        query(path, "UPDATE pages SET used = used - 10")
        assert path.stat().st_size < 600_000, i
    kept = there(path, names)
    assert kept == sorted(kept)
    assert 8 <= sum(kept) <= 12


def test_a_limit_that_is_no_size_is_refused(monkeypatch, path):
    monkeypatch.setenv("AUDIOCLF_STORE_LIMIT", "a lot")
    with pytest.raises(AudioclfError, match="AUDIOCLF_STORE_LIMIT: 'a lot' is no size; write for example 500MB"):
        FeatureStore(path)


def test_info_tells_recipes_apart(path, clips, arrays):
    store = FeatureStore(path)
    analysis = Analysis(16000)
    store.put(recipe(analysis, Plain(count=3), ("mean", "std")), clips, arrays)
    store.put(recipe(analysis, Plain(), None), clips[:2], [array[:, :1] for array in arrays[:2]])
    store.put("without words", clips_named("x"), [np.zeros((1, 1), np.float32)])
    info = store.info()
    assert (info.clips, info.size, info.recordings) == (5, path.stat().st_size, 0)
    assert [(use.feature, use.functionals, use.clips) for use in info.recipes] == [
        ("plain:count=3", "mean,std", 4),
        ("plain", "frames", 2),
        ("", "", 1),
    ]
    assert info.recipes[0].analysis == "16000 Hz, hamming frames of 25 ms every 10 ms, FFT of 1024"
    assert info.oldest is not None
    assert abs(info.newest - time.time()) < 1000
    store.prune(everything=True)
    assert query(path, "SELECT * FROM recipes") == []


def test_info_and_prune_of_what_is_no_store_say_so(path):
    path.parent.mkdir()
    query(path, "CREATE TABLE features (name TEXT)")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(
            AudioclfError, match=r"features\.sqlite can't be used \(it is a database of another program\)$"
        ):
            FeatureStore(path).info()
        with pytest.raises(AudioclfError, match="another program"):
            FeatureStore(path).prune(everything=True)
    assert query(path, "SELECT * FROM features") == []


@pytest.mark.parametrize(
    ("text", "size"),
    [("500MB", 500e6), ("2GB", 2e9), ("1.5G", 1.5e9), ("10 kb", 1e4), ("7", 7), ("7B", 7), (".5T", 5e11), ("0", 0)],
)
def test_sizes(text, size):
    assert module.parse_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-1GB", "1,5GB", "2 GiB", "1e9", "9" * 400])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match="is no size; write for example"):
        module.parse_size(text)


@pytest.mark.parametrize("text", ["", "d", "30", "-3d", "3 weeks"])
def test_what_is_no_number_of_days(text):
    with pytest.raises(ValueError, match="is no number of days; write for example 30d"):
        module.parse_days(text)


# Where, and what for


def test_the_default_file_lies_in_the_cache_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("AUDIOCLF_CACHE", str(tmp_path))
    assert FeatureStore().path == tmp_path / "features.sqlite"
    assert FeatureStore(str(tmp_path / "x")).path == tmp_path / "x"
    assert FeatureStore("~/x").path == Path.home() / "x"
    assert os.listdir(tmp_path) == []


def test_no_store_keeps_nothing(tmp_path, monkeypatch, clips, arrays, settled):
    monkeypatch.setenv("AUDIOCLF_CACHE", str(tmp_path / "cache"))
    file = recording(tmp_path / "r")
    settled()
    store = NoStore()
    store.put(RECIPE, clips, arrays)
    store.put_many([(RECIPE, clips, arrays)])
    same(store.get(RECIPE, clips), [None] * 4)
    assert store.get_many([RECIPE, OTHER], clips[:2]) == [[None, None]] * 2
    assert store.files([file]) == {}
    store.remember({file: FACTS})
    assert store.files([file]) == {}
    assert not (tmp_path / "cache").exists()


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


def test_the_recipe_changes_with_everything_that_changes_the_numbers(monkeypatch):
    pooled = ("mean", "std")
    analysis = {"sample_rate": 16000, "frame_length": 0.025, "hop_length": 0.01, "window": "hamming", "n_fft": 2048}
    base = (Analysis(**analysis), Plain(), pooled)

    def with_(place, value):
        return (*base[:place], value, *base[place + 1 :])

    changed = [
        base,
        *(
            with_(0, Analysis(**{**analysis, name: value}))
            for name, value in {
                "sample_rate": 8000, "frame_length": 0.03, "hop_length": 0.02, "window": "hann", "n_fft": 4096,
            }.items()
        ),
        *(with_(1, e) for e in (Plain(count=2), Plain(level=0.25), Plain(deltas=1), Plain(delta_width=3))),
        *(with_(1, e) for e in (Newer(), Other())),
        *(with_(2, f) for f in (None, ("mean",), ("std", "mean"), ("mean", "std", "p5"))),
    ]  # fmt: skip
    recipes = [recipe(*facts) for facts in changed]
    assert len(set(recipes)) == len(recipes)
    assert recipes == [recipe(*facts) for facts in changed]
    monkeypatch.setattr(module, "_libraries", lambda: (("soxr", "99"),))
    assert recipe(*base) not in recipes


def test_the_recipe_is_the_same_for_the_same_fft_however_it_was_chosen():
    def of(n_fft):
        return recipe(Analysis(16000, n_fft=n_fft), Plain(), None)

    assert of(None) == of(Analysis(16000).fft_size)


def test_every_stretch_of_every_content_has_a_key_of_its_own():
    stretches = [(None, None), (0.5, None), (0.25, None), (None, 0.5), (0.25, 0.5), (0.1 + 0.2, None), (0.3, None)]
    keys = [clip_key(content, *stretch) for content in ("a" * 32, "b" * 32) for stretch in stretches]
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {16}
