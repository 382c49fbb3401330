"""A report in Markdown, fit for a repository or a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from audioclf.grammar import listed
from audioclf.plugin import Across, Finished, Report, Results, write_whole
from audioclf.reports.pictures.canvas import save
from audioclf.reports.pictures.catalogue import Section, matrices, of_section, pictures
from audioclf.reports.pictures.ranks import save_ranks
from audioclf.reports.words import across as rounds
from audioclf.reports.words import audit, augmented, costs, headline, networks, pieces, protocol, tags, tuning
from audioclf.reports.words.confused import most_confused
from audioclf.reports.words.data import data_sentence, noun, sample_rates
from audioclf.reports.words.markup import bullets, escape, table
from audioclf.results import verdicts
from audioclf.results.headline import mark
from audioclf.results.metrics import ERRORS
from audioclf.results.schema import HeldOut, Names, OfLabel
from audioclf.results.words import (
    MISSING,
    between,
    interval,
    milliseconds,
    p_value,
    score,
    seconds,
    signed,
    size,
    spread,
    thousands,
)

MOST_COLUMNS = 12
_MOST_CLIPS = 8
_MOST_CONFUSED = 20
_MOST_ROWS = 30


class MarkdownReport(Report):
    """``report.md``: the answer, the ranking, the winner in detail, the audit, and how to reproduce it.

    It links to pictures in ``figures/``, which it makes.
    """

    name = "markdown"
    title = "report.md, for a repository or a paper"

    def write(self, results: Results, folder: Path) -> list[Path]:
        """Write the report and the pictures it shows; the report is the one to open first."""
        found = pictures(results)
        further = of_section(found, Section.TRAINING)[1:]  # of networks' training, that of the best is enough
        wanted = [picture for picture in found if picture not in further]
        if results.best is not None:
            wanted.append(matrices(results, results.best)[-1])
        drawn = [save(picture.draw(), folder / "figures" / f"{picture.name}.png") for picture in wanted]
        path = folder / "report.md"
        shown: dict[Section, list[str]] = {}
        for picture, file in zip(wanted, drawn, strict=True):
            link = f"![{escape(picture.title)}]({file.relative_to(folder).as_posix()})"
            shown.setdefault(picture.section, []).append(link)
        with write_whole(path) as aside:
            aside.write_text(render(results, shown), encoding="utf-8", errors="backslashreplace")
        return [path, *drawn]

    def write_across(self, across: Across, folder: Path) -> list[Path]:
        """Write ``across.md`` and the diagram that it shows."""
        drawn = save_ranks(across, folder)
        path = folder / "across.md"
        with write_whole(path) as aside:
            text = render_across(across, drawn.relative_to(folder).as_posix())
            aside.write_text(text, encoding="utf-8", errors="backslashreplace")
        return [path, drawn]


def render(results: Results, shown: Mapping[Section, Sequence[str]] | None = None) -> str:
    """Return the report as text.

    Parameters
    ----------
    results : Results
    shown : mapping of Section to sequence of str, optional
        Links to pictures.
    """

    def links(*sections: Section) -> list[str]:
        return [link for section in sections for link in (shown or {}).get(section, [])]

    best = results.best
    parts = [*_head(results)]
    if results.ranking():
        parts += ["## Ranking", _ranking(results), bullets(verdicts.explained(results)), *links(Section.RANKING)]
    if priced := links(Section.COST):
        parts += ["## What a score costs", escape(costs.bargain(results)), *priced, costs.MEASURED]
    parts += [*_pairs(results), *_pieced(results)]
    if results.failed():
        rows = [(e.features, _classifier(e), e.error) for e in results.failed()]
        parts += ["### Failed", table(("features", "classifier", "why"), rows)]
    if results.record.test is not None:
        parts += [*_test(results, results.record.test), *links(Section.TEST)]
    if best is not None:
        parts += [f"## Winner: {escape(best.title)}", *_details(results, best)]
        parts += [*links(Section.WINNER, Section.CONFUSIONS), _folds(results, best)]
        parts += _confused(results)
        if curves := links(Section.TRAINING):
            said = networks.training(networks.networks(results)[0])
            parts += ["## How the best network was trained", escape(said), *curves]
    parts += _audit(results)
    for experiment in results.ranking()[1:]:
        parts += [f"## {escape(experiment.title)}", *_details(results, experiment, most_clips=3)]
    parts += ["## Data", escape(data_sentence(results)), *_data(results)]
    parts += links(Section.DATA, Section.PORTRAITS)
    if results.record.skipped:
        skipped = [(s.path, s.why) for s in results.record.skipped]
        parts += ["### Left out", table(("recording", "why"), skipped)]
    if results.record.kind != "explore":
        parts += ["## Protocol", bullets(protocol.protocol(results))]
    parts += ["## Time", table(("", ""), protocol.times(results))]
    parts += ["## Reproduce", table(("", ""), protocol.facts(results))]
    return "\n\n".join(part for part in parts if part) + "\n"


def render_across(across: Across, picture: str) -> str:
    """Return the report over several data sets as text; *picture* is the diagram's path."""
    parts = [
        "# Over several data sets",
        escape(rounds.answer(across)),
        table(rounds.heads(across), rounds.rows(across), right=range(1, 2 + len(across.datasets))),
        f"![Critical-difference diagram]({picture})",
        bullets(rounds.notes(across)),
    ]
    return "\n\n".join(parts) + "\n"


