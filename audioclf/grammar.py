"""English grammar for sentences with figures: counted nouns, verbs that agree with a number, lists cut short."""

from __future__ import annotations

from collections.abc import Sequence


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun.

    >>> count(1, "clip"), count(2, "class", "classes")
    ('1 clip', '2 classes')
    """
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def have(number: int) -> str:
    """Return the form of "have" that goes with so many.

    >>> have(1), have(2)
    ('has', 'have')
    """
    return "has" if number == 1 else "have"


def listed(items: Sequence[str], most: int, comma: str = ", ") -> str:
    """Join the first *most* of *items* and count the rest; by semicolons where one has a comma itself.

    >>> listed(["a", "b", "c"], 2), listed(["a", "a, augmented"], 2)
    ('a, b and 1 more', 'a; a, augmented')
    """
    shown = items[:most]
    if any(comma in item for item in shown):
        comma = "; "
    return comma.join(shown) + (f" and {len(items) - most} more" if len(items) > most else "")


def quoted(words: Sequence[str], most: int = 4) -> str:
    """Return `listed` of the words in quotation marks.

    >>> quoted(["birds", "music", "speech"], 2)
    "'birds', 'music' and 1 more"
    """
    return listed([f"'{word}'" for word in words], most)
