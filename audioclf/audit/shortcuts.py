"""Shortcuts: facts beside the sound (rate, format, offset, bandwidth, level, ...) that tell the classes apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from audioclf.audit.evidence import Data
from audioclf.audit.finding import Finding
from audioclf.audit.soundness import Sound
from audioclf.grammar import quoted

Fold = tuple[NDArray[np.int64], NDArray[np.int64]]  # clips to learn from, and to test

_PERMUTATIONS = 999
_LEVEL = 0.05 / 7  # seven nuisances are tested
_GAIN = 0.3  # of the way from chance to perfect, for all classes together
_ONE_CLASS = 0.9  # balanced accuracy of one class against the rest
_PERFECT = 0.98  # of a class against the rest, for what sounds may well differ in
_MOST_CLIPS = 5000
_EDGE = 20.0  # dB
_DC = 1e-3  # an offset below -60 dBFS is no property of an equipment


@dataclass(frozen=True)
class _Nuisance:
    kind: str
    words: str
    values: Callable[[Sound], tuple[float | str, ...]]
    show: Callable[[Sound], float | str]  # one figure, for the table
    unit: str
    technical: bool


_NUISANCES = (
    _Nuisance(
        "sample-rate", "the sample rate", lambda s: (str(s.sample_rate),), lambda s: f"{s.sample_rate} Hz", "", True
    ),
    _Nuisance("format", "the file format", lambda s: (s.format,), lambda s: s.format, "", True),
    _Nuisance("dc-offset", "the DC offset", lambda s: (s.dc,), lambda s: s.dc, "of full scale", True),
    _Nuisance("bandwidth", "the bandwidth", lambda s: (s.bandwidth,), lambda s: round(s.bandwidth), "Hz", False),
    _Nuisance("level", "the level", lambda s: (s.level, s.peak), lambda s: round(s.level, 1), "dBFS", False),
    _Nuisance("duration", "the duration", lambda s: (s.duration,), lambda s: round(s.duration, 3), "s", False),
    _Nuisance(
        "silence",
        "the silence before and after",
        lambda s: (s.leading, s.trailing),
        lambda s: round(s.leading + s.trailing, 3),
        "s",
        False,
    ),
)


def find_shortcuts(data: Data, seed: int) -> list[Finding]:
    """Return which nuisances alone predict the label, out of fold, better than permuted labels allow."""
    chosen = np.arange(len(data.clips))
    if len(chosen) > _MOST_CLIPS:
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, _MOST_CLIPS, replace=False))
    groups = [data.clips[i].group or f"\0{i}" for i in chosen]
    per_class: dict[str, set[str]] = defaultdict(set)
    for i, group in zip(chosen, groups):
        per_class[data.clips[i].label].add(group)
    learnable = {label for label, names in per_class.items() if len(names) > 1}
    kept = [k for k, i in enumerate(chosen) if data.clips[i].label in learnable]
    if len(learnable) < 2:
        return []
    chosen, groups = chosen[kept], [groups[k] for k in kept]
    names, labels = np.unique([data.clips[i].label for i in chosen], return_inverse=True)
    sounds = [data.sounds[i] for i in chosen]
    folds = _folds(labels, groups, min(5, *(len(per_class[name]) for name in names)), seed)
    findings = []
    for nuisance in _NUISANCES:
        values = _as_numbers([nuisance.values(sound) for sound in sounds])
        if (values == values[0]).all():
            continue
        predicted = _predict(values, labels, folds, seed)
        found = _judge(nuisance, sounds, names, labels, predicted, groups, seed)
        if found is not None:
            findings.append(_finding(found))
    return findings


def _as_numbers(values: Sequence[tuple[float | str, ...]]) -> NDArray[np.float64]:
    """Numbers as they are, words one-hot, shape (n_clips, n_columns)."""
    columns = []
    for column in zip(*values):
        if isinstance(column[0], str):
            columns += [[float(value == word) for value in column] for word in sorted(set(column))]
        else:
            columns.append(list(column))
    return np.array(columns, np.float64).T


def _folds(labels: NDArray[np.int64], groups: Sequence[str], count: int, seed: int) -> list[Fold]:
    import warnings

    from sklearn.model_selection import StratifiedGroupKFold

    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes with few clips
        return [(train, test) for train, test in splitter.split(labels, labels, groups) if len(train) and len(test)]


def _predict(
    values: NDArray[np.float64], labels: NDArray[np.int64], folds: Sequence[Fold], seed: int
) -> NDArray[np.int64]:
    """Labels by a small tree, each clip by one that knows none of its group; -1 for a clip that no fold tests."""
    from sklearn.tree import DecisionTreeClassifier

    n_classes = int(labels.max()) + 1
    leaf = max(1, min(5, int(np.bincount(labels).min()) // 4))
    predicted = np.full(len(labels), -1)
    for train, test in folds:
        tree = DecisionTreeClassifier(
            max_leaf_nodes=max(8, 3 * n_classes), min_samples_leaf=leaf, class_weight="balanced", random_state=seed
        )
        predicted[test] = tree.fit(values[train], labels[train]).predict(values[test])
    return predicted


@dataclass(frozen=True)
class _Shortcut:
    """A nuisance that predicts the labels, and how well.

    Attributes
    ----------
    names : ndarray of str, shape (n_classes,)
    by_class : list of list of Sound
    matrix : ndarray of int, shape (n_classes, n_classes)
        Confusion of the tree's predictions.
    told : list of str
        Classes that it tells from the rest, the best told first; empty if it is only all together.
    edges : bool
        Whether spectra end in steep edges.
    """

    nuisance: _Nuisance
    names: NDArray[np.str_]
    by_class: list[list[Sound]]
    matrix: NDArray[np.int64]
    told: list[str]
    edges: bool

    @property
    def serious(self) -> bool:
        """Whether it is no property that the sounds themselves may well have."""
        overall, single = _recalls(self.matrix)
        sure = single.max() >= _PERFECT or _gain(overall, len(self.names)) >= _ONE_CLASS
        return bool(self.nuisance.technical or self.edges or sure)


def _judge(
    nuisance: _Nuisance,
    sounds: list[Sound],
    names: NDArray[np.str_],
    labels: NDArray[np.int64],
    predicted: NDArray[np.int64],
    groups: Sequence[str],
    seed: int,
) -> _Shortcut | None:
    """What was *predicted* against permuted labels; None where it could be chance, or tells too little."""
    n = len(names)
    matrix = _confusion(labels, predicted, n)
    overall, single = _recalls(matrix)
    gain = _gain(overall, n)
    if gain < _GAIN and single.max() < _ONE_CLASS:
        return None
    p_all, p_one = _permuted(labels, predicted, groups, n, seed)
    for_all = gain >= _GAIN and p_all <= _LEVEL
    for_one = single.max() >= _ONE_CLASS and p_one <= _LEVEL
    if not (for_all or for_one):
        return None
    told = [str(names[k]) for k in np.argsort(-single, kind="stable") if single[k] >= _ONE_CLASS] if for_one else []
    by_class = [[sound for sound, label in zip(sounds, labels) if label == k] for k in range(n)]
    if nuisance.kind == "dc-offset" and max(abs(np.median([s.dc for s in part])) for part in by_class) < _DC:
        return None
    edges = nuisance.kind == "bandwidth" and any(
        np.mean([s.edge >= _EDGE and s.bandwidth < 0.45 * s.sample_rate for s in part]) > 0.5
        for k, part in enumerate(by_class)
        if not told or str(names[k]) in told
    )
    return _Shortcut(nuisance, names, by_class, matrix, told, edges)


def _permuted(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], groups: Sequence[str], n: int, seed: int
) -> tuple[float, float]:
    """The p of the balanced accuracy of all classes, and of the best class against the rest, over permuted labels.

    Clips of one group and label aren't independent: their label is permuted as one.
    """
    overall, single = _recalls(_confusion(labels, predicted, n))
    blocks = np.unique([f"{group}\0{label}" for group, label in zip(groups, labels)], return_inverse=True)[1]
    of_block = np.zeros(blocks.max() + 1, np.int64)
    of_block[blocks] = labels
    rng = np.random.default_rng(seed)
    beyond = np.zeros(2)
    for _ in range(_PERMUTATIONS):
        other, others = _recalls(_confusion(rng.permutation(of_block)[blocks], predicted, n))
        beyond += other >= overall - 1e-12, others.max() >= single.max() - 1e-12
    p_all, p_one = (beyond + 1) / (_PERMUTATIONS + 1)
    return float(p_all), float(p_one)


def _gain(overall: float, n_classes: int) -> float:
    """The share of the way from chance to perfect."""
    chance = 1 / n_classes
    return (overall - chance) / (1 - chance)


def _confusion(truth: NDArray[np.int64], predicted: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    known = predicted >= 0
    return np.bincount(truth[known] * n + predicted[known], minlength=n * n).reshape(n, n)


def _recalls(matrix: NDArray[np.int64]) -> tuple[float, NDArray[np.float64]]:
    """Balanced accuracy over all classes, and of each class against the rest."""
    support = np.maximum(matrix.sum(axis=1), 1)
    recall = np.diagonal(matrix) / support
    rest = np.maximum(matrix.sum() - matrix.sum(axis=1), 1)
    false = (matrix.sum(axis=0) - np.diagonal(matrix)) / rest
    return float(recall.mean()), (recall + 1 - false) / 2


_ADVICE = {
    "sample-rate": "resample everything to the lowest rate before the comparison, and record the classes alike",
    "format": "a coding leaves traces in the sound; record and store the classes alike",
    "dc-offset": "remove the offset from all recordings (high-pass filter), or leave out features that see it",
    "bandwidth": "give --sample-rate as twice the narrowest bandwidth, and see whether scores hold",
    "level": "bring all clips to one level and see whether scores hold, unless loudness belongs to the classes",
    "duration": "cut all clips to one length and see whether scores hold, unless duration belongs to the classes",
    "silence": "trim the silence from all clips alike and see whether scores hold",
}


def _finding(found: _Shortcut) -> Finding:
    nuisance, names, told, n = found.nuisance, found.names, found.told, len(found.names)
    overall, single = _recalls(found.matrix)
    if told and n > 2:
        k = list(names).index(told[0])
        score, chance = float(single[k]), 0.5
        others = "" if len(told) == 1 else f" (likewise {quoted(told[1:])})"
        told_apart = f"'{told[0]}' from the rest{others}"
    else:
        score, chance = overall, 1 / n
        told_apart = f"'{names[0]}' from '{names[1]}'" if n == 2 else f"the {n} classes apart"
    rows = _rows(found, single)
    unit = f" {nuisance.unit}" if nuisance.unit else ""
    examples = sorted(rows, key=lambda row: row["label"] not in told[:1])[:3]
    figures = "; ".join(f"{row['label']}: {row['typical']}{unit}" for row in examples)
    sentence = (
        f"{nuisance.words} alone tells {told_apart}: {score:.2f} balanced accuracy on {int(found.matrix.sum())} clips "
        f"against {chance:.2f} by chance ({figures}{'; ...' if n > 3 else ''})"
    )
    if found.edges:
        sentence += "; spectra end in the steep edge of a low-pass filter, a lower sampling rate or lossy coding"
    severity: Literal["serious", "note"] = "serious" if found.serious else "note"
    return Finding("shortcuts", nuisance.kind, severity, sentence, _ADVICE[nuisance.kind], [], rows, score, chance)


def _rows(found: _Shortcut, single: NDArray[np.float64]) -> list[dict[str, Any]]:
    """For each class its typical value, and how well it is told."""
    return [
        {
            "label": str(name),
            "typical": _typical([found.nuisance.show(sound) for sound in found.by_class[k]]),
            "recall": round(float(found.matrix[k, k] / max(found.matrix[k].sum(), 1)), 3),
            "against rest": round(float(single[k]), 3),
        }
        for k, name in enumerate(found.names)
    ]


def _typical(values: Sequence[float | str]) -> str:
    if isinstance(values[0], str):
        common = Counter(values).most_common()
        return ", ".join(f"{value}" for value, _ in common[:2]) + (", ..." if len(common) > 2 else "")
    median = float(np.median(np.array(values, np.float64)))
    return f"{median:.0f}" if abs(median) >= 1000 else f"{median:.3g}"
