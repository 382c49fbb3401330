"""Features of a data set as a table: a row for each clip, or for each frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from audioclf.dataset.clips import Dataset
from audioclf.errors import DatasetError
from audioclf.features import functionals
from audioclf.features.extraction import Extraction, extract
from audioclf.features.inputs import column_names
from audioclf.features.specs import build_extractors
from audioclf.features.survey import survey
from audioclf.features.wanted import Wanted
from audioclf.progress import Progress, silent
from audioclf.spectra.analysis import Framing
from audioclf.store.store import FeatureStore


@dataclass
class FeatureTable:
    """Rows of features with what they describe.

    Attributes
    ----------
    about : dict of str to list
        Columns of text or numbers that identify a row: path, label, group, and time in seconds for frames.
    names : list of str
        Names of the features.
    values : ndarray of float32, shape (n_rows, n_features)
    sample_rate : int or None
        The rate in Hz at which the recordings were analysed, where that is known.
    skipped : list of (str, str)
        Name and reason of each clip that could not be analysed.
    """

    about: dict[str, list[str] | list[float]]
    names: list[str]
    values: NDArray[np.float32]
    sample_rate: int | None = None
    skipped: list[tuple[str, str]] = field(default_factory=list)


def feature_table(
    dataset: Dataset,
    features: str,
    *,
    row: Literal["clip", "frame"] = "clip",
    pooled: tuple[str, ...] = functionals.DEFAULT,
    framing: Framing | None = None,
    store: FeatureStore | None = None,
    workers: int | None = 1,
    progress: Progress = silent,
) -> FeatureTable:
    """Return the features of a data set's clips as a table: what ``audioclf extract`` writes.

    Parameters
    ----------
    dataset : Dataset
    features : str
        One feature set, such as ``mfcc+gfcc``.
    row : "clip" or "frame"
        What a row of the table is: a clip, its frames pooled by functionals, or a single frame, with its time.
    pooled : tuple of str
        The functionals, as `audioclf.features.functionals.parse` gives them; frames aren't pooled.
    framing : Framing, optional
        By default frames of 25 ms every 10 ms, at the lowest native rate, at most 22,050 Hz.
    store : FeatureStore, optional
        By default nothing is kept.
    workers : int or None
        Number of threads; None is one per core. The numbers don't depend on it.
    progress : callable
        Called with "headers" or "features", what is done, how much there is in all, and a note.

    Returns
    -------
    FeatureTable
        In the order of the data set's clips; those that could not be analysed are among its `skipped`.

    Raises
    ------
    SpecError
        If *features*, a functional or the framing is wrong.
    DatasetError
        If no clip could be analysed.

    Examples
    --------
    >>> import audioclf
    >>> data = audioclf.load_dataset("demo")
    >>> data.clips = data.clips[:2]
    >>> table = feature_table(data, "zcr+centroid", pooled=("mean", "std"))
    >>> table.names, table.values.shape, table.sample_rate
    (['zcr_mean', 'zcr_std', 'centroid_mean', 'centroid_std'], (2, 4), 16000)
    """
    extractors = build_extractors(features)
    surveyed = survey(dataset.clips, progress, store)
    if not surveyed.clips:
        raise DatasetError(f"none of the {len(dataset)} recordings can be read; the first: {surveyed.skipped[0][1]}")
    analysis = (framing or Framing()).of(surveyed.rates.values())
    takes = "vectors" if row == "clip" else "sequences"
    done = extract(
        surveyed.clips,
        analysis,
        Wanted.by([(extractors, takes)], pooled),
        store=store,
        workers=workers,
        progress=progress,
        facts=surveyed.facts,
    )
    skipped = surveyed.skipped + done.skipped
    if not done.clips:
        raise DatasetError(f"none of the {len(dataset)} recordings could be analysed; the first: {skipped[0][1]}")
    inputs = done.inputs(extractors, takes)
    about = _about(done, inputs.lengths)
    if row == "frame":
        hop = analysis.hop_samples / analysis.sample_rate
        about["time"] = [round(i * hop, 6) for length in inputs.lengths for i in range(length)]
    names = column_names(takes, extractors, pooled)
    return FeatureTable(about, names, inputs.array, analysis.sample_rate, skipped)


def _about(done: Extraction, rows: NDArray[np.int64]) -> dict[str, list[str] | list[float]]:
    """The columns path, label and group, each clip's values for as many rows as it has."""
    each = list(zip(done.clips, rows.tolist()))
    return {
        "path": [clip.name for clip, n in each for _ in range(n)],
        "label": [clip.label for clip, n in each for _ in range(n)],
        "group": [clip.group or "" for clip, n in each for _ in range(n)],
    }
