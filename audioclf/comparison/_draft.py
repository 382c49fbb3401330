"""results.json: the one lasting record of a run. Every report is made from it alone.

The file's layout is the contract (docs/results.md); this module reads it, writes it whole, and answers the
questions that all reports ask. It knows nothing of plotting or HTML.
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audioclf.errors import ResultsError, did_you_mean
from audioclf.files import write_whole

SCHEMA = 1
METRICS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro F1",
}
"""What every table of experiments shows: names in results.json, and in words."""

DETAILS = {
    "mcc": "Matthews correlation",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
}
"""What is known of an experiment besides; all but the first need probabilities."""

TITLES = {**METRICS, **DETAILS}
"""All metrics of clips with one label each."""

TAG_METRICS = {
    "average_precision": "mean average precision",
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
}
"""What every table of experiments shows where clips have several labels."""

TAG_DETAILS = {
    "roc_auc": "ROC AUC",
    "subset_accuracy": "all labels right",
    "hamming_loss": "Hamming loss",
}
TAG_TITLES = {**TAG_METRICS, **TAG_DETAILS}
ERRORS = ("log_loss", "brier", "hamming_loss")
"""Metrics of which less is better."""

RANKING = tuple(name for name in TITLES if name not in ERRORS)
"""Metrics that can rank, the first by default."""

TAG_RANKING = tuple(name for name in TAG_TITLES if name not in ERRORS)
"""Those where clips have several labels."""

FLOOR = "dummy"
"""The classifier that looks at no features: what every other one has to beat."""

_KEYS = (
    "analysis", "audioclf", "command", "created", "cv", "dataset", "experiments", "platform",
    "seed", "skipped", "timing", "versions", "warnings",
)  # fmt: skip

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


class Draft:
    """A run's record, as a dictionary with a few questions answered.

    Parameters
    ----------
    record : dict
        As in results.json, schema 1.

    Examples
    --------
    >>> def experiment(classifier, mean):
    ...     scores = {name: {"mean": mean, "std": 0.0, "low": mean, "high": mean} for name in METRICS}
    ...     names = {"features": "mfcc", "classifier": classifier, "status": "ok"}
    ...     return {**names, "n_features": 40, "metrics": scores}
    >>> results = Results({"experiments": [experiment("dummy", 0.4), experiment("svm", 0.9)]})
    >>> title(results.best), title(results.floor)
    ('mfcc with svm', 'mfcc with dummy')
    """

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Draft:
        """Read a run's folder or its results.json.

        Raises
        ------
        ResultsError
            If there is none, it isn't one, or it was written by a later version.
        """
        path = Path(path)
        file = path / "results.json" if path.is_dir() else path
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ResultsError(f"{path}: no results.json there; give the folder that a run wrote (--out)") from error
        except OSError as error:
            raise ResultsError(f"{file}: can't be read: {error.strerror}") from error
        except ValueError as error:
            raise ResultsError(f"{file}: not a results.json of audioclf (no JSON: {error})") from error
        if not isinstance(record, dict) or not isinstance(record.get("schema"), int):
            raise ResultsError(f"{file}: not a results.json of audioclf (it names no schema)")
        if record["schema"] > SCHEMA:
            raise ResultsError(
                f"{file}: written by a later audioclf ({record.get('audioclf', '?')}); upgrade to read it"
            )
        missing = [key for key in _KEYS if key not in record]
        if missing:
            raise ResultsError(f"{file}: not a whole results.json: it lacks {', '.join(missing)}; run again")
        known = TAG_RANKING if cls(record).multilabel else RANKING
        if record.get("metric", "accuracy") not in known:
            raise ResultsError(
                f"{file}: ranks by '{record['metric']}', which isn't known here. "
                f"{did_you_mean(str(record['metric']), known)}"
            )
        return cls(record)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write results.json into *folder*, whole or not at all, and return its path.

        JSON has no NaN: a number that isn't finite is written as null, for a run that took hours must not be
        lost over one. A file name that isn't valid Unicode comes back from `load` as it was.
        """
        path = Path(folder) / "results.json"
        text = json.dumps(_without_nan(self.record), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        with write_whole(path) as aside:
            # What UTF-8 can't hold is a lone surrogate; Python's backslash escape for it is JSON's as well.
            aside.write_bytes(text.encode("utf-8", errors="backslashreplace"))
        return path

    @property
    def labels(self) -> list[str]:
        """The class names, in the order of the confusion matrices' rows and columns."""
        return self.record["dataset"]["labels"]

    @property
    def multilabel(self) -> bool:
        """Whether clips may have several labels."""
        return self.record.get("task") == "multi-label"

    @property
    def metric(self) -> str:
        """The metric that ranks: one of `RANKING`, or of `TAG_RANKING`."""
        return self.record.get("metric", "accuracy")

    @property
    def titles(self) -> dict[str, str]:
        """All metrics of this run's kind of labels, with their titles."""
        return TAG_TITLES if self.multilabel else TITLES

    @property
    def shown(self) -> dict[str, str]:
        """The metrics that tables of experiments show, with their titles, and what ranks."""
        return {**(TAG_METRICS if self.multilabel else METRICS), self.metric: self.titles[self.metric]}

    def ranking(self) -> list[Experiment]:
        """Experiments that finished, best first by the run's metric.

        Ties go to the better macro F1, then to fewer features, then to the order asked for.
        """
        finished = [e for e in self.record["experiments"] if e["status"] == "ok"]
        return sorted(
            finished,
            key=lambda e: (
                _descending(e["metrics"][self.metric]["mean"]),
                _descending(e["metrics"]["macro_f1"]["mean"]),
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

    @property
    def floor(self) -> Experiment | None:
        """The best finished experiment of the `FLOOR` classifier, or None if there is none."""
        return next((e for e in self.ranking() if is_floor(e)), None)

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
    """Name an experiment: ``mfcc+gfcc with svm``, and whether its training clips were augmented.

    >>> title({"features": "mfcc+gfcc", "classifier": "svm"})
    'mfcc+gfcc with svm'
    >>> title({"features": "logmel", "classifier": "cnn", "augment": "noise,pitch"})
    'logmel with cnn, augmented'
    """
    return f"{experiment['features']} with {experiment['classifier']}" + ", augmented" * bool(experiment.get("augment"))


def identity(experiment: Experiment) -> tuple[str, str, str | None]:
    """Return what tells an experiment from all others of its run: features, classifier and augmentation.

    >>> identity({"features": "mfcc+gfcc", "classifier": "svm"})
    ('mfcc+gfcc', 'svm', None)
    """
    return experiment["features"], experiment["classifier"], experiment.get("augment")


def is_floor(experiment: Experiment) -> bool:
    """Say whether an experiment is the floor that the others have to beat.

    >>> is_floor({"features": "mfcc", "classifier": "dummy"})
    True
    """
    return experiment["classifier"].partition(":")[0] == FLOOR


def _descending(score: float | None) -> float:
    return math.inf if score is None else -round(score, 6)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
