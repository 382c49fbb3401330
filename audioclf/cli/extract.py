"""The command extract: features as a table for other programs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click

from audioclf.cli.options import ANALYSIS, DATA, EXTRACTING, open_store
from audioclf.cli.terminal import progress_on_terminal


@click.command()
@DATA
@click.option("--features", "-f", default="mfcc", show_default=True, metavar="SPEC", help="One feature set.")
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Table to write: .csv, .npz, .parquet, .arff or .json.",
)
@click.option("--frames", is_flag=True, help="One row a frame, with its time in seconds, in place of one a clip.")
@ANALYSIS
@EXTRACTING
def extract(data: str, root: Path | None, features: str, output: Path, frames: bool, **options: Any) -> None:
    """Write the features of a data set to a table for other programs."""
    from audioclf.dataset.load import load_dataset
    from audioclf.features.functionals import parse
    from audioclf.features.specs import build_extractors
    from audioclf.features.table import feature_table
    from audioclf.features.table_files import check_format, write_table
    from audioclf.spectra.analysis import Framing

    if "," in features:
        raise click.UsageError("extract takes one feature set; join extractors with '+'.")
    check_format(output)
    build_extractors(features)  # before the data set is loaded
    pooled = parse(options["functionals"])
    dataset = load_dataset(data, root)
    with progress_on_terminal(options["quiet"]) as progress:
        table = feature_table(
            dataset,
            features,
            row="frame" if frames else "clip",
            pooled=pooled,
            framing=Framing(**{field.name: options[field.name] for field in dataclasses.fields(Framing)}),
            store=open_store(options),
            workers=options["jobs"],
            progress=progress,
        )
    for _, why in table.skipped:
        click.echo(f"warning: left out: {why}", err=True)
    write_table(table, output)
    rows, columns = table.values.shape
    click.echo(f"{output}: {rows} rows, {columns} features, analysed at {table.sample_rate} Hz")
