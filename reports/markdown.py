"""A report in Markdown, fit for a repository or a paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from audioclf.files import write_whole
from audioclf.report import Report
from audioclf.results import METRICS, Experiment, Results, is_floor, title

from . import _text, png

MOST_COLUMNS = 12
_MOST_CLIPS = 8


class MarkdownReport(Report):
    """``report.md``: the answer, the ranking, the winner in detail, and how to do it again.

    It links to pictures in ``figures/``, which it makes.
    """

    name = "markdown"
    title = "report.md, for a repository or a paper"

    def write(self, results: Results, folder: Path) -> list[Path]:
        """Write the report and the pictures it shows; the report is the one to open first."""
        pictures = []
        if results.best is not None:
            pictures = [png.draw_ranking(results, folder), png.draw_shares(results, results.best, folder)]
        path = folder / "report.md"
        shown = [picture.relative_to(folder).as_posix() for picture in pictures]
        with write_whole(path) as aside:
            aside.write_text(render(results, shown), encoding="utf-8", errors="backslashreplace")
        return [path, *pictures]


def render(results: Results, pictures: Sequence[str] = ()) -> str:
    """Return the report as text; *pictures* are paths of the ranking and of the winner's confusion matrix."""
    record = results.record
    parts = [f"# {escape(record['dataset']['name'])}: features × classifiers", escape(_text.answer(results))]
    parts += [escape(note) for note in record["dataset"]["notes"]]
    parts += [bullets(_text.caveats(results))]
    if record["warnings"]:
        parts += ["**Warnings**", bullets(record["warnings"])]
    parts += ["## Ranking", _ranking(results)]
    if pictures:
        parts.append(f"![Ranking with 95 % intervals]({pictures[0]})")
    if results.failed():
        rows = [(e["features"], e["classifier"], e["error"]) for e in results.failed()]
        parts += ["### Failed", table(("features", "classifier", "why"), rows)]
    if results.best is not None:
        parts += [f"## Winner: {escape(title(results.best))}", *_details(results, results.best)]
        if pictures:
            parts.append(f"![Confusion matrix, shares of the true class]({pictures[1]})")
        parts += [_folds(results.best)]
    for experiment in results.ranking()[1:]:
        parts += [f"## {escape(title(experiment))}", *_details(results, experiment, most_clips=3)]
    parts += ["## Data", escape(_text.data_sentence(results)), *_data(results)]
    parts += ["## Protocol", bullets(_text.protocol(results))]
    if record["skipped"]:
        skipped = [(s["path"], s["why"]) for s in record["skipped"]]
        parts += ["## Left out", table(("recording", "why"), skipped)]
    parts += ["## Time", table(("", ""), _text.times(results))]
    parts += ["## To do it again", table(("", ""), _text.facts(results))]
    return "\n\n".join(part for part in parts if part) + "\n"


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
    heads = ("#", "features", "classifier", *METRICS.values(), "95 % interval", "numbers", "fit, s a fold")
    rows = [
        (
            str(place),
            e["features"],
            e["classifier"] + (" (the floor)" if is_floor(e) else ""),
            *(_text.spread(e["metrics"][name]) for name in METRICS),
            _text.interval(e["metrics"][results.metric]),
            str(e["n_features"]) + (" a frame" if e["takes"] == "sequences" else ""),
            _text.seconds(_text.fit_seconds(e)),
        )
        for place, e in enumerate(results.ranking(), 1)
    ]
    if not rows:
        return ""
    note = f"Ranked by {METRICS[results.metric]}; ± is the standard deviation over folds."
    return table(heads, rows, right=(0, 3, 4, 5, 6, 7, 8)) + "\n\n" + note


def _details(results: Results, experiment: Experiment, most_clips: int = _MOST_CLIPS) -> list[str]:
    rows = [
        (label, *(_text.score(values[name]) for name in ("precision", "recall", "f1")), values["support"])
        for label, values in experiment["per_class"].items()
    ]
    parts = [table(("class", "precision", "recall", "F1", "clips"), rows, right=(1, 2, 3, 4))]
    labels = results.labels
    if len(labels) <= MOST_COLUMNS:
        matrix = [(label, *row) for label, row in zip(labels, experiment["confusion_matrix"])]
        heads = ("true class ↓ taken for →", *labels)
        parts.append(table(heads, matrix, right=range(1, len(labels) + 1)))
    confused = [
        (c.label, c.predicted, c.count, f"{c.share:.0%}", _text.listed(c.clips, most_clips))
        for c in results.confusions(experiment)
    ]
    if confused:
        parts.append("Most confused:")
        parts.append(table(("true class", "taken for", "times", "of its clips", "clips"), confused, right=(2, 3)))
    else:
        parts.append("No clip was confused.")
    return parts


def _folds(experiment: Experiment) -> str:
    heads = ("repeat", "fold", "trained on", "tested on", *METRICS.values(), "fit, s", "predict, s")
    rows = [
        (
            fold["repeat"] + 1,
            fold["fold"] + 1,
            fold["n_train"],
            fold["n_test"],
            *(_text.score(fold[name]) for name in METRICS),
            _text.seconds(fold["fit_seconds"]),
            _text.seconds(fold["predict_seconds"]),
        )
        for fold in experiment["folds"]
    ]
    return "### Folds\n\n" + table(heads, rows, right=range(len(heads)))


def _data(results: Results) -> list[str]:
    data = results.record["dataset"]
    rows = [("source", data["source"]), ("native sample rates", _text.sample_rates(results))]
    rows += [(name, data[name]) for name in ("licence", "citation") if data[name]]
    counts = list(data["label_counts"].items())
    return [table(("class", "clips"), counts, right=(1,)), table(("", ""), rows)]
