"""The ranking as a LaTeX table for a paper."""

from __future__ import annotations

import re
from pathlib import Path

from audioclf.plugin import Across, Finished, Report, Results, write_whole
from audioclf.reports.words import across as rounds
from audioclf.reports.words import augmented, costs, headline, networks, protocol, tuning
from audioclf.reports.words.data import data_sentence
from audioclf.results import verdicts
from audioclf.results.headline import answers, beside_chance, mark
from audioclf.results.schema import VersusBest
from audioclf.results.words import interval, milliseconds, p_value, score, signed, size, spread, thousands

_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "_": r"\_",
    "#": r"\#",
    "%": r"\%",
    "&": r"\&",
    "$": r"\$",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",  # after the end of a row, a bracket would be its option and a star its variant
    "]": "{]}",
    "*": "{*}",
    "–": "--",
    "—": "---",
    "…": r"\ldots{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
}
_TESTS = ("$p$ (folds)", "best : this", "$p$ (clips)")
_MARKS = {"worse": "", "worse on these clips": r"$^\dagger$", "not told apart": r"$^\ddagger$"}


class LatexReport(Report):
    r"""``ranking.tex``: a ``tabular`` with booktabs' rules, to be ``\input`` into a table of your own.

    ``augmentation.tex`` stands beside it where the run compared with and without. The best is bold; a dagger marks
    what is worse on these clips only, a double dagger what isn't told apart from the best. It needs
    ``\usepackage{booktabs}``, and ``\usepackage[T1]{fontenc}`` for quotation marks in names; names in scripts that
    pdfLaTeX has no letters for need XeLaTeX or LuaLaTeX and a font that has them.
    """

    name = "latex"
    title = "ranking.tex, a table for a paper"

    def write(self, results: Results, folder: Path) -> list[Path]:
        """Write the table, and that of the augmentation where there is one; return their paths."""
        tables = {"ranking.tex": render(results)}
        if augmented.pairs(results):
            tables["augmentation.tex"] = render_pairs(results)
        for name, text in tables.items():
            with write_whole(folder / name) as aside:
                aside.write_text(text, encoding="utf-8", errors="backslashreplace")
        return [folder / name for name in tables]

    def write_across(self, across: Across, folder: Path) -> list[Path]:
        """Write ``across.tex`` and return its path."""
        path = folder / "across.tex"
        with write_whole(path) as aside:
            aside.write_text(render_across(across), encoding="utf-8", errors="backslashreplace")
        return [path]


