"""A fitted estimator as plain data: its structure as JSON, its arrays as .npy, its types by name from a fixed list.

Nothing in such data can stand for a function, or for a type that isn't listed, so loading runs no code that comes
with it. skops promises the same for nearly any type, but importing it imports all of scikit-learn, which takes longer
than a prediction. So `audioclf.model.model` writes this form where it can, and skops's where it can't.
"""

from __future__ import annotations

import copyreg
import importlib
import io
import json
import math
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from audioclf import structs
from audioclf.errors import ModelError
from audioclf.structs import DamagedError, Struct

STRUCTURE, ARRAYS = "estimator.json", "estimator.npy"
"""The members of a model file that plain data go to."""

_NUMBERS = "biuf"  # NumPy's kinds: truth values, integers, floats


class NotPlainError(Exception):
    """An object holds something that plain data can't express."""


def dumps(estimator: Any, trusted: Collection[str]) -> tuple[bytes, bytes]:
    """Write *estimator* as plain data.

    It may hold numbers, text, lists, tuples, dictionaries with text as keys, arrays of anything but objects, and
    instances of the *trusted* types that are restored by their state, or by a call of their type and their state.
    An object that stands at two places comes back as two; an array as one.

    Parameters
    ----------
    estimator : object
    trusted : collection of str
        Fully qualified names.

    Returns
    -------
    structure, arrays : bytes
        JSON, and .npy files one after the other.

    Raises
    ------
    NotPlainError
        If it holds anything else.

    Examples
    --------
    >>> structure, arrays = dumps({"weights": np.array([0.5, 1.5]), "C": 10}, trusted=())
    >>> structure
    b'{"types": [], "estimator": {"dict": {"weights": {"array": 0}, "C": 10}}}'
    >>> loads(structure, arrays, trusted=())
    {'weights': array([0.5, 1.5]), 'C': 10}
    """
    writer = _Writer(trusted)
    node = writer.node(estimator)
    structure = {"types": list(writer.types), "estimator": node}
    stream = io.BytesIO()
    for array in writer.arrays:
        npy.write_array(stream, array, allow_pickle=False)
    return json.dumps(structure, allow_nan=False).encode(), stream.getvalue()


def loads(structure: bytes, arrays: bytes, trusted: Collection[str]) -> Any:
    """Return the estimator that `dumps` wrote.

    Raises
    ------
    ModelError
        If it holds a type that isn't *trusted*; no type has been looked up then.
    DamagedError
        If the data are damaged, or written with other versions of their types. The message names the place.

    Examples
    --------
    >>> loads(b'{"types": [], "estimator": [0.5, {"array": 3}]}', b"", trusted=())
    Traceback (most recent call last):
    audioclf.structs.DamagedError: estimator.json: $.estimator[1].array: there is no array 3
    """
    try:
        facts = structs.decode(structure, _Structure)
    except DamagedError as error:
        raise DamagedError(f"{STRUCTURE}: {error}") from error
    foreign = sorted(set(facts.types) - set(trusted))
    if foreign:
        raise ModelError(f"holds types that are not trusted ({', '.join(foreign)})")
    reader = _Reader([_find(name) for name in facts.types], _arrays(arrays))
    try:
        return reader.build(facts.estimator, "$.estimator")
    except RecursionError as error:
        raise DamagedError(f"{STRUCTURE}: nested too deep") from error


class _Structure(Struct, frozen=True, kw_only=True):
    """Names of types, and the node of the estimator, which refers to them and to arrays by number."""

    types: list[str]
    estimator: Any


def _arrays(content: bytes) -> list[NDArray[Any]]:
    stream, arrays = io.BytesIO(content), list[NDArray[Any]]()
    while stream.tell() < len(content):
        try:
            arrays.append(npy.read_array(stream, allow_pickle=False))
        except Exception as error:  # NumPy's are of many kinds
            raise DamagedError(f"{ARRAYS}: array {len(arrays)}: {_in_a_line(error)}") from error
    return arrays


