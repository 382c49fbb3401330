"""A report in one HTML file: nothing is fetched, and it reads without JavaScript."""

from __future__ import annotations

import base64
import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from audioclf import grammar
from audioclf.files import write_whole
from audioclf.reports.page import charts as _charts
from audioclf.reports.page import clips as _clips
from audioclf.reports.pictures.canvas import png_bytes
from audioclf.reports.pictures.ranks import ranks
from audioclf.reports.words import across as _across
from audioclf.reports.words import audit, augmented, costs, data, headline, networks, pieces, protocol, tags, tuning
from audioclf.reports.words import confused as _confusions
from audioclf.reports.words.naming import slugs as slugs_of
from audioclf.results import verdicts, words
from audioclf.results.across import Across
from audioclf.results.metrics import ERRORS
from audioclf.results.names import identity, is_baseline, title
from audioclf.results.report import Report
from audioclf.results.results import Results
from audioclf.results.schema import Finished as Experiment

MOST_COLUMNS = 15
MOST_BYTES = 4_900_000
"""Of a page. It can be larger where not sounds but hundreds of experiments take the room."""

_MOST_CLIPS = 12
_FEWER_CLIPS = 5
_MOST_UNHEARD = 24
_MOST_ROWS = 60


class HTMLReport(Report):
    """``report.html``: the answer, the ranking, the winner in detail, the audit, every experiment on demand.

    Text from data is escaped, and a content security policy forbids the page to fetch anything. Confusion
    matrices are tables up to 15 classes, pictures beyond (for all but the winner, whose picture is there in both
    forms, the table of confusions serves then). Sounds are embedded once each, as many as fit.
    """

    name = "html"
    title = "report.html, one file to open in a browser or send"

    def write(self, results: Results, folder: Path) -> list[Path]:
        """Write the report and return its path."""
        path = folder / "report.html"
        with write_whole(path) as aside:
            aside.write_text(render(results), encoding="utf-8", errors="backslashreplace")
        return [path]

    def write_across(self, across: Across, folder: Path) -> list[Path]:
        """Write ``across.html`` and return its path."""
        path = folder / "across.html"
        with write_whole(path) as aside:
            aside.write_text(render_across(across), encoding="utf-8", errors="backslashreplace")
        return [path]


def render_across(across: Across) -> str:
    """Return the report over several data sets as text."""
    picture = base64.b64encode(png_bytes(ranks(across))).decode()
    return _template("across.jinja").render(text=_across, across=across, picture=f"data:image/png;base64,{picture}")


def render(results: Results) -> str:
    """Return the report as text; where it would be larger than `MOST_BYTES`, with fewer sounds."""
    page = _page(results)
    sounds = sum(len(excerpt.audio) for excerpt in results.record.excerpts)
    text = _template("html.jinja").render(**page, clips=_clips.Shelf.of(results.record.excerpts, sounds))
    beyond = len(text.encode(errors="backslashreplace")) - MOST_BYTES
    if sounds and beyond > 0:
        text = _template("html.jinja").render(**page, clips=_clips.Shelf.of(results.record.excerpts, sounds - beyond))
    return text


def _page(results: Results) -> dict[str, Any]:
    """What the template shows, but for the clips that can be heard."""
    ranked, best = results.ranking(), results.best
    main, test = results.metric, results.record.get("test")
    slugs = {id(e): slug for e, slug in zip(results.record["experiments"], slugs_of(results.record["experiments"]))}
    start = _start(results)
    return {
        "record": results.record,
        "explored": results.record.get("kind") == "explore",
        "numbers": words,
        "grammar": grammar,
        "headline": headline,
        "verdicts": verdicts,
        "audit": audit,
        "data": data,
        "protocol": protocol,
        "costs": costs,
        "networks": networks,
        "augmented": augmented,
        "pieces": pieces,
        "tags": tags,
        "noun": data.noun(results)[0],
        "slugs": {identity(e): "winner" if e is best else f"e-{slugs[id(e)]}" for e in ranked},
        "title": title,
        "identity": identity,
        "results": results,
        "caveats": [said for said in (networks.verdict(results), *headline.caveats(results)) if said],
        "titles": {main: results.titles[main], **results.shown},
        "all_titles": results.titles,
        "errors": ERRORS,
        "more": _more(results),
        "columns": _columns(results),
        "start": start,
        "ranking": [_row(results, e, place, slugs[id(e)], start) for place, e in enumerate(ranked, 1)],
        "winner": None if best is None else _experiment(results, best, slugs[id(best)], _MOST_CLIPS),
        "others": [_experiment(results, e, slugs[id(e)], _FEWER_CLIPS) for e in ranked[1:]],
        "findings": [
            _finding(results, f) for severity in ("serious", "note") for f in audit.findings(results, severity)
        ],
        "confused": _confused(results),
        "test": None if test is None else _test(results, test),
        "charts": _charts.of(results, confusions=results.multilabel or len(results.labels) > MOST_COLUMNS),
    }


