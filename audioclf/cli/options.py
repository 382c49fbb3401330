"""Options that several commands share, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audioclf import plugins

if TYPE_CHECKING:
    from audioclf.store.store import FeatureStore

Options = Callable[[Callable[..., Any]], Callable[..., Any]]


def together(*options: Options) -> Options:
    """Join click options into one decorator that keeps their order in the help."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


DATA = together(
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
ANALYSIS_FRAMES = together(
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
ANALYSIS = together(
    ANALYSIS_FRAMES,
    click.option(
        "--functionals",
        default="mean,std,min,max,median",
        show_default=True,
        metavar="LIST",
        help="What pools frames to a vector: mean, std, skewness, kurtosis, min, max, median, p0 to p100.",
    ),
)
QUIET = click.option("--quiet", "-q", is_flag=True, help="No progress.")


def _work(jobs: str) -> Options:
    """Options of how work is done, with what ``--jobs`` counts."""
    return together(
        click.option(
            "--jobs",
            "-j",
            type=click.IntRange(min=1),
            metavar="N",
            help=f"{jobs}; the numbers don't depend on it.  [default: one per core]",
        ),
        click.option(
            "--store",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Where features are kept.  [default: in the cache folder]",
        ),
        click.option("--no-store", is_flag=True, help="Compute all features anew and keep none."),
        QUIET,
    )


EXTRACTING = _work("Threads")
FITTING = _work("Threads that compute features and look at recordings, and processes that fit")
GROUP_BY = click.option(
    "--group-by",
    metavar="PATTERN|auto",
    help="Find groups by a regular expression in the clips' names, such as '([^/]+)_[0-9]+', or by their names and "
    "sound.  [default: the manifest's]",
)
SEED = click.option("--seed", type=int, default=0, show_default=True)
FORMATS = click.option(
    "--report",
    "reports",
    default="html,markdown,png",
    show_default=True,
    metavar="LIST",
    help="Formats; 'audioclf list reports' shows them.",
)
OUTPUTS = together(
    click.option(
        "--out",
        "-o",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Folder of the run.  [default: a new one in runs/]",
    ),
    FORMATS,
)
PROTOCOL = together(
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
    GROUP_BY,
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
        help="Also score with folds that ignore groups: how optimistic data leakage would be.",
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
        help="A held-out test set: the winner, fitted on all of --data, answers it once at the end.",
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
    SEED,
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
    OUTPUTS,
)


def report_formats(reports: str) -> list[str]:
    """Return the names in a list of report formats.

    Raises
    ------
    SpecError
        If one is unknown.
    """
    formats = [name.strip() for name in reports.split(",") if name.strip()]
    for name in formats:
        plugins.load("reports", name)
    return formats


def open_store(options: dict[str, Any]) -> FeatureStore:
    """Return the feature store that ``--store`` or ``--no-store`` asks for."""
    from audioclf.store.store import FeatureStore, NoStore

    return NoStore() if options["no_store"] else FeatureStore(options["store"])
