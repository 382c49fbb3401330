"""The commands that make a run: compare, train, explore."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audioclf.cli.options import (
    ANALYSIS,
    ANALYSIS_FRAMES,
    DATA,
    FITTING,
    GROUP_BY,
    OUTPUTS,
    PROTOCOL,
    SEED,
    open_store,
    report_formats,
)
from audioclf.cli.show import name_files, show_data, show_findings, show_results, show_troubles
from audioclf.cli.terminal import progress_on_terminal
from audioclf.errors import AudioclfError

if TYPE_CHECKING:
    from audioclf.comparison.settings import Settings, Surroundings


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
    help="Classifiers, separated by ','. The baseline (dummy, the majority class) is always added.",
)
@PROTOCOL
@ANALYSIS
@FITTING
def compare(
    data: str, root: Path | None, features: str, clf: str, reports: str, out: Path | None, **options: Any
) -> None:
    """Cross-validate every feature set with every classifier and write a report."""
    from audioclf.comparison.compare import run
    from audioclf.dataset.load import load_dataset
    from audioclf.results.report import write_reports

    settings = _settings(features, clf, options)
    formats = report_formats(reports)
    dataset = load_dataset(data, root)
    folder = _run_folder(out, f"{dataset.name}-compare")
    with _surroundings(folder, options) as around:
        done = run(dataset, settings, around, options["test"])
    done.save(folder)
    show_troubles(done.results)
    files = write_reports(done.results, folder, formats)
    show_results(done.results)
    name_files([*files, folder / "results.json"])
    if done.best is None:
        raise AudioclfError("no experiment finished; the reasons are above and in the report")


@click.command()
@DATA
@click.option("--features", "-f", default="mfcc", show_default=True, metavar="SPEC", help="One feature set.")
@click.option("--clf", "-c", default="svm", show_default=True, metavar="SPEC", help="One classifier.")
@PROTOCOL
@ANALYSIS
@FITTING
def train(
    data: str, root: Path | None, features: str, clf: str, reports: str, out: Path | None, **options: Any
) -> None:
    """Cross-validate one feature set with one classifier, then fit on all clips and save the model."""
    from audioclf.comparison.compare import run
    from audioclf.dataset.load import load_dataset
    from audioclf.model.train import fit_on_all
    from audioclf.results.report import write_reports

    if "," in features or "," in clf:
        raise click.UsageError("train takes one feature set and one classifier; 'audioclf compare' takes several.")
    settings = _settings(features, clf, options)
    formats = report_formats(reports)
    dataset = load_dataset(data, root)
    folder = _run_folder(out, f"{dataset.name}-{features}-{clf}")
    with _surroundings(folder, options) as around:
        done = run(dataset, settings, around, options["test"])
        model = fit_on_all(done)
    done.save(folder)
    file = model.save(folder / "model.audioclf")
    show_troubles(done.results)
    files = write_reports(done.results, folder, formats)
    show_results(done.results)
    name_files([*files, folder / "results.json"])
    click.echo(f"model    {file}")


@click.command()
@DATA
@GROUP_BY
@SEED
@OUTPUTS
@ANALYSIS_FRAMES
@FITTING
def explore(data: str, root: Path | None, reports: str, out: Path | None, **options: Any) -> None:
    """Show what is in a data set and what is wrong with it: leaks, shortcuts, quality, doubtful labels."""
    from audioclf.comparison.exploration import run
    from audioclf.comparison.settings import ExplorationSettings
    from audioclf.dataset.load import load_dataset
    from audioclf.results.report import write_reports

    settings = ExplorationSettings(**_among(ExplorationSettings, options))
    formats = report_formats(reports)
    dataset = load_dataset(data, root)
    folder = _run_folder(out, f"{dataset.name}-explore")
    with _surroundings(folder, options) as around:
        done = run(dataset, settings, around)
    done.results.save(folder)
    show_troubles(done.results)
    files = write_reports(done.results, folder, formats)
    show_data(done.results)
    show_findings(done.results)
    name_files([*files, folder / "results.json"])


def _settings(features: str, clf: str, options: dict[str, Any]) -> Settings:
    """Return the settings that options say; what is wrong whatever the data is refused here, before any is read."""
    from audioclf.comparison.settings import Settings

    return Settings(features=features, classifiers=clf, pooled=options["functionals"], **_among(Settings, options))


def _among(kind: Any, options: dict[str, Any]) -> dict[str, Any]:
    """The options that are fields of a dataclass."""
    return {field.name: options[field.name] for field in dataclasses.fields(kind) if field.name in options}


@contextlib.contextmanager
def _surroundings(folder: Path, options: dict[str, Any]) -> Iterator[Surroundings]:
    """Give what surrounds a run, with its progress on the terminal meanwhile."""
    from audioclf.comparison.settings import Surroundings

    with progress_on_terminal(options["quiet"]) as progress:
        yield Surroundings(
            store=open_store(options),
            workers=options["jobs"],
            resume=folder / ".resume",
            command=shlex.join(["audioclf", *sys.argv[1:]]),
            progress=progress,
        )


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
