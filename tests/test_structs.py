"""Structs of files: what is damaged is named by its field, and what is written comes back."""

from __future__ import annotations

import math

import numpy as np
import pytest

from audioclf import structs
from audioclf.structs import Count, DamagedError, Finite, Struct, Text


class Inner(Struct):
    scores: list[Finite]
    name: Text = "inner"


class Outer(Struct):
    number: Finite
    inner: Inner
    count: Count | None = None


GOOD = '{"number": 1, "inner": {"scores": [0.5, 1e-3]}}'


def test_good_content_is_read_and_its_defaults_filled_in():
    read = structs.decode(GOOD, Outer)
    assert read == Outer(number=1.0, inner=Inner(scores=[0.5, 0.001], name="inner"), count=None)
    assert isinstance(read.number, float)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"inner": {"scores": []}}', "$.number: missing"),
        ('{"number": 1, "inner": {}}', "$.inner.scores: missing"),
        ('{"number": "1", "inner": {"scores": []}}', "$.number: expected a number, got text"),
        ('{"number": 1, "inner": {"scores": [1, null]}}', "$.inner.scores[1]: expected a number, got null"),
        ('{"number": 1, "inner": []}', "$.inner: expected an object, got a list"),
        ('{"number": 1, "inner": {"scores": []}, "count": "x"}', "$.count: expected a whole number or null, got text"),
        ("[]", "$: expected an object, got a list"),
        ("null", "$: expected an object, got null"),
    ],
)  # fmt: skip
def test_the_field_that_is_wrong_is_named(content, told):
    with pytest.raises(DamagedError) as caught:
        structs.decode(content, Outer)
    assert str(caught.value) == told


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        GOOD[:-1],
        b"\xff\xfe",
        "[" * 100_000,
        GOOD.replace("0.5", "NaN"),
        GOOD.replace("0.5", "-Infinity"),
        GOOD.replace("0.5", "1e999"),
        GOOD.replace("0.5", "9" * 5000),
        GOOD.replace("0.5", "9" * 400),
        GOOD.replace("}}", '}, "count": -1}'),
        GOOD.replace("}}", ', "name": ""}}'),
    ],
    ids=repr,
)
def test_content_that_is_no_such_struct_is_one_line(content):
    with pytest.raises(DamagedError) as caught:
        structs.decode(content, Outer)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_what_is_written_is_read_again():
    outer = Outer(number=0.1, inner=Inner(scores=[1 / 3, 5e-324], name="déjà \udce9"), count=7)
    content = structs.encode(outer, indent=1)
    assert structs.decode(content, Outer) == outer
    assert b"\\udce9" in content  # a byte of a file name that is no Unicode


def test_numbers_of_numpy_are_written_as_numbers():
    outer = Outer(number=np.float64(0.1), inner=Inner(scores=[np.float32(0.5), math.inf]), count=np.int64(3))
    assert structs.plain(outer) == {"number": 0.1, "inner": {"scores": [0.5, math.inf], "name": "inner"}, "count": 3}
    assert structs.parse(structs.encode(outer))["inner"]["scores"] == [0.5, None]


def test_structs_cannot_be_changed():
    with pytest.raises(AttributeError, match="immutable"):
        structs.decode(GOOD, Outer).number = 2.0
