"""Voices and evidence in model files: checked before anything is made of them."""

from __future__ import annotations

from typing import Any

import torch
from msgspec import structs
from torch import Tensor

from hsi_viewer.core.evidence import Evidence, HeldOut
from hsi_viewer.learning.checkpoint_schema import checked_tensors
from hsi_viewer.learning.features import Features
from hsi_viewer.learning.instant_model import TEMPERATURE, InstantModel
from hsi_viewer.learning.model_description import ModelDescription
from hsi_viewer.learning.voices.ensemble import Voices
from hsi_viewer.learning.voices.forest import ForestVoice
from hsi_viewer.learning.voices.judging import evidence_for
from hsi_viewer.learning.voices.pixels import PixelVoice
from hsi_viewer.learning.voices.pool import Pool, Share
from hsi_viewer.learning.voices.shape import ShapeVoice
from hsi_viewer.learning.voices.similar_pixels import SimilarPixelVoice
from hsi_viewer.learning.voices.voice import VoiceName

# What each voice is called in files; "instant" since before there were others.
PREFIXES: dict[VoiceName, str] = {
    "bands": "bands",
    "shrunk_bands": "shrunk_bands",
    "shape": "shape",
    "pixels": "pixels",
    "similar_pixels": "similar_pixels",
    "closest_pixels": "closest_pixels",
    "forest": "forest",
    "surroundings": "instant",
}
Shapes = dict[str, tuple[int, ...]]
ANSWERS = ("separated", "random")


def voice_tensors(voices: Voices) -> dict[str, Tensor]:
    """The arrays of the voices, by their names in files."""
    return {
        f"{PREFIXES[name]}.{part}": torch.from_numpy(values.copy())
        for name, voice in voices.items()
        for part, values in vars(voice).items()
    }


def voices_of(
    tensors: dict[str, Tensor], features: Features, description: ModelDescription
) -> Voices:
    """The voices in a file; models of before have that of the surroundings alone.

    Raises
    ------
    KeyError, ValueError
        if a tensor is missing, or its shape or type is wrong.
    """
    classes = len(description.class_ids)
    wanted = {"surroundings"} if description.pool is None else set(description.pool.shares)
    voices: Voices = {}
    rows = {
        "surroundings": features.channels,
        "pixels": features.strength.size,
        "bands": features.bands.size,
        "shrunk_bands": features.bands.size,
    }
    linear: dict[VoiceName, type[InstantModel | PixelVoice]] = {
        "surroundings": InstantModel,
        "pixels": PixelVoice,
        "bands": PixelVoice,
        "shrunk_bands": PixelVoice,
    }
    for name, kind in linear.items():
        if name in wanted:
            shapes: Shapes = {"weights": (rows[name], classes), "bias": (classes,)}
            voices[name] = kind(**_arrays(tensors, PREFIXES[name], shapes))
    kernels: dict[VoiceName, int] = {
        "similar_pixels": features.strength.size,
        "closest_pixels": features.bands.size,
    }
    for name, size in kernels.items():
        if name in wanted:
            voices[name] = _kernel(tensors, name, size, classes)
    if "shape" in wanted:
        sums = classes + 1
        shapes = {"axes": (features.bands.size, sums), "offsets": (sums,), "bias": (classes,)}
        voices["shape"] = ShapeVoice(**_arrays(tensors, "shape", shapes))
    if "forest" in wanted:
        voices["forest"] = _forest(tensors, features.bands.size, classes)
    return voices


def _kernel(
    tensors: dict[str, Tensor], name: VoiceName, rows: int, classes: int
) -> SimilarPixelVoice:
    support = tensors[f"{name}.support"].shape
    if len(support) != 2:
        raise ValueError(f"the support of {name} isn't a table")
    count, size = support
    shapes: Shapes = {
        "projection": (rows, size),
        "support": (count, size),
        "coefficients": (count, classes),
    }
    return SimilarPixelVoice(**_arrays(tensors, name, shapes))


