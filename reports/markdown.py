"""A report in Markdown, fit for a repository or a paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from audioclf.files import write_whole
from audioclf.reports.pictures.canvas import save
from audioclf.reports.pictures.catalogue import Section, matrices, of_section, pictures
from audioclf.reports.pictures.ranks import save_ranks
from audioclf.reports.words import across as _across
from audioclf.reports.words import augmented as _augmented
from audioclf.reports.words import costs as _costs
from audioclf.reports.words import pieces as _pieces
from audioclf.reports.words import tags as _tags
from audioclf.reports.words import text as _text
from audioclf.reports.words.confused import most_confused
from audioclf.results.across import Across
from audioclf.results.metrics import ERRORS
from audioclf.results.names import identity, is_baseline, title
from audioclf.results.report import Report
from audioclf.results.results import Results
from audioclf.results.schema import Finished as Experiment

MOST_COLUMNS = 12
_MOST_CLIPS = 8
_MOST_CONFUSED = 20
_MOST_ROWS = 30


class MarkdownReport(Report):
    """``report.md``: the answer, the ranking, the winner in detail, the audit, and how to do it again.

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
        parts += ["## Ranking", _ranking(results), _testing(results), *links(Section.RANKING)]
    if priced := links(Section.COST):
        parts += ["## What a score costs", escape(_costs.bargain(results)), *priced, _costs.MEASURED]
    parts += [*_pairs(results), *_pieced(results)]
    if results.failed():
        rows = [(e["features"], _classifier(e), e["error"]) for e in results.failed()]
        parts += ["### Failed", table(("features", "classifier", "why"), rows)]
    if results.record.get("test"):
        parts += [*_test(results, results.record["test"]), *links(Section.TEST)]
    if best is not None:
        parts += [f"## Winner: {escape(title(best))}", *_details(results, best)]
        parts += [*links(Section.WINNER, Section.CONFUSIONS), _folds(results, best)]
        parts += _confused(results)
        if curves := links(Section.TRAINING):
            said = _costs.training(_costs.networks(results)[0])
            parts += ["## How the best network was trained", escape(said), *curves]
    parts += _audit(results)
    for experiment in results.ranking()[1:]:
        parts += [f"## {escape(title(experiment))}", *_details(results, experiment, most_clips=3)]
    parts += ["## Data", escape(_text.data_sentence(results)), *_data(results)]
    parts += links(Section.DATA, Section.PORTRAITS)
    if results.record["skipped"]:
        skipped = [(s["path"], s["why"]) for s in results.record["skipped"]]
        parts += ["### Left out", table(("recording", "why"), skipped)]
    if results.record.get("kind") != "explore":
        parts += ["## Protocol", bullets(_text.protocol(results))]
    parts += ["## Time", table(("", ""), _text.times(results))]
    parts += ["## To do it again", table(("", ""), _text.facts(results))]
    return "\n\n".join(part for part in parts if part) + "\n"


def render_across(across: Across, picture: str) -> str:
    """Return the report over several data sets as text; *picture* is the diagram's path."""
    parts = [
        "# Over several data sets",
        escape(_across.answer(across)),
        table(_across.heads(across), _across.rows(across), right=range(1, 2 + len(across.datasets))),
        f"![Critical-difference diagram]({picture})",
        bullets(_across.notes(across)),
    ]
    return "\n\n".join(parts) + "\n"


def _head(results: Results) -> list[str]:
    """The answer, and what to know before quoting it."""
    record = results.record
    explored = record.get("kind") == "explore"
    what = "a look at the data" if explored else "features × classifiers"
    parts = [f"# {escape(record['dataset']['name'])}: {what}", f"**{escape(_text.answer(results))}**"]
    parts += [escape(note) for note in record["dataset"]["notes"]]
    figures = _text.figures(results)
    if len(figures) > 1:
        parts.append(table(("", "", ""), figures, right=(1,)))
    parts.append(bullets([said for said in (_costs.verdict(results), *_text.caveats(results)) if said]))
    serious = [] if explored else [found["sentence"] for found in _text.findings(results, "serious")]
    if serious or record["warnings"]:
        parts += [
            "**Warnings**" if explored else "**Read this before quoting a figure**",
            bullets([_text.sentence(said) for said in (*serious, *record["warnings"])]),
        ]
    return parts


