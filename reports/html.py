"""A report in one HTML file: nothing is fetched, and it reads without JavaScript."""

from __future__ import annotations

import base64
from pathlib import Path

from audioclf.plugin import Across, Report, Results, write_whole
from audioclf.reports.page.clips import Shelf
from audioclf.reports.page.content import content
from audioclf.reports.page.templates import template
from audioclf.reports.pictures.canvas import png_bytes
from audioclf.reports.pictures.ranks import ranks
from audioclf.reports.words import across as words

MOST_BYTES = 4_900_000
"""Of a page. It can be larger where not sounds but hundreds of experiments take the room."""


class HTMLReport(Report):
    """``report.html``: the answer, the ranking, the winner in detail, the audit, every experiment on demand.

    Text from data is escaped, and a content security policy forbids the page to fetch anything. Confusion
    matrices are tables up to 15 classes, pictures beyond (for all but the winner, whose picture is there in both
    forms, the table of confusions serves then). Sounds are embedded once each, as many as fit.
    """

    name = "html"
    title = "report.html, one file to open in a browser or send"

    def write(self, results: Results, folder: Path) -> list[Path]:
        """Write the report and return its path."""
        path = folder / "report.html"
        with write_whole(path) as aside:
            aside.write_text(render(results), encoding="utf-8", errors="backslashreplace")
        return [path]

    def write_across(self, across: Across, folder: Path) -> list[Path]:
        """Write ``across.html`` and return its path."""
        path = folder / "across.html"
        with write_whole(path) as aside:
            aside.write_text(render_across(across), encoding="utf-8", errors="backslashreplace")
        return [path]


def render_across(across: Across) -> str:
    """Return the report over several data sets as text."""
    picture = f"data:image/png;base64,{base64.b64encode(png_bytes(ranks(across))).decode()}"
    return str(template("across.jinja").render(text=words, across=across, picture=picture))


def render(results: Results) -> str:
    """Return the report as text; where it would be larger than `MOST_BYTES`, with fewer sounds."""
    shown, excerpts = content(results), results.record.excerpts
    sounds = sum(len(excerpt.audio) for excerpt in excerpts)

    def within(room: int) -> str:
        return str(template("html.jinja").render(**shown, clips=Shelf.of(excerpts, room)))

    text = within(sounds)
    beyond = len(text.encode(errors="backslashreplace")) - MOST_BYTES
    return within(sounds - beyond) if sounds and beyond > 0 else text
