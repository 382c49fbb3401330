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
from audioclf.errors import AudioclfError, AudioError, SpecError

if TYPE_CHECKING:
    from audioclf.parallel import Progress
    from audioclf.results.results import Results
    from audioclf.store.store import FeatureStore

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
_analysis_frames = _together(
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
)
_analysis = _together(
    _analysis_frames,
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
_group_by = click.option(
    "--group-by",
    metavar="PATTERN|auto",
    help="Find groups by a regular expression in the clips' names, such as '([^/]+)_[0-9]+', or by their names and "
    "sound.  [default: the manifest's]",
)
_seed = click.option("--seed", type=int, default=0, show_default=True)
_formats_option = click.option(
    "--report",
    "reports",
    default="html,markdown,png",
    show_default=True,
    metavar="LIST",
    help="Formats; 'audioclf list reports' shows them.",
)
_outputs = (
    click.option(
        "--out",
        "-o",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Folder of the run.  [default: a new one in runs/]",
    ),
    _formats_option,
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
    _group_by,
    click.option(
        "--clips",
        "clip_seconds",
        type=float,
        metavar="SECONDS",
        help="Cut every recording into clips of this length, grouped by recording.",
    ),
    click.option(
        "--naive-split-too",
        is_flag=True,
        help="Also score with folds that ignore groups: how much too good a leak would look.",
    ),
    click.option(
        "--tune",
        is_flag=True,
        help="Search each classifier's parameters within every training part (nested cross-validation).",
    ),
    click.option(
        "--grid",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help='JSON with what to search in place of the classifiers\' own spaces, as in {"svm": {"C": [1, 10]}}. '
        "Implies --tune.",
    ),
    click.option(
        "--budget",
        type=click.IntRange(min=1),
        default=24,
        show_default=True,
        metavar="N",
        help="Most candidates of a search; of more, a random choice is tried.",
    ),
    click.option(
        "--test",
        metavar="DIR|CSV",
        help="Clips kept apart: the winner, fitted on all of --data, answers them once at the end.",
    ),
    click.option(
        "--learning-curve",
        "with_curve",
        is_flag=True,
        help="Also score the winner with fewer training clips.",
    ),
    click.option(
        "--augment",
        metavar="EFFECTS",
        help="Also train with altered copies of the training clips: noise, pitch, stretch, shift, gain, reverb, "
        "separated by ','. Test clips stay as they are.",
    ),
    click.option(
        "--augment-factor",
        type=click.IntRange(min=1),
        default=3,
        show_default=True,
        metavar="N",
        help="Copies of each clip.",
    ),
    click.option("--augment-compare", is_flag=True, help="Score every experiment with and without --augment."),
    click.option(
        "--device",
        type=click.Choice(["auto", "cpu", "cuda", "mps"]),
        help="What networks compute on.  [default: auto]",
    ),
    _seed,
    click.option(
        "--metric",
        type=click.Choice(
            [
                "accuracy",
                "balanced_accuracy",
                "macro_f1",
                "micro_f1",
                "mcc",
                "roc_auc",
                "average_precision",
                "subset_accuracy",
            ]
        ),
        help="What ranks, and what is tuned for.  [default: accuracy; of clips with several labels average_precision]",
    ),
    *_outputs,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="audioclf")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Compare features and classifiers for audio classification.

    \b
    audioclf train --features mfcc+gfcc --clf svm              on the built-in demo data
    audioclf explore --data recordings/                        what is in this data, and what is wrong with it
    audioclf compare --data recordings/ --features mfcc,gfcc --clf svm,rf,hmm
    audioclf predict runs/NAME/model.audioclf new/*.wav

    '+' joins extractors into one feature set, ',' separates alternatives, ':key=value' sets a parameter
    (mfcc:n_coeffs=13:deltas=2+gfcc).
    """


@cli.command()
@_data
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
@_protocol
@_analysis
@_work
def compare(
    data: str, root: Path | None, features: str, clf: str, reports: str, out: Path | None, **options: Any
) -> None:
    """Cross-validate every feature set with every classifier and write a report."""
    from audioclf.comparison import compare
    from audioclf.dataset.clips import load_dataset

    _check(features, clf, options)
    formats = _formats(reports)
    dataset = load_dataset(data, root)
    folder = _out(out, f"{dataset.name}-compare")
    with _progress(options.pop("quiet")) as progress:
        result = compare.compare(dataset, features, clf, progress=progress, **_run_options(folder, options))
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
    from audioclf.dataset.clips import load_dataset
    from audioclf.model import model

    if "," in features or "," in clf:
        raise click.UsageError("train takes one feature set and one classifier; 'audioclf compare' takes several.")
    _check(features, clf, options)
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
    from audioclf.model.model import find_recordings, load_model

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
        rows = [[p.name, p.label or "none", _sureness(p.label, p.probabilities or {})] for p in good]
        _table(["recording", "label", "probability"], rows, right=(2,))
    for p in bad:
        click.echo(f"error: {p.error}", err=True)
    if bad:
        raise SystemExit(1)


def _sureness(label: str, probabilities: dict[str, float]) -> str:
    """The probability of a label, or of each of several, in their order."""
    named = [label] if label in probabilities else [part for part in label.split(";") if part]
    return " ".join(f"{probabilities[name]:.3f}" for name in named)


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

    from audioclf.dataset.clips import load_dataset
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
    with _progress(quiet) as progress:
        features_store = _store(options)
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
    times = done.lengths if frames else np.ones(len(done.clips), np.int64)
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
    values = done.inputs(extractors, "sequences" if frames else "vectors")
    write_table(FeatureTable(about, names, values), output)
    click.echo(f"{output}: {len(values)} rows, {len(names)} features, analysed at {analysis.sample_rate} Hz")


@cli.command()
@_data
@_group_by
@_seed
@_together(*_outputs)
@_analysis_frames
@_work
def explore(data: str, root: Path | None, reports: str, out: Path | None, **options: Any) -> None:
    """Show what is in a data set and what is wrong with it: leaks, shortcuts, quality, doubtful labels."""
    from audioclf.comparison import exploration
    from audioclf.dataset.clips import load_dataset

    formats = _formats(reports)
    dataset = load_dataset(data, root)
    folder = _out(out, f"{dataset.name}-explore")
    options["store"] = _store(options)
    options.pop("no_store")
    options["workers"] = options.pop("jobs")
    options["command"] = shlex.join(["audioclf", *sys.argv[1:]])
    with _progress(options.pop("quiet")) as progress:
        found = exploration.explore(dataset, progress=progress, **options)
    found.results.save(folder)
    files = _write_reports(found.results, folder, formats)
    _show_data(found.results)
    _show_findings(found.results)
    _name_files([*files, folder / "results.json"])


@cli.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE|DIR...", type=click.Path(path_type=Path))
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path),
    default=Path(),
    metavar="DIR",
    help="Where the pictures go.  [default: here]",
)
@click.option(
    "--augment",
    metavar="EFFECTS",
    help="Instead, write augmented copies of each FILE to listen to, and one picture of them, into the folder "
    "FILE-copies: noise,pitch,stretch,shift,gain,reverb or some of them.",
)
@click.option(
    "--augment-factor", type=click.IntRange(min=1), default=3, show_default=True, metavar="N", help="Copies of a FILE."
)
@_seed
@_analysis_frames
def plot(
    files: tuple[Path, ...], out: Path, augment: str | None, augment_factor: int, seed: int, **options: Any
) -> None:
    """Draw recordings: waveform, spectrum, cepstrum, spectrogram, filterbank and cepstrogram of each FILE."""
    from audioclf.audio import decode
    from audioclf.comparison.exploration import portrait_of
    from audioclf.dataset.clips import Clip
    from audioclf.features.specs import analysis_rate
    from audioclf.model.model import find_recordings
    from audioclf.spectra.spectra import Analysis

    copies = None
    if augment is not None:
        from audioclf.augmentation import copies as augmentation
        from audioclf.results import copies as examples

        copies = augmentation.parse(augment, augment_factor, seed)
        copies.check_installed()
    recordings = find_recordings(files)
    if not recordings:
        raise AudioclfError(f"no recordings in {', '.join(map(str, files))}")
    drawing = plugins.load("reports", "png")()
    portraits, failed = [], 0
    folders: set[Path] = set()
    for recording in recordings:
        try:
            facts = decode.probe(recording)
            rate = options["sample_rate"] or analysis_rate([facts.sample_rate])
            analysis = Analysis(rate, *(options[name] for name in ("frame_length", "hop_length", "window", "n_fft")))
            if copies is None:
                portraits.append(portrait_of(Clip(recording), facts.duration, analysis))
                continue
            folder = examples.folder_for(recording, out, folders)
            written = examples.write_examples(recording, copies, analysis, folder)
            versions = [version for _, version in written]
            for path, version in written:
                click.echo(f"{path}  {version.name}")
            click.echo(drawing.draw_copies(versions, f"{recording.name}, at {rate} Hz", folder / "copies.png"))
        except AudioError as error:
            failed += 1
            click.echo(f"error: {error}", err=True)
    for picture in drawing.draw_portraits(portraits, out):
        click.echo(picture)
    if failed:
        raise SystemExit(1)


@cli.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@_formats_option
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

    formats = _formats(reports)
    if len(runs) == 1:
        [run] = runs
        _name_files(write_reports(Results.load(run), out or (run if run.is_dir() else run.parent), formats))
        return
    from audioclf.results.across import across

    found = across([Results.load(run) for run in runs])
    files = write_across(found, out or Path("runs/across"), formats)
    rows = [
        [name, f"{rank:.2f}", *map(_score, scores)]
        for name, rank, scores in zip(found.experiments, found.mean_ranks, found.scores.T.tolist())
    ]
    _table(["experiment", "mean rank", *found.datasets], rows)
    test, difference = found.friedman, found.nemenyi.critical_difference
    click.echo(
        f"\nFriedman (Iman and Davenport): p {test.p_f:.2g}; critical difference of mean ranks {difference:.2f}\n"
    )
    _name_files(files)


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
    from audioclf.dataset.clips import find_loader

    click.echo(find_loader(name).fetch(root))


@datasets.command()
@click.argument("name")
def info(name: str) -> None:
    """Show size, licence, citation and labels of the data set NAME."""
    from audioclf.dataset.clips import find_loader

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
    from audioclf.store.store import FeatureStore, format_size

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
    """Return a callback that reads an option's text with a function of `audioclf.store.store`."""

    def callback(context: click.Context, parameter: click.Parameter, text: str | None) -> Any:
        if text is None:
            return None
        from audioclf.store import store

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
    from audioclf.store.store import FeatureStore, format_size

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
        heads = ["parameter", "type", "default", "what it is"]
        space = getattr(thing, "space", {})
        if space:
            from audioclf.spec import text_of

            heads.append("--tune tries")
            rows = [[*row, ", ".join(map(text_of, space.get(row[0], ())))] for row in rows]
        if rows:
            click.echo()
            _table(heads, rows)


def _formats(reports: str) -> list[str]:
    formats = [name.strip() for name in reports.split(",") if name.strip()]
    for name in formats:
        plugins.load("reports", name)
    return formats


def _check(features: str, clf: str, options: dict[str, Any]) -> None:
    """Refuse what is wrong whatever the data, before any is read."""
    from dataclasses import fields

    from audioclf.comparison.settings import Settings

    named = {field.name: options[field.name] for field in fields(Settings) if field.name in options}
    Settings(features=features, classifiers=clf, pooled=options["functionals"], **named)


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
    from audioclf.store.store import FeatureStore, NoStore

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
    from audioclf.results.report import write_reports

    for warning in results.record["warnings"]:
        click.echo(f"warning: {warning}", err=True)
    for finding in (results.record.get("audit") or {}).get("findings", []) if results.record["experiments"] else []:
        if finding["severity"] == "serious":
            click.echo(f"audit: {finding['sentence']}", err=True)
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
    width = max((9, *(len(file.stem) + 2 for file in documents)))
    for file in documents:
        click.echo(f"{file.stem:<{width}}{file}")
    if not documents and files:
        click.echo(f"pictures {files[0].parent}")


def _show_data(results: Results) -> None:
    """Say what was listened to."""
    record = results.record
    counts = ", ".join(f"{label} {n}" for label, n in list(record["dataset"]["label_counts"].items())[:12])
    groups, cv, copies = record["dataset"]["n_groups"], record["cv"], record.get("augmentation")
    click.echo(
        f"{record['dataset']['name']}: {record['dataset']['n_clips']} clips"
        + (f" in {groups} groups" if groups else "")
        + f" ({counts})"
        + (f"; {cv['kind']}, {cv['n_splits']} splits" if cv["n_splits"] else "")
        + (f" × {cv['repeats']}" if cv["repeats"] > 1 else "")
        + ("; parameters searched within every training part" if cv["tuned"] else "")
        + (f"; augmented copies of each training clip: {copies['factor']} ({copies['spec']})" if copies else "")
    )
    for note in record["dataset"]["notes"]:
        click.echo(note)
    click.echo()


def _show_results(results: Results) -> None:
    """Print the ranking, the winner's confusion matrix, and its score on clips kept apart."""
    from audioclf.results.names import title

    ranked = results.ranking()
    if not ranked:
        return
    _show_data(results)
    tuned, naive, pieces = (any(e.get(key) for e in ranked) for key in ("tuning", "naive", "by_recording"))
    augmented = any(e.get("augment") for e in ranked)
    heads = ["", "features", "classifier", *["augmented"] * augmented, *results.shown.values(), "95 % interval"]
    heads += ["against the best", "ms a clip", "kB"]
    heads += ["by recording"] * pieces + ["not nested (too good)"] * tuned + ["groups ignored (leaky)"] * naive
    rows = []
    for place, e in enumerate(ranked, 1):
        values = [_spread(e["metrics"][m]) for m in results.shown]
        main = e["metrics"][results.metric]
        row = [str(place), e["features"], e["classifier"]]
        if augmented:
            row.append("yes" if e.get("augment") else "no")
        row += [*values, f"{_score(main['low'])}–{_score(main['high'])}", _against(e), *_costs(e)]
        if pieces:
            whole = e.get("by_recording")
            row.append(_score(whole["metrics"][results.metric]) if whole else "")
        if tuned:
            row.append(_score(e["tuning"]["non_nested"]["score"]) if e["tuning"] else "")
        if naive:
            row.append(_spread(e["naive"]["metrics"][results.metric]) if e["naive"] else "")
        rows.append(row)
    _table(heads, rows, right=(0,))
    best, labels = ranked[0], results.labels
    if results.multilabel:
        click.echo(f"\n{title(best)}:")
        names = ("average_precision", "precision", "recall", "f1")
        figures = [
            [label, *(_score(found[name]) for name in names), str(found["support"])]
            for label, found in best["per_class"].items()
        ]
        _table(["", "average precision", "precision", "recall", "F1", "clips"], figures, right=range(1, 6))
    elif len(labels) <= 15:
        click.echo(f"\n{title(best)}: rows are the truth, columns the prediction")
        matrix = [[label, *map(str, row)] for label, row in zip(labels, best["confusion_matrix"])]
        _table(["", *labels], matrix, right=range(1, len(labels) + 1))
    apart = results.record.get("test")
    if apart:
        click.echo(f"\nkept apart: {apart['n_clips']} clips of {apart['source']}, answered once by {title(apart)}:")
        for name in results.shown:
            value = apart["metrics"][name]
            interval = f"{_score(value['low'])}–{_score(value['high'])}"
            click.echo(f"  {results.titles[name]} {_score(value['value'])} (95 % interval {interval})")
        for warning in apart["warnings"]:
            click.echo(f"warning: {warning}", err=True)
    click.echo()


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _spread(metric: dict[str, float | None]) -> str:
    return f"{_score(metric['mean'])} ± {_score(metric['std'])}"


def _costs(experiment: dict[str, Any]) -> list[str]:
    """Milliseconds from the file to the answer, and the size of the model."""
    cost = experiment.get("cost")
    if not cost:
        return ["", ""]
    size = cost["kilobytes"]
    return [f"{(cost['features_ms'] or 0) + cost['classifier_ms']:.1f}", "–" if size is None else f"{size:,.0f}"]


def _against(experiment: dict[str, Any]) -> str:
    """Whether an experiment can be told from the best."""
    versus = experiment.get("versus_best")
    if not versus:
        return ""
    p = versus["p_holm"] if versus["p_holm"] is not None else versus["mcnemar"]["p_holm"]
    return ("worse" if versus["distinguishable"] else "can't be told apart") + ("" if p is None else f" (p {p:.2g})")


def _show_findings(results: Results) -> None:
    """Print what the audit found, the serious first."""
    findings = (results.record.get("audit") or {}).get("findings", [])
    if not findings:
        click.echo("Nothing was found that needs looking at.\n")
    for finding in findings:
        names = [", ".join(group) for group in finding["clips"][:3]]
        more = len(finding["clips"]) - len(names)
        click.echo(f"{finding['severity']}: {finding['sentence']}")
        if names:
            click.echo(f"    {'; '.join(names)}{f' and {more} more' if more > 0 else ''}")
        if finding["advice"]:
            click.echo(f"    {finding['advice']}")
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
            if stage == "epochs":
                click.echo(f"epoch {done} of {total}: {note}", err=True)
            elif stage not in seen:
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
