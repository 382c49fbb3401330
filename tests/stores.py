"""What tests of the feature store share: keys of clips, questions to its file, recordings."""

from __future__ import annotations

import sqlite3

import numpy as np

from audioclf.store.recipe import clip_key
from audioclf.store.recordings import FileFacts

RECIPE = "0123456789abcdef" * 2
OTHER = "fedcba9876543210" * 2
FACTS = FileFacts("0" * 32, 44100, 2, 1.25)


def clips_named(*names):
    return [clip_key(str(name), None, None) for name in names]


def same(found, expected):
    """Assert that arrays are those expected, None where none is."""
    assert len(found) == len(expected)
    for array, other in zip(found, expected):
        assert (array is None) == (other is None)
        if other is not None:
            assert array.dtype == np.float32
            np.testing.assert_array_equal(array, other)


def query(path, statement, *values):
    """What a store's file answers to SQL, past the store."""
    connection = sqlite3.connect(path)
    with connection:
        rows = connection.execute(statement, values).fetchall()
    connection.close()
    return rows


def count(path):
    """The number of pages in a store's file."""
    [(pages,)] = query(path, "SELECT count(*) FROM pages")
    [(contents,)] = query(path, "SELECT count(*) FROM contents")
    assert pages == contents
    return pages


def recording(folder, name="a.wav", content=b"some bytes"):
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(content)
    return folder / name
