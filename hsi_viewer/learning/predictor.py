"""Dense inference: the whole scene, tile by tile, in memory bounded by the tile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from hsi_viewer.core.errors import TrainingError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.learning.calibration import tempered
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.instant_model import InstantModel
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.survey import Window, tiles

UNLIKELY = 1e-6  # no vote rules a class out


@dataclass(frozen=True)
class DenseOutput:
    """Predictions of a model for a whole scene.

    Attributes
    ----------
    probabilities : (rows, columns, classes) mean of the exits, joined with the instant model.
    disagreement : (rows, columns) 0..1, mean total variation between the exits and their mean.
    valid : (rows, columns) where the cube has data.
    far : (rows, columns) pixels with data whose spectra lie outside of a given range; None where
        none was given.
    """

    probabilities: FloatArray
    disagreement: FloatArray
    valid: NDArray[np.bool_]
    far: NDArray[np.bool_] | None = None

    @property
    def strange(self) -> float | None:
        """Share of the pixels with data that are far; None without a range."""
        if self.far is None:
            return None
        return int(np.count_nonzero(self.far)) / max(int(self.valid.sum()), 1)


@dataclass(frozen=True)
class ExitTile:
    """One tile of the scene: what each exit says, what went in, and where there is data."""

    window: Window
    exits: FloatArray  # (exits, rows, columns, classes)
    features: FloatArray  # (channels, rows, columns)
    valid: NDArray[np.bool_]


def choose_device(wanted: str) -> torch.device:
    """The device of a user's choice.

    Raises
    ------
    TrainingError
        if it is not there.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.mps.is_available()}
    if wanted == "auto":
        wanted = next(name for name in ("cuda", "mps", "cpu") if there[name])
    if not there.get(wanted, False):
        raise TrainingError(f"This machine has no device {wanted!r}; choose 'auto' or 'cpu'.")
    return torch.device(wanted)


def move_to_device(model: object, wanted: str) -> None:
    """Let a model predict on a device of a user's choice; one without a network needs none.

    Raises
    ------
    TrainingError
        if the device is not there.
    """
    device = choose_device(wanted)
    network = getattr(model, "network", None)
    if network is not None:
        network.to(device)


def precision(device: torch.device, mixed: bool | None = None) -> AbstractContextManager[object]:
    """Mixed precision where it pays: on cuda and mps, unless asked otherwise."""
    if mixed is None:
        mixed = device.type != "cpu"
    return torch.autocast(device.type, torch.bfloat16) if mixed else nullcontext()


def by_tile(
    network: SdhsiNet,
    scene: SceneFeatures,
    *,
    depth: int | None = None,
    token: CancelToken | None = None,
    windows: Iterable[Window] | None = None,
) -> Iterator[ExitTile]:
    """Apply a network to every pixel, or to those of some windows; see `dense`."""
    network.eval()
    device = next(network.parameters()).device
    for r, c in windows or tiles(scene.cube.rows, scene.cube.columns):
        if token is not None:
            token.check()
        values, valid = scene.window(r, c, network.radius, token)
        with torch.inference_mode(), precision(device):
            logits = network(torch.from_numpy(values).unsqueeze(0).to(device), depth)
            exits = torch.stack([functional.softmax(z[0].float(), dim=0) for z in logits])
        probabilities = exits.permute(0, 2, 3, 1).cpu().numpy()
        m = network.radius
        inner = values[:, m : values.shape[1] - m, m : values.shape[2] - m]
        yield ExitTile((r, c), probabilities, inner, valid)


def dense(
    network: SdhsiNet,
    scene: SceneFeatures,
    *,
    instant: InstantModel | None = None,
    temperature: float = 1.0,
    depth: int | None = None,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> DenseOutput:
    """Apply a model to every pixel.

    Parameters
    ----------
    network : on its device; it is put into evaluation mode.
    scene : features of the cube.
    instant : votes with as much weight as all exits together, if given.
    temperature : of the probabilities.
    depth : exits to use, all by default.
    """
    port = port or SilentPort()
    rows, columns = scene.cube.rows, scene.cube.columns
    probabilities = np.empty((rows, columns, network.classes), np.float32)
    disagreement = np.empty((rows, columns), np.float32)
    valid = np.empty((rows, columns), bool)
    count = len(list(tiles(rows, columns)))
    for done, tile in enumerate(by_tile(network, scene, depth=depth, token=token)):
        port.report(Progress("Predicting the map", (done + 1) / count))
        r, c = tile.window
        mean = tile.exits.mean(axis=0)
        disagreement[r, c] = 0.5 * np.abs(tile.exits - mean).sum(axis=3).mean(axis=0)
        if instant is not None:
            mean = geometric_mean(mean, instant.probabilities(tile.features))
        probabilities[r, c] = tempered(mean, temperature)
        valid[r, c] = tile.valid
    return DenseOutput(probabilities, disagreement, valid)


def geometric_mean(a: FloatArray, b: FloatArray) -> FloatArray:
    """Probabilities (..., classes) on which both agree: the root of their product, of sum 1."""
    root: FloatArray = np.sqrt(np.maximum(a, UNLIKELY) * np.maximum(b, UNLIKELY))
    root /= root.sum(axis=-1, keepdims=True)
    return root


def instant_map(
    instant: InstantModel, scene: SceneFeatures, token: CancelToken | None = None
) -> FloatArray:
    """Probabilities (rows, columns, classes) by the instant model alone."""
    out = np.empty((scene.cube.rows, scene.cube.columns, instant.bias.size), np.float32)
    for r, c in tiles(scene.cube.rows, scene.cube.columns):
        if token is not None:
            token.check()
        out[r, c] = instant.probabilities(scene.window(r, c, 0, token)[0])
    return out