class _Writer:
    """Turns objects into nodes, and collects the types and arrays that they refer to by number."""

    def __init__(self, trusted: Collection[str]) -> None:
        self.trusted = trusted
        self.types: dict[str, int] = {}
        self.arrays: list[NDArray[Any]] = []  # also keeps them alive, so that no two have one id
        self._numbers: dict[int, int] = {}
        self._above: list[Any] = []

    def node(self, value: Any) -> Any:
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            return value if math.isfinite(value) else {"float": str(value)}
        if isinstance(value, np.generic) and value.dtype.kind in _NUMBERS and value.dtype.itemsize <= 8:
            return {"number": [value.dtype.str, self.node(value.item())]}
        if kind in (np.ndarray, np.memmap) and not value.dtype.hasobject:
            return {"array": self._array(value)}
        if any(value is above for above in self._above):
            raise NotPlainError("an object that holds itself")
        self._above.append(value)
        try:
            return self._compound(value, kind)
        finally:
            self._above.pop()

    def _array(self, array: NDArray[Any]) -> int:
        number = self._numbers.setdefault(id(array), len(self.arrays))
        if number == len(self.arrays):
            self.arrays.append(array)
        return number

    def _compound(self, value: Any, kind: type) -> Any:
        if kind is list:
            return [self.node(item) for item in value]
        if kind is tuple:
            return {"tuple": [self.node(item) for item in value]}
        if kind is dict and all(type(key) is str for key in value):
            return {"dict": {key: self.node(item) for key, item in value.items()}}
        name = f"{kind.__module__}.{kind.__qualname__}"
        if name not in self.trusted:
            raise NotPlainError(name)
        reduced = value.__reduce_ex__(2)
        if isinstance(reduced, str) or any(part is not None for part in reduced[3:]):
            raise NotPlainError(f"{name}, which is more than its state")
        make, arguments, state = (*reduced, None)[:3]
        node: dict[str, Any] = {"type": self.types.setdefault(name, len(self.types))}
        if make is kind:
            node["call"] = [self.node(argument) for argument in arguments]
        elif make is not copyreg.__newobj__ or tuple(arguments) != (kind,):  # type: ignore[attr-defined]
            raise NotPlainError(f"{name}, which a function restores")
        if state is None and hasattr(value, "__setstate__"):
            raise NotPlainError(f"{name}, which has no state")
        if state is not None:
            if not isinstance(state, dict) and not hasattr(value, "__setstate__"):
                raise NotPlainError(f"{name}, which has slots")
            node["state"] = self.node(state)
        return node


def _find(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:  # another package's module may raise anything
        raise DamagedError(f"{STRUCTURE}: $.types: no {name} here: {_in_a_line(error)}") from error
    if not isinstance(found, type):
        raise DamagedError(f"{STRUCTURE}: $.types: {name} isn't a type")
    return found


class _Reader:
    """Turns nodes into objects, and says where one can't be."""

    def __init__(self, types: list[Any], arrays: list[NDArray[Any]]) -> None:
        self._types = types
        self._arrays = arrays

    def build(self, node: Any, path: str) -> Any:
        if isinstance(node, list):
            return self._all(node, path)
        if not isinstance(node, dict):
            return node
        try:
            return self._compound(node, path)
        except (DamagedError, RecursionError):
            raise
        except Exception as error:  # types raise many kinds for a state that isn't theirs
            raise DamagedError(f"{STRUCTURE}: {path}: {_in_a_line(error)}") from error

    def _all(self, nodes: Any, path: str) -> list[Any]:
        if not isinstance(nodes, list):
            raise DamagedError(f"{STRUCTURE}: {path}: expected a list")
        return [self.build(node, f"{path}[{i}]") for i, node in enumerate(nodes)]

    def _compound(self, node: dict[str, Any], path: str) -> Any:
        if "type" in node:
            kind = self._numbered(self._types, node["type"], f"{path}.type")
            made = kind(*self._all(node["call"], f"{path}.call")) if "call" in node else kind.__new__(kind)
            if hasattr(made, "__setstate__") and "state" not in node:  # a tree would read what was never written
                raise DamagedError(f"{STRUCTURE}: {path}.state: missing")
            if "state" in node:
                state = self.build(node["state"], f"{path}.state")
                made.__setstate__(state) if hasattr(made, "__setstate__") else made.__dict__.update(state)
            return made
        if len(node) != 1:
            raise DamagedError(f"{STRUCTURE}: {path}: {len(node)} kinds of node in one")
        ((what, content),) = node.items()
        path = f"{path}.{what}"
        if what == "dict":
            return {key: self.build(item, f"{path}.{key}") for key, item in content.items()}
        if what == "tuple":
            return tuple(self._all(content, path))
        if what == "array":
            return self._numbered(self._arrays, content, path)
        if what == "number":
            dtype, value = content
            if np.dtype(dtype).kind not in _NUMBERS:
                raise DamagedError(f"{STRUCTURE}: {path}: '{dtype}' is no type of a number")
            return np.dtype(dtype).type(value if not isinstance(value, dict) else self.build(value, path))
        if what == "float":
            return float(content)
        raise DamagedError(f"{STRUCTURE}: {path}: unknown kind of node")

    def _numbered(self, things: list[Any], number: Any, path: str) -> Any:
        if type(number) is not int or not 0 <= number < len(things):
            raise DamagedError(f"{STRUCTURE}: {path}: there is no {path.rpartition('.')[2]} {number}")
        return things[number]


def _in_a_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
