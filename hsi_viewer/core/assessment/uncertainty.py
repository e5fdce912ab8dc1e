"""Layers of doubt from the probabilities of a map; each works on any tile of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Probabilities = NDArray[np.floating[Any]]


def margin(probabilities: Probabilities) -> Floats:
    """Probability of the first class less that of the second, 0..1; 1 is sure.

    Parameters
    ----------
    probabilities : (..., classes) of sum 1; 0 without data.
    """
    if probabilities.shape[-1] < 2:
        alone: Floats = probabilities[..., 0].astype(np.float32)
        return alone
    ordered = np.partition(probabilities, -2, axis=-1)
    found: Floats = (ordered[..., -1] - ordered[..., -2]).astype(np.float32)
    return found


def entropy(probabilities: Probabilities) -> Floats:
    """Entropy as a share of the largest possible, 0..1; 0 is sure, and without data.

    Parameters
    ----------
    probabilities : (..., classes) of sum 1; 0 without data.
    """
    classes = probabilities.shape[-1]
    if classes < 2:
        return np.zeros(probabilities.shape[:-1], np.float32)
    p = np.clip(probabilities.astype(np.float64), 1e-12, None)
    found = -(p * np.log(p) * (probabilities > 0)).sum(axis=-1) / np.log(classes)
    share: Floats = np.clip(found, 0, 1).astype(np.float32)
    return share


def unclassified_where(
    class_map: NDArray[np.uint16], doubtful: NDArray[np.bool_]
) -> NDArray[np.uint16]:
    """A map in which doubtful pixels have class 0; the one that is given stays as it is.

    Parameters
    ----------
    class_map, doubtful : of one shape.
    """
    return np.where(doubtful, np.uint16(0), class_map)
