"""results.json: the one lasting record of a run. Every report is made from it alone.

The file's layout is the contract (docs/results.md, `audioclf.results.schema`); this module reads it, writes it whole,
and answers the questions that all reports ask. It knows nothing of plotting or HTML.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from audioclf import structs
from audioclf.errors import ResultsError
from audioclf.files import write_whole
from audioclf.results import consistency
from audioclf.results.metrics import METRICS, TAG_METRICS, TAG_TITLES, TITLES
from audioclf.results.ranking import rank
from audioclf.results.schema import SCHEMA, Failed, Finished, Record
from audioclf.structs import DamagedError


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
    """A run's record, with a few questions answered.

    Parameters
    ----------
    record : Record
    """

    def __init__(self, record: Record) -> None:
        self.record = record

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Results:
        """Read a run's folder or its results.json.

        Raises
        ------
        ResultsError
            If there is none, it isn't one, or it was written by a later version. The message names the file and the
            field that is wrong.
        """
        path = Path(path)
        file = path / "results.json" if path.is_dir() else path
        try:
            content = file.read_bytes()
        except FileNotFoundError as error:
            raise ResultsError(f"{path}: no results.json there; give the folder that a run wrote (--out)") from error
        except OSError as error:
            raise ResultsError(f"{file}: can't be read: {error.strerror}") from error
        try:
            data = structs.parse(content)
            schema = data.get("schema") if isinstance(data, dict) else None
            if isinstance(schema, bool) or not isinstance(schema, int):
                raise DamagedError("it names no schema")
            if schema > SCHEMA:
                raise ResultsError(
                    f"{file}: written by a later audioclf ({data.get('audioclf', '?')}); upgrade to read it"
                )
            record = structs.convert(data, Record)
            consistency.check(record)
        except DamagedError as error:
            raise ResultsError(f"{file}: not a whole results.json of audioclf: {error}") from error
        return cls(record)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write results.json into *folder*, whole or not at all, and return its path.

        JSON has no NaN: a number that isn't finite is written as null, for a run that took hours must not be
        lost over one. A file name that isn't valid Unicode comes back from `load` as it was.
        """
        path = Path(folder) / "results.json"
        with write_whole(path) as aside:
            aside.write_bytes(structs.encode(self.record, indent=1) + b"\n")
        return path

    @property
    def labels(self) -> list[str]:
        """The class names, in the order of the confusion matrices' rows and columns."""
        return self.record.dataset.labels

    @property
    def multilabel(self) -> bool:
        """Whether clips may have several labels."""
        return self.record.task == "multi-label"

    @property
    def metric(self) -> str:
        """The metric that ranks: one of `RANKING`, or of `TAG_RANKING`."""
        return self.record.metric

    @property
    def titles(self) -> dict[str, str]:
        """All metrics of this run's kind of labels, with their titles."""
        return TAG_TITLES if self.multilabel else TITLES

    @property
    def shown(self) -> dict[str, str]:
        """The metrics that tables of experiments show, with their titles, and what ranks."""
        return {**(TAG_METRICS if self.multilabel else METRICS), self.metric: self.titles[self.metric]}

    def ranking(self) -> list[Finished]:
        """Experiments that finished, best first by the run's metric.

        Ties go to the better macro F1, then to fewer features, then to the order asked for.
        """
        return rank(self.record.experiments, self.metric)

    def failed(self) -> list[Failed]:
        """Experiments that did not finish; their ``error`` says why."""
        return [e for e in self.record.experiments if isinstance(e, Failed)]

    @property
    def best(self) -> Finished | None:
        """The experiment at the head of the ranking, or None if none finished."""
        ranked = self.ranking()
        return ranked[0] if ranked else None

    @property
    def baseline(self) -> Finished | None:
        """The best finished experiment of the `BASELINE` classifier, or None if there is none."""
        return next((e for e in self.ranking() if e.is_baseline), None)

    def confusions(self, experiment: Finished, most: int | None = 10) -> list[Confusion]:
        """The pairs of classes most often confused, with the clips behind them."""
        totals = Counter(p.label for p in experiment.predictions)
        pairs: dict[tuple[str, str], Counter[str]] = {}
        for p in experiment.predictions:
            if p.predicted != p.label:
                pairs.setdefault((p.label, p.predicted), Counter())[p.path] += 1
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
