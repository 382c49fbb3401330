"""What a classifier costs beside what it scores: its size and its time a clip, in words."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.reports.words.text import MISSING, indistinct, score
from audioclf.results.names import is_baseline, title
from audioclf.results.results import Results
from audioclf.results.schema import Finished as Experiment

MEASURED = (
    "Parameters are the numbers that the fitted model of the first fold holds, size is what it takes in a model file, "
    "and the time a clip is what one thread needs to compute the features from the file and to answer."
)
_ALIKE = 1.5


@dataclass(frozen=True)
class Cost:
    """What one experiment costs.

    Attributes
    ----------
    parameters : int
        Numbers that the fitted model holds.
    kilobytes : float
        Its size in a model file.
    features_ms, classifier_ms : float or None
        Milliseconds a clip on one thread: computing the features from the file, and answering.
    """

    parameters: int
    kilobytes: float
    features_ms: float | None
    classifier_ms: float | None

    @property
    def milliseconds(self) -> float | None:
        """From the file to the answer; None where either part is unknown."""
        if self.features_ms is None or self.classifier_ms is None:
            return None
        return self.features_ms + self.classifier_ms

    @property
    def split(self) -> str:
        """The time's two parts."""
        return f"{milliseconds(self.features_ms)} + {milliseconds(self.classifier_ms)}"

    @property
    def words(self) -> str:
        """All of it in one sentence."""
        said = f"The model holds {thousands(self.parameters)} parameters and takes {size(self.kilobytes)}"
        if self.milliseconds is None:
            return f"{said}; it answers in {milliseconds(self.classifier_ms)} ms a clip, features aside."
        return (
            f"{said}; a clip takes {milliseconds(self.milliseconds)} ms on one thread, "
            f"{milliseconds(self.features_ms)} for the features and {milliseconds(self.classifier_ms)} for the answer."
        )


def cost(experiment: Experiment) -> Cost | None:
    """Return what an experiment costs, if the record tells."""
    given = experiment.get("cost")
    if not given:
        return None
    return Cost(given["parameters"], given["kilobytes"], given.get("features_ms"), given.get("classifier_ms"))


def thousands(number: float) -> str:
    """Write a large number with three figures at most.

    >>> thousands(950), thousands(1234), thousands(48_200), thousands(1_250_000)
    ('950', '1.2 k', '48 k', '1.2 M')
    """
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if round(number) >= limit * 0.9995:
            return f"{_three(number / limit)} {unit}"
    return f"{number:.0f}"


def size(kilobytes: float | None) -> str:
    """Write a model's size.

    >>> size(0.31), size(193.2), size(12_345)
    ('0.3 kB', '193 kB', '12 MB')
    """
    if kilobytes is None:
        return MISSING
    return f"{_three(kilobytes)} kB" if kilobytes < 999.5 else f"{_three(kilobytes / 1000)} MB"


def milliseconds(value: float | None) -> str:
    """Write a number of milliseconds for a table; the column's head names the unit.

    >>> milliseconds(0.034), milliseconds(2.13), milliseconds(130.4)
    ('0.03', '2.1', '130')
    """
    if value is None:
        return MISSING
    return f"{value:.2f}" if value < 0.995 else _three(value)


