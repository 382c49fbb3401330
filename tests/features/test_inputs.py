"""What classifiers take: vectors and sequences behind one face."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from audioclf.features import functionals
from audioclf.features.inputs import inputs_of
from audioclf.features.specs import build_extractors, vector_names

LENGTHS = np.array([2, 4, 3])


@pytest.fixture
def frames(rng):
    return inputs_of("sequences", rng.normal(size=(9, 2)).astype(np.float32), LENGTHS)


@pytest.fixture
def vectors(rng):
    return inputs_of("vectors", rng.normal(size=(5, 2)).astype(np.float32))


def test_selected_clips_in_the_order_asked_for(vectors, frames):
    np.testing.assert_array_equal(vectors.select(np.array([3, 0])), vectors.array[[3, 0]])
    parts = frames.select(np.array([2, 0]))
    np.testing.assert_array_equal(parts[0], frames.array[6:9])
    np.testing.assert_array_equal(parts[1], frames.array[0:2])
    assert (len(vectors), len(frames)) == (5, 3)


def test_other_rows_are_given_as_the_clips_own_are(vectors, frames):
    assert vectors.as_taken(vectors.array, vectors.lengths) is vectors.array
    for part, own in zip(frames.as_taken(frames.array, LENGTHS), frames.select(np.arange(3)), strict=True):
        np.testing.assert_array_equal(part, own)


@pytest.mark.parametrize("n_functionals", [1, 3])
def test_columns_are_those_that_vector_names_name(n_functionals):
    extractors = build_extractors("mfcc:deltas=1:n_coeffs=4+zcr")
    pooled = ("mean", "std", "p95")[:n_functionals]
    names = vector_names(extractors, pooled)
    columns = inputs_of("vectors", np.zeros((1, len(names)), np.float32)).columns(extractors)
    for extractor, block in zip(extractors, columns, strict=True):
        assert block.shape == (n_functionals, len(extractor.coefficient_names))
        for how, row in zip(pooled, block, strict=True):
            assert [names[i] for i in row] == [f"{name}_{how}" for name in extractor.coefficient_names]


@pytest.mark.parametrize("width", [0, 1, 3])
def test_columns_of_other_extractors_are_refused(width):
    with pytest.raises(ValueError, match=f"the data has {width} columns, which is no multiple of the 2 coefficients"):
        inputs_of("vectors", np.zeros((1, width), np.float32)).columns(build_extractors("zcr+rolloff"))


def test_vectors_trade_whole_rows(vectors):
    clips, partners = np.array([0, 2, 4]), np.array([4, 0, 2])
    assert vectors.traded(clips, partners).tolist() == partners.tolist()


def test_a_partners_frames_are_stretched_to_the_clips_own_number(frames):
    assert frames.traded(np.array([0, 1, 2]), np.array([1, 0, 2])).tolist() == [3, 5, 0, 0, 1, 1, 6, 7, 8]
    for clip in range(3):
        for partner in range(3):
            got = frames.traded(np.array([clip]), np.array([partner]))
            first = LENGTHS[:partner].sum()
            assert len(got) == LENGTHS[clip]
            assert first <= got.min()
            assert got.max() < first + LENGTHS[partner]


def test_clips_and_copies_are_joined(frames, vectors, tmp_path):
    both = frames.joined([frames])
    assert both.lengths.tolist() == [2, 4, 3, 2, 4, 3]
    np.testing.assert_array_equal(both.select(np.array([4]))[0], frames.select(np.array([1]))[0])
    three = vectors.joined([vectors, vectors], tmp_path)
    assert three.array.shape == (15, 2)
    again = pickle.loads(pickle.dumps(three))
    assert [path.suffix for path in tmp_path.iterdir()] == [".npy"]
    np.testing.assert_array_equal(again.array, three.array)
    assert type(again) is type(vectors)


def test_summary_of_frames_is_their_mean_and_deviation(frames, vectors):
    found = frames.summary()
    assert found.shape == (3, 4)
    for row, part in zip(found, frames.select(np.arange(3)), strict=True):
        assert row == pytest.approx(functionals.pool(part, ("mean", "std")), abs=1e-6)
        assert row[2:] == pytest.approx(part.std(axis=0), abs=1e-6)
    np.testing.assert_array_equal(vectors.summary(), vectors.array)
