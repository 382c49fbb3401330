"""Beginning of a report, in words: the answer, the main figures, and how far they can be trusted."""

from __future__ import annotations

from audioclf.grammar import count, listed
from audioclf.plugin import Finished, Results
from audioclf.reports.words import audit
from audioclf.reports.words.data import noun
from audioclf.reports.words.tuning import not_nested
from audioclf.results import headline, verdicts
from audioclf.results.schema import HeldOut
from audioclf.results.words import interval, score


def answer(results: Results) -> str:
    """Answer the question of a run: which experiment is best, or what is wrong with the data."""
    return audit.verdict(results) if results.record.kind == "explore" else headline.answer(results)


def figures(results: Results) -> list[tuple[str, str, str]]:
    """List the run's main figures: what each is, the figure, and what to make of it; the one to quote first."""
    best, baseline, metric = results.best, results.baseline, results.metric
    if best is None:
        return []
    got, name = best.metric(metric), results.titles[metric]
    found = []
    test = results.record.test
    if test is not None:
        value = test.metrics[metric]
        found.append(
            (
                f"Held-out test set, {name}",
                score(value.value),
                f"{interval(value)}, 95 % interval. {test.title} on "
                f"{count(test.n_clips, 'clip')} of {test.source}, scored once at the end: the figure to quote.",
            )
        )
    how = "Nested cross-validation" if best.tuning else "Cross-validation"
    found.append((f"{how}, {name}", score(got.mean), f"{interval(got)}, 95 % interval. {best.title}."))
    found += _further(best, metric)
    if baseline is not None and baseline is not best:
        said = f"{audit.sentence(headline.answers(results))} {headline.beside_chance(results)}".rstrip()
        found.append(("Baseline (majority class)", score(baseline.metric(metric).mean), said))
    return found


def _further(best: Finished, metric: str) -> list[tuple[str, str, str]]:
    """The figures of the best that some runs have: by the recording, not nested, groups ignored."""
    found = []
    whole, naive = best.by_recording, best.naive
    if whole is not None and whole.metrics.get(metric) is not None:
        found.append(
            (
                "By the recording",
                score(whole.metrics[metric]),
                f"One answer for each of {count(whole.n_recordings, 'recording')}: the probabilities of its pieces "
                "averaged.",
            )
        )
    if best.tuning is not None:
        found.append(
            (
                "Not nested: optimistic",
                score(not_nested(best)),
                "The best candidate on the very folds that chose it. Not to be quoted; it shows what choosing adds.",
            )
        )
    if naive is not None:
        value = naive.metrics[metric].mean
        found.append(("Groups ignored: data leakage", score(value), _leak(best.metric(metric).mean, value)))
    return found


def _leak(grouped: float | None, naive: float | None) -> str:
    said = "The same under a split that lets clips of one group stand on both sides"
    if grouped is None or naive is None:
        return said + "."
    leak = naive - grouped
    if leak >= 0.0005:
        return f"{said}: {leak:.3f} higher, which is what the leakage adds."
    return f"{said}: no higher, so no leakage shows in the score."


def caveats(results: Results) -> list[str]:
    """Say how far the answer can be trusted: what a careful reader would ask next."""
    best, baseline = results.best, results.baseline
    if best is None or best.is_baseline:
        return []
    said = [few] if (few := verdicts.too_few(results)) else []
    low = best.metric(results.metric).low
    if baseline is not None and low is not None and low <= (baseline.metric(results.metric).mean or 0.0):
        said.append(
            "The interval reaches down to the baseline (majority class): on these clips the features may tell nothing "
            f"about the {noun(results)[1]}."
        )
    others = [e for e in results.ranking()[1:] if not e.is_baseline]
    near = [e for e in others if low is not None and (e.metric(results.metric).high or 0.0) >= low]
    if near and results.record.tests is None:
        they = "its interval overlaps" if len(near) == 1 else "their intervals overlap"
        said.append(
            f"Not clearly ahead of {listed([e.title for e in near], 3)}: {they} with the winner's, so their "
            "order may be chance."
        )
    if others and results.record.test is None:
        said.append(
            f"The winner was picked among {count(len(others) + 1, 'experiment')} on the very clips that "
            "score it, so its score is optimistic; a held-out test set (--test) would tell by how much."
        )
    return said


def held_out(test: HeldOut) -> str:
    """Say how the held-out test set was scored."""
    groups = f" from {count(test.n_groups, 'group')}" if test.n_groups is not None else ""
    return (
        f"{test.title}, trained on all clips of the comparison and scored once, at the end, on "
        f"{count(test.n_clips, 'clip')}{groups} of {test.source}, which had no say in the choice. This is the "
        "figure to quote."
    )
