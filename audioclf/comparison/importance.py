"""Permutation importance: the drop in score when an extractor's values, or a coefficient's, are permuted."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioclf import parallel
from audioclf.classifier.contract import Classifier
from audioclf.experiment.experiment import Experiment
from audioclf.experiment.material import Material
from audioclf.features.extractor import Extractor
from audioclf.features.inputs import Inputs
from audioclf.results.schema import Drop, Importance
from audioclf.statistics.scores import mean_and_std
from audioclf.validation.splits import Split

REPEATS = 5
"""Permutations of a fold, where there is time for as many."""

MOST_COEFFICIENTS = 150
"""Beyond, importance is told by extractor only."""

MOST_NUMBERS = 1 << 27
"""Numbers to predict from, over all folds and permutations: some 40 seconds of a forest or a hidden Markov model."""

MOST_SEQUENCES = 1 << 17
"""Sequences to answer, likewise: each takes a network or a hidden Markov model about a millisecond, however short."""

_KEPT = 100  # coefficients in the record
_BLOCK = 1 << 20  # numbers that are predicted from at a time


@dataclass(frozen=True)
class Part:
    """Columns that are permuted together: an extractor's, or one coefficient's (*name* isn't empty)."""

    extractor: str
    name: str
    columns: NDArray[np.int64]


def parts(extractors: Sequence[Extractor], inputs: Inputs) -> list[Part]:
    """Return the extractors, then their coefficients, with their columns of *inputs*.

    >>> from audioclf.features.inputs import inputs_of
    >>> from audioclf.features.specs import build_extractors
    >>> vectors = inputs_of("vectors", np.zeros((3, 4), np.float32))  # two functionals of two coefficients
    >>> found = parts(build_extractors("zcr+rolloff"), vectors)
    >>> [(part.name or part.extractor, part.columns.tolist()) for part in found]
    [('zcr', [0, 1]), ('rolloff', [2, 3]), ('zcr', [0, 1]), ('rolloff', [2, 3])]

    Raises
    ------
    ValueError
        If the columns can't be those of *extractors*.
    """
    families, coefficients = [], []
    for extractor, columns in zip(extractors, inputs.columns(extractors)):
        families.append(Part(extractor.spec, "", columns.ravel()))
        names = enumerate(extractor.coefficient_names)
        coefficients += [Part(extractor.spec, name, columns[:, i]) for i, name in names]
    return families + coefficients


def permutation_importance(
    experiment: Experiment,
    material: Material,
    splits: Sequence[Split],
    metric: str,
    seed: int,
    workers: int = 1,
) -> Importance:
    """Return how far the score falls when the values of an extractor, or of a coefficient, are those of other clips.

    Breiman 2001, "Random forests", section 10; Fisher, Rudin & Dominici 2019, "All models are wrong, but many are
    useful", section 3 (model reliance), as a difference in place of their ratio.

    In each fold of the first repeat the classifier is fitted to the training clips; the test clips then trade the
    values of the columns in question, all of them by the same permutation. What a clip gets is thus real and has kept
    the relations within the extractor or coefficient, while the class that it told of is gone. The drop is the fold's
    score less the score after that; negative ones are chance. Two coefficients that say the same cover for each
    other, and both seem to matter little. All parts are permuted alike, so that their drops can be compared.

    With sequences the clips trade courses over time: a clip gets another clip's, stretched to its own number of frames
    (the nearest frame of it), not frames drawn one by one. The begin stays the begin, and as with vectors the clip is
    what is drawn, so that the evidence of one other clip comes in, not the average of all.

    Where all test clips of a fold are of one class, as when single groups are left out, trading among them would
    change nothing that matters; their partners are then drawn from all clips.

    At most `REPEATS` permutations, fewer where `MOST_NUMBERS` or `MOST_SEQUENCES` would be passed; no coefficients
    where these, or `MOST_COEFFICIENTS`, would be passed even by one. Depends on the data's size, not on the clock.

    Parameters
    ----------
    experiment : Experiment
        With the classifier to fit.
    material : Material
        With the columns of its extractors, for what its classifier takes.
    splits : sequence of Split
        Those of the first repeat are used; each costs one fit.
    metric : str
        One of the task's ranking.
    seed : int
    workers : int
        Processes at most. The numbers don't depend on it.

    Returns
    -------
    Importance
        Its baseline is the mean score over folds. At most 100 coefficients; the largest drop first. Mean and standard
        deviation run over folds and permutations; None if undefined in all.

    Raises
    ------
    ValueError
        If the columns of the material can't be those of the extractors.
    """
    extractors, classifier = experiment.extractors, experiment.classifier
    everything = parts(extractors, material.inputs)
    permuted, repeats = _affordable(everything, len(extractors), material)
    folds = [split for split in splits if split.repeat == splits[0].repeat]
    columns = [part.columns for part in permuted]
    with tempfile.TemporaryDirectory(prefix="audioclf-", ignore_cleanup_errors=True) as folder:
        shared = material.shared(Path(folder))
        calls = [(classifier, shared, fold, columns, metric, repeats, seed) for fold in folds]
        found = dict(parallel.share_out(_fold_scores, calls, workers))
    scores = np.stack([found[i] for i in range(len(folds))])
    drops = scores[:, :1, None] - scores[:, 1:].reshape(len(folds), repeats, len(permuted))
    ranked = [(part, *mean_and_std(drops[:, :, i])) for i, part in enumerate(permuted)]
    ranked.sort(key=lambda fall: -(fall[1] or 0.0))
    single = [
        Drop(extractor=part.extractor, name=part.name, drop=drop, std=std) for part, drop, std in ranked if part.name
    ]
    return Importance(
        features=experiment.features,
        classifier=classifier.spec,
        augment=experiment.augment,
        metric=metric,
        baseline=mean_and_std(scores[:, 0])[0],
        repeats=repeats,
        extractors=[Drop(name=part.extractor, drop=drop, std=std) for part, drop, std in ranked if not part.name],
        coefficients=single[:_KEPT],
    )


def _affordable(everything: list[Part], n_extractors: int, material: Material) -> tuple[list[Part], int]:
    """The parts that there is time to permute, and how often."""
    most = MOST_NUMBERS // material.size
    if material.inputs.one_by_one:
        most = min(most, MOST_SEQUENCES // len(material))
    if len(everything) - n_extractors > MOST_COEFFICIENTS or len(everything) > most:
        everything = everything[:n_extractors]
    return everything, max(1, min(REPEATS, most // len(everything)))


def _fold_scores(
    classifier: Classifier,
    material: Material,
    split: Split,
    columns: list[NDArray[np.int64]],
    metric: str,
    repeats: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return a fold's score, then its scores with each of *columns* permuted, *repeats* times."""
    inputs, task, truth = material.inputs, material.task, material.truth
    data = inputs.array
    estimator = material.fit(classifier, seed, split.train)
    rng = np.random.default_rng([seed, split.fold])
    partners = split.test if len(np.unique(truth[split.test], axis=0)) > 1 else np.arange(len(truth))
    drawn = [rng.choice(partners, len(split.test), replace=False) for _ in range(repeats)]
    own, others = inputs.traded(split.test, split.test), [inputs.traded(split.test, partners) for partners in drawn]
    versions = [(own, columns[0]), *itertools.product(others, columns)]
    scores = []
    for block in _blocks(versions, max(1, _BLOCK // (len(own) * data.shape[1]))):
        stacked = np.tile(data[own], (len(block), 1, 1))
        for version, (rows, which) in zip(stacked, block):
            version[:, which] = data[np.ix_(rows, which)]
        lengths = np.tile(inputs.lengths[split.test], len(block))
        asked = inputs.as_taken(stacked.reshape(-1, data.shape[1]), lengths)
        predicted, probabilities = task.answers(estimator, asked)
        for i in range(0, len(predicted), len(split.test)):
            these = slice(i, i + len(split.test))
            sure = None if probabilities is None else probabilities[these]
            scores.append(task.score(metric, truth[split.test], predicted[these], sure))
    return np.array(scores)


def _blocks(items: list[Any], size: int) -> Iterator[list[Any]]:
    for i in range(0, len(items), size):
        yield items[i : i + size]
