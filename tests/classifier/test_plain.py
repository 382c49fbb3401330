"""Estimators as plain data: what goes in comes out, and nothing else can get in."""

from __future__ import annotations

import functools
import json
from collections import OrderedDict

import numpy as np
import pytest
from learners import NAMES, clips, quick

from audioclf.classifier import plain
from audioclf.classifier.contract import Classifier, build_classifier
from audioclf.errors import ModelError
from audioclf.structs import DamagedError

HERE = f"{__name__}."


class Slope:
    """Restored by its state."""

    def __init__(self, factor):
        self.factor = factor


class Counted:
    """Restored by a call of its type, and its state."""

    def __init__(self, size):
        self.size = size
        self.values = None

    def __reduce__(self):
        return Counted, (self.size,), {"values": self.values}

    def __setstate__(self, state):
        self.values = state["values"]


class Slotted:
    __slots__ = ("factor",)


class ByFunction:
    def __reduce__(self):
        return str, ("x",)


def round_trip(value, *trusted):
    return plain.loads(*plain.dumps(value, trusted), trusted)


@pytest.mark.parametrize(
    "value",
    [
        None, True, -7, 2**80, 0.1, 5e-324, -0.0, "", "é\u2028\ud800", [], (), {}, [1, [2.5, ("a", None)]],
        {"b": 1, "a": {"c": (False,)}}, {"tuple": [1], "dict": {}, "array": 0, "type": 0, "float": "nan"},
    ],
)  # fmt: skip
def test_plain_values(value):
    again = round_trip(value)
    assert again == value
    assert repr(again) == repr(value)  # tells -0.0 from 0.0, True from 1, and the order of keys


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_floats_that_json_lacks(value):
    structure, _ = plain.dumps(value, ())
    json.loads(structure, parse_constant=pytest.fail)
    np.testing.assert_array_equal(round_trip(value), value)


@pytest.mark.parametrize(
    "value", [np.float64(0.1), np.float32(np.nan), np.int64(-(2**63)), np.uint8(255), np.bool_(True)]
)
def test_numpy_scalars_keep_their_type(value):
    again = round_trip(value)
    assert type(again) is type(value)
    np.testing.assert_array_equal(again, value)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype=np.int32).reshape(2, 3)),
        np.array(["ab", "é"]),
        np.array(3.5),
        np.empty((0, 4), np.float32),
        np.array([(1, 2.0)], dtype=np.dtype([("a", "u1"), ("b", "f8")], align=True)),
    ],
)
def test_arrays_keep_type_shape_and_order(array):
    again = round_trip([array])[0]
    assert (again.dtype, again.shape, again.flags.c_contiguous) == (array.dtype, array.shape, array.flags.c_contiguous)
    np.testing.assert_array_equal(again, array)
    assert again.flags.writeable


def test_an_array_at_two_places_is_one():
    array = np.arange(1000.0)
    first, second, other = round_trip([array, array, array.copy()])
    assert first is second
    assert first is not other
    assert len(plain.dumps([array] * 9, ())[1]) == len(plain.dumps([array], ())[1])


def test_objects():
    counted = Counted(3)
    counted.values = np.arange(3)
    slope, again = round_trip([Slope({"a": Slope(2.0)}), counted], HERE + "Slope", HERE + "Counted")
    assert type(slope) is Slope
    assert slope.factor["a"].factor == 2.0
    assert (again.size, list(again.values)) == (3, [0, 1, 2])


@pytest.mark.parametrize(
    "value",
    [
        np.array([None, "a"]),
        np.array([(1, None)], dtype=[("a", int), ("b", object)]),
        np.ma.masked_array([1.0], [True]),
        {1: 2},
        {"a"},
        OrderedDict(a=1),
        b"bytes",
        1j,
        np.datetime64("2020-01-01"),
        np.str_("a"),
        print,
        Slope,
        functools.partial(print, 1),
        ByFunction(),
        Slotted(),
        np.random.RandomState(0),
        type("Slope", (Slope,), {"__module__": "elsewhere"})(1.0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_else_is_refused_when_writing(value):
    trusted = (HERE + "Slotted", HERE + "ByFunction", "numpy.random.mtrand.RandomState", "functools.partial")
    if isinstance(value, Slotted):
        value.factor = 1
    with pytest.raises(plain.NotPlainError):
        plain.dumps({"inside": [value]}, trusted)


def test_an_object_that_holds_itself_is_refused():
    slope = Slope(1.0)
    slope.factor = [slope]
    with pytest.raises(plain.NotPlainError, match="holds itself"):
        plain.dumps(slope, [HERE + "Slope"])


class TestLoading:
    def test_a_type_off_the_list_is_not_even_looked_up(self, tmp_path, monkeypatch):
        (tmp_path / "trap_for_plain_data.py").write_text("raise SystemExit('imported')")
        monkeypatch.syspath_prepend(str(tmp_path))
        structure = {"types": ["builtins.dict", "trap_for_plain_data.Trap"], "estimator": None}
        with pytest.raises(ModelError, match=r"not trusted \(trap_for_plain_data.Trap\)"):
            plain.loads(json.dumps(structure).encode(), b"", ["builtins.dict"])

    def test_a_function_on_the_list_is_no_type(self):
        structure = {"types": ["os.system"], "estimator": {"type": 0, "call": ["false"]}}
        with pytest.raises(DamagedError, match=r"estimator.json: \$.types: os\.system isn't a type"):
            plain.loads(json.dumps(structure).encode(), b"", ["os.system"])

    def test_no_number_of_a_type_but_those_listed(self):
        with pytest.raises(DamagedError, match=r"estimator.json: \$.estimator.type: there is no type 0"):
            plain.loads(b'{"types": [], "estimator": {"type": 0}}', b"", [])

    def test_no_pickle_in_an_array(self, tmp_path):
        np.save(tmp_path / "a.npy", np.array([Slope(1.0)]), allow_pickle=True)
        with pytest.raises(DamagedError, match=r"estimator.npy: array 0: .*allow_pickle"):
            plain.loads(b'{"types": [], "estimator": {"array": 0}}', (tmp_path / "a.npy").read_bytes(), [])

    @pytest.mark.parametrize("number", [["O", None], ["<U3", "abc"], ["V8", 1]])
    def test_numbers_only(self, number):
        structure = json.dumps({"types": [], "estimator": {"number": number}}).encode()
        with pytest.raises(DamagedError, match=r"estimator.json: \$.estimator.number: '.*' is no type of a number"):
            plain.loads(structure, b"", [])


@pytest.mark.parametrize("name", [n for n in NAMES if build_classifier(n).pack.__func__ is Classifier.pack])
def test_built_in_classifiers(name):
    classifier = quick(name)
    X, y = clips(classifier.takes, 8)
    fitted = classifier.build(seed=0).fit(X, y)
    if name == "gboost":  # its losses and generators are restored by functions
        with pytest.raises(plain.NotPlainError):
            plain.dumps(fitted, classifier.trusted)
        return
    again = plain.loads(*plain.dumps(fitted, classifier.trusted), classifier.trusted)
    np.testing.assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))
    np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    np.testing.assert_array_equal(again.classes_, fitted.classes_)
    assert plain.dumps(again, classifier.trusted)[0] == plain.dumps(fitted, classifier.trusted)[0]
