"""Networks among the experiments, in words: how they were trained, and whether the best of them is worth it."""

from __future__ import annotations

from audioclf.plugin import Finished, Results
from audioclf.reports.words.costs import cost, relative
from audioclf.results.words import score


def is_network(experiment: Finished) -> bool:
    """Say whether an experiment's classifier was trained in epochs, as networks are."""
    return any(fold.history is not None and fold.history.epochs for fold in experiment.folds)


def networks(results: Results) -> list[Finished]:
    """Return the networks that finished, best first."""
    return [e for e in results.ranking() if is_network(e)]


def verdict(results: Results) -> str:
    """Say whether the best network is worth it: against the best classifier that is none; empty without either."""
    compared = [e for e in results.ranking() if not e.is_baseline]
    network = next((e for e in compared if is_network(e)), None)
    other = next((e for e in compared if not is_network(e)), None)
    if network is None or other is None:
        return ""
    first = compared[0]
    rival = other if first is network else network
    gap = _gap(results, first, rival)
    name, whom = f"The best network, {network.title},", other.title + "," * bool(other.augment)
    if gap is None:
        return f"{name} can't be compared with {other.title}, the best other classifier."
    metric, chance = results.titles[results.metric], _chance(results, first, rival)
    if gap < 0.0005:
        where, chance = f"is level with {whom} in {metric}", ""
    elif first is network:
        where = f"is {score(gap)} ahead of the best other classifier, {other.title}, in {metric}"
    else:
        where = f"is {score(gap)} behind {whom} in {metric}"
    said = f"{name} {where}" + (f", {chance}" if chance else "")
    about = relative(cost(network), cost(other)) if first is network else relative(cost(other), cost(network))
    if not about:
        return f"{said}."
    which = "the network" if first is network else other.classifier
    return f"{said}. Of the two, {which} is {about}."


def _gap(results: Results, first: Finished, rival: Finished) -> float | None:
    """By how much one experiment is ahead of another one that ranks lower."""
    versus = rival.versus_best
    if first is results.best and versus is not None and versus.difference is not None:
        return abs(versus.difference)
    ahead, behind = first.metric(results.metric).mean, rival.metric(results.metric).mean
    return None if ahead is None or behind is None else ahead - behind


def _chance(results: Results, first: Finished, rival: Finished) -> str:
    """Whether chance may explain that one experiment is ahead of another one, in words."""
    if first is results.best and rival.versus_best is not None:
        return {
            "worse": "beyond what chance explains",
            "worse on these clips": "beyond chance on these clips, though a new draw may come out otherwise",
            "not told apart": "no more than chance may explain",
        }[rival.versus_best.verdict]
    low, high = first.metric(results.metric).low, rival.metric(results.metric).high
    if low is None or high is None:
        return ""
    return "though their intervals overlap" if high >= low else "and their intervals don't overlap"


def training(experiment: Finished) -> str:
    """Say for how many epochs a network was trained and which weights were kept; empty where it isn't one."""
    histories = [fold.history for fold in experiment.folds if fold.history is not None and fold.history.epochs]
    if not histories:
        return ""
    kept = [h.best_epoch for h in histories if h.best_epoch]
    said = f"Trained for {_span([len(h.epochs) for h in histories])} epochs a fold"
    if not kept:
        return f"{said}; the weights are those of the last."
    clips = [h.n_validation for h in histories if h.n_validation]
    by = f", by the loss on {_span(clips)} clips held out of each training part" if clips else ""
    return f"{said}; the weights kept are those of epoch {_span(kept)}{by}."


def _span(numbers: list[int]) -> str:
    """Write the range of some numbers.

    >>> _span([12, 15]), _span([40, 40])
    ('12 to 15', '40')
    """
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"
