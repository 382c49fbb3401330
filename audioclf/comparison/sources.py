"""What experiments learn from: the features of all clips, and of their augmented copies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from audioclf.comparison.preparation import Prepared
from audioclf.comparison.settings import Settings, Surroundings
from audioclf.errors import DatasetError
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.material import Sources
from audioclf.experiment.task import task_of
from audioclf.features.extraction import Extraction, extract
from audioclf.features.wanted import Wanted
from audioclf.spectra.analysis import Analysis


def make_sources(prepared: Prepared, analysis: Analysis, settings: Settings, around: Surroundings) -> Sources:
    """Extract what the experiments' classifiers take, from the clips and from the copies that train beside them.

    Raises
    ------
    DatasetError
        If no clip can be analysed.
    """
    found, dataset = prepared.survey, prepared.dataset
    extraction = extract(
        found.clips,
        analysis,
        wanted(settings.experiments, settings.pooling),
        store=around.store,
        workers=around.n_workers,
        progress=around.progress,
        facts=found.facts,
    )
    if not extraction.clips:
        raise DatasetError(
            f"none of the recordings of {dataset.name} can be analysed; the first: {extraction.skipped[0][1]}"
        )
    task = task_of(replace(dataset, clips=extraction.clips))
    return Sources(task, extraction, _copies(extraction, analysis, settings, around))


def wanted(experiments: Iterable[Experiment], pooled: tuple[str, ...]) -> Wanted:
    """Return what the experiments' classifiers take."""
    return Wanted.by(((e.extractors, e.classifier.takes) for e in experiments), pooled)


def _copies(extraction: Extraction, analysis: Analysis, settings: Settings, around: Surroundings) -> list[Extraction]:
    """Features of the augmented copies of all clips, for the experiments that learn from them."""
    effects = settings.effects
    if effects is None:
        return []
    learning = [e for e in settings.experiments if e.augment is not None]
    made = []
    for number in range(1, effects.factor + 1):

        def tell(stage: str, done: int, total: int, note: str, before: int = number - 1) -> None:
            around.progress("copies", before * total + done, effects.factor * total, note)

        made.append(
            extract(
                extraction.clips,
                analysis,
                wanted(learning, settings.pooling),
                store=around.store,
                workers=around.n_workers,
                progress=tell,
                copy=(effects, number),
            )
        )
    return made
