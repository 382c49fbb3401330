"""The commands that make a run: compare, train, explore."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from audioclf.cli.options import (
    ANALYSIS,
    ANALYSIS_FRAMES,
    DATA,
    GROUP_BY,
    OUTPUTS,
    PROTOCOL,
    SEED,
    WORK,
    open_store,
    report_formats,
)
from audioclf.cli.show import name_files, show_data, show_findings, show_results, show_troubles
from audioclf.cli.terminal import progress_on_terminal
from audioclf.errors import AudioclfError


@click.command()
@DATA
@click.option(
    "--features",
    "-f",
    default="mfcc,mfcc:deltas=2+spectral",
    show_default=True,
    metavar="SPECS",
    help="Feature sets, separated by ','.",
)
@click.option(
    "--clf",
    "-c",
    default="svm,rf,knn",
    show_default=True,
    metavar="SPECS",
    help="Classifiers, separated by ','. The majority class (dummy) is always added.",
)
@PROTOCOL
@ANALYSIS
@WORK
def compare(
    data: str, root: Path | None, features: str, clf: str, reports: str, out: Path | None, **options: Any
) -> None:
    """Cross-validate every feature set with every classifier and write a report."""
    from audioclf.comparison import compare
    from audioclf.dataset.load import load_dataset
    from audioclf.results.report import write_reports

    _check(features, clf, options)
    formats = report_formats(reports)
    dataset = load_dataset(data, root)
    folder = _run_folder(out, f"{dataset.name}-compare")
    with progress_on_terminal(options.pop("quiet")) as progress:
        result = compare.compare(dataset, features, clf, progress=progress, **_run_options(folder, options))
    result.results.save(folder)
    show_troubles(result.results)
    files = write_reports(result.results, folder, formats)
    show_results(result.results)
    name_files([*files, folder / "results.json"])
    if result.best is None:
        raise AudioclfError("no experiment finished; the reasons are above and in the report")


@click.command()
@DATA
@click.option("--features", "-f", default="mfcc", show_default=True, metavar="SPEC", help="One feature set.")
@click.option("--clf", "-c", default="svm", show_default=True, metavar="SPEC", help="One classifier.")
@PROTOCOL
@ANALYSIS
@WORK
def train(
    data: str, root: Path | None, features: str, clf: str, reports: str, out: Path | None, **options: Any
) -> None:
    """Cross-validate one feature set with one classifier, then fit on all clips and save the model."""
    from audioclf.dataset.load import load_dataset
    from audioclf.model import train as training
    from audioclf.results.report import write_reports

    if "," in features or "," in clf:
        raise click.UsageError("train takes one feature set and one classifier; 'audioclf compare' takes several.")
    _check(features, clf, options)
    formats = report_formats(reports)
    dataset = load_dataset(data, root)
    folder = _run_folder(out, f"{dataset.name}-{features}-{clf}")
    with progress_on_terminal(options.pop("quiet")) as progress:
        trained = training.train(dataset, features, clf, progress=progress, **_run_options(folder, options))
    assert trained.comparison is not None
    trained.comparison.results.save(folder)
    file = trained.save(folder / "model.audioclf")
    show_troubles(trained.comparison.results)
    files = write_reports(trained.comparison.results, folder, formats)
    show_results(trained.comparison.results)
    name_files([*files, folder / "results.json"])
    click.echo(f"model    {file}")


@click.command()
@DATA
@GROUP_BY
@SEED
@OUTPUTS
@ANALYSIS_FRAMES
@WORK
def explore(data: str, root: Path | None, reports: str, out: Path | None, **options: Any) -> None:
    """Show what is in a data set and what is wrong with it: leaks, shortcuts, quality, doubtful labels."""
    from audioclf.comparison import exploration
    from audioclf.dataset.load import load_dataset
    from audioclf.results.report import write_reports

    formats = report_formats(reports)
    dataset = load_dataset(data, root)
    folder = _run_folder(out, f"{dataset.name}-explore")
    options["store"] = open_store(options)
    options.pop("no_store")
    options["workers"] = options.pop("jobs")
    options["command"] = shlex.join(["audioclf", *sys.argv[1:]])
    with progress_on_terminal(options.pop("quiet")) as progress:
        found = exploration.explore(dataset, progress=progress, **options)
    found.results.save(folder)
    show_troubles(found.results)
    files = write_reports(found.results, folder, formats)
    show_data(found.results)
    show_findings(found.results)
    name_files([*files, folder / "results.json"])


def _check(features: str, clf: str, options: dict[str, Any]) -> None:
    """Refuse what is wrong whatever the data, before any is read."""
    from dataclasses import fields

    from audioclf.comparison.settings import Settings

    named = {field.name: options[field.name] for field in fields(Settings) if field.name in options}
    Settings(features=features, classifiers=clf, pooled=options["functionals"], **named)


def _run_options(folder: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Turn command-line options into the arguments of `compare`."""
    options = dict(options)
    options["store"] = open_store(options)
    options.pop("no_store")
    options["workers"] = options.pop("jobs")
    options["pooled"] = options.pop("functionals")
    options["command"] = shlex.join(["audioclf", *sys.argv[1:]])
    return {**options, "resume": folder / ".resume"}


def _run_folder(out: Path | None, title: str) -> Path:
    """Return the run's folder: *out*, else one in runs/ that holds no finished run."""
    from audioclf.files import check_writable

    if out is None:
        slug = re.sub(r"[^A-Za-z0-9+=._-]+", "-", title)[:80].strip("-.") or "run"
        number = 1
        out = Path("runs") / slug
        while (out / "results.json").exists():
            number += 1
            out = Path("runs") / f"{slug}-{number}"
    return check_writable(out)