def escape(text: object) -> str:
    """Make text from data harmless in Markdown: no markup, no HTML, no line breaks.

    >>> escape("a|b <i>*c*</i>")
    'a\\\\|b &lt;i&gt;\\\\*c\\\\*&lt;/i&gt;'
    """
    plain = " ".join(str(text).split())
    for sign in ("\\", "`", "*", "_", "[", "]", "|", "#", "~", "$"):
        plain = plain.replace(sign, "\\" + sign)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], right: Iterable[int] = ()) -> str:
    """Return a table; columns in *right* are aligned to the right.

    >>> print(table(("class", "clips"), [("wren", 3)], right=[1]))
    | class | clips |
    |---|---:|
    | wren | 3 |
    """
    aligned = set(right)
    lines = [heads, *rows]
    body = ["| " + " | ".join(escape(cell) for cell in line) + " |" for line in lines]
    rule = "|" + "|".join("---:" if i in aligned else "---" for i in range(len(heads))) + "|"
    return "\n".join([body[0], rule, *body[1:]])


def bullets(items: Sequence[str]) -> str:
    """Return a list, one item a line; nothing for no items."""
    return "\n".join(f"- {escape(item)}" for item in items)


def _ranking(results: Results) -> str:
    ranked = results.ranking()
    main = results.metric
    shown = {main: results.titles[main], **results.shown}
    more = [
        name
        for name in results.titles
        if name not in shown and any((e["metrics"].get(name) or _text.UNKNOWN)["mean"] for e in ranked)
    ]
    tested = bool(results.record.get("tests"))
    tuned, naive, costly = (any(e.get(key) for e in ranked) for key in ("tuning", "naive", "cost"))
    heads = ["#", "features", "classifier", *shown.values(), "95 % interval", *(results.titles[name] for name in more)]
    heads += ["against the best (p, Holm)"] * tested + ["not nested (optimistic)"] * tuned
    heads += ["groups ignored (leaky)"] * naive
    heads += ["parameters", "size", "ms a clip (features + classifier)"] * costly + ["numbers", "fit, s a fold"]
    rows = []
    for place, e in enumerate(ranked, 1):
        row = [str(place), e["features"], _classifier(e)]
        row += [_text.spread(e["metrics"][name]) for name in shown]
        row += [_text.interval(e["metrics"][main])]
        row += [_text.score((e["metrics"].get(name) or _text.UNKNOWN)["mean"]) for name in more]
        if tested:
            row.append("the best" if place == 1 else _verdict(results, e))
        if tuned:
            row.append(_text.score(e["tuning"]["non_nested"]["score"] if e.get("tuning") else None))
        if naive:
            row.append(_text.score(e["naive"]["metrics"][main]["mean"] if e.get("naive") else None))
        if costly:
            row += _cost(e)
        row += [str(e["n_features"]) + (" a frame" if e["takes"] == "sequences" else "")]
        row += [_text.seconds(_text.fit_seconds(e))]
        rows.append(row)
    right = [i for i, head in enumerate(heads) if head not in ("features", "classifier")]
    note = f"Ranked by {results.titles[main]}; ± is the standard deviation over folds."
    errors = [results.titles[name] for name in more if name in ERRORS]
    if errors:
        note += f" Of {' and '.join(errors)}, less is better."
    return table(heads, rows, right=right) + "\n\n" + note


def _pairs(results: Results) -> list[str]:
    """What was done to training clips, and each experiment without and with it."""
    if not _augmented.done(results):
        return []
    parts = ["## Augmentation", escape(_augmented.done(results)), escape(_augmented.verdict(results))]
    rows = [
        (
            *identity(pair.without)[:2],
            *(_text.spread(e["metrics"][results.metric]) for e in (pair.without, pair.augmented)),
            _augmented.signed(pair.difference),
            _text.p_value(pair.p),
        )
        for pair in _augmented.pairs(results)
    ]
    return [*parts, table(_augmented.HEADS, rows, right=range(2, 6))] if rows else parts


