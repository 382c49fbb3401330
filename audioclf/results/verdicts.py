"""Verdicts on experiments against the best one: how a new draw would come out, and how these clips did.

Two tests answer two questions (docs/statistics.md). The corrected resampled t-test over folds decides how a new draw of
clips would come out; few folds decide little. McNemar's test says how the same clips came out, whatever others would.
Every report and the terminal say both, with these sentences.
"""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.grammar import count, listed
from audioclf.results.results import Results
from audioclf.results.schema import Finished, VersusBest
from audioclf.results.words import p_value, score, with_p

BEST = "the best"
HEADS = ("against the best", "p, new draw", "right alone, best : this", "p, these clips")
"""Heads of the columns that `columns` fills."""

_TOLD = {
    "worse": "Worse than the best",
    "worse on these clips": "Worse than the best on these clips, which doesn't say how a new draw would come out",
    "not told apart": "Not told apart from the best",
}


@dataclass(frozen=True)
class Standing:
    """The experiments but the best and the baseline, each list in the order of the ranking.

    Attributes
    ----------
    worse : list of Finished
        By the test that decides.
    on_these_clips : list of Finished
        By the paired test on the same clips alone.
    not_told_apart : list of Finished
        By neither.
    """

    worse: list[Finished]
    on_these_clips: list[Finished]
    not_told_apart: list[Finished]


def standing(results: Results) -> Standing:
    """Sort the experiments that were tested against the best by what the tests say."""
    tested = [e for e in results.ranking() if e.versus_best is not None and not e.is_baseline]
    kinds: dict[str, list[Finished]] = {"worse": [], "worse on these clips": [], "not told apart": []}
    for experiment in tested:
        assert experiment.versus_best is not None
        kinds[experiment.versus_best.verdict].append(experiment)
    return Standing(*kinds.values())


def alike(results: Results) -> list[Finished]:
    """Return the experiments that no test tells from the best, the baseline among them, in the order of the ranking."""
    versus = [(e, e.versus_best) for e in results.ranking()]
    return [e for e, against in versus if against is not None and against.verdict == "not told apart"]


def counted(results: Results) -> str:
    """Count what is worse than the best, worse on these clips, and not told apart; empty where nothing was tested.

    Such as "Of 15 others, 3 are worse, 9 are worse on these clips and 3 aren't told apart from it (gfcc with rf, ...)."
    """
    found = standing(results)
    number = len(found.worse) + len(found.on_these_clips) + len(found.not_told_apart)
    if not number:
        return ""
    names = f" ({listed([e.title for e in found.not_told_apart], 2)})" if found.not_told_apart else ""
    if number == 1:
        words = ("is worse", "is worse on these clips", "isn't told apart from it")
        kinds = (found.worse, found.on_these_clips, found.not_told_apart)
        [(other, said)] = [(kind[0], word) for kind, word in zip(kinds, words, strict=True) if kind]
        return f"The only other, {other.title}, {said}."
    parts = [
        (len(found.worse), "is worse", "are worse"),
        (len(found.on_these_clips), "is worse on these clips", "are worse on these clips"),
        (len(found.not_told_apart), f"isn't told apart from it{names}", f"aren't told apart from it{names}"),
    ]
    told = [(n, one if n == 1 else many) for n, one, many in parts if n]
    if len(told) == 1:
        return f"{'Both' if number == 2 else f'All {number}'} others {_plural(told[0][1])}."
    *first, last = [f"{n} {words}" for n, words in told]
    return f"Of {number} others, {', '.join(first)} and {last}."


def _plural(words: str) -> str:
    return words.replace("isn't", "aren't").replace("is worse", "are worse")


def against_baseline(results: Results) -> str:
    """Say that the best isn't told from the baseline, where that is so; empty elsewhere."""
    baseline = results.baseline
    if baseline is None or baseline.versus_best is None or baseline.versus_best.verdict == "worse":
        return ""
    mean = score(baseline.metric(results.metric).mean)
    if baseline.versus_best.verdict == "worse on these clips":
        return f"The baseline (majority class), which reaches {mean}, is worse on these clips only."
    return f"It isn't told apart from the baseline (majority class), which reaches {mean}."


