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

Count = Annotated[int, Meta(ge=0, le=2**53)]
"""A whole number that no reader of JSON rounds."""

Positive = Annotated[int, Meta(ge=1, le=2**53)]

Share = Annotated[float, Meta(ge=0, le=1)]
Text = Annotated[str, Meta(min_length=1)]

_MISSING = re.compile(r"Object missing required field `(.+?)`(?: - at `(.+)`)?$")
_ELSE = re.compile(r"(.+?)(?: - at `(.+)`)?$", re.DOTALL)
_PATH = re.compile(r"`(\$[^`]*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\[\.\.\.\]")
_TYPES = {"object": "an object", "array": "a list", "str": "text", "int": "a whole number", "float": "a number",
          "bool": "true or false", "null": "null"}  # fmt: skip


class Struct(msgspec.Struct, frozen=True):
    """What all structs of files have in common: they can't be changed.

    Unknown fields are ignored when they are read, so that a later version may add some.
    """


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
        message = _with_keys(data, kind, str(error))
        raise DamagedError(at + _explained(message).removeprefix("$")) from error
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
    text = json.dumps(without_nan(plain(struct)), indent=indent, ensure_ascii=False, allow_nan=False)
    # What UTF-8 can't hold is a lone surrogate; Python's backslash escape for it is JSON's as well.
    return text.encode("utf-8", errors="backslashreplace")


def finite(value: Any) -> float | None:
    """Return a number, NumPy's or Python's, as JSON can hold it: None for NaN, infinity and None.

    >>> finite(0.5), finite(float("nan")), finite(None)
    (0.5, None, None)
    """
    return None if value is None or not -_LARGEST <= value <= _LARGEST else float(value)


def _number(value: Any) -> Any:
    """A NumPy number or array as Python's own."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise NotImplementedError(f"{type(value).__name__} can't be written to a file")


def without_nan(value: Any) -> Any:
    """Return dictionaries and lists with None for every number that isn't finite."""
    if isinstance(value, dict):
        return {key: without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(item) for item in value]
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


def _with_keys(data: Any, kind: Any, message: str) -> str:
    """Put the names of dictionaries' entries into msgspec's *message*, which says ``[...]`` for any of them.

    The entry is the one that, alone in its dictionary, brings the same message.
    """
    path = _PATH.search(message)
    if path is None or "[...]" not in path[1]:
        return message
    place: list[str | int] = []
    for name, number in _STEP.findall(path[1]):
        if name or number:
            place.append(name or int(number))
            continue
        for key in _at(data, place):
            alone = _with(data, place, {key: _at(data, place)[key]})
            if _complaint(alone, kind) == message:
                data = alone
                place.append(key)
                break
        else:
            return message
    told = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return f"{message[: path.start(1)]}${told}{message[path.end(1) :]}"


def _at(data: Any, place: list[str | int]) -> Any:
    for step in place:
        data = data[step]
    return data


def _with(data: Any, place: list[str | int], value: Any) -> Any:
    """Return *data* with *value* at *place*; what *data* holds elsewhere isn't copied."""
    if not place:
        return value
    whole = data.copy()
    whole[place[0]] = _with(data[place[0]], place[1:], value)
    return whole


def _complaint(data: Any, kind: Any) -> str:
    try:
        msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def _in_words(types: str) -> str:
    """Say ``int | null`` in words; other text, such as a bound or a name, stays in quotes."""
    parts = types.split(" | ")
    if all(part in _TYPES for part in parts):
        return " or ".join(_TYPES[part] for part in parts)
    return f"'{types}'"
