"""The parts of a run put together: what results.json holds (docs/results.md)."""

from __future__ import annotations

import platform
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from importlib import metadata
from typing import Any, Literal

from audioclf._version import __version__
from audioclf.comparison.preparation import Prepared
from audioclf.comparison.settings import Settings, Surroundings
from audioclf.dataset.clips import Clip, Dataset
from audioclf.dataset.digest import content_digest
from audioclf.features.extraction import Extraction
from audioclf.results import schema
from audioclf.results.schema import Augmentation, Skipped
from audioclf.spectra.analysis import Analysis

_PACKAGES = (
    "numpy", "scipy", "scikit-learn", "hmmlearn", "librosa", "spafe", "soundfile", "soxr",
    "torch", "skorch", "audiomentations",
)  # fmt: skip


def heading(kind: Literal["compare", "explore"], seed: int, around: Surroundings) -> dict[str, Any]:
    """Return the fields of `schema.Record` that say what made it, when and where."""
    return {
        "kind": kind,
        "audioclf": __version__,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": package_versions(),
        "platform": f"{platform.system()} {platform.machine()}",
        "seed": seed,
        "command": around.command,
    }


def package_versions() -> dict[str, str]:
    """Return Python's version, and those of the packages that numbers depend on."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def describe_dataset(
    prepared: Prepared,
    extraction: Extraction,
    grouped_by: str | None,
    clip_seconds: float | None = None,
    clips: Sequence[Clip] | None = None,
) -> schema.Dataset:
    """Describe what was compared.

    Parameters
    ----------
    prepared : Prepared
    extraction : Extraction
        Its clips, contents, labels, groups and folds make the fingerprint.
    grouped_by, clip_seconds
        How groups were found, and the length of the pieces that recordings were cut into.
    clips : sequence of Clip, optional
        Those to count; by default those of the extraction.
    """
    data, survey = prepared.dataset, prepared.survey
    kept = replace(data, clips=list(extraction.clips if clips is None else clips))
    rates = Counter(survey.rates[clip.path] for clip in kept)
    return schema.Dataset(
        name=data.name,
        source=data.source,
        n_clips=len(kept),
        n_groups=len(set(kept.groups)) if kept.has_groups else None,
        labels=kept.labels,
        label_counts=kept.label_counts,
        label_groups=_label_groups(kept) if kept.has_groups else None,
        duration=float(sum(survey.durations)),
        sample_rates={str(rate): rates[rate] for rate in sorted(rates)},
        fingerprint=content_digest(replace(data, clips=extraction.clips), extraction.hashes),
        notes=data.notes,
        licence=data.licence,
        citation=data.citation,
        grouped_by=grouped_by,
        clip_seconds=clip_seconds,
    )


def _label_groups(data: Dataset) -> dict[str, int]:
    groups: dict[str, set[str]] = {label: set() for label in data.labels}
    for clip, group in zip(data, data.groups):
        for label in data.labels_of(clip):
            groups[label].add(group)
    return {label: len(names) for label, names in groups.items()}


def describe_analysis(analysis: Analysis, pooled: Iterable[str]) -> schema.Analysis:
    """Describe how recordings were analysed."""
    return schema.Analysis(**analysis.as_dict(), functionals=list(pooled))


def describe_augmentation(settings: Settings) -> Augmentation | None:
    """Describe how training clips were augmented; None if they weren't."""
    effects = settings.effects
    if effects is None:
        return None
    return Augmentation(spec=effects.spec, factor=effects.factor, compared=settings.augment_compare)


def list_skipped(lost: Iterable[tuple[str, str]]) -> list[Skipped]:
    """Return the clips that were left out, each with the reason."""
    return [Skipped(path=name, why=why) for name, why in lost]


def time_features(prepared: Prepared, extraction: Extraction) -> dict[str, float | int]:
    """Return the seconds that went into features, summed over workers."""
    return {
        "decode_seconds": prepared.header_seconds + extraction.timing["decode"],
        "audit_seconds": prepared.audit_seconds,
        "extract_seconds": extraction.timing["extract"],
        "store_seconds": extraction.timing["store"],
    }
