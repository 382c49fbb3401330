"""JSON read into typed, validated structs, so that a damaged file is one line that names the file and the field."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
from msgspec import Meta

T = TypeVar("T")
_LARGEST = sys.float_info.max

Finite = Annotated[float, Meta(ge=-_LARGEST, le=_LARGEST)]
"""A number that is neither infinite nor NaN."""

Count = Annotated[int, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Text = Annotated[str, Meta(min_length=1)]

_MISSING = re.compile(r"Object missing required field `(.+?)`(?: - at `(.+)`)?$")
_ELSE = re.compile(r"(.+?)(?: - at `(.+)`)?$", re.DOTALL)
_TYPES = {"object": "an object", "array": "a list", "str": "text", "int": "a whole number", "float": "a number",
          "bool": "true or false", "null": "null"}  # fmt: skip


class Struct(msgspec.Struct, frozen=True):
    """What all structs of files have in common: they can't be changed.

    Unknown fields are ignored when they are read, so that a later version may add some.
    """

    # TEMPORARY, while readers move from record["field"] to record.field; gone when they have.
    def __getitem__(self, name: str) -> Any:
        status = self.__struct_config__.tag if name == self.__struct_config__.tag_field else msgspec.UNSET
        value = getattr(self, name, status)
        if value is msgspec.UNSET:
            raise KeyError(name)
        return value

    def get(self, name: str, default: Any = None) -> Any:
        try:
            return self[name]
        except KeyError:
            return default

    def __contains__(self, name: str) -> bool:
        return self.get(name, msgspec.UNSET) is not msgspec.UNSET

    def keys(self) -> Any:
        return [name for name in self.__struct_fields__ if name in self]

    def items(self) -> Any:
        return [(name, self[name]) for name in self.keys()]

    def __iter__(self) -> Any:
        return iter(self.keys())


class DamagedError(ValueError):
    """A file's content isn't what it should be; the text says which field and why, such as ``$.folds: missing``."""


def parse(content: bytes | str, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """Return what JSON says, as dictionaries, lists, text and numbers.

    A lone surrogate, which stands for a byte of a file name that isn't Unicode, is kept.

    Parameters
    ----------
    content : bytes or str
    pairs : callable, optional
        What makes an object of its names and values, such as `once`; by default of two with one name the last counts.

    >>> parse('{"path": "a.wav"}')
    {'path': 'a.wav'}

    Raises
    ------
    DamagedError
        If it is no JSON, nested too deep, or holds a number that isn't finite.
    """
    try:
        return json.loads(content, parse_constant=_refuse, object_pairs_hook=pairs)
    except DamagedError:
        raise
    except RecursionError as error:
        raise DamagedError("nested too deep") from error
    except ValueError as error:  # of JSON, of UTF-8, of a number with thousands of digits
        raise DamagedError(f"no JSON ({error})") from error


def _refuse(constant: str) -> NoReturn:
    raise DamagedError(f"no JSON ({constant} is no number)")


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object's names and values as a dictionary, for files that people write by hand (`parse`).

    Raises
    ------
    DamagedError
        If two have one name.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise DamagedError(f"'{twice}' stands twice in one object")
    return found


def convert(data: Any, kind: type[T], at: str = "$") -> T:
    """Return *data*, as `parse` gives it, as a struct of type *kind*; *at* says where it stands in its file.

    >>> class Point(Struct):
    ...     x: Finite
    >>> convert({"x": 1}, Point)
    Point(x=1.0)
    >>> convert({"x": "one"}, Point)
    Traceback (most recent call last):
    audioclf.structs.DamagedError: $.x: expected a number, got text
    >>> convert(["one"], list[float], at="$.svm.C")
    Traceback (most recent call last):
    audioclf.structs.DamagedError: $.svm.C[0]: expected a number, got text

    Raises
    ------
    DamagedError
        If a field is missing, of another type or out of its range.
    """
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise DamagedError(at + _explained(str(error)).removeprefix("$")) from error
    except (OverflowError, RecursionError) as error:
        raise DamagedError(f"{at}: {error}") from error


def decode(content: bytes | str, kind: type[T]) -> T:
    """Return JSON as a struct of type *kind*: `parse`, then `convert`."""
    return convert(parse(content), kind)


def plain(struct: Any) -> Any:
    """Return a struct as dictionaries, lists, text and numbers: what JSON can hold."""
    return msgspec.to_builtins(struct, enc_hook=_number)


def encode(struct: Any, indent: int | None = None) -> bytes:
    """Return a struct as JSON.

    JSON has no NaN: a number that isn't finite is written as null. A lone surrogate is written as its escape.

    >>> encode({"x": float("nan"), "y": 0.1})
    b'{"x": null, "y": 0.1}'
    """
    text = json.dumps(_without_nan(plain(struct)), indent=indent, ensure_ascii=False, allow_nan=False)
    # What UTF-8 can't hold is a lone surrogate; Python's backslash escape for it is JSON's as well.
    return text.encode("utf-8", errors="backslashreplace")


def _number(value: Any) -> Any:
    """A NumPy number or array as Python's own."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise NotImplementedError(f"{type(value).__name__} can't be written to a file")


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    if isinstance(value, float) and not -_LARGEST <= value <= _LARGEST:
        return None
    return value


def _explained(message: str) -> str:
    """Put msgspec's message as ``$.field: what is wrong``."""
    missing = _MISSING.match(message)
    if missing:
        return f"{missing[2] or '$'}.{missing[1]}: missing"
    found = _ELSE.match(message)
    assert found is not None
    what = re.sub(r"`([^`]+)`", lambda name: _in_words(name[1]), found[1])
    return f"{found[2] or '$'}: {what[:1].lower()}{what[1:]}"


def _in_words(types: str) -> str:
    """Say ``int | null`` in words; other text, such as a bound or a name, stays in quotes."""
    parts = types.split(" | ")
    if all(part in _TYPES for part in parts):
        return " or ".join(_TYPES[part] for part in parts)
    return f"'{types}'"
