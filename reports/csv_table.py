"""The ranking as CSV, every figure of it, for a spreadsheet or a script."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from audioclf.plugin import Across, Finished, Report, Results, write_whole
from audioclf.reports.words import across as rounds
from audioclf.reports.words.augmented import Pair, pairs
from audioclf.reports.words.pieces import by_recording
from audioclf.reports.words.protocol import fit_seconds
from audioclf.reports.words.tuning import chosen
from audioclf.results.schema import Failed, McNemar, VersusBest

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
    gains = {pair.augmented.identity: pair for pair in pairs(results)}
    rows = [_row(results, e, place) | _gain(gains.get(e.identity)) for place, e in enumerate(results.ranking(), 1)]
    rows += [_failed(e) for e in results.failed()]
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, _heads(results), restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({head: _safe(value) for head, value in row.items()})
    return buffer.getvalue()


def render_across(across: Across) -> str:
    """Return the table over several data sets as text; figures aren't rounded."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([_safe(head) for head in rounds.heads(across)])
    for name, rank, column in zip(across.experiments, across.mean_ranks.tolist(), across.scores.T.tolist()):
        writer.writerow([name, rank, *column])
    return buffer.getvalue()


def _heads(results: Results) -> list[str]:
    """The heads of all columns, those of nothing known included."""
    nothing = Finished(
        features="-", classifier="-", metrics={}, per_class={}, confusion_matrix=None, folds=[], predictions=[]
    )
    return [*_row(results, nothing, 0), *_gain(None)]


def _row(results: Results, experiment: Finished, place: int) -> dict[str, Any]:
    tests = results.record.tests
    return {
        "place": place,
        "features": experiment.features,
        "classifier": experiment.classifier,
        "augment": experiment.augment,
        "status": "ok",
        **{
            f"{name}_{part}": getattr(experiment.metric(name), part)
            for name in results.titles
            for part in ("mean", "std", "low", "high")
        },
        **_versus(experiment.versus_best),
        "smallest_p": None if tests is None else tests.smallest_p,
        **_searched(experiment),
        **_apart(results, experiment),
        "takes": experiment.takes,
        "n_features": experiment.n_features,
        **{name: getattr(experiment.cost, name, None) for name in _COST},
        "fit_seconds": fit_seconds(experiment) if experiment.folds else None,
        "error": None,
    }


def _versus(versus: VersusBest | None) -> dict[str, Any]:
    """What both tests say of an experiment against the best: over folds, and on the same clips."""
    pairs: McNemar | None = getattr(versus, "mcnemar", None)
    return {
        **{f"versus_best_{name}": getattr(versus, name, None) for name in _TESTS},
        **{f"mcnemar_{name}": getattr(pairs, name, None) for name in _PAIRS},
        "distinguishable_from_best": getattr(versus, "distinguishable", None),
        "verdict": getattr(versus, "verdict", None),
    }


def _searched(experiment: Finished) -> dict[str, Any]:
    """How parameters were searched, and what that found."""
    tuning = experiment.tuning
    return {
        **{f"tuning_{name}": getattr(tuning, name, None) for name in _TUNING},
        "tuning_chosen": "; ".join(f"{spec} ({times})" for spec, times in chosen(experiment)),
        "non_nested_score": None if tuning is None else tuning.non_nested.score,
    }


def _apart(results: Results, experiment: Finished) -> dict[str, Any]:
    """The run's metric under a split that ignores groups, and with one answer a recording."""
    metric, naive = results.metric, experiment.naive
    return {
        "naive_score": None if naive is None or metric not in naive.metrics else naive.metrics[metric].mean,
        "by_recording_score": by_recording(experiment, metric),
        "naive_by_recording_score": by_recording(naive, metric),
    }


def _gain(pair: Pair | None) -> dict[str, Any]:
    """By how much an experiment scores more than without augmented copies."""
    gain = (None, None) if pair is None else (pair.difference, pair.p)
    return dict(zip(("augmentation_difference", "augmentation_p_holm"), gain, strict=True))


def _failed(experiment: Failed) -> dict[str, Any]:
    return {name: getattr(experiment, name) for name in ("features", "classifier", "augment", "takes", "error")} | {
        "status": "failed"
    }


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
