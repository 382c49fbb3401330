"""What a user types, the object in memory and the line in results.json say the same thing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from audioclf import plugins, spec
from audioclf.errors import SpecError
from audioclf.spec import Configurable, param


@dataclass(frozen=True)
class Thing(Configurable):
    name = "thing"

    count: int = param(3, "a whole number")
    level: float = param(0.5, "a number")
    top: float | None = param(None, "a number or none")
    loud: bool = param(False, "a switch")
    kind: str = param("plain", "a word")
    mode: int | str = param("scale", "a number or a word")

    def __post_init__(self) -> None:
        self.require(self.count > 0, "count must be positive")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("mfcc", [("mfcc", {})]),
        (" mfcc + gfcc ", [("mfcc", {}), ("gfcc", {})]),
        ("a:x=1:y=two+b:z=none", [("a", {"x": "1", "y": "two"}), ("b", {"z": "none"})]),
        ("svm:C=1e+6", [("svm", {"C": "1e+6"})]),
        ("svm:C=1E+6:gamma=2.5e-3", [("svm", {"C": "1E+6", "gamma": "2.5e-3"})]),
        ("a:x=1e+b", [("a", {"x": "1e"}), ("b", {})]),
        ("a:x=1+b:y=2", [("a", {"x": "1"}), ("b", {"y": "2"})]),
        ("a:x=a=b", [("a", {"x": "a=b"})]),
    ],
)
def test_split(text, parts):
    assert spec.split(text) == parts


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty name"),
        ("mfcc+", "empty name"),
        ("+mfcc", "empty name"),
        ("mfcc++gfcc", "empty name"),
        (":n=1", "empty name"),
        ("mfcc:n", "'n' in 'mfcc:n' is no parameter; write mfcc:key=value"),
        ("mfcc:n=", "no parameter"),
        ("mfcc:=3", "no parameter"),
        ("mfcc:", "no parameter"),
        ("mfcc:n=1:n=2", "'n' stands twice"),
    ],
)
def test_a_malformed_spec_is_refused_with_the_place(text, message):
    with pytest.raises(SpecError, match=message):
        spec.split(text)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("count", "7", 7),
        ("level", "1e-3", 0.001),
        ("level", "1e+3", 1000.0),
        ("level", "2", 2.0),
        ("top", "none", None),
        ("top", "None", None),
        ("top", "auto", None),
        ("top", "8000", 8000.0),
        ("loud", "true", True),
        ("loud", "Yes", True),
        ("loud", "1", True),
        ("loud", "no", False),
        ("loud", "0", False),
        ("kind", "none", "none"),
        ("mode", "12", 12),
        ("mode", "auto", "auto"),
    ],
)
def test_text_becomes_a_value_of_the_parameters_type(key, text, value):
    made = getattr(Thing.from_options({key: text}), key)
    assert made == value
    assert type(made) is type(value)


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("count", "2.5", "thing:count=2.5: '2.5' isn't a value of type int"),
        ("count", "many", "isn't a value of type int"),
        ("count", "none", "isn't a value of type int"),
        ("level", "loud", "isn't a value of type float"),
        ("level", "nan", "isn't a value of type float"),
        ("level", "inf", "isn't a value of type float"),
        ("level", "1e999", "isn't a value of type float"),
        ("top", "-inf", r"isn't a value of type float \(or none\)"),
        ("loud", "maybe", "isn't a value of type bool"),
        ("count", "0", "thing: count must be positive"),
    ],
)
def test_a_wrong_value_is_refused_with_the_parameter(key, text, message):
    with pytest.raises(SpecError, match=message):
        Thing.from_options({key: text})


def test_an_unknown_parameter_is_refused_with_the_closest():
    with pytest.raises(SpecError, match=r"thing has no parameter 'cuont'. Did you mean 'count'"):
        Thing.from_options({"cuont": "1"})


def test_an_object_without_parameters_says_so():
    @dataclass(frozen=True)
    class Bare(Configurable):
        name = "bare"

    with pytest.raises(SpecError, match=r"bare has no parameter 'x'. It has none"):
        Bare.from_options({"x": "1"})


def test_the_spec_names_what_differs_from_the_defaults():
    assert Thing().spec == "thing"
    assert Thing(count=3, kind="plain").spec == "thing"
    assert Thing(count=4, top=0.25, loud=True).spec == "thing:count=4:top=0.25:loud=true"
    assert Thing().parameters == {
        "count": 3, "level": 0.5, "top": None, "loud": False, "kind": "plain", "mode": "scale",
    }  # fmt: skip


def round_trip(thing):
    [(name, options)] = spec.split(thing.spec)
    assert name == thing.name
    return type(thing).from_options(options)


@pytest.mark.parametrize(
    "level",
    [0.1, 1 / 3, 1e6, 1e20, 1e-20, 123456789.0, 1.2345678901234567e300, -2.5, 0.0, 5e-324, 100000.0, 1e16, 2.0**70],
)
def test_every_number_survives_being_written(level):
    assert round_trip(Thing(level=level)) == Thing(level=level)


@pytest.mark.parametrize(
    "thing",
    [Thing(), Thing(count=10**12), Thing(top=440.0), Thing(loud=True), Thing(kind="x", mode=7), Thing(mode="7a")],
    ids=str,
)
def test_every_object_survives_being_written(thing):
    assert round_trip(thing) == thing


@pytest.mark.parametrize("kind", ["features", "classifiers"])
def test_every_installed_plugin_survives_being_written(kind):
    for name in plugins.names(kind):
        plain = spec.build(kind, name)[0]
        assert plain.spec == name
        for key, value in plain.parameters.items():
            if isinstance(value, float):  # a value that needs all its digits
                try:
                    changed = replace(plain, **{key: value * 0.987654321})
                except SpecError:  # not allowed there
                    continue
                assert spec.build(kind, changed.spec) == [changed]


def test_a_large_number_does_not_split_a_classifier():
    [svm] = spec.build("classifiers", "svm:C=1000000")
    assert svm.C == 1e6
    assert spec.build("classifiers", svm.spec) == [svm]


def test_objects_are_values():
    assert Thing(count=4) == Thing(count=4)
    assert len({Thing(), Thing(count=3), Thing(count=4)}) == 2
    with pytest.raises(AttributeError):
        Thing().count = 5


def test_build_joins():
    first, second = spec.build("features", "mfcc:n_coeffs=5+zcr")
    assert (first.name, first.n_coeffs, second.name) == ("mfcc", 5, "zcr")
    with pytest.raises(SpecError, match=r"unknown feature 'mfc'. Did you mean 'mfcc'"):
        spec.build("features", "zcr+mfc")
