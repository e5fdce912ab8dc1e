"""Training pixels: which labels are learned from, as patches, and how batches are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.class_ids import checked_ids
from hsi_viewer.core.progress import Note, ProgressPort
from hsi_viewer.core.text import listed
from hsi_viewer.learning.survey import Window


@dataclass(frozen=True)
class TrainingPixels:
    """Labelled pixels as the network sees them.

    Attributes
    ----------
    patches : (n, channels, side, side).
    targets : (n,) class indices.
    """

    patches: Tensor
    targets: Tensor

    @property
    def odds(self) -> Tensor:
        """Probability of drawing each pixel, (n,): the same for every class."""
        odds = 1.0 / torch.bincount(self.targets)[self.targets]
        return odds / odds.sum()


def checked_labels(
    labels: ArrayLike, shape: tuple[int, int]
) -> tuple[NDArray[np.uint16], tuple[int, ...]]:
    """Labels (rows, columns) by the rules of `core.labels.class_ids`, and their ids, ascending.

    Raises
    ------
    LabelError
        if they are not of this shape, or name fewer than two classes.
    """
    ids = checked_ids(labels, shape)
    class_ids = tuple(int(i) for i in np.unique(ids) if i)
    if len(class_ids) < 2:
        raise LabelError(
            "Training needs labelled pixels of at least two classes, and there are "
            f"{len(class_ids)}. Label pixels of another class."
        )
    return ids, class_ids


def note_unused(seeds: NDArray[np.int64], valid: NDArray[np.bool_], port: ProgressPort) -> None:
    """Tell the port of labels on pixels without data; arguments as of `choose_pixels`."""
    labelled = int(np.count_nonzero(seeds >= 0))
    unused = int(np.count_nonzero((seeds >= 0) & ~valid))
    if unused == 1:
        port.report(Note(f"1 of {labelled} labels lies on a pixel without data and was not used."))
    elif unused:
        port.report(
            Note(f"{unused} of {labelled} labels lie on pixels without data and were not used.")
        )


def without_strays(
    seeds: NDArray[np.int64],
    valid: NDArray[np.bool_],
    strays: NDArray[np.bool_],
    port: ProgressPort,
) -> NDArray[np.bool_]:
    """Pixels that may be learned from; the port is told of labels that may not.

    A class most of whose labelled pixels are like none of the scene is a rare material, and is
    learned as it is labelled.

    Parameters
    ----------
    seeds, valid : as of `choose_pixels`.
    strays : (rows, columns) pixels like none of the scene.
    """
    labelled = (seeds >= 0) & valid
    out = np.zeros(valid.shape, bool)
    for k in np.unique(seeds[labelled & strays]):
        of_class = labelled & (seeds == k)
        stray = of_class & strays
        if 2 * np.count_nonzero(stray) < np.count_nonzero(of_class):
            out |= stray
    count, total = int(np.count_nonzero(out)), int(np.count_nonzero(seeds >= 0))
    if count == 1:
        port.report(Note(f"1 of {total} labels lies on a stray pixel and was not learned from."))
    elif count:
        port.report(
            Note(f"{count} of {total} labels lie on stray pixels and were not learned from.")
        )
    return valid & ~out


def seeds_of(labels: NDArray[np.uint16], class_ids: tuple[int, ...]) -> NDArray[np.int64]:
    """Index of the class of each labelled pixel, -1 elsewhere and for ids of no class.

    Parameters
    ----------
    labels : (rows, columns) class ids.
    class_ids : ascending.
    """
    ids = np.asarray(class_ids)
    index = np.searchsorted(ids, labels).clip(0, ids.size - 1)
    return np.where(ids[index] == labels, index, -1).astype(np.int64)


def seeds_in(
    labels: NDArray[np.uint16] | None, class_ids: tuple[int, ...]
) -> Callable[[Window], NDArray[np.int64]] | None:
    """`seeds_of` a window, made when it is asked for; None where no label is known."""
    if labels is None:
        return None
    return lambda window: seeds_of(labels[window], class_ids)


def choose_pixels(
    seeds: NDArray[np.int64],
    valid: NDArray[np.bool_],
    limit: int,
    seed: int,
    class_ids: Sequence[int] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Labelled pixels with data, at most about `limit`, evenly over the classes.

    Parameters
    ----------
    seeds : (rows, columns) class index or -1.
    valid : (rows, columns) where the cube has data.
    class_ids : of the indices, to name a class; indices from 1 without.

    Returns
    -------
    pixels, targets : (n,) flat indices ascending, and class indices.

    Raises
    ------
    LabelError
        if a class has no labelled pixel with data.
    """
    flat = seeds.ravel()
    pixels = np.flatnonzero((flat >= 0) & valid.ravel())
    targets = flat[pixels]
    classes = np.unique(flat[flat >= 0])
    lacking = np.setdiff1d(classes, targets).tolist()
    if lacking:
        ids = [str(k + 1 if class_ids is None else class_ids[k]) for k in lacking]
        which = f"Class {ids[0]} is" if len(ids) == 1 else f"Classes {listed(ids)} are"
        raise LabelError(
            f"{which} labelled only where the cube has no data. Label pixels of "
            f"{'it' if len(ids) == 1 else 'them'} where the image shows data."
        )
    if pixels.size > limit:
        rng = np.random.default_rng(seed)
        share = max(limit // classes.size, 1)
        kept = [rng.permutation(np.flatnonzero(targets == k))[:share] for k in classes]
        chosen = np.sort(np.concatenate(kept))
        pixels, targets = pixels[chosen], targets[chosen]
    return pixels, targets


def turned(x: Tensor, generator: torch.Generator, noise: float) -> Tensor:
    """Patches mirrored and turned alike, each shifted by noise of its own."""
    down, across, swap = torch.randint(0, 2, (3,), generator=generator).tolist()
    if down:
        x = x.flip(2)
    if across:
        x = x.flip(3)
    if swap:
        x = x.transpose(2, 3)
    return x + noise * torch.randn((*x.shape[:2], 1, 1), generator=generator)
