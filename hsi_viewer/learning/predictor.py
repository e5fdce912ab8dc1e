"""Dense inference: the whole scene, tile by tile, in memory bounded by the tile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.network import SdhsiNet
from hsi_viewer.learning.scene import SceneFeatures, tiles


@dataclass(frozen=True)
class DenseOutput:
    """What a network says about a whole scene.

    Attributes
    ----------
    probabilities : (rows, columns, classes) mean of the exits.
    disagreement : (rows, columns) 0..1, mean total variation between the exits and their mean.
    valid : (rows, columns) where the cube has data.
    """

    probabilities: FloatArray
    disagreement: FloatArray
    valid: NDArray[np.bool_]


@torch.inference_mode()
def dense(
    network: SdhsiNet,
    scene: SceneFeatures,
    *,
    depth: int | None = None,
    token: CancelToken | None = None,
    port: ProgressPort | None = None,
) -> DenseOutput:
    """Apply a network to every pixel.

    Parameters
    ----------
    network : in evaluation mode on its device.
    scene : features of the cube.
    depth : exits to use, all by default.
    """
    was_training = network.training
    network.eval()
    device = next(network.parameters()).device
    rows, columns = scene.cube.rows, scene.cube.columns
    probabilities = np.empty((rows, columns, network.classes), np.float32)
    disagreement = np.empty((rows, columns), np.float32)
    valid = np.empty((rows, columns), bool)
    windows = list(tiles(rows, columns))
    for done, (r, c) in enumerate(windows):
        if token is not None:
            token.check()
        if port is not None:
            port.report(Progress("Painting the map", done / len(windows)))
        values, valid[r, c] = scene.window(r, c, network.radius, token)
        x = torch.from_numpy(values).unsqueeze(0).to(device)
        exits = torch.stack([functional.softmax(z[0], dim=0) for z in network(x, depth)])
        mean = exits.mean(dim=0)
        spread = 0.5 * (exits - mean).abs().sum(dim=1).mean(dim=0)
        probabilities[r, c] = mean.permute(1, 2, 0).cpu().numpy()
        disagreement[r, c] = spread.cpu().numpy()
    network.train(was_training)
    return DenseOutput(probabilities, disagreement, valid)