@cache
def _template(name: str) -> Any:
    import jinja2

    here = Path(__file__).parent / "page"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(here),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = _breakable
    environment.filters["capitalize_first"] = lambda text: text[:1].upper() + text[1:]
    return environment.get_template(name)


def _breakable(text: object) -> Any:
    """Escape a feature set's or classifier's name and let it break after its separators.

    >>> str(_breakable("mfcc+<b>"))
    'mfcc+<wbr>&lt;b&gt;'
    """
    from markupsafe import Markup, escape

    safe = str(escape(text))
    for sign in ("+", ":", ",", "/"):
        safe = safe.replace(sign, f"{sign}<wbr>")
    return Markup(safe)


def _confused(results: Results) -> list[_confusions.Confused]:
    """The clips most often confused: those that can be heard, and of the others the first few."""
    heard = {excerpt["path"] for excerpt in results.record.get("excerpts") or []}
    found = _confusions.most_confused(results)
    further = [clip for clip in found if clip.path not in heard][:_MOST_UNHEARD]
    return [clip for clip in found if clip.path in heard] + further


def _more(results: Results) -> dict[str, str]:
    """The metrics that the ranking shows on demand: those that any experiment has."""
    ranked = results.ranking()
    return {
        name: words
        for name, words in results.titles.items()
        if name not in results.shown and any(e.metric(name).mean is not None for e in ranked)
    }


def _columns(results: Results) -> dict[str, bool]:
    """Which further columns the ranking has."""
    ranked = results.ranking()
    return {
        "tests": bool(results.record.get("tests")),
        "tuned": any(e.get("tuning") for e in ranked),
        "naive": any(e.get("naive") for e in ranked),
        "cost": any(e.get("cost") for e in ranked),
    }


def _start(results: Results) -> float:
    """Where the scale of the ranking's bars begins: at a tenth below all of them, so that they can be told apart."""
    scores = [e["metrics"][results.metric] for e in results.ranking()]
    lowest = min((v for m in scores for v in (m["low"], m["mean"]) if v is not None), default=0.0)
    return min(math.floor(10 * lowest), 9) / 10


def _row(results: Results, experiment: Experiment, place: int, slug: str, start: float) -> dict[str, Any]:
    """One line of the ranking, with the ends of the interval's bar in percent of a scale from *start* to 1."""
    main = experiment["metrics"][results.metric]
    low, high, mean = (
        100 * ((main[name] if main[name] is not None else start) - start) / (1 - start)
        for name in ("low", "high", "mean")
    )
    versus = experiment.get("versus_best")
    tuning, naive = experiment.get("tuning"), experiment.get("naive")
    return {
        "place": place,
        "slug": slug,
        "features": experiment["features"],
        "classifier": experiment["classifier"],
        "augmented": bool(experiment.get("augment")),
        "floor": is_baseline(experiment),
        "metrics": {name: experiment.metric(name) for name in results.titles},
        "interval": words.interval(main),
        "bar": (round(low, 2), round(high - low, 2), round(mean, 2)),
        "like_best": versus is not None and versus.verdict == "not told apart",
        "versus": versus,
        "p": None if versus is None else versus.decisive_p,
        "not_nested": None if tuning is None else tuning["non_nested"]["score"],
        "naive": None if naive is None else naive["metrics"][results.metric]["mean"],
        "cost": costs.cost(experiment),
        "n_features": experiment["n_features"],
        "a_frame": experiment["takes"] == "sequences",
        "seconds": protocol.fit_seconds(experiment),
    }


