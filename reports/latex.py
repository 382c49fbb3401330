"""The ranking as a LaTeX table for a paper."""

from __future__ import annotations

import re
from pathlib import Path

from audioclf.files import write_whole
from audioclf.reports.words import across as _across
from audioclf.reports.words import augmented as _augmented
from audioclf.reports.words import costs as _costs
from audioclf.reports.words import text as _text
from audioclf.results.across import Across
from audioclf.results.names import is_baseline
from audioclf.results.report import Report
from audioclf.results.results import Results
from audioclf.results.schema import Finished as Experiment

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


class LatexReport(Report):
    r"""``ranking.tex``: a ``tabular`` with booktabs' rules, to be ``\input`` into a table of your own.

    ``augmentation.tex`` stands beside it where the run compared with and without. The best is bold; a dagger marks
    what can't be told from it. It needs ``\usepackage{booktabs}``, and ``\usepackage[T1]{fontenc}`` for quotation marks
    in names; names in scripts that pdfLaTeX has no letters for need XeLaTeX or LuaLaTeX and a font that has them.
    """

    name = "latex"
    title = "ranking.tex, a table for a paper"

    def write(self, results: Results, folder: Path) -> list[Path]:
        """Write the table, and that of the augmentation where there is one; return their paths."""
        tables = {"ranking.tex": render(results)}
        if _augmented.pairs(results):
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
    tested = bool(results.record.get("tests"))
    tuned, costly = (any(e.get(key) for e in ranked) for key in ("tuning", "cost"))
    heads = ["features", "classifier", *(results.titles[name] for name in shown), "95 % interval"]
    heads += ["$p$"] if tested else []
    heads += ["not nested"] if tuned else []
    heads += ["parameters", "size", "ms a clip"] if costly else []
    lines = [
        *(f"% {line}" for line in _comments(results)),
        rf"\begin{{tabular}}{{ll{'r' * (len(heads) - 2)}}}",
        r"\toprule",
        " & ".join([*(escape(head) if head != "$p$" else head for head in heads)]) + r" \\",
        r"\midrule",
        *(_row(results, e, list(shown), tested, tuned, costly) for e in ranked),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def render_pairs(results: Results) -> str:
    """Return the table of experiments without and with augmented copies as text."""
    said = (_augmented.done(results), _augmented.verdict(results), f"Scores are {results.titles[results.metric]}.")
    lines = [r"% needs \usepackage{booktabs}", *(f"% {_line(text)}" for text in said)]
    heads = ("features", "classifier", "without", "with", "difference", "$p$")
    lines += [r"\begin{tabular}{llrrrr}", r"\toprule", " & ".join(heads) + r" \\", r"\midrule"]
    for pair in _augmented.pairs(results):
        scores = [escape(_text.spread(e["metrics"][results.metric])) for e in (pair.without, pair.augmented)]
        gain = "--" if pair.difference is None else f"${_augmented.signed(pair.difference).replace('−', '-')}$"
        if pair.told:
            gain = rf"\textbf{{\boldmath {gain}}}"
        names = [_breakable(pair.without["features"]), escape(pair.without["classifier"])]
        lines.append(" & ".join([*names, *scores, gain, _p(pair.p)]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def render_across(across: Across) -> str:
    """Return the table over several data sets as text, the best score of each in bold."""
    best = across.scores.max(axis=1)
    lines = [r"% needs \usepackage{booktabs}"]
    lines += [f"% {_line(line)}" for line in [_across.answer(across), *_across.notes(across)]]
    lines += [rf"\begin{{tabular}}{{l{'r' * (1 + len(across.datasets))}}}", r"\toprule"]
    lines += [" & ".join(map(escape, _across.heads(across))) + r" \\", r"\midrule"]
    for row, scores in zip(_across.rows(across), across.scores.T):
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


def _row(results: Results, experiment: Experiment, shown: list[str], tested: bool, tuned: bool, costly: bool) -> str:
    best = experiment is results.best
    names = [_breakable(experiment["features"]), escape(experiment["classifier"])]
    if experiment.get("augment"):
        names[1] += ", augmented"
    if is_baseline(experiment):
        names[1] += " (floor)"
    if (experiment.get("versus_best") or {}).get("distinguishable") is False:
        names[1] += r"$^\dagger$"
    main = experiment["metrics"][results.metric]
    figures = [escape(_text.spread(experiment["metrics"][name])) for name in shown]
    figures.append(escape(_text.interval(main)))
    if tested:
        figures.append(_p(_text.decisive_p(results, experiment)))
    if tuned:
        tuning = experiment.get("tuning")
        figures.append(escape(_text.score(tuning["non_nested"]["score"] if tuning else None)))
    if costly:
        figures += _cost(experiment)
    if best:
        names = [rf"\textbf{{{name}}}" for name in names]
        figures[0] = rf"\textbf{{\boldmath {figures[0]}}}"
    return " & ".join([*names, *figures]) + r" \\"


def _p(value: float | None) -> str:
    return "--" if value is None else f"${_text.p_value(value).replace('< ', '<')}$"


def _cost(experiment: Experiment) -> list[str]:
    cost = _costs.cost(experiment)
    if cost is None:
        return ["--"] * 3
    shown = (_costs.thousands(cost.parameters), _costs.size(cost.kilobytes), _costs.milliseconds(cost.milliseconds))
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
        f"{record['dataset']['name']}: {_text.data_sentence(results)}",
        _text.answer(results),
        f"Ranked by {results.titles[results.metric]}, mean over folds with standard deviation; the interval is over "
        "clips.",
        *_text.protocol(results)[:1],
    ]
    if augmented := _augmented.done(results):
        said.append(augmented)
    if record.get("tests"):
        said.append(_text.testing(results).replace("Not distinguishable:", "Dagger, not distinguishable:"))
    if any(e.get("cost") for e in results.ranking()):
        said += [text for text in (_costs.MEASURED, _costs.verdict(results)) if text]
    if record["cv"]["tuned"]:
        said.append("Not nested: the best candidate on the folds that chose it, an optimistic figure.")
    return [_line(line) for line in said]
