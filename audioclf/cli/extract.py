"""The command extract: features as a table for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from audioclf.cli.options import ANALYSIS, DATA, WORK, open_store
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
@WORK
def extract(
    data: str,
    root: Path | None,
    features: str,
    output: Path,
    frames: bool,
    functionals: str,
    sample_rate: int | None,
    quiet: bool,
    **options: Any,
) -> None:
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
    pooled = parse(functionals)
    dataset = load_dataset(data, root)
    with progress_on_terminal(quiet) as progress:
        table = feature_table(
            dataset,
            features,
            row="frame" if frames else "clip",
            pooled=pooled,
            framing=Framing(
                sample_rate, *(options[name] for name in ("frame_length", "hop_length", "window", "n_fft"))
            ),
            store=open_store(options),
            workers=options["jobs"],
            progress=progress,
        )
    for _, why in table.skipped:
        click.echo(f"warning: left out: {why}", err=True)
    write_table(table, output)
    rows, columns = table.values.shape
    click.echo(f"{output}: {rows} rows, {columns} features, analysed at {table.sample_rate} Hz")
