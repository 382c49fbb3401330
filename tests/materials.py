"""Material for tests of what learns from it, from plain arrays."""

from __future__ import annotations

import numpy as np

from audioclf.experiment.material import Material
from audioclf.experiment.task import OneLabel
from audioclf.features.inputs import inputs_of


def material(data, lengths, truth, groups=None) -> Material:
    """Return clips with one label each; *groups* is a name per clip."""
    labels, codes = np.unique(truth, return_inverse=True)
    rows = np.arange(len(codes))
    units = rows if groups is None else np.unique(groups, return_inverse=True)[1]
    inputs = inputs_of("vectors" if lengths is None else "sequences", data, lengths)
    return Material(OneLabel(tuple(labels.tolist())), inputs, codes, units, rows)
