"""The commands that take recordings: predict, plot."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audioclf import plugins
from audioclf.cli.options import ANALYSIS_FRAMES, QUIET, SEED
from audioclf.cli.terminal import print_table, progress_on_terminal
from audioclf.errors import AudioclfError, AudioError

if TYPE_CHECKING:
    from audioclf.augmentation.copies import Augmentation
    from audioclf.spectra.analysis import Framing


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("files", nargs=-1, required=True, metavar="FILE|DIR...", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.option("--jobs", "-j", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Threads.")
@QUIET
def predict(model: Path, files: tuple[Path, ...], form: str, jobs: int, quiet: bool) -> None:
    """Say what MODEL takes each recording for. Folders are searched for recordings."""
    from audioclf.audio.recordings import find_recordings
    from audioclf.model.model import load_model

    loaded = load_model(model)
    recordings = find_recordings(files)
    if not recordings:
        raise AudioclfError(f"no recordings in {', '.join(map(str, files))}")
    with progress_on_terminal(quiet) as progress:
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
        print_table(["recording", "label", "probability"], rows, right=(2,))
    for p in bad:
        click.echo(f"error: {p.error}", err=True)
    if bad:
        raise SystemExit(1)


def _sureness(label: str, probabilities: dict[str, float]) -> str:
    """The probability of a label, or of each of several, in their order."""
    named = [label] if label in probabilities else [part for part in label.split(";") if part]
    return " ".join(f"{probabilities[name]:.3f}" for name in named)


@click.command()
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
@SEED
@ANALYSIS_FRAMES
def plot(files: tuple[Path, ...], out: Path, augment: str | None, augment_factor: int, **options: Any) -> None:
    """Draw recordings: waveform, spectrum, cepstrum, spectrogram, filterbank and cepstrogram of each FILE."""
    from audioclf.audio.recordings import find_recordings
    from audioclf.spectra.analysis import Framing

    seed, copies = options.pop("seed"), None
    if augment is not None:
        from audioclf.augmentation.copies import parse

        copies = parse(augment, augment_factor, seed)
        copies.check_installed()
    recordings = find_recordings(files)
    if not recordings:
        raise AudioclfError(f"no recordings in {', '.join(map(str, files))}")
    failed = (
        _plot_portraits(recordings, out, Framing(**options))
        if copies is None
        else _plot_copies(recordings, out, Framing(**options), copies)
    )
    if failed:
        raise SystemExit(1)


def _plot_portraits(recordings: list[Path], out: Path, framing: Framing) -> int:
    """Draw pictures of recordings, print their names, and return how many recordings could not be read."""
    from audioclf.audio import decode
    from audioclf.comparison.exploration import portrait_of
    from audioclf.dataset.clips import Clip

    portraits, failed = [], 0
    for recording in recordings:
        try:
            facts = decode.probe(recording)
            portraits.append(portrait_of(Clip(recording), facts.duration, framing.of([facts.sample_rate])))
        except AudioError as error:
            failed += 1
            click.echo(f"error: {error}", err=True)
    for picture in plugins.load("reports", "png")().draw_portraits(portraits, out):
        click.echo(picture)
    return failed


def _plot_copies(recordings: list[Path], out: Path, framing: Framing, copies: Augmentation) -> int:
    """Write copies of recordings and a picture of them, print their names, and return how many could not be read."""
    from audioclf.audio import decode
    from audioclf.results.copies import folder_for, write_examples

    drawing, failed = plugins.load("reports", "png")(), 0
    folders: set[Path] = set()
    for recording in recordings:
        try:
            analysis = framing.of([decode.probe(recording).sample_rate])
            folder = folder_for(recording, out, folders)
            written = write_examples(recording, copies, analysis, folder)
        except AudioError as error:
            failed += 1
            click.echo(f"error: {error}", err=True)
            continue
        for path, version in written:
            click.echo(f"{path}  {version.name}")
        title = f"{recording.name}, at {analysis.sample_rate} Hz"
        click.echo(drawing.draw_copies([version for _, version in written], title, folder / "copies.png"))
    return failed
