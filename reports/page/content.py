"""Content of a page: all that its template shows of a record, but for the clips that can be heard."""

from __future__ import annotations

from typing import Any

from audioclf import grammar
from audioclf.plugin import Results
from audioclf.reports.page import charts, details, findings, ranking
from audioclf.reports.words import (
    audit,
    augmented,
    confused,
    costs,
    data,
    headline,
    networks,
    pieces,
    protocol,
    tags,
)
from audioclf.reports.words.naming import slugs
from audioclf.results import verdicts, words
from audioclf.results.metrics import ERRORS

_MOST_CLIPS = 12
_FEWER_CLIPS = 5
_MOST_UNHEARD = 24


def content(results: Results) -> dict[str, Any]:
    """Return the names that ``html.jinja`` and its parts use, but for ``clips``."""
    record, ranked, best, test = results.record, results.ranking(), results.best, results.record.test
    named = {e.identity: slug for e, slug in zip(record.experiments, slugs(record.experiments), strict=True)}
    pictured = results.multilabel or len(results.labels) > details.MOST_COLUMNS
    return {
        # what the record says, and the words for it
        "record": record,
        "results": results,
        "explored": record.kind == "explore",
        "titles": {results.metric: results.titles[results.metric], **results.shown},
        "all_titles": results.titles,
        "errors": ERRORS,
        "noun": data.noun(results)[0],
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
        # what is shown
        "anchors": {e.identity: "winner" if e is best else f"e-{named[e.identity]}" for e in ranked},
        "caveats": [said for said in (networks.verdict(results), *headline.caveats(results)) if said],
        "columns": ranking.columns(results),
        "start": ranking.scale_start(results),
        "ranking": ranking.rows(results, named),
        "winner": None if best is None else details.details(results, best, named[best.identity], _MOST_CLIPS),
        "others": [details.details(results, e, named[e.identity], _FEWER_CLIPS) for e in ranked[1:]],
        "findings": findings.findings(results),
        "confused": _confused(results),
        "test_classes": None if test is None else details.classes(test.per_class),
        "test_matrix": None if test is None else details.matrix(test, results.labels),
        "charts": charts.of(results, confusions=pictured),
    }


def _confused(results: Results) -> list[confused.Confused]:
    """The clips most often confused: those that can be heard, and of the others the first few."""
    heard = {excerpt.path for excerpt in results.record.excerpts}
    found = confused.most_confused(results)
    further = [clip for clip in found if clip.path not in heard][:_MOST_UNHEARD]
    return [clip for clip in found if clip.path in heard] + further