def render(results: Results) -> str:
    """Return the table as text."""
    ranked, shown = results.ranking(), {results.metric: "", **results.shown}
    tested = results.record.tests is not None
    tuned, costly = (any(getattr(e, key) is not None for e in ranked) for key in ("tuning", "cost"))
    heads = ["features", "classifier", *(escape(results.titles[name]) for name in shown), escape("95 % interval")]
    heads += list(_TESTS) if tested else []
    heads += ["not nested"] if tuned else []
    heads += ["parameters", "size", "ms a clip"] if costly else []
    lines = [
        *(f"% {line}" for line in _comments(results)),
        rf"\begin{{tabular}}{{ll{'r' * (len(heads) - 2)}}}",
        r"\toprule",
        " & ".join(heads) + r" \\",
        r"\midrule",
        *(_row(results, e, list(shown), tested, tuned, costly) for e in ranked),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def render_pairs(results: Results) -> str:
    """Return the table of experiments without and with augmented copies as text."""
    said = (augmented.done(results), augmented.verdict(results), f"Scores are {results.titles[results.metric]}.")
    lines = [r"% needs \usepackage{booktabs}", *(f"% {_line(text)}" for text in said)]
    heads = ("features", "classifier", "without", "with", "difference", "$p$")
    lines += [r"\begin{tabular}{llrrrr}", r"\toprule", " & ".join(heads) + r" \\", r"\midrule"]
    for pair in augmented.pairs(results):
        scores = [escape(spread(e.metric(results.metric))) for e in (pair.without, pair.augmented)]
        gain = "--" if pair.difference is None else f"${signed(pair.difference).replace('−', '-')}$"
        if pair.told:
            gain = rf"\textbf{{\boldmath {gain}}}"
        names = [_breakable(pair.without.features), escape(pair.without.classifier)]
        lines.append(" & ".join([*names, *scores, gain, _p(pair.p)]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def render_across(across: Across) -> str:
    """Return the table over several data sets as text, the best score of each in bold."""
    best = across.scores.max(axis=1)
    lines = [r"% needs \usepackage{booktabs}"]
    lines += [f"% {_line(line)}" for line in [rounds.answer(across), *rounds.notes(across)]]
    lines += [rf"\begin{{tabular}}{{l{'r' * (1 + len(across.datasets))}}}", r"\toprule"]
    lines += [" & ".join(map(escape, rounds.heads(across))) + r" \\", r"\midrule"]
    for row, scores in zip(rounds.rows(across), across.scores.T):
        name, rank, *cells = map(escape, row)
        cells = [rf"\textbf{{{cell}}}" if value == top else cell for cell, value, top in zip(cells, scores, best)]
        lines.append(" & ".join([name, rank, *cells]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def escape(text: object) -> str:
    r"""Make text harmless in LaTeX: no commands, no comments, no line breaks, no characters that can't be printed.

    >>> print(escape("50 % of $x_1$ & {a}"))
    50 \% of \$x\_1\$ \& \{a\}
    """
    return "".join(_SIGNS.get(c, c) for c in _line(text))


def _line(text: object) -> str:
    return "".join(c for c in " ".join(str(text).split()) if c.isprintable())


def _row(results: Results, experiment: Finished, shown: list[str], tested: bool, tuned: bool, costly: bool) -> str:
    versus = experiment.versus_best
    names = [_breakable(experiment.features), escape(experiment.classifier + mark(experiment))]
    if versus is not None:
        names[1] += _MARKS[versus.verdict]
    figures = [escape(spread(experiment.metric(name))) for name in shown]
    figures.append(escape(interval(experiment.metric(results.metric))))
    if tested:
        figures += _tests(versus)
    if tuned:
        figures.append(escape(score(tuning.not_nested(experiment))))
    if costly:
        figures += _cost(experiment)
    if experiment is results.best:
        names = [rf"\textbf{{{name}}}" for name in names]
        figures[0] = rf"\textbf{{\boldmath {figures[0]}}}"
    return " & ".join([*names, *figures]) + r" \\"


def _tests(versus: VersusBest | None) -> list[str]:
    """The cells below `_TESTS`."""
    if versus is None:
        return ["--"] * len(_TESTS)
    pairs = versus.mcnemar
    counts = "--" if pairs is None else f"{pairs.best_only} : {pairs.this_only}"
    return [_p(versus.p_holm), counts, _p(None if pairs is None else pairs.p_holm)]


def _p(value: float | None) -> str:
    return "--" if value is None else f"${p_value(value).replace('< ', '<')}$"


def _cost(experiment: Finished) -> list[str]:
    cost = costs.cost(experiment)
    if cost is None:
        return ["--"] * 3
    shown = (thousands(cost.parameters), size(cost.kilobytes), milliseconds(cost.milliseconds))
    return [escape(text) for text in shown]


def _breakable(features: str) -> str:
    r"""Let a feature set's name break after its plus signs where a column has a width.

    >>> print(_breakable("mfcc+gfcc"))
    mfcc+\allowbreak{}gfcc
    """
    return re.sub(r"\+", r"+\\allowbreak{}", escape(features))


def _comments(results: Results) -> list[str]:
    """What a caption can say, and what the table needs; as comments, for the words are the author's."""
    record = results.record
    said = [
        r"needs \usepackage{booktabs} and, for quotation marks in names, \usepackage[T1]{fontenc}",
        f"{record.dataset.name}: {data_sentence(results)}",
        headline.answer(results),
        f"Ranked by {results.titles[results.metric]}, mean over folds with standard deviation; the interval is over "
        "clips.",
        *protocol.protocol(results)[:1],
    ]
    if results.baseline is not None:
        said.append(f"Baseline (majority class): {answers(results)}. {beside_chance(results)}")
    if done := augmented.done(results):
        said.append(done)
    if record.tests is not None:
        said += [
            "p (folds), after Holm's correction: how a new draw of clips would come out; best : this, the clips that "
            "only one of the two got right; p (clips): McNemar's test on these, after Holm's correction.",
            *(
                text.replace("Worse on", "Dagger, worse on").replace("Not told", "Double dagger, not told")
                for text in verdicts.explained(results)
            ),
        ]
    if any(e.cost is not None for e in results.ranking()):
        said += [text for text in (costs.MEASURED, networks.verdict(results)) if text]
    if record.cv.tuned:
        said.append("Not nested: the best candidate on the folds that chose it, an optimistic score.")
    return [_line(line) for line in said if line]
