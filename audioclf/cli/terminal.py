"""Tables on stdout and progress on stderr, for a terminal or for a file."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from audioclf.progress import Progress


def print_table(heads: list[str], rows: list[list[str]], right: Any = ()) -> None:
    """Print an aligned table to stdout: folded to the width of a terminal, never cut off elsewhere."""
    if not sys.stdout.isatty():
        click.echo("\n".join(_aligned(heads, rows, right)))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for i, head in enumerate(heads):
        table.add_column(Text(head), justify="right" if i in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(file=sys.stdout, highlight=False).print(table)


def _aligned(heads: list[str], rows: list[list[str]], right: Any) -> list[str]:
    """Return the lines of a table as rich would draw it, without the time that importing rich takes."""
    widths = [max(map(_columns, column)) for column in zip(heads, *rows)]
    lines = []
    for row in (heads, *rows):
        fill = (" " * (width - _columns(cell)) for cell, width in zip(row, widths))
        cells = (space + cell if i in right else cell + space for i, (cell, space) in enumerate(zip(row, fill)))
        lines.append("   ".join(cells).rstrip())
    return [lines[0], "─" * (sum(widths) + 3 * (len(widths) - 1)), *lines[1:]]


def _columns(text: str) -> int:
    """How many columns of a terminal *text* takes: ideographs take two, combining accents none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


@contextlib.contextmanager
def progress_on_terminal(quiet: bool) -> Iterator[Progress]:
    """Give a callback that draws a bar with the time left on a terminal, else prints a line per stage."""
    from audioclf.progress import silent

    if quiet:
        yield silent
        return
    if not sys.stderr.isatty():
        seen: set[str] = set()

        def line(stage: str, done: int, total: int, note: str) -> None:
            if stage == "epochs":
                click.echo(f"epoch {done} of {total}: {note}", err=True)
            elif stage not in seen:
                seen.add(stage)
                click.echo(f"{stage}: {total} to do", err=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description:<11}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def draw(stage: str, done: int, total: int, note: str) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total, note=note)
            bars.update(tasks[stage], completed=done, total=total, note=note)

        yield draw
