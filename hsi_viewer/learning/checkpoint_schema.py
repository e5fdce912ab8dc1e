"""The weights of a model, checked before anything is made of them: a model comes from anywhere."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hsi_viewer.learning.features import Features
from hsi_viewer.learning.instant_model import InstantModel
from hsi_viewer.learning.model_description import Told
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.robust import LARGEST as LARGEST_VALUE

# Of the features; models of before had no bounds.
TENSORS = ("bands", "centre", "spread", "low", "high", "jump", "components", "strength", "scales")
BOUNDS = {"low": -LARGEST_VALUE, "high": LARGEST_VALUE, "jump": LARGEST_VALUE}


def fitted(tensors: dict[str, Tensor], told: Told) -> tuple[Features, InstantModel]:
    """Features and instant model, of shapes that fit each other.

    Raises
    ------
    KeyError, ValueError
        if a tensor is missing, or is not what the description says.
    """
    used = tensors["features.bands"].numel()
    channels, classes = told.channels, len(told.class_ids)
    kept = channels // len(told.sigmas)
    if used < 1 or kept < 1 or kept * len(told.sigmas) != channels:
        raise ValueError(f"{used} bands cannot give {channels} channels")
    shapes = {
        "features.bands": (used,),
        "features.centre": (used,),
        "features.spread": (used,),
        "features.low": (used,),
        "features.high": (used,),
        "features.jump": (used,),
        "features.components": (used, kept),
        "features.strength": (kept,),
        "features.scales": (channels,),
        "instant.weights": (channels, classes),
        "instant.bias": (classes,),
    }
    types = dict.fromkeys(shapes, torch.float32) | {"features.bands": torch.int64}
    unbounded = {f"features.{n}": torch.full((used,), v) for n, v in BOUNDS.items()}
    tensors = unbounded | tensors
    for name in ("features.centre", "features.spread"):
        if tensors[name].dtype == torch.float64:  # values that 32 bits cannot hold
            types[name] = torch.float64
    found = _fitting(tensors, {name: (shape, types[name]) for name, shape in shapes.items()})
    arrays = {name: tensor.numpy() for name, tensor in found.items()}
    bands = arrays["features.bands"]
    if bands[0] < 0 or bands[-1] >= told.bands or (np.diff(bands) <= 0).any():
        raise ValueError(f"the bands in use do not match the {told.bands} bands")
    if not (arrays["features.spread"] > 0).all() or not arrays["features.scales"].all():
        raise ValueError("the features are divided by 0")
    if (arrays["features.low"] >= arrays["features.high"]).any():
        raise ValueError("the features have no range")
    values = {name: arrays[f"features.{name}"] for name in TENSORS}
    instant = InstantModel(arrays["instant.weights"], arrays["instant.bias"])
    return Features(**values, sigmas=told.sigmas), instant


def network_of(tensors: dict[str, Tensor], told: Told) -> SdhsiNet:
    """The network, built only if the file holds all that it is made of; errors as of `fitted`."""
    shape, prefix = told.recipe.network, "network."
    deep = shape.stages * shape.convolutions
    widest = max(max(tensor.shape, default=0) for tensor in tensors.values())
    if min(shape.stages, shape.convolutions, shape.channels) < 1:
        raise ValueError("the network has no stages")
    if deep > len(tensors) or shape.channels > widest:
        raise ValueError("the network is deeper or wider than its weights")
    form = told.channels, len(told.sigmas), len(told.class_ids), shape
    with torch.device("meta"):  # asks for no memory
        wanted = SdhsiNet(*form).state_dict()
    stored = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
    found = _fitting(stored, {k: (tuple(v.shape), v.dtype) for k, v in wanted.items()})
    network = SdhsiNet(*form)
    network.load_state_dict(found)
    return network.eval()


def _fitting(
    tensors: dict[str, Tensor], wanted: dict[str, tuple[tuple[int, ...], torch.dtype]]
) -> dict[str, Tensor]:
    """The wanted tensors; a ValueError if one is of another shape or type, or holds no numbers."""
    for name, (shape, dtype) in wanted.items():
        found = tensors[name]
        if tuple(found.shape) != shape or found.dtype != dtype:
            raise ValueError(
                f"{name} is {found.dtype} {tuple(found.shape)}, and {dtype} {shape} was expected"
            )
        if not torch.isfinite(found).all() or (name.endswith("running_var") and found.min() < 0):
            raise ValueError(f"{name} contains values that are not numbers")
    return {name: tensors[name] for name in wanted}
