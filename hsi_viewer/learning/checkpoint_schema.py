"""The weights of a model, checked before anything is made of them: a model comes from anywhere."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hsi_viewer.learning.features import Features
from hsi_viewer.learning.model_description import ModelDescription
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.robust import LARGEST as LARGEST_VALUE

# Of the features; models of before had no bounds.
TENSORS = ("bands", "centre", "spread", "low", "high", "jump", "components", "strength", "scales")
BOUNDS = {"low": -LARGEST_VALUE, "high": LARGEST_VALUE, "jump": LARGEST_VALUE}


def features_of(
    tensors: dict[str, Tensor], channels: int, sigmas: tuple[float, ...], bands: int
) -> Features:
    """Features of a cube of so many bands.

    Raises
    ------
    KeyError, ValueError
        if a tensor is missing, or is not what the description says.
    """
    used = tensors["features.bands"].numel()
    kept = channels // len(sigmas)
    if used < 1 or kept < 1 or kept * len(sigmas) != channels:
        raise ValueError(f"{used} bands cannot give {channels} channels")
    shapes = dict.fromkeys(TENSORS, (used,)) | {
        "components": (used, kept),
        "strength": (kept,),
        "scales": (channels,),
    }
    types = dict.fromkeys(TENSORS, torch.float32) | {"bands": torch.int64}
    if not any(f"features.{name}" in tensors for name in BOUNDS):
        unbounded = {f"features.{n}": torch.full((used,), v) for n, v in BOUNDS.items()}
        tensors = unbounded | tensors
    for name in ("centre", "spread"):
        if tensors[f"features.{name}"].dtype == torch.float64:  # values that 32 bits cannot hold
            types[name] = torch.float64
    wanted = {f"features.{name}": (shapes[name], types[name]) for name in TENSORS}
    found = checked_tensors(tensors, wanted)
    values = {name: found[f"features.{name}"].numpy() for name in TENSORS}
    chosen = values["bands"]
    if chosen[0] < 0 or chosen[-1] >= bands or (np.diff(chosen) <= 0).any():
        raise ValueError(f"the bands in use are not of {bands} bands")
    if not (values["spread"] > 0).all() or not values["scales"].all():
        raise ValueError("the features are divided by 0")
    if (values["low"] >= values["high"]).any():
        raise ValueError("the features have no range")
    return Features(**values, sigmas=sigmas)


def network_of(tensors: dict[str, Tensor], description: ModelDescription) -> SdhsiNet:
    """The network, built only if the file has all of it; errors as of `features_of`."""
    shape, prefix = description.recipe.network, "network."
    deep = shape.stages * shape.convolutions
    widest = max(max(tensor.shape, default=0) for tensor in tensors.values())
    if min(shape.stages, shape.convolutions, shape.channels) < 1:
        raise ValueError("the network has no stages")
    if deep > len(tensors) or shape.channels > widest:
        raise ValueError("the network is deeper or wider than its weights")
    form = description.channels, len(description.sigmas), len(description.class_ids), shape
    with torch.device("meta"):  # asks for no memory
        wanted = SdhsiNet(*form).state_dict()
    stored = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
    found = checked_tensors(stored, {k: (tuple(v.shape), v.dtype) for k, v in wanted.items()})
    network = SdhsiNet(*form)
    network.load_state_dict(found)
    return network.eval()


def checked_tensors(
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