def too_few(results: Results) -> str:
    """Say why the test over folds doesn't decide what the paired test does, and what helps; empty where it does.

    The folds are too few, or they differ too much.
    """
    tests = results.record.tests
    if tests is None or (tests.smallest_p is None and tests.repeats_needed is None):
        return ""
    what = "how a new draw of clips would come out"
    if tests.smallest_p is not None and tests.smallest_p >= tests.level:
        said = (
            f"{tests.n_folds} folds are too few to say {what}: even of folds that differ by chance only, the smallest "
            f"p to be expected is {p_value(tests.smallest_p)} after Holm's correction; {tests.level:g} is needed."
        )
    else:
        said = f"{tests.n_folds} folds that differ as much as these don't say {what}."
    if tests.repeats_needed is None:
        return f"{said} More recordings, or fewer experiments, would help."
    return f"{said} --repeats {tests.repeats_needed} may be enough."


def explained(results: Results) -> list[str]:
    """Say how experiments were compared with the best and what each verdict means; nothing where they weren't."""
    tests = results.record.tests
    if tests is None:
        return []
    if tests.decided_by is None:
        return ["Experiments share too little to be told apart by a test."]
    number = sum(e.versus_best is not None for e in results.ranking())
    holm = f", with Holm's correction for {number} comparisons" if number > 1 else ""
    paired = any(e.versus_best is not None and e.versus_best.mcnemar is not None for e in results.ranking())
    right = "all labels right" if results.multilabel else "right"
    clips = f"McNemar's exact test on the clips that only one of the two got {right}{holm},"
    dependent = "" if tests.clips_independent else " Clips of one group resemble each other, so its p is too small."
    if tests.decided_by == "McNemar":
        said = [f"Worse: {clips} tells the two apart at a level of {tests.level:g}.{dependent}"]
    else:
        said = [
            f"Worse: a new draw of clips can be expected to come out so, too, by the {tests.decided_by} over "
            f"{tests.n_folds} folds (Nadeau & Bengio 2003) at a level of {tests.level:g}{holm}."
        ]
        if paired:
            said.append(
                f"Worse on these clips: only {clips} tells the two apart. A new draw may come out otherwise.{dependent}"
            )
        if few := too_few(results):
            said.append(few)
    said.append("Not told apart: the difference may be chance. That is no proof of being equal; more clips may tell.")
    return said


def against(versus: VersusBest | None) -> str:
    """Say in a few words, for a table, how an experiment compares with the best; empty where that wasn't tested.

    >>> from audioclf.results.schema import McNemar
    >>> pairs = McNemar(best_only=22, this_only=1, p=5.7e-6, p_holm=8e-5)
    >>> against(VersusBest(difference=0.17, t=2.0, p=0.11, p_holm=1.0, mcnemar=pairs, distinguishable=False))
    'worse on these clips (22 : 1, p < 0.001)'
    """
    if versus is None:
        return ""
    pairs = versus.mcnemar
    if versus.verdict == "worse on these clips" and pairs is not None:
        return f"{versus.verdict} ({pairs.best_only} : {pairs.this_only}, {with_p(pairs.p_holm)})"
    return versus.verdict + ("" if versus.decisive_p is None else f" ({with_p(versus.decisive_p)})")


def columns(versus: VersusBest | None) -> tuple[str, str, str, str]:
    """Return the cells below `HEADS`: the verdict, the p of either test after Holm, and between them the counts.

    >>> columns(None)
    ('the best', '', '', '')
    """
    if versus is None:
        return BEST, "", "", ""
    pairs = versus.mcnemar
    told = ("", "") if pairs is None else (f"{pairs.best_only} : {pairs.this_only}", p_value(pairs.p_holm))
    return versus.verdict, p_value(versus.p_holm), *told


def sentence(results: Results, experiment: Finished) -> str:
    """Say in a sentence or two how an experiment compares with the best; empty where that wasn't tested."""
    versus = experiment.versus_best
    if versus is None:
        return ""
    said = _TOLD[versus.verdict]
    if versus.difference is not None:
        way = "lower" if versus.difference >= 0 else "higher"
        said += f": {abs(versus.difference):.3f} {results.titles[results.metric]} {way}"
        if versus.t is not None:
            said += f" (corrected resampled t = {versus.t:.2f}, {with_p(versus.p)}, after Holm's correction "
            said += f"{with_p(versus.p_holm)})"
    pairs = versus.mcnemar
    if pairs is None:
        return f"{said}."
    right = "all labels of " if results.multilabel else ""
    return (
        f"{said}. On the same clips, the best alone has {right}{count(pairs.best_only, 'clip')} right and this one "
        f"alone {pairs.this_only} (McNemar {with_p(pairs.p)}, after Holm's correction {with_p(pairs.p_holm)})."
    )
