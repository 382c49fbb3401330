"""The same experiments over several data sets: in words, as a table, and as each format writes it."""

from __future__ import annotations

import csv
import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audioclf import significance
from audioclf.across import Across
from audioclf.results import TITLES

from . import _figures, _plots, _text, latex, markdown

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def answer(across: Across) -> str:
    """Say in one sentence whether an experiment is ahead over all data sets."""
    best, others = across.experiments[0], tied(across)
    where = f"over {_text.count(len(across.datasets), 'data set')}"
    if across.friedman.p_f >= significance.LEVEL:
        return f"{best} has the best mean rank {where}, but the experiments' ranks differ no more than by chance."
    if not others:
        return f"{best} has the best mean rank {where}, and every other experiment ranks significantly lower."
    return f"{best} has the best mean rank {where}; not told apart from it: {_text.listed(others, 4, '; ')}."


def tied(across: Across) -> list[str]:
    """Experiments whose mean rank is within the critical difference of the best."""
    limit = across.mean_ranks[0] + across.nemenyi.critical_difference
    return [name for name, rank in zip(across.experiments[1:], across.mean_ranks[1:]) if rank <= limit]


def notes(across: Across) -> list[str]:
    """Say how the figures came about, and what to be careful of."""
    n, k, test = len(across.datasets), len(across.experiments), across.friedman
    difference = across.nemenyi.critical_difference
    said = [
        f"Scores are {TITLES[across.metric]}, mean over the folds of each data set's own run. On each data set the "
        f"{k} experiments are ranked, 1 the best; the table is in the order of mean ranks.",
        f"Friedman's test: χ² = {test.chi2:.2f} (p {_text.p_value(test.p)}), in Iman and Davenport's form "
        f"F = {test.f:.2f} (p {_text.p_value(test.p_f)}), which decides.",
        f"Nemenyi's critical difference of mean ranks at 5 % is {difference:.2f} (Demšar 2006).",
    ]
    if n < 5:
        said.append(f"With {_text.count(n, 'data set')} only very large and steady differences can be seen.")
    if across.left_out:
        said.append(f"Not in every run, hence left out: {_text.listed(across.left_out, 8)}.")
    return said


def figure(across: Across) -> Figure:
    """Draw the critical-difference diagram."""
    return _plots.critical_difference(
        across.experiments,
        across.mean_ranks.tolist(),
        across.nemenyi.critical_difference,
        f"{TITLES[across.metric]} over {_text.count(len(across.datasets), 'data set')}: mean ranks",
    )


def save_figure(across: Across, folder: Path) -> Path:
    """Write ``figures/critical-difference.png`` and return its path."""
    return _figures.save(figure(across), folder / "figures" / "critical-difference.png")


def rows(across: Across) -> list[list[str]]:
    """A line per experiment: its name, mean rank, and score on each data set."""
    return [
        [name, f"{rank:.2f}", *(_text.score(value) for value in column)]
        for name, rank, column in zip(across.experiments, across.mean_ranks.tolist(), across.scores.T.tolist())
    ]


def heads(across: Across) -> list[str]:
    """The heads of the columns of `rows`."""
    return ["experiment", "mean rank", *across.datasets]


def as_markdown(across: Across, picture: str) -> str:
    """Return ``across.md``; *picture* is the diagram's path."""
    parts = [
        "# Over several data sets",
        markdown.escape(answer(across)),
        markdown.table(heads(across), rows(across), right=range(1, 2 + len(across.datasets))),
        f"![Critical-difference diagram]({picture})",
        markdown.bullets(notes(across)),
    ]
    return "\n\n".join(parts) + "\n"


def as_latex(across: Across) -> str:
    """Return ``across.tex``: a tabular with booktabs' rules, the best score of each data set in bold."""
    best = across.scores.max(axis=1)
    lines = [r"% needs \usepackage{booktabs}", *(f"% {line}" for line in [answer(across), *notes(across)])]
    lines += [rf"\begin{{tabular}}{{l{'r' * (1 + len(across.datasets))}}}", r"\toprule"]
    lines += [" & ".join(map(latex.escape, heads(across))) + r" \\", r"\midrule"]
    for row, scores in zip(rows(across), across.scores.T):
        cells = [latex.escape(cell) for cell in row]
        cells[2:] = [
            rf"\textbf{{{cell}}}" if value == top else cell for cell, value, top in zip(cells[2:], scores, best)
        ]
        lines.append(" & ".join(cells) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def as_csv(across: Across) -> str:
    """Return ``across.csv``: figures that aren't rounded."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(heads(across))
    for name, rank, column in zip(across.experiments, across.mean_ranks.tolist(), across.scores.T.tolist()):
        writer.writerow([name, rank, *column])
    return buffer.getvalue()


def as_html(across: Across, picture: str) -> str:
    """Return ``across.html``; *picture* is the diagram as a data URI."""
    return _template().render(
        answer=answer(across),
        heads=heads(across),
        rows=rows(across),
        notes=notes(across),
        picture=picture,
    )


@cache
def _template() -> Any:
    import jinja2

    here = Path(__file__).parent
    loader = jinja2.FileSystemLoader(here)
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined).get_template(
        "across.jinja"
    )
