"""The templates of a page: Jinja's, with every text from data escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any


@cache
def template(name: str) -> Any:
    """Return a template of this folder, such as ``html.jinja``; a name that it uses and isn't given is an error."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    environment.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    return environment.get_template(name)


def breakable(text: object) -> Any:
    """Escape a feature set's or classifier's name and let it break after its separators.

    >>> str(breakable("mfcc+<b>"))
    'mfcc+<wbr>&lt;b&gt;'
    """
    from markupsafe import Markup, escape

    safe = str(escape(text))
    for sign in ("+", ":", ",", "/"):
        safe = safe.replace(sign, f"{sign}<wbr>")
    return Markup(safe)
