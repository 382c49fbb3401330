"""The same experiments over several data sets, in words and as rows: what every format shows."""

from __future__ import annotations

from audioclf.grammar import count, listed
from audioclf.plugin import Across
from audioclf.results.metrics import TAG_TITLES, TITLES
from audioclf.results.words import score, with_p
from audioclf.statistics import significance

_TITLES = {**TAG_TITLES, **TITLES}


def answer(across: Across) -> str:
    """Say in one sentence whether an experiment is ahead over all data sets."""
    best, others = across.experiments[0], tied(across)
    where = f"over {count(len(across.datasets), 'data set')}"
    if across.friedman.p_f >= significance.LEVEL:
        return f"{best} has the best mean rank {where}, but the experiments' ranks differ no more than by chance."
    if not others:
        return f"{best} has the best mean rank {where}, and every other experiment ranks significantly lower."
    return f"{best} has the best mean rank {where}; not told apart from it: {listed(others, 4, '; ')}."


def tied(across: Across) -> list[str]:
    """Experiments whose mean rank is within the critical difference of the best."""
    limit = across.mean_ranks[0] + across.nemenyi.critical_difference
    return [name for name, rank in zip(across.experiments[1:], across.mean_ranks[1:]) if rank <= limit]


def notes(across: Across) -> list[str]:
    """Say how the figures came about, and what to be careful of."""
    n, k, test = len(across.datasets), len(across.experiments), across.friedman
    difference = across.nemenyi.critical_difference
    said = [
        f"Scores are {_TITLES[across.metric]}, mean over the folds of each data set's own run. On each data set the "
        f"{k} experiments are ranked, 1 the best; the table is in the order of mean ranks.",
        f"Friedman's test: χ² = {test.chi2:.2f} ({with_p(test.p)}), in Iman and Davenport's form "
        f"F = {test.f:.2f} ({with_p(test.p_f)}), which decides.",
        f"Nemenyi's critical difference of mean ranks at 5 % is {difference:.2f} (Demšar 2006).",
    ]
    if n < 5:
        said.append(f"With {count(n, 'data set')} only very large and steady differences can be seen.")
    if across.left_out:
        said.append(f"Not in every run, hence left out: {listed(across.left_out, 8)}.")
    return said


def rows(across: Across) -> list[list[str]]:
    """A line per experiment: its name, mean rank, and score on each data set."""
    return [
        [name, f"{rank:.2f}", *(score(value) for value in column)]
        for name, rank, column in zip(across.experiments, across.mean_ranks.tolist(), across.scores.T.tolist())
    ]


def heads(across: Across) -> list[str]:
    """The heads of the columns of `rows`."""
    return ["experiment", "mean rank", *across.datasets]
