"""A fitted network as members of a model file: what it is as JSON, its weights as safetensors. No code, no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save

from audioclf.plugin import ModelError

from . import _network_layers as layers
from ._network_choices import NORMALISATIONS
from ._network_estimator import NetworkClassifier

FORMAT = 1
FACTS, WEIGHTS = "network.json", "weights.safetensors"


def pack(estimator: NetworkClassifier) -> dict[str, bytes]:
    """Return the members that hold a fitted *estimator*."""
    facts = {
        "format": FORMAT,
        "architecture": estimator.architecture,
        "options": estimator.options,
        "n_frames": estimator.n_frames_,
        "center": estimator.center_.tolist(),
        "scale": estimator.scale_.tolist(),
        "cmvn": estimator.cmvn,
        "temperature": estimator.temperature_,
        "multilabel": estimator.multilabel,
        "classes": _classes_to_plain(estimator.classes_),
        "history": estimator.history_,
    }
    weights = {name: tensor.contiguous() for name, tensor in estimator.module_.state_dict().items()}
    return {FACTS: json.dumps(facts, allow_nan=False).encode(), WEIGHTS: save(weights)}


def is_multilabel(members: Mapping[str, bytes]) -> bool:
    """Whether the network of these members was trained on clips with several labels."""
    return bool(_facts(members).get("multilabel"))


def unpack(members: Mapping[str, bytes], estimator: NetworkClassifier) -> NetworkClassifier:
    """Fill an unfitted *estimator*, built by the recipe that the model file names, with what `pack` wrote.

    Raises
    ------
    ModelError
        If members are missing or broken, or hold another network than the recipe's.
    """
    facts = _facts(members)
    named = (facts.get("architecture"), facts.get("options"))
    if named != (estimator.architecture, estimator.options):
        raise ModelError(
            f"{FACTS} holds the network {named[0]} {named[1]}, but the model is said to be "
            f"{estimator.architecture} {estimator.options}"
        )
    try:
        center, scale = (np.array(facts[key], dtype=np.float64) for key in ("center", "scale"))
        if center.ndim != 1 or center.shape != scale.shape or not np.isfinite([center, scale]).all():
            raise ValueError("center and scale aren't a finite number for each coefficient")
        if facts["cmvn"] not in NORMALISATIONS:
            raise ValueError(f"cmvn is {facts['cmvn']}")
        if not 0 < facts["temperature"] < np.inf or not facts["n_frames"] >= 1:
            raise ValueError("temperature and n_frames must be above 0")
        estimator.set_params(cmvn=facts["cmvn"])
        estimator.center_, estimator.scale_ = center, scale
        estimator.n_features_in_ = len(center)
        estimator.n_frames_ = int(facts["n_frames"])
        estimator.temperature_ = float(facts["temperature"])
        estimator.classes_ = _classes_from_plain(facts["classes"])
        estimator.history_ = facts["history"]
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{FACTS} isn't as audioclf writes it: {type(error).__name__}: {error}") from error
    estimator.module_ = _module(estimator, members[WEIGHTS])
    estimator.n_parameters_ = sum(parameter.numel() for parameter in estimator.module_.parameters())
    return estimator


def _facts(members: Mapping[str, bytes]) -> dict[str, Any]:
    if not {FACTS, WEIGHTS} <= set(members):
        raise ModelError(f"not a whole model file of audioclf, for it holds no network ({FACTS} and {WEIGHTS})")
    try:
        facts = json.loads(members[FACTS])
    except ValueError as error:
        raise ModelError(f"{FACTS} can't be read: {error}") from error
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        found = facts.get("format") if isinstance(facts, dict) else None
        raise ModelError(f"{FACTS} has the format {found}; this audioclf reads {FORMAT}")
    return facts


def _module(estimator: NetworkClassifier, data: bytes) -> torch.nn.Module:
    """Build the network once it is known that the weights are its own."""
    try:
        weights = load(data)
    except SafetensorError as error:
        raise ModelError(f"{WEIGHTS} can't be read: {error}") from error
    size = (estimator.n_features_in_, estimator.n_frames_, len(estimator.classes_))
    try:
        with torch.device("meta"):  # takes no memory, whatever size is claimed
            wanted = layers.build(estimator.architecture, estimator.options, *size).state_dict()
    except (RuntimeError, TypeError, ValueError) as error:
        raise ModelError(f"{FACTS} describes a network that can't be built: {error}") from error
    for name in sorted({*wanted, *weights}):
        there, asked = (_shape(tensors.get(name)) for tensors in (weights, wanted))
        if there != asked:
            raise ModelError(f"{WEIGHTS} doesn't fit the network: '{name}' is {there} and should be {asked}")
        if not torch.isfinite(weights[name]).all():
            raise ModelError(f"{WEIGHTS}: '{name}' holds NaN or infinity")
    with torch.random.fork_rng(devices=[]):
        module = layers.build(estimator.architecture, estimator.options, *size)
    module.load_state_dict(weights)
    return module


def _shape(tensor: torch.Tensor | None) -> str:
    if tensor is None:
        return "absent"
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"


def _classes_to_plain(classes: NDArray[Any]) -> dict[str, Any]:
    if classes.dtype == object:
        classes = classes.astype(str)
    return {"dtype": classes.dtype.str, "values": classes.tolist()}


def _classes_from_plain(plain: dict[str, Any]) -> NDArray[Any]:
    dtype = np.dtype(plain["dtype"])
    if dtype.kind not in "Uiufb":
        raise ValueError(f"labels of type {dtype}")
    classes = np.array(plain["values"], dtype=dtype)
    if classes.ndim != 1 or len(classes) == 0:
        raise ValueError("labels aren't a list")
    return classes
