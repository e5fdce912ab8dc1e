"""Classifiers to compare with: each takes a scene and training pixels and gives probabilities.

Their settings are fixed in advance and the same for every scene.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.instant_model import softmax
from hsi_viewer.learning.scene_features import SceneFeatures

if TYPE_CHECKING:
    from hsi_viewer.core.cube.cube import HyperCube

SVM_COST = 100.0
CNN_SIDE = 9
CNN_EPOCHS = 60
CNN_BATCH = 32


def standardised(cube: HyperCube) -> FloatArray:
    """Pixels x bands of a whole cube in memory, each band of mean 0 and deviation 1."""
    pixels = cube.read().reshape(-1, cube.bands).astype(np.float32)
    pixels -= pixels.mean(axis=0)
    result: FloatArray = pixels / np.maximum(pixels.std(axis=0), 1e-6)
    return result


def scene_pixels(scene: SceneFeatures) -> FloatArray:
    """Pixels x features of a whole scene."""
    rows, columns = scene.cube.rows, scene.cube.columns
    values, _ = scene.window(slice(0, rows), slice(0, columns))
    return np.ascontiguousarray(values.reshape(values.shape[0], -1).T)


def svm(pixels: FloatArray, chosen: NDArray[np.int64], targets: NDArray[np.int64]) -> FloatArray:
    """Support vector machine with a radial kernel (Cortes and Vapnik 1995).

    Parameters
    ----------
    pixels : (n, features) of the scene.
    chosen, targets : (m,) training pixels and their class indices, every class present.

    Returns
    -------
    (n, classes) softmax of the one-against-rest decision values.
    """
    from sklearn.svm import SVC

    machine = SVC(C=SVM_COST, kernel="rbf", gamma="scale", decision_function_shape="ovr")
    machine.fit(pixels[chosen], targets)
    decision = machine.decision_function(pixels)
    if decision.ndim == 1:
        decision = np.stack([-decision, decision], axis=1)
    return softmax(2.0 * decision).astype(np.float32)


class PatchCnn3d(nn.Module):
    """A 3-D CNN over patches of bands as users know it.

    After Chen et al., "Deep feature extraction and classification of hyperspectral images based
    on convolutional neural networks" (IEEE TGRS 54, 2016): 3-D convolutions with pooling along
    the bands, then one dense layer.
    """

    def __init__(self, bands: int, classes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv3d(1, 8, (7, 3, 3)),
            nn.ReLU(),
            nn.MaxPool3d((3, 1, 1)),
            nn.Conv3d(8, 16, (5, 3, 3)),
            nn.ReLU(),
            nn.MaxPool3d((3, 1, 1)),
            nn.Conv3d(16, 32, (3, 3, 3)),
            nn.ReLU(),
            nn.Flatten(),
        )
        with torch.no_grad():
            size = self.body(torch.zeros(1, 1, bands, CNN_SIDE, CNN_SIDE)).shape[1]
        self.head = nn.Sequential(nn.Dropout(0.4), nn.Linear(size, classes))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 1, bands, side, side) to logits (batch, classes)."""
        logits: Tensor = self.head(self.body(x))
        return logits


def patch_cnn(
    cube: HyperCube, chosen: NDArray[np.int64], targets: NDArray[np.int64], seed: int
) -> FloatArray:
    """Train the 3-D CNN and classify patch by patch; see `svm` for the arguments."""
    classes = int(targets.max()) + 1
    image = standardised(cube).reshape(cube.rows, cube.columns, cube.bands)
    half = CNN_SIDE // 2
    padded = np.pad(image, ((half, half), (half, half), (0, 0)), mode="symmetric")
    view = np.lib.stride_tricks.sliding_window_view(padded, (CNN_SIDE, CNN_SIDE), axis=(0, 1))
    view = view.reshape(-1, cube.bands, CNN_SIDE, CNN_SIDE)

    def patches(which: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(view[which])).unsqueeze(1)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = PatchCnn3d(cube.bands, classes)
        optimiser = torch.optim.Adam(network.parameters(), 1e-3)
        x, y = patches(chosen), torch.from_numpy(targets)
        for _ in range(CNN_EPOCHS):
            for batch in torch.split(torch.randperm(len(y)), CNN_BATCH):
                loss = functional.cross_entropy(network(x[batch]), y[batch])
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
    network.eval()
    out = np.empty((len(view), classes), np.float32)
    with torch.inference_mode():
        for which in np.array_split(np.arange(len(view)), -(-len(view) // 256)):
            out[which] = functional.softmax(network(patches(which)), dim=1).numpy()
    return out
