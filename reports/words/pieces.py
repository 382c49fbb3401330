"""Recordings that were cut into pieces: scores of single pieces, and of one answer a recording."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.grammar import count
from audioclf.plugin import Finished, Results
from audioclf.results.schema import Naive
from audioclf.results.words import score


@dataclass(frozen=True)
class Pieces:
    """What one experiment scores by the piece and by the recording.

    Attributes
    ----------
    experiment : Finished
    pieces, recordings : float or None
        Under the run's own split; of a recording the probabilities of its pieces are averaged.
    naive_pieces, naive_recordings : float or None
        Under a split that ignores groups, where pieces of one recording stand on both sides.
    n_recordings : int
    """

    experiment: Finished
    pieces: float | None
    recordings: float | None
    naive_pieces: float | None
    naive_recordings: float | None
    n_recordings: int

    @property
    def scores(self) -> tuple[float | None, ...]:
        """The four scores in the order of `heads`."""
        return self.naive_pieces, self.naive_recordings, self.pieces, self.recordings


def metric(results: Results) -> str:
    """The metric that pieces and recordings are compared by: the run's, or the first that recordings have."""
    cut = (e.by_recording.metrics for e in results.ranking() if e.by_recording is not None)
    known: dict[str, float | None] = next(cut, {})
    return results.metric if results.metric in known else next(iter(known), results.metric)


def rows(results: Results) -> list[Pieces]:
    """Return what is known of each experiment but the baseline, best first; nothing where recordings weren't cut."""
    name = metric(results)
    return [
        Pieces(
            e,
            e.metric(name).mean,
            by_recording(e, name),
            None if e.naive is None or name not in e.naive.metrics else e.naive.metrics[name].mean,
            by_recording(e.naive, name),
            e.by_recording.n_recordings,
        )
        for e in results.ranking()
        if e.by_recording is not None and not e.is_baseline
    ]


def by_recording(scored: Finished | Naive | None, metric: str) -> float | None:
    """Return the score of one answer a recording, of an experiment or of its split that ignores groups."""
    found = None if scored is None else scored.by_recording
    return None if found is None else found.metrics.get(metric)


def heads(results: Results) -> tuple[str, ...]:
    """The heads of the four scores' columns."""
    split = _split(results)
    random = "split at random (data leakage)"
    return (f"pieces, {random}", f"recordings, {random}", f"pieces, {split}", f"recordings, {split}")


def shown(results: Results) -> list[int]:
    """Which of the four columns any experiment has."""
    found = [row.scores for row in rows(results)]
    return [k for k in range(4) if any(scores[k] is not None for scores in found)]


def lesson(results: Results) -> list[str]:
    """Say of the best experiment what the split and the averaging make of its score; nothing without pieces."""
    found = rows(results)
    if not found:
        return []
    best, split, words = found[0], _split(results), results.titles[metric(results)]
    figures = [
        ("split at random", best.naive_pieces),
        (split, best.pieces),
        ("answers averaged per recording", best.recordings),
    ]
    told = "; ".join(f"{name} {score(value)}" for name, value in figures if value is not None)
    said = [f"{_size(results)}, {told}: {words} of {best.experiment.title}, {_of(best)}."]
    if best.naive_pieces is not None and best.pieces is not None:
        leak = best.naive_pieces - best.pieces
        if leak >= 0.0005:
            what = "recording" if split == "split by recording" else "recording or its group"
            said.append(
                f"Split at random, pieces of one recording are in training and in test. The {leak:.3f} that this "
                f"adds is data leakage: it comes from recognising the {what}, and is lost on a new one."
            )
            if best.naive_recordings is not None and best.naive_recordings > (best.recordings or 0.0):
                said.append(
                    f"Averaging answers doesn't remove it: {score(best.naive_recordings)} per recording under that "
                    "split, for pieces of each recording were trained on."
                )
        else:
            said.append("Split at random, the score is no higher, so no data leakage shows in it.")
    return said


def _of(row: Pieces) -> str:
    return f"with {count(row.n_recordings, 'recording')} in all"


def _size(results: Results) -> str:
    seconds = results.record.dataset.clip_seconds
    return "Pieces of recordings" if seconds is None else f"{seconds:g} s pieces"


def _split(results: Results) -> str:
    """Name the run's own split."""
    groups = results.record.dataset.n_groups
    if groups is None:
        return "split at random"
    recordings = {e.by_recording.n_recordings for e in results.ranking() if e.by_recording is not None}
    return "split by recording" if recordings == {groups} else "split by group"
