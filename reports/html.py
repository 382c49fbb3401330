"""A report in one HTML file: nothing is fetched, and it reads without JavaScript."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from audioclf.files import write_whole
from audioclf.report import Report
from audioclf.results import METRICS, Experiment, Results, is_floor, title

from . import _figures, _text

MOST_COLUMNS = 15
_MOST_CLIPS = 12


class HTMLReport(Report):
    """``report.html``: the answer, the ranking, the winner in detail, every experiment on demand.

    Text from data is escaped. Confusion matrices are tables up to 15 classes, pictures beyond (for all but
    the winner, whose picture is there in both forms, the table of confusions serves then).
    """

    name = "html"
    title = "report.html, one file to open in a browser or send"

    def write(self, results: Results, folder: Path) -> list[Path]:
        """Write the report and return its path."""
        path = folder / "report.html"
        with write_whole(path) as aside:
            aside.write_text(render(results), encoding="utf-8", errors="backslashreplace")
        return [path]


def render(results: Results) -> str:
    """Return the report as text."""
    ranked = results.ranking()
    record = results.record
    best = results.best
    return _template().render(
        record=record,
        text=_text,
        results=results,
        metrics=METRICS,
        answer=_text.answer(results),
        caveats=_text.caveats(results),
        ranking=[_row(results, e, place) for place, e in enumerate(ranked, 1)],
        failed=results.failed(),
        winner=None if best is None else _experiment(results, best),
        others=[_experiment(results, e) for e in ranked[1:]],
        pictures=[] if best is None or len(results.labels) <= MOST_COLUMNS else _pictures(results, best),
    )


@cache
def _template() -> Any:
    import jinja2

    here = Path(__file__).parent
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(here),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("html.jinja")


def _row(results: Results, experiment: Experiment, place: int) -> dict[str, Any]:
    """One line of the ranking, with the ends of the interval's bar in percent."""
    main = experiment["metrics"][results.metric]
    low, high, mean = (main[name] if main[name] is not None else 0.0 for name in ("low", "high", "mean"))
    return {
        "place": place,
        "features": experiment["features"],
        "classifier": experiment["classifier"],
        "floor": is_floor(experiment),
        "metrics": [(_text.spread(experiment["metrics"][m]), experiment["metrics"][m]["mean"]) for m in METRICS],
        "interval": _text.interval(main),
        "bar": (round(100 * low, 2), round(100 * (high - low), 2), round(100 * mean, 2)),
        "n_features": experiment["n_features"],
        "a_frame": experiment["takes"] == "sequences",
        "seconds": _text.fit_seconds(experiment),
    }


def _experiment(results: Results, experiment: Experiment) -> dict[str, Any]:
    """What the template shows of one experiment."""
    labels = results.labels
    counts = np.asarray(experiment["confusion_matrix"])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    matrix = None
    if len(labels) <= MOST_COLUMNS:
        matrix = [
            (label, [(int(n), f"{100 * s:.0f}", round(float(s), 2)) for n, s in zip(counts[i], shares[i])])
            for i, label in enumerate(labels)
        ]
    return {
        "title": title(experiment),
        "score": _text.score(experiment["metrics"][results.metric]["mean"]),
        "parameters": [
            *((spec, _text.options(values)) for spec, values in experiment["parameters"]["features"].items()),
            (experiment["classifier"], _text.options(experiment["parameters"]["classifier"])),
        ],
        "per_class": [
            (label, [_text.score(values[name]) for name in ("precision", "recall", "f1")], values["support"])
            for label, values in experiment["per_class"].items()
        ],
        "matrix": matrix,
        "confusions": [
            (c.label, c.predicted, c.count, f"{c.share:.0%}", c.clips[:_MOST_CLIPS], len(c.clips) - _MOST_CLIPS)
            for c in results.confusions(experiment)
        ],
        "folds": [
            {
                **fold,
                "scores": [_text.score(fold[name]) for name in METRICS],
                "times": [_text.seconds(fold[name]) for name in ("fit_seconds", "predict_seconds")],
            }
            for fold in experiment["folds"]
        ],
    }


def _pictures(results: Results, experiment: Experiment) -> list[tuple[str, str]]:
    """The confusion matrices of many classes as embedded pictures: what they show, and their data."""
    matrix = np.asarray(experiment["confusion_matrix"])
    heading = title(experiment)
    found = []
    for what, draw in (("clips", _figures.confusion_counts), ("shares", _figures.confusion_shares)):
        data = base64.b64encode(_figures.png_bytes(draw(matrix, results.labels, heading))).decode()
        found.append((f"Confusion matrix of {heading}, {what}", f"data:image/png;base64,{data}"))
    return found
