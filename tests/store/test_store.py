"""The store keeps pages whole, notices damage, and never ends a run."""

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
import warnings
from pathlib import Path

import numpy as np
import pytest
from stores import FACTS, OTHER, RECIPE, clips_named, count, query, recording, same

from audioclf.store import file as store_file
from audioclf.store import pages
from audioclf.store.store import FeatureStore, NoStore


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
    monkeypatch.setattr(pages, "_LARGEST", 1000)
    store = FeatureStore(path)
    store.put(RECIPE, clips, arrays)
    assert count(path) == 2
    same(store.get(RECIPE, clips), arrays)


def test_an_array_beyond_what_sqlite_can_hold_is_left_out(path, clips, arrays, monkeypatch):
    monkeypatch.setattr(pages, "_BLOB", 1000)
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
            patch.setattr("audioclf.store.store.put_pages", fail)
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
from audioclf.store.store import FeatureStore
from audioclf.store.recordings import FileFacts
from audioclf.store.recipe import clip_key
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
from audioclf.store.store import FeatureStore
from audioclf.store.recipe import clip_key
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
