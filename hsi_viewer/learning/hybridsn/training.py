"""Training of a HybridSN: patches around labelled pixels, the losses, the epochs."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hsi_viewer.core.errors import TrainingError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.core.training import EpochReport
from hsi_viewer.learning.distillation import divergence
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.hybridsn.network import HybridNet, HybridRecipe, Outputs
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.survey import tiles

SAMPLE = 40_000  # pixels that the components are fitted on, at most


def fit_components(
    scene: SceneFeatures, valid: NDArray[np.bool_], count: int, token: CancelToken
) -> FloatArray:
    """Axes (bands in use, count) of the principal components; zeros beyond the bands there are."""
    pixels = np.flatnonzero(valid)
    pixels = pixels[:: max(1, -(-pixels.size // SAMPLE))]
    values = scene.spectra_at(pixels, token).astype(np.float64)
    covariance = np.cov(values, rowvar=False).reshape(values.shape[1], -1)
    _, axes = np.linalg.eigh(covariance)
    axes = axes[:, ::-1][:, :count]
    largest = np.abs(axes).argmax(axis=0)
    axes *= np.where(axes[largest, np.arange(axes.shape[1])] < 0, -1.0, 1.0)
    out = np.zeros((axes.shape[0], count), np.float32)
    out[:, : axes.shape[1]] = axes
    return out


def components_of(
    scene: SceneFeatures, axes: FloatArray, rows: slice, columns: slice, margin: int
) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
    """Components of a window and of a margin, with zeros beyond the scene and without data.

    Returns
    -------
    components : (count, rows + 2 margin, columns + 2 margin).
    valid : (rows, columns), True where the cube has data.
    strays : (rows, columns), True where a spectrum is like none of the scene of the features.
    """
    top, left = max(0, rows.start - margin), max(0, columns.start - margin)
    wide = slice(top, min(scene.cube.rows, rows.stop + margin))
    broad = slice(left, min(scene.cube.columns, columns.stop + margin))
    values, valid = scene.spectra(wide, broad)
    strays = scene.features.strays(values).reshape(valid.shape)
    # A value like none of the scene must not outweigh the whole patch that it lies in.
    values = np.clip(values, scene.features.low, scene.features.high)
    values[~valid.ravel()] = 0
    inside = (torch.from_numpy(values) @ torch.from_numpy(axes)).numpy()
    height, width = rows.stop - rows.start, columns.stop - columns.start
    out = np.zeros((axes.shape[1], height + 2 * margin, width + 2 * margin), np.float32)
    down, across = top - rows.start + margin, left - columns.start + margin
    place = slice(down, down + valid.shape[0]), slice(across, across + valid.shape[1])
    out[:, *place] = inside.T.reshape(-1, *valid.shape)
    first = rows.start - top, columns.start - left
    own = slice(first[0], first[0] + height), slice(first[1], first[1] + width)
    return out, valid[own], strays[own]


def patches_of(
    scene: SceneFeatures,
    axes: FloatArray,
    pixels: NDArray[np.int64],
    radius: int,
    token: CancelToken,
) -> Tensor:
    """Patches (n, components, side, side) around pixels (n,), flat indices in row-major order."""
    side = 2 * radius + 1
    out = np.empty((pixels.size, axes.shape[1], side, side), np.float32)
    row, column = np.divmod(pixels, scene.cube.columns)
    for r, c in tiles(scene.cube.rows, scene.cube.columns):
        inside = (row >= r.start) & (row < r.stop) & (column >= c.start) & (column < c.stop)
        if not inside.any():
            continue
        token.check()
        values, *_ = components_of(scene, axes, r, c, radius)
        for i in np.flatnonzero(inside):
            down, across = row[i] - r.start, column[i] - c.start
            out[i] = values[:, down : down + side, across : across + side]
    return torch.from_numpy(out)


def loss_of(outputs: Outputs, targets: Tensor, recipe: HybridRecipe) -> Tensor:
    """Cross-entropies of all heads, and what the final output teaches the students."""
    *students, final = outputs.logits
    *seen, wanted = outputs.features
    direction = functional.normalize(wanted.detach(), dim=1)
    loss = functional.cross_entropy(final, targets)
    for logits, features in zip(students, seen, strict=True):
        loss = loss + recipe.students * functional.cross_entropy(logits, targets)
        if recipe.divergence:
            loss = loss + recipe.divergence * divergence(final, logits, recipe.temperature)
        if recipe.hint:
            apart = functional.normalize(features, dim=1) - direction
            loss = loss + recipe.hint * apart.square().sum(dim=1).mean()
    return loss


def train(
    network: HybridNet,
    patches: Tensor,
    targets: Tensor,
    recipe: HybridRecipe,
    *,
    seed: int,
    token: CancelToken,
    port: ProgressPort,
) -> None:
    """Train a network, on its device, for all epochs.

    Parameters
    ----------
    patches : (n, components, side, side).
    targets : (n,) class indices.
    seed : of the order of the pixels and of dropout.

    Raises
    ------
    TrainingError
        if the loss isn't a number.
    TaskCancelledError
        if the token was cancelled; it is checked at each batch.
    """
    device = next(network.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.AdamW(
        network.parameters(), recipe.rate, weight_decay=recipe.weight_decay
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.epochs)
    network.train()
    batches = -(-len(targets) // recipe.batch)
    for epoch in range(recipe.epochs):
        order = torch.randperm(len(targets), generator=generator)
        losses, right = [], np.zeros(len(network.students) + 1)
        for done, chosen in enumerate(torch.split(order, recipe.batch)):
            token.check()
            y = targets[chosen].to(device)
            outputs = network(patches[chosen].to(device), generator)
            loss = loss_of(outputs, y, recipe)
            losses.append(float(loss.detach()))
            if not math.isfinite(losses[-1]):
                raise TrainingError(
                    f"The loss became NaN in epoch {epoch + 1} of {recipe.epochs}. Look for "
                    "extreme values in the cube, or mark the bands that contain them as bad."
                )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), recipe.clip)
            optimiser.step()
            right += [float((z.argmax(dim=1) == y).sum()) for z in outputs.logits]
            share = (epoch * batches + done + 1) / (recipe.epochs * batches)
            port.report(Progress("Training the network", share))
        schedule.step()
        accuracy = tuple(float(share) for share in right / len(targets))
        port.report(EpochReport(epoch + 1, recipe.epochs, float(np.mean(losses)), accuracy))
    network.eval()
