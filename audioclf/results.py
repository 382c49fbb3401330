"""results.json: the one lasting record of a run. Every report is made from it alone.

The file's layout is the contract (docs/results.md); this module reads it, writes it whole, and answers the
questions that all reports ask. It knows nothing of plotting or HTML.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audioclf.errors import ResultsError
from audioclf.files import write_whole

SCHEMA = 1
METRICS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
}

Experiment = dict[str, Any]


@dataclass(frozen=True)
class Confusion:
    """Clips of one class taken for another.

    Attributes
    ----------
    label, predicted : str
        What they are and what they were taken for.
    count : int
        How often, over all repeats.
    share : float
        That count over the number of predictions for clips of *label*, in [0, 1].
    clips : list of str
        Names of the clips, each once, the most often confused first.
    """

    label: str
    predicted: str
    count: int
    share: float
    clips: list[str]


class Results:
    """A run's record, as a dictionary with a few questions answered.

    Parameters
    ----------
    record : dict
        As in results.json, schema 1.
    """

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Results:
        """Read a run's folder or its results.json.

        Raises
        ------
        ResultsError
            If there is none, it isn't one, or it was written by a later version.
        """
        path = Path(path)
        file = path / "results.json" if path.is_dir() else path
        if not file.exists():
            raise ResultsError(f"{path}: no results.json there; give the folder that a run wrote (--out)")
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
            schema = record["schema"]
            record["experiments"], record["dataset"]["labels"]
        except (ValueError, KeyError, TypeError) as error:
            raise ResultsError(f"{file}: not a results.json of audioclf") from error
        if schema > SCHEMA:
            raise ResultsError(f"{file}: written by a later audioclf ({record.get('audioclf')}); upgrade to read it")
        return cls(record)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write results.json into *folder*, whole or not at all, and return its path."""
        path = Path(folder) / "results.json"
        with write_whole(path) as aside:
            text = json.dumps(self.record, indent=1, ensure_ascii=False, allow_nan=False)
            aside.write_text(text + "\n", encoding="utf-8")
        return path

    @property
    def labels(self) -> list[str]:
        """The class names, in the order of the confusion matrices' rows and columns."""
        return self.record["dataset"]["labels"]

    @property
    def metric(self) -> str:
        """The metric that ranks: a key of `METRICS`."""
        return self.record.get("metric", "accuracy")

    def ranking(self) -> list[Experiment]:
        """Experiments that finished, best first by the run's metric.

        Ties go to the better macro F1, then to fewer features, then to the order asked for.
        """
        finished = [e for e in self.record["experiments"] if e["status"] == "ok"]
        return sorted(
            finished,
            key=lambda e: (
                -round(e["metrics"][self.metric]["mean"], 6),
                -round(e["metrics"]["macro_f1"]["mean"], 6),
                e["n_features"],
            ),
        )

    def failed(self) -> list[Experiment]:
        """Experiments that did not finish; their ``error`` says why."""
        return [e for e in self.record["experiments"] if e["status"] != "ok"]

    @property
    def best(self) -> Experiment | None:
        """The experiment at the head of the ranking, or None if none finished."""
        ranked = self.ranking()
        return ranked[0] if ranked else None

    def confusions(self, experiment: Experiment, most: int | None = 10) -> list[Confusion]:
        """The pairs of classes most often confused, with the clips behind them."""
        totals = Counter(p["label"] for p in experiment["predictions"])
        pairs: dict[tuple[str, str], Counter[str]] = {}
        for p in experiment["predictions"]:
            if p["predicted"] != p["label"]:
                pairs.setdefault((p["label"], p["predicted"]), Counter())[p["path"]] += 1
        found = [
            Confusion(
                label,
                predicted,
                sum(clips.values()),
                sum(clips.values()) / totals[label],
                [name for name, _ in clips.most_common()],
            )
            for (label, predicted), clips in pairs.items()
        ]
        found.sort(key=lambda c: (-c.count, -c.share, c.label, c.predicted))
        return found[:most]


def title(experiment: Experiment) -> str:
    """Name an experiment: ``mfcc+gfcc with svm``.

    >>> title({"features": "mfcc+gfcc", "classifier": "svm"})
    'mfcc+gfcc with svm'
    """
    return f"{experiment['features']} with {experiment['classifier']}"
