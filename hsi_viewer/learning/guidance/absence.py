"""Absence: where none of the classes is likely, by the places of which the user said so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.guidance.ground import Ground

NEIGHBOURHOOD = 10  # pixels that count as much as spectra that are just similar
REACH = 2.0  # of such distances, at which an answer fades
UNLIKE_ANY = 0.1  # what speaks for a class at a place that is like no answer
MOST_KNOWN = 3_000  # pixels that places are compared with, evenly over the scene

Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]


class Absence:
    """Compares places with those of none of the classes, and with those of one.

    Parameters
    ----------
    ground : of the scene.
    labelled, empty : (rows, columns) of the ground, pixels of a class, and of none.
    """

    def __init__(self, ground: Ground, labelled: Mask, empty: Mask) -> None:
        self._ground = ground
        self._labelled = evenly(labelled & ground.valid)
        self._empty = evenly(empty & ground.valid)

    def chance(self, pixels: Numbers, spectra: FloatArray, width: float) -> NDArray[np.float64]:
        """How likely places are of none of the classes, (n,) 0..1; 0 before the first such answer.

        A place is like an answer that is near it in the scene and by its spectrum. One that is
        like no answer at all is worth asking about.

        Parameters
        ----------
        pixels, spectra : (n,) flat, and (n, components), of the places.
        width : at which spectra are similar.
        """
        if not self._empty.size:
            return np.zeros(pixels.size)
        here = self._located(pixels, spectra, width)
        none, some = (
            _likeness(here, self._located(known, spectra_at(self._ground, known), width))
            for known in (self._empty, self._labelled)
        )
        found: NDArray[np.float64] = none / (none + some + UNLIKE_ANY)
        return found

    def _located(self, pixels: Numbers, spectra: FloatArray, width: float) -> NDArray[np.float64]:
        """Spectra in widths with rows and columns in neighbourhoods, (n, components + 2)."""
        at = np.stack(np.divmod(pixels, self._ground.valid.shape[1]), axis=1)
        return np.hstack([spectra / width, self._ground.in_scene(at) / NEIGHBOURHOOD])


def spectra_at(ground: Ground, pixels: Numbers) -> FloatArray:
    """Components (n, components) of flat pixels."""
    found: FloatArray = ground.components.reshape(len(ground.components), -1)[:, pixels].T
    return found


def evenly(mask: Mask) -> Numbers:
    """At most `MOST_KNOWN` flat pixels of a mask."""
    pixels = np.flatnonzero(mask)
    if pixels.size <= MOST_KNOWN:
        return pixels
    return pixels[np.linspace(0, pixels.size - 1, MOST_KNOWN).astype(np.int64)]


def _likeness(places: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.float64]:
    """How alike (n,) places and the nearest known one are, 0..1; 0 where none is known."""
    if not len(known):
        return np.zeros(len(places))
    nearest = cdist(places, known, "sqeuclidean").min(axis=1)
    found: NDArray[np.float64] = np.exp(-nearest / (2 * REACH**2))
    return found
