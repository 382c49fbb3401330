"""Tuning, in words: how parameters were searched and which were chosen."""

from __future__ import annotations

from audioclf.grammar import count
from audioclf.plugin import Finished, Results
from audioclf.spec import text_of


def searched(results: Results, experiment: Finished) -> str:
    """Say how an experiment's parameters were searched; empty where they weren't."""
    found = experiment.tuning
    if found is None:
        return ""
    budget = f", at most {found.budget} of them tried" if found.budget else ""
    space = "; ".join(f"{name} from {', '.join(map(text_of, values))}" for name, values in found.space.items())
    return (
        f"Searched by {found.method} among {count(found.candidates, 'candidate')}{budget} for "
        f"{results.titles[found.metric]}, with {count(found.inner_folds, 'inner fold')} in each outer fold's "
        f"training part: {count(found.fits, 'fit')} in all." + (f" Space: {space}." if space else "")
    )


def chosen(experiment: Finished) -> list[tuple[str, int]]:
    """List the parameters that folds chose, as specs, with the number of folds; the most frequent first."""
    found = {} if experiment.tuning is None else experiment.tuning.chosen
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def not_nested(experiment: Finished) -> float | None:
    """Return the optimistic score of the best candidate on the folds that chose it; None without a search."""
    return None if experiment.tuning is None else experiment.tuning.non_nested.score
