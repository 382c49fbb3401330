"""Results as text for the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audioclf.cli.terminal import print_table

if TYPE_CHECKING:
    from audioclf.results.results import Results


def show_troubles(results: Results) -> None:
    """Print on stderr what went wrong: warnings, serious findings, clips left out, experiments that failed."""
    record = results.record
    for warning in record["warnings"]:
        click.echo(f"warning: {warning}", err=True)
    for finding in (record.get("audit") or {}).get("findings", []) if record["experiments"] else []:
        if finding["severity"] == "serious":
            click.echo(f"audit: {finding['sentence']}", err=True)
    for skipped in record["skipped"]:
        click.echo(f"warning: left out: {skipped['why']}", err=True)
    for experiment in results.failed():
        click.echo(
            f"warning: failed: {experiment['features']} with {experiment['classifier']}: {experiment['error']}",
            err=True,
        )


def name_files(files: list[Path]) -> None:
    """Name the files a person would open."""
    documents = [file for file in files if file.suffix != ".png"]
    width = max((9, *(len(file.stem) + 2 for file in documents)))
    for file in documents:
        click.echo(f"{file.stem:<{width}}{file}")
    if not documents and files:
        click.echo(f"pictures {files[0].parent}")


def show_data(results: Results) -> None:
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


def show_results(results: Results) -> None:
    """Print the ranking, the winner's confusion matrix, and its score on clips kept apart."""
    from audioclf.results.names import title

    ranked = results.ranking()
    if not ranked:
        return
    show_data(results)
    tuned, naive, pieces = (any(e.get(key) for e in ranked) for key in ("tuning", "naive", "by_recording"))
    augmented = any(e.get("augment") for e in ranked)
    heads = ["", "features", "classifier", *["augmented"] * augmented, *results.shown.values(), "95 % interval"]
    heads += ["against the best", "ms a clip", "kB"]
    heads += ["by recording"] * pieces + ["not nested (too good)"] * tuned + ["groups ignored (leaky)"] * naive
    rows = []
    for place, e in enumerate(ranked, 1):
        values = [spread(e["metrics"][m]) for m in results.shown]
        main = e["metrics"][results.metric]
        row = [str(place), e["features"], e["classifier"]]
        if augmented:
            row.append("yes" if e.get("augment") else "no")
        row += [*values, f"{score(main['low'])}–{score(main['high'])}", _against(e), *_costs(e)]
        if pieces:
            whole = e.get("by_recording")
            row.append(score(whole["metrics"][results.metric]) if whole else "")
        if tuned:
            row.append(score(e["tuning"]["non_nested"]["score"]) if e["tuning"] else "")
        if naive:
            row.append(spread(e["naive"]["metrics"][results.metric]) if e["naive"] else "")
        rows.append(row)
    print_table(heads, rows, right=(0,))
    best, labels = ranked[0], results.labels
    if results.multilabel:
        click.echo(f"\n{title(best)}:")
        names = ("average_precision", "precision", "recall", "f1")
        figures = [
            [label, *(score(found[name]) for name in names), str(found["support"])]
            for label, found in best["per_class"].items()
        ]
        print_table(["", "average precision", "precision", "recall", "F1", "clips"], figures, right=range(1, 6))
    elif len(labels) <= 15:
        click.echo(f"\n{title(best)}: rows are the truth, columns the prediction")
        matrix = [[label, *map(str, row)] for label, row in zip(labels, best["confusion_matrix"])]
        print_table(["", *labels], matrix, right=range(1, len(labels) + 1))
    apart = results.record.get("test")
    if apart:
        click.echo(f"\nkept apart: {apart['n_clips']} clips of {apart['source']}, answered once by {title(apart)}:")
        for name in results.shown:
            value = apart["metrics"][name]
            interval = f"{score(value['low'])}–{score(value['high'])}"
            click.echo(f"  {results.titles[name]} {score(value['value'])} (95 % interval {interval})")
        for warning in apart["warnings"]:
            click.echo(f"warning: {warning}", err=True)
    click.echo()


def score(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def spread(metric: dict[str, float | None]) -> str:
    return f"{score(metric['mean'])} ± {score(metric['std'])}"


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


def show_findings(results: Results) -> None:
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
