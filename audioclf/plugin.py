"""Everything that a plug-in imports: the contracts of the five kinds, and what these need.

A plug-in is a class that stands in an entry-point group of audioclf, in this package or in any other:

===========================  =======================================================  ===========================
group                        what it adds                                             contract
===========================  =======================================================  ===========================
``audioclf.feature_sets``    a name after ``--features``                              `Extractor`
``audioclf.classifiers``     a name after ``--clf``                                   `Classifier`
``audioclf.datasets``        a name after ``--data``                                  `DatasetLoader`
``audioclf.augmentations``   a name after ``--augment``                               `Effect`
``audioclf.reports``         a name after ``--report``                                `Report`
===========================  =======================================================  ===========================

CONTRIBUTING.md has an example of each, and of a package of its own. What isn't named here may change its module from
one version to the next. The names are loaded when first used.

Examples
--------
>>> from audioclf.plugin import Extractor, param
>>> sorted(name for name in __all__ if name.endswith("Error"))[:2]
['AudioError', 'AudioclfError']
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audioclf import structs
    from audioclf.audio.recordings import AUDIO_SUFFIXES
    from audioclf.augmentation.effect import Effect, Samples
    from audioclf.classifier.contract import Classifier
    from audioclf.classifier.fit import fit
    from audioclf.dataset.clips import Clip, Dataset
    from audioclf.dataset.download import Download, fetch
    from audioclf.dataset.loader import DatasetLoader
    from audioclf.dataset.published import PublishedSet
    from audioclf.errors import (
        AudioclfError,
        AudioError,
        DatasetError,
        MissingExtraError,
        ModelError,
        ResultsError,
        SpecError,
        did_you_mean,
    )
    from audioclf.features.extractor import Extractor, Passage
    from audioclf.files import cache_folder, write_whole
    from audioclf.progress import tell
    from audioclf.results.across import Across
    from audioclf.results.report import Report
    from audioclf.results.results import Results
    from audioclf.results.schema import Finished
    from audioclf.spec import param
    from audioclf.spectra import filterbanks
    from audioclf.spectra.kernels.compiler import kernel
    from audioclf.spectra.kernels.rows import LANES, Rows, rows
    from audioclf.spectra.spectra import Frames, Spectra

_HOMES = {
    "audioclf": ("structs",),
    "audioclf.augmentation.effect": ("Effect", "Samples"),
    "audioclf.audio.recordings": ("AUDIO_SUFFIXES",),
    "audioclf.classifier.contract": ("Classifier",),
    "audioclf.classifier.fit": ("fit",),
    "audioclf.dataset.clips": ("Clip", "Dataset"),
    "audioclf.dataset.download": ("Download", "fetch"),
    "audioclf.dataset.loader": ("DatasetLoader",),
    "audioclf.dataset.published": ("PublishedSet",),
    "audioclf.errors": (
        "AudioclfError",
        "AudioError",
        "DatasetError",
        "MissingExtraError",
        "ModelError",
        "ResultsError",
        "SpecError",
        "did_you_mean",
    ),
    "audioclf.features.extractor": ("Extractor", "Passage"),
    "audioclf.files": ("cache_folder", "write_whole"),
    "audioclf.progress": ("tell",),
    "audioclf.results.across": ("Across",),
    "audioclf.results.report": ("Report",),
    "audioclf.results.results": ("Results",),
    "audioclf.results.schema": ("Finished",),
    "audioclf.spec": ("param",),
    "audioclf.spectra": ("filterbanks",),
    "audioclf.spectra.kernels.compiler": ("kernel",),
    "audioclf.spectra.kernels.rows": ("LANES", "Rows", "rows"),
    "audioclf.spectra.spectra": ("Frames", "Spectra"),
}
"""What each module gives. The block above says the same to tools that read code without running it."""

__all__ = [
    "AUDIO_SUFFIXES",
    "LANES",
    "Across",
    "AudioError",
    "AudioclfError",
    "Classifier",
    "Clip",
    "Dataset",
    "DatasetError",
    "DatasetLoader",
    "Download",
    "Effect",
    "Extractor",
    "Finished",
    "Frames",
    "MissingExtraError",
    "ModelError",
    "Passage",
    "PublishedSet",
    "Report",
    "Results",
    "ResultsError",
    "Rows",
    "Samples",
    "SpecError",
    "Spectra",
    "cache_folder",
    "did_you_mean",
    "fetch",
    "filterbanks",
    "fit",
    "kernel",
    "param",
    "rows",
    "structs",
    "tell",
    "write_whole",
]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            module = importlib.import_module(home)
            return getattr(module, name, None) or importlib.import_module(f"{home}.{name}")
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