def _pieced(results: Results) -> list[str]:
    """Scores of pieces and of whole recordings."""
    cut, columns, heads = _pieces.rows(results), _pieces.shown(results), _pieces.heads(results)
    if not cut:
        return []
    rows = [
        (row.experiment["features"], _classifier(row.experiment), *(_text.score(row.scores[k]) for k in columns))
        for row in cut
    ]
    lines = table(("features", "classifier", *(heads[k] for k in columns)), rows, right=range(2, 2 + len(columns)))
    return ["## Pieces and recordings", *(escape(said) for said in _pieces.lesson(results)), lines]


def _classifier(experiment: Experiment) -> str:
    """A classifier's name in a table of experiments, and what else tells it from the others."""
    augmented = ", augmented" if experiment.get("augment") else ""
    return experiment["classifier"] + augmented + (" (the floor)" if is_baseline(experiment) else "")


def _cost(experiment: Experiment) -> list[str]:
    cost = _costs.cost(experiment)
    if cost is None:
        return [_text.MISSING] * 3
    time = f"{_costs.milliseconds(cost.milliseconds)} ({cost.split})"
    return [_costs.thousands(cost.parameters), _costs.size(cost.kilobytes), time]


def _verdict(results: Results, experiment: Experiment) -> str:
    p = _text.p_value(_text.decisive_p(results, experiment))
    like = (experiment.get("versus_best") or {}).get("distinguishable") is False
    return f"not distinguishable ({p})" if like else p


def _testing(results: Results) -> str:
    return escape(_text.testing(results))


def _test(results: Results, test: dict[str, Any]) -> list[str]:
    """The held-out test set, scored once."""
    name = results.metric
    rows = [
        (results.titles.get(metric, metric), _text.score(ends["value"]), _text.interval(ends))
        for metric, ends in test["metrics"].items()
        if ends["value"] is not None
    ]
    parts = [
        f"## Held-out test: {_text.score(test['metrics'][name]['value'])} {results.titles[name]}",
        escape(_text.held_out(test)),
        bullets(test["warnings"]),
        table(("metric", "value", "95 % interval"), rows, right=(1, 2)),
        _classes(results, test["per_class"]),
    ]
    return [*parts, *_matrix(results, test)]


def _details(results: Results, experiment: Experiment, most_clips: int = _MOST_CLIPS) -> list[str]:
    metrics = [
        (results.titles[name], _text.spread(values), _text.interval(values))
        for name, values in experiment["metrics"].items()
        if name in results.titles and values["mean"] is not None
    ]
    cost = _costs.cost(experiment)
    parts = [
        escape(_text.versus(results, experiment)),
        "" if cost is None else escape(cost.words),
        escape(_costs.training(experiment)),
        bullets(experiment.get("warnings", [])),
        table(("metric", "mean ± std over folds", "95 % interval"), metrics, right=(1, 2)),
        _classes(results, experiment["per_class"]),
        *_matrix(results, experiment),
    ]
    confused = [
        (c.label, c.predicted, c.count, f"{c.share:.0%}", _text.listed(c.clips, most_clips))
        for c in ([] if results.multilabel else results.confusions(experiment))
    ]
    if confused:
        parts.append("Most confused:")
        parts.append(table(("true class", "taken for", "times", "of its clips", "clips"), confused, right=(2, 3)))
    else:
        parts.append(_tags.spoken(results, experiment) or "No clip was confused.")
    if experiment.get("tuning"):
        n = len(experiment["folds"])
        chosen = [(spec, f"{times} of {n}") for spec, times in _text.chosen(experiment)]
        parts += [escape(_text.tuning(results, experiment)), table(("chosen parameters", "folds"), chosen, right=(1,))]
    return parts


def _classes(results: Results, per_class: dict[str, Any]) -> str:
    counted = any("confusion" in values for values in per_class.values())
    areas = [
        (name, words)
        for name, words in (("roc_auc", "ROC AUC"), ("average_precision", "average precision"))
        if any(values.get(name) is not None for values in per_class.values())
    ]
    rows = []
    for label, values in per_class.items():
        row: list[object] = [label]
        for name in ("precision", "recall", "f1"):
            low, high = values.get("intervals", {}).get(name) or (None, None)
            ends = _text.interval({"low": low, "high": high})
            row.append(_text.score(values[name]) + ("" if ends == _text.MISSING else f" ({ends})"))
        row += [_text.score(values[name]) for name, _ in areas]
        rows.append([*row, *(_tags.cells(values) if counted else ()), values["support"]])
    heads = (_text.noun(results)[0], "precision", "recall", "F1", *(words for _, words in areas))
    heads += (*(_tags.CELLS if counted else ()), "clips")
    return table(heads, rows, right=range(1, len(heads))) + (f"\n\n{_tags.CELLS_KEY}" if counted else "")


