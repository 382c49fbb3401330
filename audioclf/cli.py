"""Words to calls: the command line. Results go to stdout, progress and warnings to stderr."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import shlex
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audioclf import plugins
from audioclf._version import __version__
from audioclf.errors import AudioclfError, SpecError

if TYPE_CHECKING:
    from audioclf.parallel import Progress
    from audioclf.results import Results
    from audioclf.store import FeatureStore

Options = Callable[[Callable[..., Any]], Callable[..., Any]]


def _together(*options: Options) -> Options:
    """Join click options into one decorator that keeps their order in the help."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


_data = _together(
    click.option(
        "--data",
        "-d",
        default="demo",
        show_default=True,
        metavar="DIR|CSV|NAME",
        help="A folder with one folder per class, a CSV manifest (path,label[,group][,fold][,start][,end]), "
        "or a name that 'audioclf list datasets' shows.",
    ),
    click.option(
        "--root",
        type=click.Path(path_type=Path),
        help="For a named data set: the folder of its copy on disk.",
    ),
)
_analysis = _together(
    click.option(
        "--sample-rate",
        type=click.IntRange(min=1),
        metavar="HZ",
        help="Analysis rate.  [default: the lowest native rate, at most 22050]",
    ),
    click.option("--frame-length", type=float, default=0.025, show_default=True, metavar="SECONDS"),
    click.option("--hop-length", type=float, default=0.010, show_default=True, metavar="SECONDS"),
    click.option(
        "--window",
        default="hamming",
        show_default=True,
        metavar="NAME",
        help="hamming, hann, blackman or rectangular; NAME-symmetric for NumPy's form.",
    ),
    click.option(
        "--n-fft",
        type=click.IntRange(min=2),
        metavar="SAMPLES",
        help="FFT length.  [default: the next power of two]",
    ),
    click.option(
        "--functionals",
        default="mean,std,min,max,median",
        show_default=True,
        metavar="LIST",
        help="What pools frames to a vector: mean, std, skewness, kurtosis, min, max, median, p0 to p100.",
    ),
)
_work = _together(
    click.option(
        "--jobs",
        "-j",
        type=click.IntRange(min=1),
        metavar="N",
        help="Processes; the numbers don't depend on it.  [default: one per core]",
    ),
    click.option(
        "--store",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Where features are kept.  [default: in the cache folder]",
    ),
    click.option("--no-store", is_flag=True, help="Compute all features anew and keep none."),
    click.option("--quiet", "-q", is_flag=True, help="No progress."),
)
_protocol = _together(
    click.option(
        "--cv",
        metavar="N|folds|logo",
        help="N folds (grouped where groups are known), the data set's own folds, or leave one group out.  "
        "[default: own folds, else 5]",
    ),
    click.option(
        "--repeats",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Draw the folds anew this often.",
    ),
    click.option("--seed", type=int, default=0, show_default=True),
    click.option(
        "--metric",
        type=click.Choice(["accuracy", "balanced_accuracy", "macro_f1"]),
        default="accuracy",
        show_default=True,
        help="What ranks.",
    ),
    click.option(
        "--out",
        "-o",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Folder of the run.  [default: a new one in runs/]",
    ),
    click.option(
        "--report",
        "reports",
        default="html,markdown,png",
        show_default=True,
        metavar="LIST",
        help="Formats; 'audioclf list reports' shows them.",
    ),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="audioclf")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Compare features and classifiers for audio classification.

    \b
    audioclf train --features mfcc+gfcc --clf svm              on the built-in demo data
    audioclf compare --data recordings/ --features mfcc,gfcc --clf svm,rf,hmm
    audioclf predict runs/NAME/model.audioclf new/*.wav

    '+' joins extractors into one feature set, ',' separates alternatives, ':key=value' sets a parameter
    (mfcc:n_coeffs=13:deltas=2+gfcc).
    """


@cli.command()
@_data
@click.option("--features", "-f", required=True, metavar="SPECS", help="Feature sets, separated by ','.")
@click.option(
    "--clf",
    "-c",
    required=True,
    metavar="SPECS",
    help="Classifiers, separated by ','. The majority class (dummy) is always added.",
)
@_protocol
@_analysis
@_work
def compare(
    data: str, root: Path | None, features: str, clf: str, reports: str, out: Path | None, **options: Any
) -> None:
    """Cross-validate every feature set with every classifier and write a report."""
    from audioclf import comparison
    from audioclf.dataset import load_dataset

    comparison.plan(features, clf)
    comparison.check_options(options["cv"], options["functionals"], *_analysis_options(options))
    formats = _formats(reports)
    dataset = load_dataset(data, root)
    folder = _out(out, f"{dataset.name}-compare")
    with _progress(options.pop("quiet")) as progress:
        result = comparison.compare(dataset, features, clf, progress=progress, **_run_options(folder, options))
    result.results.save(folder)
    files = _write_reports(result.results, folder, formats)
    _show_results(result.results)
    _name_files([*files, folder / "results.json"])
    if result.best is None:
        raise AudioclfError("no experiment finished; the reasons are above and in the report")


@cli.command()
@_data
@click.option("--features", "-f", default="mfcc", show_default=True, metavar="SPEC", help="One feature set.")
@click.option("--clf", "-c", default="svm", show_default=True, metavar="SPEC", help="One classifier.")
@_protocol
@_analysis
@_work
def train(
    data: str, root: Path | None, features: str, clf: str, reports: str, out: Path | None, **options: Any
) -> None:
    """Cross-validate one feature set with one classifier, then fit on all clips and save the model."""
    from audioclf import comparison, model
    from audioclf.dataset import load_dataset

    if "," in features or "," in clf:
        raise click.UsageError("train takes one feature set and one classifier; 'audioclf compare' takes several.")
    comparison.plan(features, clf)
    comparison.check_options(options["cv"], options["functionals"], *_analysis_options(options))
    formats = _formats(reports)
    dataset = load_dataset(data, root)
    folder = _out(out, f"{dataset.name}-{features}-{clf}")
    with _progress(options.pop("quiet")) as progress:
        trained = model.train(dataset, features, clf, progress=progress, **_run_options(folder, options))
    assert trained.comparison is not None
    trained.comparison.results.save(folder)
    file = trained.save(folder / "model.audioclf")
    files = _write_reports(trained.comparison.results, folder, formats)
    _show_results(trained.comparison.results)
    _name_files([*files, folder / "results.json"])
    click.echo(f"model    {file}")


@cli.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("files", nargs=-1, required=True, metavar="FILE|DIR...", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.option("--jobs", "-j", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Processes.")
@click.option("--quiet", "-q", is_flag=True, help="No progress.")
def predict(model: Path, files: tuple[Path, ...], form: str, jobs: int, quiet: bool) -> None:
    """Say what MODEL takes each recording for. Folders are searched for recordings."""
    from audioclf.model import find_recordings, load_model

    loaded = load_model(model)
    recordings = find_recordings(files)
    if not recordings:
        raise AudioclfError(f"no recordings in {', '.join(map(str, files))}")
    with _progress(quiet) as progress:
        predictions = loaded.predict_clips(recordings, workers=jobs, progress=progress)
    good = [p for p in predictions if not p.error]
    bad = [p for p in predictions if p.error]
    if form == "json":
        answers = [{"path": p.name, "label": p.label, "probabilities": p.probabilities} for p in good]
        click.echo(json.dumps(answers, indent=1, ensure_ascii=False))
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(["path", "label", *loaded.labels])
        for p in good:
            writer.writerow([p.name, p.label, *(f"{v:.6f}" for v in (p.probabilities or {}).values())])
    elif good:
        rows = [[p.name, p.label, f"{(p.probabilities or {})[p.label]:.3f}"] for p in good]
        _table(["recording", "label", "probability"], rows, right=(2,))
    for p in bad:
        click.echo(f"error: {p.error}", err=True)
    if bad:
        raise SystemExit(1)


@cli.command()
@_data
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
@_analysis
@_work
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
    import numpy as np

    from audioclf import extraction, feature_spec
    from audioclf import functionals as pooling
    from audioclf.dataset import load_dataset
    from audioclf.errors import DatasetError
    from audioclf.spectra import Analysis
    from audioclf.table import FeatureTable, check_format, write_table

    if "," in features:
        raise click.UsageError("extract takes one feature set; join extractors with '+'.")
    check_format(output)
    extractors = feature_spec.build_extractors(features)
    pooled = pooling.parse(functionals)
    dataset = load_dataset(data, root)
    with _progress(quiet) as progress:
        features_store = _store(options)
        found = extraction.survey(dataset.clips, progress, features_store)
        if not found.clips:
            raise DatasetError(f"none of the {len(dataset)} recordings can be read; the first: {found.skipped[0][1]}")
        analysis = Analysis(
            sample_rate or feature_spec.analysis_rate(found.rates.values()),
            *(options[name] for name in ("frame_length", "hop_length", "window", "n_fft")),
        )
        done = extraction.extract(
            found.clips,
            analysis,
            vectors=() if frames else extractors,
            sequences=extractors if frames else (),
            pooled=pooled,
            features=features_store,
            workers=options["jobs"],
            progress=progress,
            facts=found.facts,
        )
    for _, why in found.skipped + done.skipped:
        click.echo(f"warning: left out: {why}", err=True)
    if not done.clips:
        raise DatasetError("no recording could be analysed")
    times = done.lengths if frames else np.ones(len(done.clips), np.int64)
    about: dict[str, Any] = {
        name: [value for clip, n in zip(done.clips, times) for value in [getattr(clip, name) or ""] * n]
        for name in ("name", "label", "group")
    }
    about = {"path": about.pop("name"), **about}
    names = feature_spec.vector_names(extractors, pooled)
    if frames:
        step = analysis.hop_samples / analysis.sample_rate
        about["time"] = [round(i * step, 6) for n in times for i in range(n)]
        names = [name for extractor in extractors for name in extractor.coefficient_names]
    values = done.inputs(extractors, "sequences" if frames else "vectors")
    write_table(FeatureTable(about, names, values), output)
    click.echo(f"{output}: {len(values)} rows, {len(names)} features, analysed at {analysis.sample_rate} Hz")


@cli.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--report",
    "reports",
    default="html,markdown,png",
    show_default=True,
    metavar="LIST",
    help="Formats; 'audioclf list reports' shows them.",
)
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), metavar="DIR", help="Where to write.  [default: into RUN]"
)
def report(run: Path, reports: str, out: Path | None) -> None:
    """Write reports of a finished RUN (its folder or results.json) once more."""
    from audioclf.report import write_reports
    from audioclf.results import Results

    formats = _formats(reports)
    results = Results.load(run)
    _name_files(write_reports(results, out or (run if run.is_dir() else run.parent), formats))


@cli.command(name="list")
@click.argument("kind", type=click.Choice(list(plugins.GROUPS)))
@click.argument("name", required=False)
def list_(kind: str, name: str | None) -> None:
    """Show the names that can follow --features, --clf, --data or --report; with NAME, its parameters."""
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
    _table(heads, rows)
    if kind == "features":
        click.echo("\nAll take deltas=0 (orders of time derivatives appended: 0, 1 or 2) and delta_width=9 (frames).")
    if kind in ("features", "classifiers"):
        click.echo(f"'audioclf list {kind} NAME' explains its parameters; set one as NAME:parameter=value.")


@cli.group()
def datasets() -> None:
    """Download a named data set, or show what is known of it."""


@datasets.command()
@click.argument("name")
@click.option("--root", type=click.Path(path_type=Path), help="Folder to put it in.  [default: in the cache folder]")
def fetch(name: str, root: Path | None) -> None:
    """Download the data set NAME, with its licence shown and its checksum verified."""
    from audioclf.dataset import find_loader

    click.echo(find_loader(name).fetch(root))


@datasets.command()
@click.argument("name")
def info(name: str) -> None:
    """Show size, licence, citation and labels of the data set NAME."""
    from audioclf.dataset import find_loader

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


@cli.group(name="store")
def store_() -> None:
    """Show what the feature store on disk holds, or make it smaller."""


_store_file = click.option(
    "--store",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The store's file.  [default: features.sqlite in the cache folder]",
)


@store_.command(name="info")
@_store_file
def store_info(store: Path | None) -> None:
    """Show the store's file, its size, and what is kept by which recipe."""
    from audioclf.store import FeatureStore, format_size

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
        _table(["features", "functionals", "analysis", "clips", "size", "last used"], rows, right=(3, 4))


def _day(seconds: float) -> str:
    import time

    return time.strftime("%Y-%m-%d", time.localtime(seconds))


def _parsed(name: str) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """Return a callback that reads an option's text with a function of `audioclf.store`."""

    def callback(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
        if text is None:
            return None
        from audioclf import store

        try:
            return getattr(store, name)(text)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    return callback


@store_.command()
@_store_file
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
    from audioclf.store import FeatureStore, format_size

    bounds = [bound for bound in (max_size, older_than) if bound is not None]
    if everything == bool(bounds):
        raise click.UsageError("Give --max-size, --older-than or both, or --all alone.")
    features = FeatureStore(store)
    done = features.prune(max_size, older_than, everything)
    click.echo(
        f"{features.path}: removed {done.pages:,} page{'' if done.pages == 1 else 's'} of features; "
        f"{format_size(done.freed)} freed, {format_size(done.size)} left"
    )


def _parameters(thing: Any) -> list[tuple[str, str, str, str]]:
    """Name, type, default and documentation of each parameter of an extractor or classifier class."""
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
        if rows:
            click.echo()
            _table(["parameter", "type", "default", "what it is"], rows)


def _formats(reports: str) -> list[str]:
    formats = [name.strip() for name in reports.split(",") if name.strip()]
    for name in formats:
        plugins.load("reports", name)
    return formats


def _analysis_options(options: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(options[name] for name in ("frame_length", "hop_length", "window", "n_fft", "sample_rate"))


def _run_options(folder: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Turn command-line options into the arguments of `compare`."""
    options = dict(options)
    options["store"] = _store(options)
    options.pop("no_store")
    options["workers"] = options.pop("jobs")
    options["pooled"] = options.pop("functionals")
    options["command"] = shlex.join(["audioclf", *sys.argv[1:]])
    return {**options, "resume": folder / ".resume"}


def _store(options: dict[str, Any]) -> FeatureStore:
    from audioclf.store import FeatureStore, NoStore

    return NoStore() if options["no_store"] else FeatureStore(options["store"])


def _out(out: Path | None, title: str) -> Path:
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


def _write_reports(results: Results, folder: Path, formats: list[str]) -> list[Path]:
    from audioclf.report import write_reports

    for warning in results.record["warnings"]:
        click.echo(f"warning: {warning}", err=True)
    for skipped in results.record["skipped"]:
        click.echo(f"warning: left out: {skipped['why']}", err=True)
    for experiment in results.failed():
        click.echo(
            f"warning: failed: {experiment['features']} with {experiment['classifier']}: {experiment['error']}",
            err=True,
        )
    return write_reports(results, folder, formats)


def _name_files(files: list[Path]) -> None:
    """Name the files a person would open."""
    documents = [file for file in files if file.suffix != ".png"]
    for file in documents:
        click.echo(f"{file.stem:<9}{file}")
    if not documents and files:
        click.echo(f"pictures {files[0].parent}")


def _show_results(results: Results) -> None:
    """Print the ranking and the winner's confusion matrix."""
    from audioclf.results import METRICS, title

    ranked = results.ranking()
    if not ranked:
        return
    record = results.record
    counts = ", ".join(f"{label} {n}" for label, n in list(record["dataset"]["label_counts"].items())[:12])
    groups = record["dataset"]["n_groups"]
    click.echo(
        f"{record['dataset']['name']}: {record['dataset']['n_clips']} clips"
        + (f" in {groups} groups" if groups else "")
        + f" ({counts}); {record['cv']['kind']}, {record['cv']['n_splits']} splits"
        + (f" × {record['cv']['repeats']}" if record["cv"]["repeats"] > 1 else "")
    )
    for note in record["dataset"]["notes"]:
        click.echo(note)
    click.echo()
    rows = []
    for place, e in enumerate(ranked, 1):
        values = [f"{e['metrics'][m]['mean']:.3f} ± {e['metrics'][m]['std']:.3f}" for m in METRICS]
        main = e["metrics"][results.metric]
        rows.append([str(place), e["features"], e["classifier"], *values, f"{main['low']:.3f}–{main['high']:.3f}"])
    _table(["", "features", "classifier", *METRICS.values(), "95 % interval"], rows, right=(0,))
    best, labels = ranked[0], results.labels
    if len(labels) <= 15:
        click.echo(f"\n{title(best)}: rows are the truth, columns the prediction")
        matrix = [[label, *map(str, row)] for label, row in zip(labels, best["confusion_matrix"])]
        _table(["", *labels], matrix, right=range(1, len(labels) + 1))
    click.echo()


def _table(heads: list[str], rows: list[list[str]], right: Any = ()) -> None:
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
def _progress(quiet: bool) -> Iterator[Progress]:
    """Give a callback that draws a bar with the time left on a terminal, else prints a line per stage."""
    from audioclf.parallel import silent

    if quiet:
        yield silent
        return
    if not sys.stderr.isatty():
        seen: set[str] = set()

        def line(stage: str, done: int, total: int, note: str) -> None:
            if stage not in seen:
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


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    if issubclass(category, UserWarning):
        click.echo(f"warning: {message}", err=True)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 the data or the run failed, 2 the command line is wrong."""
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments)
    warnings.showwarning = _show_warning  # type: ignore[assignment]
    try:
        code = cli.main(args=arguments, prog_name="audioclf", standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.ClickException as error:
        click.echo(f"error: {error.format_message()}", err=True)
        if isinstance(error, click.UsageError) and error.ctx is not None:
            click.echo(f"'{error.ctx.command_path} --help' shows the options", err=True)
        code = error.exit_code
    except (AudioclfError, click.Abort, KeyboardInterrupt, BrokenPipeError) as error:
        if debug:
            traceback.print_exc()
        code = _explain(error)
    raise SystemExit(code if isinstance(code, int) else 0)


def _explain(error: BaseException) -> int:
    """Say on stderr what went wrong and return the exit code."""
    if isinstance(error, BrokenPipeError):  # the reader of our output, such as head, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        click.echo("interrupted; the same command goes on where it stopped", err=True)
        return 130
    click.echo(f"error: {error}", err=True)
    return 2 if isinstance(error, SpecError) else 1


if __name__ == "__main__":
    main()
