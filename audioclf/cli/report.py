"""The command report: reports of finished runs once more, or of several together."""

from __future__ import annotations

from pathlib import Path

import click

from audioclf.cli.options import FORMATS, report_formats
from audioclf.cli.show import name_files
from audioclf.cli.terminal import print_table


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@FORMATS
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where to write.  [default: into RUN; of several, runs/across]",
)
def report(runs: tuple[Path, ...], reports: str, out: Path | None) -> None:
    """Write reports of a finished RUN (its folder or results.json) once more.

    Several RUNs, the same experiments on different data sets, are compared over the data sets: Friedman's test, and
    which mean ranks differ.
    """
    from audioclf.results.report import write_across, write_reports
    from audioclf.results.results import Results

    formats = report_formats(reports)
    if len(runs) == 1:
        [run] = runs
        name_files(write_reports(Results.load(run), out or (run if run.is_dir() else run.parent), formats))
        return
    from audioclf.results.across import across
    from audioclf.results.words import score, with_p

    found = across([Results.load(run) for run in runs])
    files = write_across(found, out or Path("runs/across"), formats)
    rows = [
        [name, f"{rank:.2f}", *map(score, scores)]
        for name, rank, scores in zip(found.experiments, found.mean_ranks, found.scores.T.tolist())
    ]
    print_table(["experiment", "mean rank", *found.datasets], rows)
    click.echo(
        f"\nFriedman (Iman and Davenport): {with_p(found.friedman.p_f)}; "
        f"critical difference of mean ranks {found.nemenyi.critical_difference:.2f}\n"
    )
    name_files(files)
