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
    from audioclf.errors import DatasetError
    from audioclf.features import extraction, specs
    from audioclf.features import functionals as pooling
    from audioclf.features.table import FeatureTable, check_format, write_table
    from audioclf.features.wanted import Wanted
    from audioclf.spectra.spectra import Analysis

    if "," in features:
        raise click.UsageError("extract takes one feature set; join extractors with '+'.")
    check_format(output)
    extractors = specs.build_extractors(features)
    pooled = pooling.parse(functionals)
    dataset = load_dataset(data, root)
    with progress_on_terminal(quiet) as progress:
        features_store = open_store(options)
        found = extraction.survey(dataset.clips, progress, features_store)
        if not found.clips:
            raise DatasetError(f"none of the {len(dataset)} recordings can be read; the first: {found.skipped[0][1]}")
        analysis = Analysis(
            sample_rate or specs.analysis_rate(found.rates.values()),
            *(options[name] for name in ("frame_length", "hop_length", "window", "n_fft")),
        )
        done = extraction.extract(
            found.clips,
            analysis,
            Wanted.by([(extractors, "sequences" if frames else "vectors")], pooled),
            store=features_store,
            workers=options["jobs"],
            progress=progress,
            facts=found.facts,
        )
    for _, why in found.skipped + done.skipped:
        click.echo(f"warning: left out: {why}", err=True)
    if not done.clips:
        raise DatasetError("no recording could be analysed")
    values = done.inputs(extractors, "sequences" if frames else "vectors")
    times = values.lengths
    about: dict[str, Any] = {
        name: [value for clip, n in zip(done.clips, times) for value in [getattr(clip, name) or ""] * n]
        for name in ("name", "label", "group")
    }
    about = {"path": about.pop("name"), **about}
    names = specs.vector_names(extractors, pooled)
    if frames:
        step = analysis.hop_samples / analysis.sample_rate
        about["time"] = [round(i * step, 6) for n in times for i in range(n)]
        names = [name for extractor in extractors for name in extractor.coefficient_names]
    write_table(FeatureTable(about, names, values.array), output)
    click.echo(f"{output}: {len(values.array)} rows, {len(names)} features, analysed at {analysis.sample_rate} Hz")
