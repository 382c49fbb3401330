"""Results of finished experiments, kept on disk while a run lasts: a run that is started again goes on from them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audioclf import structs
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.fitting import Course
from audioclf.experiment.task import Task
from audioclf.files import write_whole
from audioclf.results.consistency import check_experiment
from audioclf.results.schema import Finished
from audioclf.structs import DamagedError


class Checkpoints:
    """A folder with a file for each experiment that is finished.

    Parameters
    ----------
    folder : path or None
        None keeps nothing.
    facts : sequence
        What else the results depend on, as JSON can hold it; those of other facts aren't found.
    course : Course
    task : Task
    """

    def __init__(self, folder: str | os.PathLike[str] | None, facts: Sequence[Any], course: Course, task: Task) -> None:
        self.folder = None if folder is None else Path(folder)
        self._course = course
        self._task = task
        divided = [(split.train.tolist(), split.test.tolist()) for split in (*course.splits, *course.naive)]
        self._facts = json.dumps([facts, divided], sort_keys=True)

    def file(self, experiment: Experiment) -> Path | None:
        """Return where an experiment's results are kept, or would be."""
        if self.folder is None:
            return None
        versions = [x.version for x in experiment.extractors]
        recipe = f"{experiment.classifier!r}{experiment.candidates!r}{experiment.augment}"
        facts = f"{self._facts}{experiment.features}{versions}{recipe}"
        return self.folder / f"{hashlib.blake2b(facts.encode(), digest_size=16).hexdigest()}.json"

    def get(self, experiment: Experiment) -> Finished | None:
        """Return the results of an experiment; None if there are none, or, with a warning, if they are damaged."""
        file = self.file(experiment)
        if file is None or not file.exists():
            return None
        try:
            finished = structs.decode(file.read_bytes(), Finished)
            self._check(finished, experiment)
            return finished
        except (OSError, DamagedError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            warnings.warn(
                f"{file}: a damaged checkpoint ({why}), left aside; {experiment.title} is computed anew", stacklevel=2
            )
            return None

    def put(self, experiment: Experiment, finished: Finished) -> None:
        """Keep the results of an experiment."""
        file = self.file(experiment)
        if file is not None:
            with write_whole(file) as aside:
                aside.write_bytes(structs.encode(finished))

    def clear(self) -> None:
        """Delete all results."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _check(self, finished: Finished, experiment: Experiment) -> None:
        """Raise `DamagedError` for results that aren't this experiment's, or not of this course."""
        for name in ("features", "classifier", "augment"):
            got, expected = getattr(finished, name), getattr(experiment.names, name)
            if got != expected:
                raise DamagedError(f"$.{name}: of another experiment, '{got}' in place of '{expected}'")
        check_experiment(finished, self._task.labels, self._task.titles, several=not self._task.has_classes)
        splits = self._course.splits
        if [(f.repeat, f.fold, f.n_test) for f in finished.folds] != [(s.repeat, s.fold, len(s.test)) for s in splits]:
            raise DamagedError("$.folds: not the folds of this run")
        asked = sum(len(split.test) for split in splits)
        if len(finished.predictions) != asked:
            raise DamagedError(f"$.predictions: {len(finished.predictions)} in place of {asked}")
        if (finished.naive is None) != (not self._course.naive):
            raise DamagedError("$.naive: not as this run asks for it")
        if (finished.tuning is None) != (not experiment.candidates):
            raise DamagedError("$.tuning: not as this run asks for it")