def _matrix(results: Results, scored: dict[str, Any]) -> list[str]:
    labels = results.labels
    if results.multilabel or len(labels) > MOST_COLUMNS:
        return []
    rows = [(label, *row) for label, row in zip(labels, scored["confusion_matrix"])]
    return [table(("true class ↓ taken for →", *labels), rows, right=range(1, len(labels) + 1))]


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
            clip.wrongly or _text.MISSING,
        )
        for clip in most_confused(results, _MOST_CONFUSED)
    ]
    if not rows:
        return []
    heads = ("clip", "true class", "taken for", "probability", "of the true class", "wrong in")
    return ["### Clips most often confused", table(heads, rows, right=(3, 4))]


def _wrongly_labelled(results: Results) -> list[str]:
    """The clips that got wrong labels: which are right, missed and too many."""
    rows = [
        (clip.path, ", ".join(mark.words for mark in clip.marks), clip.wrongly or _text.MISSING)
        for clip in most_confused(results, _MOST_CONFUSED)
    ]
    return ["### Clips with wrong labels", _tags.KEY, table(("clip", "labels", "wrong in"), rows)] if rows else []


def _probability(value: float | None) -> str:
    return _text.MISSING if value is None else f"{value:.2f}"


def _audit(results: Results) -> list[str]:
    """Every finding of the audit: what, what to do, which clips."""
    if not results.record.get("audit"):
        return []
    parts = ["## Audit of the data", escape(_text.audited(results))]
    for severity in ("serious", "note"):
        for found in _text.findings(results, severity):
            tag = "Serious" if severity == "serious" else "Note"
            parts.append(
                f"**{tag}, {escape(found['topic'])}:** {escape(_text.sentence(found['sentence']))} "
                f"{escape(_text.sentence(found['advice']))}".rstrip()
            )
            if found["rows"]:
                keys = list(found["rows"][0])
                rows = [[_text.cell(row.get(key)) for key in keys] for row in found["rows"][:_MOST_ROWS]]
                parts.append(table([_text.heading(key) for key in keys], rows))
                left = len(found["rows"]) - _MOST_ROWS
            else:
                parts.append(bullets([_text.listed(together, 10) for together in found["clips"][:_MOST_ROWS]]))
                left = len(found["clips"]) - _MOST_ROWS
            if left > 0:
                parts.append(f"and {left} more, all in results.json.")
    return parts


def _folds(results: Results, experiment: Experiment) -> str:
    shown = {results.metric: results.titles[results.metric], **results.shown}
    tuned = bool(experiment.get("tuning"))
    heads = ["repeat", "fold", "trained on", "tested on", *shown.values()]
    heads += ["chosen", "its inner score"] * tuned + ["fit, s", "predict, s"]
    rows = []
    for fold in experiment["folds"]:
        row = [fold["repeat"] + 1, fold["fold"] + 1, fold["n_train"], fold["n_test"]]
        row += [_text.score(fold.get(name)) for name in shown]
        row += [fold.get("spec", ""), _text.score(fold.get("inner_score"))] if tuned else []
        row += [_text.seconds(fold[name]) for name in ("fit_seconds", "predict_seconds")]
        rows.append(row)
    return "### Folds\n\n" + table(heads, rows, right=[i for i, head in enumerate(heads) if head != "chosen"])


def _data(results: Results) -> list[str]:
    data = results.record["dataset"]
    rows = [("source", data["source"]), ("native sample rates", _text.sample_rates(results))]
    rows += [(name, data[name]) for name in ("licence", "citation") if data[name]]
    counts = list(data["label_counts"].items())
    return [table((_text.noun(results)[0], "clips"), counts, right=(1,)), table(("", ""), rows)]