def _head(results: Results) -> list[str]:
    """The answer, and what to know before quoting it."""
    record = results.record
    explored = record.kind == "explore"
    what = "a look at the data" if explored else "features × classifiers"
    parts = [f"# {escape(record.dataset.name)}: {what}", f"**{escape(headline.answer(results))}**"]
    parts += [escape(note) for note in record.dataset.notes]
    quoted = headline.figures(results)
    if len(quoted) > 1:
        parts.append(table(("", "", ""), quoted, right=(1,)))
    parts.append(bullets([said for said in (networks.verdict(results), *headline.caveats(results)) if said]))
    serious = [] if explored else [found.sentence for found in audit.findings(results, "serious")]
    if serious or record.warnings:
        parts += [
            "**Warnings**" if explored else "**Read this before quoting a figure**",
            bullets([audit.sentence(said) for said in (*serious, *record.warnings)]),
        ]
    return parts


def _ranking(results: Results) -> str:
    ranked, main = results.ranking(), results.metric
    shown = {main: results.titles[main], **results.shown}
    more = [name for name in results.titles if name not in shown and any(e.metric(name).mean for e in ranked)]
    tested = results.record.tests is not None
    tuned, naive = (any(getattr(e, name) is not None for e in ranked) for name in ("tuning", "naive"))
    costly = any(e.cost is not None for e in ranked)
    heads = ["#", "features", "classifier", *shown.values(), "95 % interval"]
    heads += list(verdicts.HEADS) * tested
    heads += [results.titles[name] for name in more]
    heads += ["not nested (optimistic)"] * tuned + ["groups ignored (data leakage)"] * naive
    heads += ["parameters", "size", "ms a clip (features + classifier)"] * costly + ["numbers", "fit, s a fold"]
    rows = []
    for place, e in enumerate(ranked, 1):
        row = [str(place), e.features, _classifier(e), *(spread(e.metric(name)) for name in shown)]
        row.append(interval(e.metric(main)))
        if tested:
            row += verdicts.columns(e.versus_best)
        row += [score(e.metric(name).mean) for name in more]
        if tuned:
            row.append(score(tuning.not_nested(e)))
        if naive:
            row.append(score(None if e.naive is None else e.naive.metrics[main].mean))
        if costly:
            row += _cost(e)
        row += [str(e.n_features) + (" a frame" if e.takes == "sequences" else "")]
        row += [seconds(protocol.fit_seconds(e))]
        rows.append(row)
    words = ("features", "classifier", verdicts.HEADS[0])
    right = [i for i, head in enumerate(heads) if head not in words]
    note = f"Ranked by {results.titles[main]}; ± is the standard deviation over folds."
    errors = [results.titles[name] for name in more if name in ERRORS]
    if errors:
        note += f" Of {' and '.join(errors)}, less is better."
    return table(heads, rows, right=right) + "\n\n" + note