def _forest(tensors: dict[str, Tensor], bands: int, classes: int) -> ForestVoice:
    nodes, trees = (tensors[f"forest.{part}"].numel() for part in ("thresholds", "roots"))
    used = tensors["forest.axes"].shape[-1]
    reals: Shapes = {"axes": (bands, used), "thresholds": (nodes,), "shares": (nodes, classes)}
    places: Shapes = dict.fromkeys(("asked", "below", "above"), (nodes,))
    places["roots"] = (trees,)
    voice = ForestVoice(
        **_arrays(tensors, "forest", reals), **_arrays(tensors, "forest", places, torch.int32)
    )
    if not trees or not voice.is_sound:
        raise ValueError("the forest has trees that cannot be")
    return voice


def pools_of(description: ModelDescription, voices: Voices) -> tuple[Pool, Pool]:
    """The pools of a model; one of before has a voice with its network, and the full walker.

    Raises
    ------
    ValueError
        if a voice that is heard is missing.
    """
    if description.pool is None or description.pool_elsewhere is None:
        share = Share(1.0, 1 / TEMPERATURE)
        pool = Pool({"surroundings": share}, "full", description.temperature)
        return pool, pool
    for pool in (description.pool, description.pool_elsewhere):
        missing = [name for name in pool.heard if name not in voices]
        if missing:
            raise ValueError(f"the voice {missing[0]} is missing")
    return description.pool, description.pool_elsewhere


def answers_in(evidence: Evidence | None) -> list[str]:
    """The kinds of answers of cross-validation that there are."""
    return [kind for kind in ANSWERS if getattr(evidence, kind, None) is not None]


def evidence_tensors(evidence: Evidence | None) -> dict[str, Tensor]:
    """The answers of cross-validation, by their names in files."""
    if evidence is None:
        return {}
    return {
        f"{kind}.{part.name}": torch.from_numpy(getattr(answers, part.name).copy())
        for kind in ANSWERS
        if (answers := getattr(evidence, kind)) is not None
        for part in structs.fields(answers)
    }


def evidence_of(
    tensors: dict[str, Tensor], description: ModelDescription, pool: Pool, features: Features
) -> Evidence | None:
    """The evidence in a file; None in models of before.

    Raises
    ------
    KeyError, ValueError
        as of `voices_of`.
    """
    if description.evidence is None:
        return None
    answers = [
        _held_out(tensors, kind, len(description.class_ids))
        if kind in description.answers
        else None
        for kind in ANSWERS
    ]
    return evidence_for(pool, description.part, features, *answers)


def _held_out(tensors: dict[str, Tensor], kind: str, classes: int) -> HeldOut:
    size = tensors[f"{kind}.pixels"].numel()
    wanted: dict[str, tuple[tuple[int, ...], torch.dtype]] = {
        f"{kind}.{name}": ((size,), torch.int64)
        for name in ("pixels", "targets", "groups", "folds")
    }
    wanted[f"{kind}.probabilities"] = (size, classes), torch.float32
    found = checked_tensors(tensors, wanted)
    values = {name.removeprefix(f"{kind}."): t.numpy() for name, t in found.items()}
    whole = [values[name] for name in ("pixels", "targets", "groups", "folds")]
    if any((numbers < 0).any() for numbers in whole) or (values["targets"] >= classes).any():
        raise ValueError(f"{kind} answers are of labels that cannot be")
    return HeldOut(**values)


def _arrays(
    tensors: dict[str, Tensor], prefix: str, shapes: Shapes, kind: torch.dtype = torch.float32
) -> dict[str, Any]:
    wanted = {f"{prefix}.{name}": (shape, kind) for name, shape in shapes.items()}
    found = checked_tensors(tensors, wanted)
    return {name.removeprefix(f"{prefix}."): t.numpy() for name, t in found.items()}
