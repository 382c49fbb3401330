"""Cost of a classifier: its size and its time a clip, in words."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.plugin import Finished, Results
from audioclf.results import verdicts
from audioclf.results.words import milliseconds, score, size, thousands, two_digits

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
    parameters : int or None
        Numbers that the fitted model holds.
    kilobytes : float or None
        Its size in a model file.
    features_ms, classifier_ms : float or None
        Milliseconds a clip on one thread: computing the features from the file, and answering.
    """

    parameters: int | None
    kilobytes: float | None
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


def cost(experiment: Finished) -> Cost | None:
    """Return what an experiment costs, if the record tells."""
    given = experiment.cost
    return None if given is None else Cost(given.parameters, given.kilobytes, given.features_ms, given.classifier_ms)


def bargain(results: Results) -> str:
    """Name what isn't told apart from the best and costs the least time; empty where that is the best itself."""
    best = results.best
    if best is None or best.is_baseline or (dear := cost(best)) is None or dear.milliseconds is None:
        return ""
    alike = [e for e in verdicts.alike(results) if not e.is_baseline]
    known = [(c.milliseconds, e) for e in alike if (c := cost(e)) is not None]
    timed = [(ms, e) for ms, e in known if ms is not None and ms * _ALIKE <= dear.milliseconds]
    if not timed:
        return ""
    _, cheap = min(timed, key=lambda pair: pair[0])
    return (
        f"The quickest that isn't told apart from the best: {cheap.title}, {score(cheap.metric(results.metric).mean)} "
        f"{results.titles[results.metric]}, {relative(cost(cheap), dear)} compared with {best.title}."
    )


def relative(one: Cost | None, other: Cost | None) -> str:
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
    return f"{two_digits(times).removesuffix('.0')} times {less if one < other else more}"