def _three(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def is_network(experiment: Experiment) -> bool:
    """Say whether an experiment's classifier was trained in epochs, as networks are.

    >>> is_network({"folds": [{"history": {"epochs": [{"epoch": 1}]}}]}), is_network({"folds": [{}]})
    (True, False)
    """
    return any((fold.get("history") or {}).get("epochs") for fold in experiment.get("folds", []))


def networks(results: Results) -> list[Experiment]:
    """Return the networks that finished, best first."""
    return [e for e in results.ranking() if is_network(e)]


def verdict(results: Results) -> str:
    """Say whether the best network is worth it: against the best classifier that is none; empty without either."""
    heard = [e for e in results.ranking() if not is_baseline(e)]
    network = next((e for e in heard if is_network(e)), None)
    other = next((e for e in heard if not is_network(e)), None)
    if network is None or other is None:
        return ""
    first = heard[0]
    rival = other if first is network else network
    gap = _gap(results, first, rival)
    name, whom = f"The best network, {title(network)},", title(other) + "," * bool(other.get("augment"))
    if gap is None:
        return f"{name} can't be compared with {title(other)}, the best that is none."
    metric, chance = results.titles[results.metric], _chance(results, first, rival)
    if gap < 0.0005:
        where, chance = f"is level with {whom} in {metric}", ""
    elif first is network:
        where = f"is {score(gap)} ahead of the best that is none, {title(other)}, in {metric}"
    else:
        where = f"is {score(gap)} behind {whom} in {metric}"
    said = f"{name} {where}" + (f", {chance}" if chance else "")
    about = _beside(cost(network), cost(other)) if first is network else _beside(cost(other), cost(network))
    if not about:
        return f"{said}."
    which = "the network" if first is network else other["classifier"]
    return f"{said}. Of the two, {which} is {about}."


def bargain(results: Results) -> str:
    """Name what can't be told from the best and costs the least time; empty where that is the best itself."""
    best = results.best
    if best is None or is_baseline(best) or (dear := cost(best)) is None or dear.milliseconds is None:
        return ""
    known = [(c.milliseconds, e) for e in indistinct(results) if not is_baseline(e) and (c := cost(e)) is not None]
    timed = [(ms, e) for ms, e in known if ms is not None and ms * _ALIKE <= dear.milliseconds]
    if not timed:
        return ""
    _, cheap = min(timed, key=lambda pair: pair[0])
    mean = cheap["metrics"][results.metric]["mean"]
    return (
        f"The quickest that can't be told from the best: {title(cheap)}, {score(mean)} {results.titles[results.metric]}"
        f", {_beside(cost(cheap), dear)} compared with {title(best)}."
    )


def _gap(results: Results, first: Experiment, rival: Experiment) -> float | None:
    """By how much one experiment is ahead of another one that ranks lower."""
    versus = rival.get("versus_best")
    if first is results.best and versus and versus["difference"] is not None:
        return abs(versus["difference"])
    means = [e["metrics"][results.metric]["mean"] for e in (first, rival)]
    return None if None in means else means[0] - means[1]


def _chance(results: Results, first: Experiment, rival: Experiment) -> str:
    """Whether chance may explain that one experiment is ahead of another one, in words."""
    versus = rival.get("versus_best")
    if first is results.best and versus:
        words = {True: "beyond what chance explains", False: "no more than chance may explain"}
        return words.get(versus["distinguishable"], "")
    low, high = first["metrics"][results.metric]["low"], rival["metrics"][results.metric]["high"]
    if low is None or high is None:
        return ""
    return "though their intervals overlap" if high >= low else "and their intervals don't overlap"


def _beside(one: Cost | None, other: Cost | None) -> str:
    """Say how large and how quick *one* is compared with *other*: "40 times smaller and 3 times quicker"."""
    if one is None or other is None:
        return ""
    said = [_ratio(one.kilobytes, other.kilobytes, "smaller", "larger", "about as large")]
    said.append(_ratio(one.milliseconds, other.milliseconds, "quicker", "slower", "about as quick"))
    return " and ".join(part for part in said if part)


def _ratio(one: float | None, other: float | None, less: str, more: str, alike: str) -> str:
    """Say how many times *one* is of *other*.

    >>> _ratio(2.0, 80.0, "smaller", "larger", "about as large")
    '40 times smaller'
    >>> _ratio(2.0, 1.8, "smaller", "larger", "about as large")
    'about as large'
    """
    if not one or not other:
        return ""
    times = max(one / other, other / one)
    if times < _ALIKE:
        return alike
    return f"{_three(times).removesuffix('.0')} times {less if one < other else more}"


def training(experiment: Experiment) -> str:
    """Say for how many epochs a network was trained and which weights were kept; empty where it isn't one."""
    histories = [fold["history"] for fold in experiment["folds"] if (fold.get("history") or {}).get("epochs")]
    if not histories:
        return ""
    kept = [h["best_epoch"] for h in histories if h.get("best_epoch")]
    said = f"Trained for {_span([len(h['epochs']) for h in histories])} epochs a fold"
    if not kept:
        return f"{said}; the weights are those of the last."
    clips = [h["n_validation"] for h in histories if h.get("n_validation")]
    by = f", by the loss on {_span(clips)} clips kept out of each training part" if clips else ""
    return f"{said}; the weights kept are those of epoch {_span(kept)}{by}."


def _span(numbers: list[int]) -> str:
    """Write the range of some numbers.

    >>> _span([12, 15]), _span([40, 40])
    ('12 to 15', '40')
    """
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"