def _pairs(results: Results) -> list[str]:
    """What was done to training clips, and each experiment without and with it."""
    if not augmented.done(results):
        return []
    parts = ["## Augmentation", escape(augmented.done(results)), escape(augmented.verdict(results))]
    rows = [
        (
            pair.without.features,
            pair.without.classifier,
            *(spread(e.metric(results.metric)) for e in (pair.without, pair.augmented)),
            signed(pair.difference),
            p_value(pair.p),
        )
        for pair in augmented.pairs(results)
    ]
    return [*parts, table(augmented.HEADS, rows, right=range(2, 6))] if rows else parts


def _pieced(results: Results) -> list[str]:
    """Scores of pieces and of whole recordings."""
    cut, columns, heads = pieces.rows(results), pieces.shown(results), pieces.heads(results)
    if not cut:
        return []
    rows = [
        (row.experiment.features, _classifier(row.experiment), *(score(row.scores[k]) for k in columns)) for row in cut
    ]
    lines = table(("features", "classifier", *(heads[k] for k in columns)), rows, right=range(2, 2 + len(columns)))
    return ["## Pieces and recordings", *(escape(said) for said in pieces.lesson(results)), lines]


def _classifier(experiment: Names) -> str:
    """A classifier's name in a table of experiments, and what else tells it from the others."""
    return experiment.classifier + mark(experiment)


def _cost(experiment: Finished) -> list[str]:
    cost = costs.cost(experiment)
    if cost is None:
        return [MISSING] * 3
    return [thousands(cost.parameters), size(cost.kilobytes), f"{milliseconds(cost.milliseconds)} ({cost.split})"]


def _test(results: Results, test: HeldOut) -> list[str]:
    """The held-out test set, scored once."""
    name = results.metric
    rows = [
        (results.titles.get(metric, metric), score(ends.value), interval(ends))
        for metric, ends in test.metrics.items()
        if ends.value is not None
    ]
    parts = [
        f"## Held-out test set: {score(test.metrics[name].value)} {results.titles[name]}",
        escape(headline.held_out(test)),
        bullets(test.warnings),
        table(("metric", "value", "95 % interval"), rows, right=(1, 2)),
        _classes(results, test.per_class),
    ]
    return [*parts, *_matrix(results, test)]


def _details(results: Results, experiment: Finished, most_clips: int = _MOST_CLIPS) -> list[str]:
    metrics = [
        (results.titles[name], spread(values), interval(values))
        for name, values in experiment.metrics.items()
        if name in results.titles and values.mean is not None
    ]
    cost = costs.cost(experiment)
    parts = [
        escape(verdicts.sentence(results, experiment)),
        "" if cost is None else escape(cost.words),
        escape(networks.training(experiment)),
        bullets(experiment.warnings),
        table(("metric", "mean ± std over folds", "95 % interval"), metrics, right=(1, 2)),
        _classes(results, experiment.per_class),
        *_matrix(results, experiment),
    ]
    confused = [
        (c.label, c.predicted, c.count, f"{c.share:.0%}", listed(c.clips, most_clips))
        for c in ([] if results.multilabel else results.confusions(experiment))
    ]
    if confused:
        parts.append("Most confused:")
        parts.append(table(("true class", "predicted", "times", "of its clips", "clips"), confused, right=(2, 3)))
    else:
        parts.append(tags.spoken(results, experiment) or "No clip was confused.")
    if experiment.tuning is not None:
        n = len(experiment.folds)
        chosen = [(spec, f"{times} of {n}") for spec, times in tuning.chosen(experiment)]
        parts.append(escape(tuning.searched(results, experiment)))
        parts.append(table(("chosen parameters", "folds"), chosen, right=(1,)))
    return parts


def _classes(results: Results, per_class: Mapping[str, OfLabel]) -> str:
    counted = any(values.confusion for values in per_class.values())
    areas = [
        (name, words)
        for name, words in (("roc_auc", "ROC AUC"), ("average_precision", "average precision"))
        if any(getattr(values, name) is not None for values in per_class.values())
    ]
    rows = []
    for label, values in per_class.items():
        row: list[object] = [label]
        for name in ("precision", "recall", "f1"):
            ends = between(*values.intervals.get(name, (None, None)))
            row.append(score(getattr(values, name)) + ("" if ends == MISSING else f" ({ends})"))
        row += [score(getattr(values, name)) for name, _ in areas]
        rows.append([*row, *(tags.cells(values) if counted else ()), values.support])
    heads = (noun(results)[0], "precision", "recall", "F1", *(words for _, words in areas))
    heads += (*(tags.CELLS if counted else ()), "clips")
    return table(heads, rows, right=range(1, len(heads))) + (f"\n\n{tags.CELLS_KEY}" if counted else "")


