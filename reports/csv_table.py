"""The ranking as CSV, every figure of it, for a spreadsheet or a script."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from audioclf.files import write_whole
from audioclf.reports.words import across as _across
from audioclf.reports.words import augmented as _augmented
from audioclf.reports.words import text as _text
from audioclf.results.across import Across
from audioclf.results.names import identity
from audioclf.results.report import Report
from audioclf.results.results import Results
from audioclf.results.schema import Finished as Experiment

_TESTS = ("difference", "t", "p", "p_holm")
_PAIRS = ("best_only", "this_only", "p", "p_holm")
_COST = ("parameters", "kilobytes", "features_ms", "classifier_ms")
_TUNING = ("method", "candidates", "budget", "inner_folds", "fits")


class CSVReport(Report):
    """``ranking.csv``: one line an experiment, best first, then those that failed.

    As RFC 4180 has it: commas, quotes doubled, lines end with CRLF; UTF-8 without a byte order mark. What is
    unknown is empty. Figures aren't rounded. Text that a spreadsheet would take for a formula gets an apostrophe in
    front: it can come from a stranger's file names in an error message; specs never begin so.
    """

    name = "csv"
    title = "ranking.csv, every figure of the ranking for a spreadsheet or a script"

    def write(self, results: Results, folder: Path) -> list[Path]:
        """Write the table and return its path."""
        path = folder / "ranking.csv"
        with write_whole(path) as aside:
            aside.write_bytes(render(results).encode("utf-8", errors="backslashreplace"))
        return [path]

    def write_across(self, across: Across, folder: Path) -> list[Path]:
        """Write ``across.csv`` and return its path."""
        path = folder / "across.csv"
        with write_whole(path) as aside:
            aside.write_bytes(render_across(across).encode("utf-8", errors="backslashreplace"))
        return [path]


def render(results: Results) -> str:
    """Return the table as text."""
    gains = {identity(pair.augmented): pair for pair in _augmented.pairs(results)}
    rows = [_row(results, e, place) | _gain(gains.get(identity(e))) for place, e in enumerate(results.ranking(), 1)]
    rows += [_failed(e) for e in results.failed()]
    buffer = io.StringIO()
    heads = [*_row(results, _NOTHING, 0), *_gain(None)]
    writer = csv.DictWriter(buffer, heads, restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({head: _safe(value) for head, value in row.items()})
    return buffer.getvalue()


def render_across(across: Across) -> str:
    """Return the table over several data sets as text; figures aren't rounded."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([_safe(head) for head in _across.heads(across)])
    for name, rank, column in zip(across.experiments, across.mean_ranks.tolist(), across.scores.T.tolist()):
        writer.writerow([name, rank, *column])
    return buffer.getvalue()


_NOTHING: Experiment = {
    "features": "", "classifier": "", "takes": "", "n_features": 0, "metrics": {}, "folds": [], "status": "",
}  # fmt: skip


def _row(results: Results, experiment: Experiment, place: int) -> dict[str, Any]:
    versus = experiment.get("versus_best") or {}
    pairs = versus.get("mcnemar") or {}
    tuning = experiment.get("tuning") or {}
    naive = (experiment.get("naive") or {}).get("metrics", {})
    cost = experiment.get("cost") or {}
    chosen = _text.chosen(experiment)
    return {
        "place": place,
        "features": experiment["features"],
        "classifier": experiment["classifier"],
        "augment": experiment.get("augment"),
        "status": experiment["status"],
        **{
            f"{name}_{part}": experiment["metrics"].get(name, {}).get(part)
            for name in results.titles
            for part in ("mean", "std", "low", "high")
        },
        **{f"versus_best_{name}": versus.get(name) for name in _TESTS},
        **{f"mcnemar_{name}": pairs.get(name) for name in _PAIRS},
        "distinguishable_from_best": versus.get("distinguishable"),
        **{f"tuning_{name}": tuning.get(name) for name in _TUNING},
        "tuning_chosen": "; ".join(f"{spec} ({times})" for spec, times in chosen),
        "non_nested_score": tuning.get("non_nested", {}).get("score"),
        "naive_score": naive.get(results.metric, {}).get("mean"),
        "by_recording_score": _by_recording(results, experiment),
        "naive_by_recording_score": _by_recording(results, experiment.get("naive")),
        "takes": experiment["takes"],
        "n_features": experiment["n_features"],
        **{name: cost.get(name) for name in _COST},
        "fit_seconds": _text.fit_seconds(experiment),
        "error": experiment.get("error"),
    }


def _gain(pair: _augmented.Pair | None) -> dict[str, Any]:
    """By how much an experiment scores more than without augmented copies."""
    gain = (None, None) if pair is None else (pair.difference, pair.p)
    return dict(zip(("augmentation_difference", "augmentation_p_holm"), gain, strict=True))


def _by_recording(results: Results, scored: dict[str, Any] | None) -> float | None:
    """The run's metric with one answer a recording, of an experiment or of its split that ignores groups."""
    found = (scored or {}).get("by_recording") or {"metrics": {}}
    return found["metrics"].get(results.metric)


def _failed(experiment: Experiment) -> dict[str, Any]:
    return {name: experiment.get(name) for name in ("features", "classifier", "augment", "status", "takes", "error")}


def _safe(value: Any) -> Any:
    """Return a cell's value: nothing for None, true or false, text that is no formula, numbers as they are.

    >>> _safe("=1+1"), _safe(-0.5), _safe(True), _safe(None)
    ("'=1+1", -0.5, 'true', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{value}"
    return value
