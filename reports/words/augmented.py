"""Each experiment with and without augmented copies of training clips, in words and as rows."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.grammar import count, listed
from audioclf.plugin import Finished, Results
from audioclf.results.words import score, signed
from audioclf.statistics import significance

HEADS = ("features", "classifier", "without", "with", "difference", "p (Holm)")


@dataclass(frozen=True)
class Pair:
    """One feature set and classifier, trained without augmented copies and with them.

    Attributes
    ----------
    without, augmented : Finished
        The two experiments.
    difference : float or None
        By how much the second scores more; None where either has no score.
    p : float or None
        Of the corrected resampled t-test (Nadeau & Bengio 2003) over the folds that both have, with Holm's correction
        for the number of pairs; None below two folds.
    """

    without: Finished
    augmented: Finished
    difference: float | None
    p: float | None

    @property
    def told(self) -> bool:
        """Whether the two differ beyond what chance explains."""
        return self.p is not None and self.p < significance.LEVEL


def pairs(results: Results) -> list[Pair]:
    """Return the experiments that finished both without and with augmented copies, in the order of the ranking."""
    ranked = [e for e in results.ranking() if not e.is_baseline]
    plain = {e.identity[:2]: e for e in ranked if not e.augment}
    more = {e.identity[:2]: e for e in ranked if e.augment}
    names = [name for name in dict.fromkeys(e.identity[:2] for e in ranked) if name in plain and name in more]
    corrected = significance.holm([_p(results.metric, plain[name], more[name]) for name in names])
    found = []
    for name, p in zip(names, corrected, strict=True):
        first, second = (side[name].metric(results.metric).mean for side in (plain, more))
        difference = None if first is None or second is None else second - first
        found.append(Pair(plain[name], more[name], difference, p))
    return found


def _p(metric: str, without: Finished, augmented: Finished) -> float | None:
    scored = {(f.repeat, f.fold): f.score(metric) for f in augmented.folds}
    both = [
        (after - before, f.n_train, f.n_test)
        for f in without.folds
        if (before := f.score(metric)) is not None and (after := scored.get((f.repeat, f.fold))) is not None
    ]
    tested = significance.corrected_t_test(*zip(*both)) if both else None
    return None if tested is None else tested[1]


def done(results: Results) -> str:
    """Say what was done to the training clips; empty where nothing was."""
    given = results.record.augmentation
    if given is None:
        return ""
    names = [_words(part) for part in given.spec.split(",")]
    effects = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    said = (
        f"Training clips were augmented by {effects}: {count(given.factor, 'altered copy', 'altered copies')} of "
        "each beside the original, only ever in the training part of a fold. The tested clips are the originals."
    )
    if given.compared:
        said += " Each experiment was run without the copies, too, on the same folds."
    return said


def _words(part: str) -> str:
    """Write one effect with its parameters in brackets.

    >>> _words("pitch:semitones=3:p=0.5")
    'pitch (semitones=3, p=0.5)'
    """
    name, _, parameters = part.strip().partition(":")
    return f"{name} ({parameters.replace(':', ', ')})" if parameters else name


def verdict(results: Results) -> str:
    """Say in a sentence or two whether the copies helped; empty where that wasn't compared."""
    known = [(pair, pair.difference) for pair in pairs(results) if pair.difference is not None]
    if not known:
        return ""
    higher = sum(difference > 0 for _, difference in known)
    mean = sum(difference for _, difference in known) / len(known)
    metric = results.titles[results.metric]
    if len(known) == 1:
        (pair, difference), *_ = known
        way = "more" if difference >= 0 else "less"
        said = f"With augmented copies {pair.without.title} scores {score(abs(difference))} {metric} {way}"
        return said + (", beyond what chance explains." if pair.told else ", which chance may explain.")
    said = (
        f"With augmented copies {higher or 'none'} of {len(known)} experiments score higher; the mean difference in "
        f"{metric} is {signed(mean)}."
    )
    told = [f"{pair.without.title} ({signed(difference)})" for pair, difference in known if pair.told]
    if not told:
        return f"{said} None of the differences is beyond what chance explains."
    return f"{said} Beyond what chance explains: {listed(told, 4)}."
