"""A fitted network as members of a model file: what it is as JSON, its weights as safetensors. No code, no pickle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import numpy as np
import torch
from msgspec import Meta
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load, save

from audioclf.plugin import ModelError, structs

from . import _network_layers as layers
from ._network_estimator import NetworkClassifier

FORMAT: Final = 1
FACTS, WEIGHTS = "network.json", "weights.safetensors"


class Classes(structs.Struct, frozen=True, kw_only=True):
    """The labels, and their type as NumPy writes it."""

    dtype: str
    values: Annotated[list[Any], Meta(min_length=1)]


class Facts(structs.Struct, frozen=True, kw_only=True):
    """All of network.json: what the network is, but for its weights.

    Attributes
    ----------
    format : int
    architecture, options
        Name of the network, and the parameters of its architecture.
    n_frames : int
        Frames of a crop.
    center, scale : list of float
        What a coefficient's mean and standard deviation were.
    cmvn : {"none", "mean"}
    temperature : float
        What logits are divided by.
    multilabel : bool
    classes : Classes
    history : dict
        Of each epoch, its losses.
    """

    format: Literal[1] = FORMAT
    architecture: str
    options: dict[str, Any]
    n_frames: Annotated[int, Meta(ge=1)]
    center: Annotated[list[structs.Finite], Meta(min_length=1)]
    scale: Annotated[list[structs.Finite], Meta(min_length=1)]
    cmvn: Literal["none", "mean"]
    temperature: Annotated[float, Meta(gt=0, le=1e300)]
    multilabel: bool = False
    classes: Classes
    history: dict[str, Any]


def pack(estimator: NetworkClassifier) -> dict[str, bytes]:
    """Return the members that hold a fitted *estimator*."""
    facts = Facts(
        architecture=estimator.architecture,
        options=estimator.options,
        n_frames=estimator.n_frames_,
        center=estimator.center_.tolist(),
        scale=estimator.scale_.tolist(),
        cmvn=estimator.cmvn,
        temperature=estimator.temperature_,
        multilabel=estimator.multilabel,
        classes=_classes_to_plain(estimator.classes_),
        history=estimator.history_,
    )
    weights = {name: tensor.contiguous() for name, tensor in estimator.module_.state_dict().items()}
    return {FACTS: structs.encode(facts), WEIGHTS: save(weights)}


def is_multilabel(members: Mapping[str, bytes]) -> bool:
    """Whether the network of these members was trained on clips with several labels."""
    return _facts(members).multilabel


def unpack(members: Mapping[str, bytes], estimator: NetworkClassifier) -> NetworkClassifier:
    """Fill an unfitted *estimator*, built by the recipe that the model file names, with what `pack` wrote.

    Raises
    ------
    ModelError
        If members are missing or broken, or hold another network than the recipe's.
    """
    facts = _facts(members)
    if (facts.architecture, facts.options) != (estimator.architecture, estimator.options):
        raise ModelError(
            f"{FACTS} holds the network {facts.architecture} {facts.options}, but the model is said to be "
            f"{estimator.architecture} {estimator.options}"
        )
    if len(facts.center) != len(facts.scale):
        raise ModelError(f"{FACTS}: $.scale: {len(facts.scale)} numbers, but $.center has {len(facts.center)}")
    estimator.set_params(cmvn=facts.cmvn)
    estimator.center_, estimator.scale_ = np.array(facts.center), np.array(facts.scale)
    estimator.n_features_in_ = len(facts.center)
    estimator.n_frames_ = facts.n_frames
    estimator.temperature_ = facts.temperature
    estimator.classes_ = _classes_from_plain(facts.classes)
    estimator.history_ = facts.history
    estimator.module_ = _module(estimator, members[WEIGHTS])
    estimator.n_parameters_ = sum(parameter.numel() for parameter in estimator.module_.parameters())
    return estimator


def _facts(members: Mapping[str, bytes]) -> Facts:
    if not {FACTS, WEIGHTS} <= set(members):
        raise ModelError(f"not a whole model file of audioclf, for it holds no network ({FACTS} and {WEIGHTS})")
    try:
        data = structs.parse(members[FACTS])
        found = data.get("format") if isinstance(data, dict) else None
        if isinstance(found, int) and found != FORMAT:
            raise ModelError(f"{FACTS} has the format {found}; this audioclf reads {FORMAT}")
        return structs.convert(data, Facts)
    except structs.DamagedError as error:
        raise ModelError(f"{FACTS}: {error}") from error


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


def _classes_to_plain(classes: NDArray[Any]) -> Classes:
    if classes.dtype == object:
        classes = classes.astype(str)
    return Classes(dtype=classes.dtype.str, values=classes.tolist())


def _classes_from_plain(plain: Classes) -> NDArray[Any]:
    try:
        dtype = np.dtype(plain.dtype)
        if dtype.kind not in "Uiufb":
            raise ValueError(f"labels of type {dtype}")
        classes = np.array(plain.values, dtype=dtype)
        if classes.ndim != 1:
            raise ValueError("labels aren't a list")
    except (TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{FACTS}: $.classes: {error}") from error
    return classes
