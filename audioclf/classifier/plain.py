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

from audioclf.errors import ModelError

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
    Exception
        Of any kind, if the data are damaged or written with other versions of their types.
    """
    facts = json.loads(structure)
    foreign = sorted(set(facts["types"]) - set(trusted))
    if foreign:
        raise ModelError(f"holds types that are not trusted ({', '.join(foreign)})")
    stream, read = io.BytesIO(arrays), []
    while stream.tell() < len(arrays):
        read.append(npy.read_array(stream, allow_pickle=False))
    return _build(facts["estimator"], [_find(name) for name in facts["types"]], read)


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
        if state is not None:
            if not isinstance(state, dict) and not hasattr(value, "__setstate__"):
                raise NotPlainError(f"{name}, which has slots")
            node["state"] = self.node(state)
        return node


def _find(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    found = getattr(importlib.import_module(module), attribute)
    if not isinstance(found, type):
        raise TypeError(f"{name} isn't a type")
    return found


def _build(node: Any, types: list[Any], arrays: list[NDArray[Any]]) -> Any:
    def build(inner: Any) -> Any:
        return _build(inner, types, arrays)

    if isinstance(node, list):
        return [build(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "type" in node:
        kind = types[node["type"]]
        made = kind(*map(build, node["call"])) if "call" in node else kind.__new__(kind)
        if "state" in node:
            state = build(node["state"])
            made.__setstate__(state) if hasattr(made, "__setstate__") else made.__dict__.update(state)
        return made
    ((what, content),) = node.items()
    if what == "dict":
        return {key: build(item) for key, item in content.items()}
    if what == "tuple":
        return tuple(map(build, content))
    if what == "array":
        return arrays[content]
    if what == "number":
        dtype, value = content
        if np.dtype(dtype).kind not in _NUMBERS:
            raise ValueError(f"'{dtype}' is no type of a number")
        return np.dtype(dtype).type(build(value))
    if what == "float":
        return float(content)
    raise ValueError(f"unknown kind of node '{what}'")