def _experiment(results: Results, experiment: Experiment, slug: str, most_clips: int) -> dict[str, Any]:
    """What the template shows of one experiment, with at most so many clips behind each confusion."""
    folds = experiment["folds"]
    metrics = {name: experiment.metric(name) for name in results.titles}
    return {
        "slug": slug,
        "title": title(experiment),
        "score": words.score(metrics[results.metric]["mean"]),
        "metrics": [
            (results.titles[name], words.spread(values), words.interval(values), name in ERRORS)
            for name, values in metrics.items()
            if values["mean"] is not None
        ],
        "versus": verdicts.sentence(results, experiment),
        "cost": "" if (price := costs.cost(experiment)) is None else price.words,
        "training": networks.training(experiment),
        "tuning": tuning.searched(results, experiment),
        "chosen": tuning.chosen(experiment),
        "n_folds": len(folds),
        "parameters": [
            *((spec, words.options(values)) for spec, values in experiment["parameters"]["features"].items()),
            (experiment["classifier"], words.options(experiment["parameters"]["classifier"])),
        ],
        "classes": _classes(experiment["per_class"]),
        "matrix": _matrix(experiment["confusion_matrix"], results.labels),
        "confusions": [
            (c.label, c.predicted, c.count, f"{c.share:.0%}", c.clips[:most_clips], len(c.clips) - most_clips)
            for c in ([] if results.multilabel else results.confusions(experiment))
        ],
        "spoken": tags.spoken(results, experiment),
        "warnings": experiment.get("warnings", []),
        "folds": [
            {
                **fold,
                "scores": [words.score(fold.get(name)) for name in {results.metric: "", **results.shown}],
                "times": [words.seconds(fold[name]) for name in ("fit_seconds", "predict_seconds")],
            }
            for fold in folds
        ],
    }


def _test(results: Results, test: dict[str, Any]) -> dict[str, Any]:
    """What the template shows of the held-out test set."""
    return {"classes": _classes(test["per_class"]), "matrix": _matrix(test["confusion_matrix"], results.labels)}


def _classes(per_class: dict[str, Any]) -> dict[str, Any]:
    """Scores per class: the heads of the columns, and a row for each class."""
    areas = [
        (name, words)
        for name, words in (("roc_auc", "ROC AUC"), ("average_precision", "average precision"))
        if any(values.get(name) is not None for values in per_class.values())
    ]
    rows, counted = [], any("confusion" in values for values in per_class.values())
    for label, values in per_class.items():
        cells = []
        for name in ("precision", "recall", "f1"):
            low, high = values.get("intervals", {}).get(name) or (None, None)
            ends = words.between(low, high)
            cells.append((words.score(values[name]), "" if ends == words.MISSING else ends))
        cells += [(words.score(values[name]), "") for name, _ in areas]
        cells += [(str(number), "") for number in tags.cells(values)] if counted else []
        rows.append((label, cells, values["support"]))
    heads = ["precision", "recall", "F1", *(words for _, words in areas), *(tags.CELLS if counted else ())]
    return {"heads": heads, "rows": rows, "key": tags.CELLS_KEY if counted else ""}


def _matrix(counts: list[list[int]] | None, labels: list[str]) -> list[tuple[str, list[tuple[int, str, float]]]] | None:
    """A confusion matrix as rows of count, percent and share of the row; None where there's none or it's too wide."""
    if counts is None or len(labels) > MOST_COLUMNS:
        return None
    values = np.asarray(counts)
    shares = values / np.maximum(values.sum(axis=1, keepdims=True), 1)
    return [
        (label, [(int(n), f"{100 * s:.0f}", round(float(s), 2)) for n, s in zip(values[i], shares[i])])
        for i, label in enumerate(labels)
    ]


def _finding(results: Results, finding: dict[str, Any]) -> dict[str, Any]:
    """What the template shows of one finding of the audit."""
    rows = finding["rows"]
    keys = list(rows[0]) if rows else []
    numbers = [all(isinstance(row.get(key), int | float | None) for row in rows) for key in keys]
    audible = {excerpt["path"] for excerpt in results.record.get("excerpts") or []}
    suspected = {
        row["clip"]: f"labelled {row['label']}, sounds like {row['suggested']}"
        for row in rows
        if {"clip", "label", "suggested"} <= set(row)
    }
    named = dict.fromkeys([*suspected, *(path for together in finding["clips"] for path in together)])
    return {
        **finding,
        "sentence": audit.sentence(finding["sentence"]),
        "advice": audit.sentence(finding["advice"]),
        "what": audit.kind(finding),
        "heads": [(audit.heading(key), number) for key, number in zip(keys, numbers)],
        "cells": [
            [(audit.cell(row.get(key)), number, key == "clip") for key, number in zip(keys, numbers)]
            for row in rows[:_MOST_ROWS]
        ],
        "further": len(rows) - _MOST_ROWS,
        "heard": [(path, suspected.get(path, "")) for path in named if path in audible],
    }
