"""audioclf: compare features and classifiers for audio classification.

The names below are loaded when first used, so that ``import audioclf`` is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from audioclf._version import __version__

if TYPE_CHECKING:
    from audioclf.comparison.compare import Comparison, compare
    from audioclf.comparison.exploration import Exploration, explore
    from audioclf.dataset.clips import Clip, Dataset
    from audioclf.dataset.load import load_dataset
    from audioclf.errors import AudioclfError
    from audioclf.features.transformer import FeatureSet
    from audioclf.model.model import Model, load_model
    from audioclf.model.train import train

_HOMES = {
    "AudioclfError": "errors",
    "Clip": "dataset.clips",
    "Comparison": "comparison.compare",
    "Dataset": "dataset.clips",
    "Exploration": "comparison.exploration",
    "FeatureSet": "features.transformer",
    "Model": "model.model",
    "compare": "comparison.compare",
    "explore": "comparison.exploration",
    "load_dataset": "dataset.load",
    "load_model": "model.model",
    "train": "model.train",
}

__all__ = [
    "AudioclfError",
    "Clip",
    "Comparison",
    "Dataset",
    "Exploration",
    "FeatureSet",
    "Model",
    "__version__",
    "compare",
    "explore",
    "load_dataset",
    "load_model",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'audioclf' has no attribute '{name}'")
    return getattr(importlib.import_module(f"audioclf.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
