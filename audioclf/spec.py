"""The grammar of specs: ``name:key=value:key=value``, joined by ``+``, listed with ``,``.

Every extractor, classifier and effect is a frozen dataclass whose fields are its parameters, so that the text a
user types, the object in memory and the line in results.json say the same thing.
"""

from __future__ import annotations

import dataclasses
import math
import re
import types
import typing
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, TypeVar

from audioclf import plugins
from audioclf.errors import SpecError, did_you_mean

C = TypeVar("C", bound="Configurable")
_JOIN = re.compile(r"(?<![0-9][eE])\+|\+(?![0-9])")  # not the plus sign of C=1e+6


def param(default: Any, doc: str) -> Any:
    """Declare a parameter of a `Configurable`: its default and one line of documentation."""
    return dataclasses.field(default=default, metadata={"doc": doc})


@dataclass(frozen=True)
class Configurable:
    """Something with a name and parameters that can be written as a spec.

    Subclasses are frozen dataclasses; each field is declared with `param`. Allowed field types are ``int``, ``float``,
    ``bool``, ``str``, several of these joined by ``|`` (the first that takes a text has it), and any ``| None``
    (written ``none`` in a spec).
    """

    name: ClassVar[str]

    @classmethod
    def from_options(cls: type[C], options: dict[str, str]) -> C:
        """Build from text values, as split from a spec.

        Raises
        ------
        SpecError
            If a key is unknown, or a value isn't of the parameter's type or out of its range.
        """
        fields = {field.name: field for field in dataclasses.fields(cls)}
        hints = _hints(cls)  # type: ignore[arg-type]
        values = {}
        for key, text in options.items():
            if key not in fields:
                known = did_you_mean(key, fields) if fields else "It has none."
                raise SpecError(f"{cls.name} has no parameter '{key}'. {known}")
            values[key] = _convert(cls.name, key, text, hints[key])
        return cls(**values)

    @property
    def spec(self) -> str:
        """The shortest spec that makes this object: its name and what differs from the defaults."""
        changed = [
            f":{field.name}={text_of(getattr(self, field.name))}"
            for field in dataclasses.fields(self)
            if getattr(self, field.name) != field.default
        ]
        return self.name + "".join(changed)

    @property
    def parameters(self) -> dict[str, Any]:
        """All parameters with their values, defaults included."""
        return dataclasses.asdict(self)

    def require(self, condition: bool, problem: str) -> None:
        """Raise `SpecError` with *problem* unless *condition* holds; for use in ``__post_init__``."""
        if not condition:
            raise SpecError(f"{self.name}: {problem}")


@cache
def _hints(cls: type) -> dict[str, Any]:
    """Types of a class's fields; finding them takes a third of a millisecond."""
    return typing.get_type_hints(cls)


def split(spec: str) -> list[tuple[str, dict[str, str]]]:
    """Split a joined spec into names and text options.

    >>> split("mfcc:n_coeffs=20:deltas=2+gfcc")
    [('mfcc', {'n_coeffs': '20', 'deltas': '2'}), ('gfcc', {})]

    Raises
    ------
    SpecError
        If a part is empty or an option isn't ``key=value``.
    """
    parts = []
    for part in _JOIN.split(spec):
        name, *options = (piece.strip() for piece in part.split(":"))
        if not name:
            raise SpecError(f"'{spec}' has an empty name; write for example mfcc+gfcc")
        pairs: dict[str, str] = {}
        for option in options:
            key, equals, value = (piece.strip() for piece in option.partition("="))
            if not (key and equals and value):
                raise SpecError(f"'{option}' in '{spec}' is no parameter; write {name}:key=value")
            if key in pairs:
                raise SpecError(f"'{key}' stands twice in '{part}'")
            pairs[key] = value
        parts.append((name, pairs))
    return parts


def build(kind: str, spec: str) -> list[Any]:
    """Build every object that a joined spec names, of one *kind* of plug-in.

    Raises
    ------
    SpecError
        If a name or parameter is unknown or wrong.
    """
    return [plugins.load(kind, name).from_options(options) for name, options in split(spec)]


def _convert(owner: str, key: str, text: str, hint: Any) -> Any:
    wanted = [hint]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        wanted = list(typing.get_args(hint))
        if type(None) in wanted:
            if text.lower() in ("none", "auto"):
                return None
            wanted.remove(type(None))
    for kind in wanted:
        try:
            if kind is bool:
                return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text.lower()]
            value = kind(text)
            if kind is float and not math.isfinite(value):
                continue
            return value
        except (ValueError, KeyError):
            continue
    kinds = " or ".join(kind.__name__ for kind in wanted)
    none = " (or none)" if len(wanted) < len(typing.get_args(hint)) else ""
    raise SpecError(f"{owner}:{key}={text}: '{text}' isn't a value of type {kinds}{none}")


def text_of(value: Any) -> str:
    """Write a parameter's value as a spec does.

    >>> text_of(0.5), text_of(1e6), text_of(None), text_of(True)
    ('0.5', '1e+06', 'none', 'true')
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
