"""Cautions: what a reader of the scores should know, in sentences, apart from the audit's findings."""

from __future__ import annotations

from collections.abc import Sequence

from audioclf.audit.finding import Finding
from audioclf.experiment.task import Task
from audioclf.features.survey import Survey
from audioclf.results.schema import Failed, Finished
from audioclf.spectra.analysis import Analysis


def of_recordings(survey: Survey, analysis: Analysis, task: Task, findings: Sequence[Finding] = ()) -> list[str]:
    """Return what their sample rates and lengths may do to scores; nothing that *findings* say already."""
    notes = []
    rates = survey.rates_by_label()
    # Where clips have several labels each combination would count as a class, and few clips of one differ by chance.
    told_already = any(finding.kind == "sample-rate" for finding in findings)
    if task.has_classes and not told_already and len({frozenset(r) for r in rates.values()}) > 1:
        told = "; ".join(f"{label}: {_range(r)}" for label, r in sorted(rates.items())[:8])
        more = "; ..." if len(rates) > 8 else ""
        notes.append(
            f"native sample rates differ between classes ({told}{more}), which a classifier can learn in place of "
            f"the sound; all are analysed at {analysis.sample_rate} Hz, but what was lost above a lower rate stays lost"
        )
    raised = sorted(r for rates_ in rates.values() for r in rates_ if r < analysis.sample_rate)
    if raised:
        notes.append(
            f"some recordings were raised from {raised[0]} Hz to {analysis.sample_rate} Hz; their upper band is empty"
        )
    short = [c.name for c, seconds in zip(survey.clips, survey.durations) if seconds < analysis.frame_length]
    if short:
        notes.append(
            f"{len(short)} clip{'s are' if len(short) > 1 else ' is'} shorter than one frame of "
            f"{analysis.frame_length * 1000:g} ms and padded with silence, for example {short[0]}; "
            "--frame-length sets a shorter one"
        )
    return notes


def of_experiments(experiments: Sequence[Finished | Failed]) -> list[str]:
    """Return the first warning of each experiment that gave any, and how many there are."""
    notes = []
    for e in experiments:
        if isinstance(e, Finished) and e.warnings:
            more = f" (and {len(e.warnings) - 1} more like it)" if len(e.warnings) > 1 else ""
            notes.append(f"{e.title}: {e.warnings[0]}{more}")
    return notes


def of_lost_clips(lost: Sequence[tuple[str, str]]) -> list[str]:
    """Return how many clips were left out, if any."""
    if not lost:
        return []
    return [f"{len(lost)} clip{'s' * (len(lost) > 1)} left out: they can't be read (listed under skipped)"]


def _range(rates: set[int]) -> str:
    return f"{min(rates)} Hz" if len(rates) == 1 else f"{min(rates)} to {max(rates)} Hz"
