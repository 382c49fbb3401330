"""The commands of the feature store: store info, store prune."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from audioclf.cli.terminal import print_table


@click.group()
def store() -> None:
    """Show what the feature store on disk holds, or make it smaller."""


_FILE = click.option(
    "--store",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The store's file.  [default: features.sqlite in the cache folder]",
)


@store.command(name="info")
@_FILE
def info_(store: Path | None) -> None:
    """Show the store's file, its size, and what is kept by which recipe."""
    from audioclf.store.bounds import format_size
    from audioclf.store.store import FeatureStore

    features = FeatureStore(store)
    info = features.info()
    facts = {
        "file": f"{features.path}" if info.size else f"{features.path} (not there yet)",
        "size": f"{format_size(info.size)} on disk, bounded to {format_size(features.limit)}",
        "clips": f"{info.clips:,}",
        "recordings": f"{info.recordings:,} remembered by size and date",
    }
    if info.oldest is not None and info.newest is not None:
        facts["last used"] = f"{_day(info.oldest)} to {_day(info.newest)}"
    for key, value in facts.items():
        click.echo(f"{key:<12}{value}")
    if info.recipes:
        click.echo()
        rows = [
            [use.feature or "?", use.functionals, use.analysis, f"{use.clips:,}", format_size(use.size), _day(use.used)]
            for use in info.recipes
        ]
        print_table(["features", "functionals", "analysis", "clips", "size", "last used"], rows, right=(3, 4))


def _day(seconds: float) -> str:
    import time

    return time.strftime("%Y-%m-%d", time.localtime(seconds))


def _parsed(name: str) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """Return a callback that reads an option's text with a function of `audioclf.store.bounds`."""

    def callback(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
        if text is None:
            return None
        from audioclf.store import bounds

        try:
            return getattr(bounds, name)(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    return callback


@store.command()
@_FILE
@click.option(
    "--max-size", metavar="SIZE", callback=_parsed("parse_size"), help="Leave at most so much, such as 500MB or 2GB."
)
@click.option(
    "--older-than",
    metavar="DAYS",
    callback=_parsed("parse_days"),
    help="Remove what was not used so long, such as 30d.",
)
@click.option("--all", "everything", is_flag=True, help="Remove everything.")
def prune(store: Path | None, max_size: int | None, older_than: float | None, everything: bool) -> None:
    """Remove what was not used for the longest time, and give its room back to the disk."""
    from audioclf.store.bounds import format_size
    from audioclf.store.store import FeatureStore

    bounds = [bound for bound in (max_size, older_than) if bound is not None]
    if everything == bool(bounds):
        raise click.UsageError("Give --max-size, --older-than or both, or --all alone.")
    features = FeatureStore(store)
    done = features.prune(max_size, older_than, everything)
    click.echo(
        f"{features.path}: removed {done.pages:,} page{'' if done.pages == 1 else 's'} of features; "
        f"{format_size(done.freed)} freed, {format_size(done.size)} left"
    )
