"""Recordings that were cut into pieces: scores of single pieces, and of one answer a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audioclf.reports.words.text import UNKNOWN, count, score
from audioclf.results.names import is_baseline, title
from audioclf.results.results import Results
from audioclf.results.schema import Finished as Experiment


@dataclass(frozen=True)
class Pieces:
    """What one experiment scores by the piece and by the recording.

    Attributes
    ----------
    experiment : dict
    pieces, recordings : float or None
        Under the run's own split; of a recording the probabilities of its pieces are averaged.
    naive_pieces, naive_recordings : float or None
        Under a split that ignores groups, where pieces of one recording stand on both sides.
    n_recordings : int
    """

    experiment: Experiment
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
    cut = (e["by_recording"]["metrics"] for e in results.ranking() if e.get("by_recording"))
    known: dict[str, float] = next(cut, {})
    return results.metric if results.metric in known else next(iter(known), results.metric)


def rows(results: Results) -> list[Pieces]:
    """Return what is known of each experiment, best first; nothing where recordings weren't cut, the floor left out."""
    name = metric(results)

    def by_recording(found: dict[str, Any] | None) -> float | None:
        return ((found or {}).get("by_recording") or {"metrics": {}})["metrics"].get(name)

    return [
        Pieces(
            e,
            e["metrics"][name]["mean"],
            by_recording(e),
            ((e.get("naive") or {"metrics": {}})["metrics"].get(name) or UNKNOWN)["mean"],
            by_recording(e.get("naive")),
            e["by_recording"]["n_recordings"],
        )
        for e in results.ranking()
        if e.get("by_recording") and not is_baseline(e)
    ]


def heads(results: Results) -> tuple[str, ...]:
    """The heads of the four scores' columns."""
    split = _split(results)
    random = "split at random (leaky)"
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
    said = [f"{_size(results)}, {told}: {words} of {title(best.experiment)}, {_of(best)}."]
    if best.naive_pieces is not None and best.pieces is not None:
        leak = best.naive_pieces - best.pieces
        if leak >= 0.0005:
            what = "recording" if split == "split by recording" else "recording or its group"
            said.append(
                f"Split at random, pieces of one recording stand on both sides of the split. The {leak:.3f} that this "
                f"adds is for knowing the {what} again, and is lost on one that is new."
            )
            if best.naive_recordings is not None and best.naive_recordings > (best.recordings or 0.0):
                said.append(
                    f"Averaging answers doesn't mend it: {score(best.naive_recordings)} per recording under that "
                    "split, with pieces of each recording learnt."
                )
        else:
            said.append("Split at random, the score is no higher, so no leak shows in it.")
    return said


def _of(row: Pieces) -> str:
    return f"with {count(row.n_recordings, 'recording')} in all"


def _size(results: Results) -> str:
    seconds = results.record["dataset"].get("clip_seconds")
    return "Pieces of recordings" if seconds is None else f"{seconds:g} s pieces"


def _split(results: Results) -> str:
    """Name the run's own split."""
    if results.record["dataset"]["n_groups"] is None:
        return "split at random"
    recordings = {e["by_recording"]["n_recordings"] for e in results.ranking() if e.get("by_recording")}
    return "split by recording" if recordings == {results.record["dataset"]["n_groups"]} else "split by group"
