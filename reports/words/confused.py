"""The clips that the winner got wrong, those first that most repeats and experiments did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from audioclf.plugin import Results
from audioclf.reports.words import tags
from audioclf.results.schema import Prediction


@dataclass(frozen=True)
class Confused:
    """A clip that the best experiment got wrong.

    Attributes
    ----------
    path, label, predicted : str
        Its name, its class, and what it was most often taken for.
    wrong, answers : int
        How many of the best experiment's answers (one a repeat) were wrong, of how many.
    probability, of_label : float or None
        Means over those wrong answers: what the predicted class was given, and what the true one.
    others, experiments : int
        How many of the finished experiments got it wrong at least once, of how many; the baseline doesn't count.
    marks : tuple of Mark
        Where clips have several labels: each label of the clip and of that answer, right, missed or too many.
    """

    path: str
    label: str
    predicted: str
    wrong: int
    answers: int
    probability: float | None
    of_label: float | None
    others: int
    experiments: int
    marks: tuple[tags.Mark, ...] = ()

    @property
    def wrongly(self) -> str:
        """How often it was got wrong, in words; empty where it was asked once only."""
        said = []
        if self.answers > 1:
            said.append(f"{self.wrong} of {self.answers} repeats")
        if self.experiments > 1:
            said.append(f"{self.others} of {self.experiments} experiments")
        return ", ".join(said)


def most_confused(results: Results, most: int | None = None) -> list[Confused]:
    """Return the clips that the best experiment got wrong: those first that most repeats and experiments did."""
    best = results.best
    if best is None:
        return []
    heard = [e for e in results.ranking() if not e.is_baseline] or [best]
    missed = Counter(path for e in heard for path in {p.path for p in e.predictions if p.predicted != p.label})
    answers = Counter(p.path for p in best.predictions)
    wrong: dict[str, list[Prediction]] = {}
    for p in best.predictions:
        if p.predicted != p.label:
            wrong.setdefault(p.path, []).append(p)
    found = [_confused(results, misses, answers[path], missed[path], len(heard)) for path, misses in wrong.items()]
    found.sort(key=lambda c: (-c.wrong / c.answers, -c.others, -tags.wrong(c.marks), -(c.probability or 0.0), c.path))
    return found[:most]


def _confused(results: Results, misses: list[Prediction], answers: int, others: int, experiments: int) -> Confused:
    """What there is to say of a clip with these wrong answers."""
    label = misses[0].label
    predicted = Counter(p.predicted for p in misses).most_common(1)[0][0]
    chances = [p.probabilities for p in misses if p.predicted == predicted and p.probabilities]
    marks: tuple[tags.Mark, ...] = ()
    if results.multilabel:
        means = {name: _mean([given.get(name) for given in chances]) for name in results.labels}
        marks = tuple(tags.marks(label, predicted, means))
    return Confused(
        path=misses[0].path,
        label=label,
        predicted=predicted,
        wrong=len(misses),
        answers=answers,
        probability=_mean([given.get(predicted) for given in chances]),
        of_label=_mean([given.get(label) for given in chances]),
        others=others,
        experiments=experiments,
        marks=marks,
    )


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
