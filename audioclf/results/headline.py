"""Headline of a comparison: its answer in a sentence or two, with the baseline and the chance level in words."""

from __future__ import annotations

from audioclf.results import verdicts
from audioclf.results.names import Names
from audioclf.results.results import Results
from audioclf.results.words import interval, score
from audioclf.statistics.chance import chance_level

BASELINE = "baseline (majority class)"


def answer(results: Results) -> str:
    """Say which experiment is best, how good it is, and how many others it can be told from."""
    best, metric = results.best, results.titles[results.metric]
    if best is None:
        return _nothing(results)
    got = best.metric(results.metric)
    if best.is_baseline:
        reached = f"{score(got.mean)} {metric} (95 % interval {interval(got)})"
        others = [e for e in results.ranking() if not e.is_baseline]
        if not others:
            return (
                f"Only the baseline was measured: {answers(results)} reaches {reached}. Compare it with another "
                "classifier."
            )
        return (
            f"Nothing beats the baseline: {answers(results)} reaches {reached}; the best of the rest, "
            f"{others[0].title}, reaches {score(others[0].metric(results.metric).mean)}."
        )
    said = f"{best.title}{', tuned' if best.tuning else ''}: {score(got.mean)} {metric}"
    if got.low is not None and got.high is not None:
        said += f", 95 % interval {got.low:.2f}–{got.high:.2f}"
    told = [text for text in (verdicts.counted(results), verdicts.against_baseline(results)) if text]
    if not told and results.baseline is not None:
        said += f", against {score(results.baseline.metric(results.metric).mean)} of the {BASELINE}"
    return " ".join([f"{said}.", *told])


def _nothing(results: Results) -> str:
    failed = results.failed()
    if not failed:
        return "Nothing was compared: this run has no experiments."
    if len(failed) == 1:
        return "No answer: the only experiment failed, for the reason below."
    return f"No answer: all {len(failed)} experiments failed, for the reasons below."


def answers(results: Results) -> str:
    """Say what the baseline does, as in "... always answering the majority class"."""
    return "giving every clip the same answer" if results.multilabel else "always answering the majority class"


def chance(results: Results) -> float | None:
    """Return the chance level of the metric that ranks; None where it has none."""
    data = results.record.dataset
    return chance_level(results.metric, data.label_counts, data.n_clips if results.multilabel else None)


def beside_chance(results: Results) -> str:
    """Say what the chance level is, and why the baseline can be below it; empty where the metric has none."""
    level, baseline = chance(results), results.baseline
    if level is None:
        return ""
    said = f"Chance level: {score(level)}, of answers drawn at random."
    mean = None if baseline is None else baseline.metric(results.metric).mean
    if mean is None or mean >= level - 0.0005:
        return said
    return f"{said} {_WHY_LOWER.get((results.multilabel, results.metric), '')}".rstrip()


_WHY_LOWER = {
    (False, "accuracy"): (
        "The baseline is lower: where a fold tests many clips of a class, few are left to train on, so that the "
        "majority class of the training part is a rarer one in the test part."
    ),
    (False, "macro_f1"): "The baseline is lower: it never names the other classes, whose F1 is 0.",
    (True, "macro_f1"): "The baseline is lower: it gives no label that fewer than half of the clips have.",
    (True, "micro_f1"): "The baseline is lower: it gives no label that fewer than half of the clips have.",
}


def mark(experiment: Names) -> str:
    """Return what follows a classifier's name in a table: that it is the baseline, that clips were augmented."""
    return ", augmented" * bool(experiment.augment) + " (baseline)" * experiment.is_baseline
