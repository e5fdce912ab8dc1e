"""Tile files: one tile of a map each, with a checksum; whole or not at all."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from json import dumps
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from hsi_viewer.atomic import replacing
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.validation import InvalidError, parsed

NAMES = ("class_map", "confidence", "probabilities")


@dataclass(frozen=True)
class TileFacts:
    """Facts about a tile, as its file gives them.

    Attributes
    ----------
    plan : digest of the plan that it belongs to.
    checksum : SHA-256 of its values.
    source : what made the map.
    mapped, outside : pixels with data, and share of them outside of the training range.
    confidence : sum over the pixels with data.
    seconds : that it took.
    notes : of the model.
    """

    plan: str
    checksum: str
    source: str
    mapped: int
    outside: float | None
    confidence: float
    seconds: float
    notes: list[str]


def tile_path(folder: Path, index: int) -> Path:
    """The file of a tile."""
    return folder / f"tile-{index:06d}.safetensors"


def write_tile(
    path: Path,
    prediction: Prediction,
    plan: str,
    seconds: float,
    notes: list[str],
    *,
    probabilities: bool,
) -> TileFacts:
    """Write the map of one tile.

    Raises
    ------
    ExportError
        if it cannot be written.
    """
    arrays: dict[str, NDArray[Any]] = {
        "class_map": np.ascontiguousarray(prediction.class_map),
        "confidence": np.ascontiguousarray(prediction.confidence, np.float32),
    }
    if probabilities and prediction.probabilities is not None:
        arrays["probabilities"] = np.ascontiguousarray(prediction.probabilities, np.float32)
    facts = TileFacts(
        plan,
        _checksum(arrays),
        prediction.source,
        int(np.count_nonzero(prediction.class_map)),
        prediction.outside,
        float(prediction.confidence.sum(dtype=np.float64)),
        round(seconds, 3),
        notes,
    )
    with replacing(path) as (new,):
        new.write_bytes(save(arrays, {"facts": dumps(asdict(facts))}))
    return facts


def tile_facts(path: Path, plan: str) -> TileFacts | None:
    """The facts of a tile file that is whole and of this plan; None for any other."""
    try:
        with safe_open(path, "numpy") as file:
            facts = parsed(TileFacts, (file.metadata() or {})["facts"])
            arrays = {name: file.get_tensor(name) for name in NAMES if name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, InvalidError):
        return None
    return facts if facts.plan == plan and facts.checksum == _checksum(arrays) else None


def rows_of(path: Path, name: str, rows: slice) -> NDArray[Any]:
    """Some rows of an array of a tile file."""
    with safe_open(path, "numpy") as file:
        values: NDArray[Any] = file.get_slice(name)[rows.start : rows.stop]
    return values


def _checksum(arrays: dict[str, NDArray[Any]]) -> str:
    found = hashlib.sha256()
    for name in NAMES:
        if name in arrays:
            found.update(f"{name} {arrays[name].shape} {arrays[name].dtype}".encode())
            found.update(arrays[name].data)
    return found.hexdigest()
