"""Markdown's markup: text from data made harmless, tables and lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def escape(text: object) -> str:
    """Make text from data harmless in Markdown: no markup, no HTML, no line breaks.

    >>> escape("a|b <i>*c*</i>")
    'a\\\\|b &lt;i&gt;\\\\*c\\\\*&lt;/i&gt;'
    """
    plain = " ".join(str(text).split())
    for sign in ("\\", "`", "*", "_", "[", "]", "|", "#", "~", "$"):
        plain = plain.replace(sign, "\\" + sign)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], right: Iterable[int] = ()) -> str:
    """Return a table; columns in *right* are aligned to the right.

    >>> print(table(("class", "clips"), [("wren", 3)], right=[1]))
    | class | clips |
    |---|---:|
    | wren | 3 |
    """
    aligned = set(right)
    lines = [heads, *rows]
    body = ["| " + " | ".join(escape(cell) for cell in line) + " |" for line in lines]
    rule = "|" + "|".join("---:" if i in aligned else "---" for i in range(len(heads))) + "|"
    return "\n".join([body[0], rule, *body[1:]])


def bullets(items: Sequence[str]) -> str:
    """Return a list, one item a line; nothing for no items."""
    return "\n".join(f"- {escape(item)}" for item in items)
