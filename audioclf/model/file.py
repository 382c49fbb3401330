"""The model file: a ZIP archive of model.json, which is `Facts`, and of members that hold the estimator."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from audioclf import structs
from audioclf.classifier.contract import build_classifier
from audioclf.errors import ModelError, SpecError
from audioclf.features import functionals
from audioclf.features.specs import build_extractors
from audioclf.files import write_whole
from audioclf.results.names import Names
from audioclf.results.schema import CrossValidation, Dataset, Metric
from audioclf.spectra.analysis import Analysis
from audioclf.structs import DamagedError, Text

SCHEMA = 1
FACTS = "model.json"
_HIGHEST_RATE = 10_000_000  # Hz; what is higher, or longer, is nobody's and would only fill the memory
_LONGEST_FRAME = 2**26  # samples


class Facts(Names, kw_only=True, frozen=True):
    """What a model file says of itself.

    Attributes
    ----------
    features, classifier, augment : str
        Specs. The parameters that a search chose are in the classifier's.
    schema : int
    audioclf, created : str
        The version that wrote it, and when (ISO 8601).
    versions : dict of str to str
        Of the packages it was trained with.
    task : {"multi-class", "multi-label"}
    analysis : Analysis
        How recordings are analysed; the rate is the one of training.
    functionals : list of str
        What pools frames to vectors.
    labels : list of str
        The class names, sorted.
    seed : int
    dataset, cv : Dataset, CrossValidation or None
        What it was trained on, and how that was divided to score it.
    metrics : dict of str to Metric
        The cross-validated scores.
    """

    schema: Annotated[int, Meta(ge=1)] = SCHEMA
    audioclf: str = ""
    created: str = ""
    versions: dict[str, str] = {}
    task: Literal["multi-class", "multi-label"] = "multi-class"
    analysis: Analysis
    functionals: Annotated[list[Text], Meta(min_length=1)]
    labels: Annotated[list[Text], Meta(min_length=1)]
    seed: int = 0
    dataset: Dataset | None = None
    cv: CrossValidation | None = None
    metrics: dict[str, Metric] = {}


def write_model(path: str | os.PathLike[str], facts: Facts, members: Mapping[str, bytes]) -> Path:
    """Write a model file, whole or not at all, and return its path.

    Raises
    ------
    AudioclfError
        If it can't be written there.
    """
    path = Path(path)
    with write_whole(path) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(FACTS, structs.encode(facts, indent=1))
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def read_model(path: str | os.PathLike[str]) -> tuple[Facts, dict[str, bytes]]:
    """Return what a model file says of itself, and the content of its other members by name.

    Raises
    ------
    ModelError
        If there is no such file, it is no model file or a damaged one, or was written by a later version. The message
        names the file and the field that is wrong.
    SpecError
        If it names features, functionals or a classifier that aren't known here.
    """
    path = Path(path)
    members = _members(path)
    try:
        facts = _facts(members.pop(FACTS))
    except DamagedError as error:
        raise ModelError(f"{path}: {FACTS}: {error}") from error
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    for field, check in (
        ("features", build_extractors),
        ("classifier", build_classifier),
        ("functionals", functionals.parse),
    ):
        try:
            check(getattr(facts, field))
        except SpecError as error:
            raise SpecError(f"{path}: {FACTS}: $.{field}: {error}") from error
    return facts, members


def _members(path: Path) -> dict[str, bytes]:
    if not path.is_file():
        raise ModelError(f"{path}: no such model file; audioclf train writes one into its --out folder")
    foreign = f"{path}: not a model file of audioclf; give the model.audioclf that a training wrote"
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise ModelError(foreign) from error
    with archive:
        if FACTS not in archive.namelist():
            raise ModelError(foreign)
        members = {}
        for name in archive.namelist():
            try:
                members[name] = archive.read(name)
            except Exception as error:  # of zipfile and of each way to compress
                raise ModelError(f"{path}: {name}: can't be unpacked, the file is damaged ({error})") from error
    return members


def _facts(content: bytes) -> Facts:
    """Decode model.json, the schema first: of a later one nothing else is known."""
    data = structs.parse(content)
    if isinstance(data, dict) and isinstance(data.get("schema"), int) and data["schema"] > SCHEMA:
        raise ModelError(f"written by a later audioclf ({data.get('audioclf', '?')}); upgrade to use it")
    if isinstance(data, dict) and "schema" not in data:
        raise DamagedError("$.schema: missing")
    try:
        facts = structs.convert(data, Facts)
    except SpecError as error:  # of `Analysis`, which checks itself
        raise DamagedError(f"$.analysis: {error}") from error
    analysis = facts.analysis
    if analysis.sample_rate > _HIGHEST_RATE:
        raise DamagedError(f"$.analysis.sample_rate: {analysis.sample_rate} Hz is more than {_HIGHEST_RATE}")
    if max(analysis.frame_samples, analysis.fft_size) > _LONGEST_FRAME:
        raise DamagedError(f"$.analysis: frames of more than {_LONGEST_FRAME} samples")
    if facts.labels != sorted(set(facts.labels)):
        raise DamagedError("$.labels: not sorted, or one stands twice")
    return facts