def _matrix(results: Results, scored: Finished | HeldOut) -> list[str]:
    labels = results.labels
    if scored.confusion_matrix is None or len(labels) > MOST_COLUMNS:
        return []
    rows = [(label, *row) for label, row in zip(labels, scored.confusion_matrix)]
    return [table(("true class ↓ predicted →", *labels), rows, right=range(1, len(labels) + 1))]


def _confused(results: Results) -> list[str]:
    if results.multilabel:
        return _wrongly_labelled(results)
    rows = [
        (
            clip.path,
            clip.label,
            clip.predicted,
            _probability(clip.probability),
            _probability(clip.of_label),
            clip.wrongly or MISSING,
        )
        for clip in most_confused(results, _MOST_CONFUSED)
    ]
    if not rows:
        return []
    heads = ("clip", "true class", "predicted", "probability", "of the true class", "wrong in")
    return ["### Clips most often confused", table(heads, rows, right=(3, 4))]


def _wrongly_labelled(results: Results) -> list[str]:
    """The clips that got wrong labels: which are right, missed and too many."""
    rows = [
        (clip.path, ", ".join(mark.words for mark in clip.marks), clip.wrongly or MISSING)
        for clip in most_confused(results, _MOST_CONFUSED)
    ]
    return ["### Clips with wrong labels", tags.KEY, table(("clip", "labels", "wrong in"), rows)] if rows else []


def _probability(value: float | None) -> str:
    return MISSING if value is None else f"{value:.2f}"


def _audit(results: Results) -> list[str]:
    """Every finding of the audit: what, what to do, which clips."""
    if results.record.audit is None:
        return []
    parts = ["## Audit of the data", escape(audit.audited(results))]
    for severity, tag in (("serious", "Serious"), ("note", "Note")):
        for found in audit.findings(results, severity):
            parts.append(
                f"**{tag}, {escape(audit.topic(found))}:** {escape(audit.sentence(found.sentence))} "
                f"{escape(audit.sentence(found.advice))}".rstrip()
            )
            if found.rows:
                keys = list(found.rows[0])
                rows = [[audit.cell(row.get(key)) for key in keys] for row in found.rows[:_MOST_ROWS]]
                parts.append(table([audit.heading(key) for key in keys], rows))
                left = len(found.rows) - _MOST_ROWS
            else:
                parts.append(bullets([listed(together, 10) for together in found.clips[:_MOST_ROWS]]))
                left = len(found.clips) - _MOST_ROWS
            if left > 0:
                parts.append(f"and {left} more, all in results.json.")
    return parts


def _folds(results: Results, experiment: Finished) -> str:
    shown = {results.metric: results.titles[results.metric], **results.shown}
    tuned = experiment.tuning is not None
    heads = ["repeat", "fold", "trained on", "tested on", *shown.values()]
    heads += ["chosen", "its inner score"] * tuned + ["fit, s", "predict, s"]
    rows = []
    for fold in experiment.folds:
        row = [fold.repeat + 1, fold.fold + 1, fold.n_train, fold.n_test, *(score(fold.score(name)) for name in shown)]
        row += [fold.spec, score(fold.inner_score)] if tuned else []
        rows.append([*row, seconds(fold.fit_seconds), seconds(fold.predict_seconds)])
    return "### Folds\n\n" + table(heads, rows, right=[i for i, head in enumerate(heads) if head != "chosen"])


def _data(results: Results) -> list[str]:
    data = results.record.dataset
    rows = [("source", data.source), ("native sample rates", sample_rates(results))]
    rows += [(name, text) for name, text in (("licence", data.licence), ("citation", data.citation)) if text]
    counts = list(data.label_counts.items())
    return [table((noun(results)[0], "clips"), counts, right=(1,)), table(("", ""), rows)]
