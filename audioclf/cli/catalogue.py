"""The command list: the names that options take, and their parameters."""

from __future__ import annotations

from typing import Any

import click

from audioclf import plugins
from audioclf.cli.terminal import print_table
from audioclf.errors import SpecError


@click.command(name="list")
@click.argument("kind", type=click.Choice(list(plugins.GROUPS)))
@click.argument("name", required=False)
def list_(kind: str, name: str | None) -> None:
    """Show the names that can follow --features, --clf, --data, --augment or --report; with NAME, its parameters."""
    if name is not None:
        _describe(plugins.load(kind, name))
        return
    rows = []
    for known in plugins.names(kind):
        try:
            thing = plugins.load(kind, known)
        except SpecError as error:  # another package's plug-in that can't be imported
            click.echo(f"warning: {error}", err=True)
            continue
        if kind == "datasets":
            rows.append([known + (":NAME" if thing.variants else ""), thing().title])
        elif kind == "reports":
            rows.append([known, thing.title])
        else:
            own = [(p, value) for p, _, value, _ in _parameters(thing) if not p.startswith("delta")]
            defaults = ":".join(f"{p}={value}" for p, value in own)
            rows.append([known, thing.title, defaults])
    heads = ["name", "what it is", "parameters and their defaults"][: len(rows[0]) if rows else 2]
    print_table(heads, rows)
    if kind == "features":
        click.echo("\nAll take deltas=0 (orders of time derivatives appended: 0, 1 or 2) and delta_width=9 (frames).")
    if kind in ("features", "classifiers", "augmentations"):
        click.echo(f"'audioclf list {kind} NAME' explains its parameters; set one as NAME:parameter=value.")


def _parameters(thing: Any) -> list[tuple[str, str, str, str]]:
    """Name, type, default and documentation of each parameter of a plug-in's class."""
    import dataclasses

    from audioclf.spec import text_of

    return [(f.name, str(f.type), text_of(f.default), f.metadata.get("doc", "")) for f in dataclasses.fields(thing)]


def _describe(thing: Any) -> None:
    import dataclasses
    import inspect

    click.echo(f"{thing.name}: {thing.title}\n")
    click.echo(inspect.getdoc(thing) or "")
    if dataclasses.is_dataclass(thing):
        rows = [list(row) for row in _parameters(thing)]
        heads = ["parameter", "type", "default", "what it is"]
        space = getattr(thing, "space", {})
        if space:
            from audioclf.spec import text_of

            heads.append("--tune tries")
            rows = [[*row, ", ".join(map(text_of, space.get(row[0], ())))] for row in rows]
        if rows:
            click.echo()
            print_table(heads, rows)
