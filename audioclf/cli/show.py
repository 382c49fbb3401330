"""Results as text: what was compared, the ranking, the winner, findings, and the files of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from audioclf.cli.terminal import print_table

if TYPE_CHECKING:
    from audioclf.results.results import Results
    from audioclf.results.schema import Finished, HeldOut

_MOST_LABELS = 15  # of a confusion matrix on a terminal


def show_troubles(results: Results) -> None:
    """Print on stderr what went wrong: warnings, serious findings, clips left out, experiments that failed."""
    record = results.record
    for warning in record.warnings:
        click.echo(f"warning: {warning}", err=True)
    for finding in record.audit.findings if record.audit and record.experiments else []:
        if finding.severity == "serious":
            click.echo(f"audit: {finding.sentence}", err=True)
    for skipped in record.skipped:
        click.echo(f"warning: left out: {skipped.why}", err=True)
    for experiment in results.failed():
        click.echo(f"warning: failed: {experiment.title}: {experiment.error}", err=True)


def name_files(files: list[Path]) -> None:
    """Print the names of the files that a person would open."""
    documents = [file for file in files if file.suffix != ".png"]
    width = max((9, *(len(file.stem) + 2 for file in documents)))
    for file in documents:
        click.echo(f"{file.stem:<{width}}{file}")
    if not documents and files:
        click.echo(f"pictures {files[0].parent}")


def show_data(results: Results) -> None:
    """Print which clips were used, and how they were divided."""
    data, cv, copies = results.record.dataset, results.record.cv, results.record.augmentation
    counts = ", ".join(f"{label} {n}" for label, n in list(data.label_counts.items())[:12])
    click.echo(
        f"{data.name}: {data.n_clips} clips"
        + (f" in {data.n_groups} groups" if data.n_groups else "")
        + f" ({counts})"
        + (f"; {cv.kind}, {cv.n_splits} splits" if cv.n_splits else "")
        + (f" × {cv.repeats}" if cv.repeats > 1 else "")
        + ("; parameters searched within every training part" if cv.tuned else "")
        + (f"; augmented copies of each training clip: {copies.factor} ({copies.spec})" if copies else "")
    )
    for note in data.notes:
        click.echo(note)
    click.echo()


def show_results(results: Results) -> None:
    """Print the ranking and the answer, the winner's classes, and its score on a held-out test set."""
    from audioclf.results import headline, verdicts

    ranked = results.ranking()
    if not ranked:
        return
    show_data(results)
    columns = _columns(results, ranked)
    print_table(list(columns), [list(row) for row in zip(*columns.values())], right=(0,))
    click.echo()
    for sentence in (headline.answer(results), verdicts.too_few(results), headline.beside_chance(results)):
        if sentence:
            click.echo(sentence)
    _show_classes(results, ranked[0])
    if results.record.test:
        _show_test(results, results.record.test)
    click.echo()


def _columns(results: Results, ranked: list[Finished]) -> dict[str, list[str]]:
    """The columns of the ranking by their heads, those alone that say something of an experiment."""
    from audioclf.results import verdicts, words

    metric = results.metric
    columns = {
        "": [str(place) for place in range(1, len(ranked) + 1)],
        "features": [e.features for e in ranked],
        "classifier": [e.classifier + " (baseline)" * e.is_baseline for e in ranked],
    }
    if any(e.augment for e in ranked):
        columns["augmented"] = ["yes" if e.augment else "no" for e in ranked]
    columns |= {title: [words.spread(e.metric(name)) for e in ranked] for name, title in results.shown.items()}
    columns["95 % interval"] = [words.interval(e.metric(metric)) for e in ranked]
    columns["against the best"] = [verdicts.against(e.versus_best) for e in ranked]
    costs = [e.cost for e in ranked]
    columns["ms a clip"] = [words.milliseconds((c.features_ms or 0) + c.classifier_ms) if c else "" for c in costs]
    columns["size"] = [words.size(c.kilobytes) if c else "" for c in costs]
    if any(e.by_recording for e in ranked):
        whole = [e.by_recording for e in ranked]
        columns["by recording"] = [words.score(w.metrics.get(metric)) if w else "" for w in whole]
    if any(e.tuning for e in ranked):
        columns["not nested (optimistic)"] = [
            words.score(e.tuning.non_nested.score) if e.tuning else "" for e in ranked
        ]
    if any(e.naive for e in ranked):
        columns["groups ignored (data leakage)"] = [
            words.spread(e.naive.metrics[metric]) if e.naive else "" for e in ranked
        ]
    return columns


def _show_classes(results: Results, best: Finished) -> None:
    """Print the scores of each label, or the confusion matrix if it is small."""
    from audioclf.results.words import score

    labels = results.labels
    if best.confusion_matrix is None:
        click.echo(f"\n{best.title}:")
        rows = [
            [label, *map(score, (of.average_precision, of.precision, of.recall, of.f1)), str(of.support)]
            for label, of in best.per_class.items()
        ]
        print_table(["", "average precision", "precision", "recall", "F1", "clips"], rows, right=range(1, 6))
    elif len(labels) <= _MOST_LABELS:
        click.echo(f"\n{best.title}: rows are the truth, columns the prediction")
        matrix = [[label, *map(str, row)] for label, row in zip(labels, best.confusion_matrix)]
        print_table(["", *labels], matrix, right=range(1, len(labels) + 1))


def _show_test(results: Results, test: HeldOut) -> None:
    from audioclf.results.words import interval, score

    click.echo(f"\nheld-out test set: {test.n_clips} clips of {test.source}, answered once by {test.title}:")
    for name in results.shown:
        if value := test.metrics.get(name):
            click.echo(f"  {results.titles[name]} {score(value.value)} (95 % interval {interval(value)})")
    for warning in test.warnings:
        click.echo(f"warning: {warning}", err=True)


def show_findings(results: Results) -> None:
    """Print what the audit found, the serious first."""
    findings = results.record.audit.findings if results.record.audit else []
    if not findings:
        click.echo("Nothing was found that needs looking at.\n")
    for finding in findings:
        names = [", ".join(group) for group in finding.clips[:3]]
        more = len(finding.clips) - len(names)
        click.echo(f"{finding.severity}: {finding.sentence}")
        if names:
            click.echo(f"    {'; '.join(names)}{f' and {more} more' if more > 0 else ''}")
        if finding.advice:
            click.echo(f"    {finding.advice}")
    click.echo()
