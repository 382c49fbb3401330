"""The commands of named data sets: datasets fetch, datasets info."""

from __future__ import annotations

from pathlib import Path

import click


@click.group()
def datasets() -> None:
    """Download a named data set, or show what is known of it."""


@datasets.command()
@click.argument("name")
@click.option("--root", type=click.Path(path_type=Path), help="Folder to put it in.  [default: in the cache folder]")
def fetch(name: str, root: Path | None) -> None:
    """Download the data set NAME, with its licence shown and its checksum verified."""
    from audioclf.dataset.loader import find_loader

    click.echo(find_loader(name).fetch(root))


@datasets.command()
@click.argument("name")
def info(name: str) -> None:
    """Show size, licence, citation and labels of the data set NAME."""
    from audioclf.dataset.loader import find_loader

    loader = find_loader(name)
    labels = loader.labels()
    facts = {
        "title": loader.title,
        "homepage": loader.homepage,
        "size": loader.size or "not known",
        "licence": loader.licence or "not known",
        "labels": f"{len(labels)}: {', '.join(labels)}" if labels else "known once the data is there",
        "folder": str(loader.default_root()),
    }
    for key, value in facts.items():
        if value:
            click.echo(f"{key:<10}{value}")
    if loader.citation:
        click.echo(f"citation\n{loader.citation.strip()}")
