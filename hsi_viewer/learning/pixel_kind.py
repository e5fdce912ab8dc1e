"""Kinds of classifiers of spectra."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.progress import CancelToken, ProgressPort

FloatArray = NDArray[np.float32]


class Scorer(Protocol):
    """A frozen dataclass whose fields are arrays of float32; it is saved as these."""

    def scores(self, values: FloatArray) -> FloatArray:
        """Scores (n, classes) of standardised values (n, bands); the highest is the class."""


class FitScorer(Protocol):
    """Fits a scorer."""

    def __call__(
        self,
        values: FloatArray,
        targets: NDArray[np.int64],
        *,
        folds: NDArray[np.int64],
        seed: int,
        token: CancelToken,
        port: ProgressPort,
    ) -> tuple[Scorer, float]:
        """Scorer, and the factor that makes the softmax of its scores probabilities.

        Parameters
        ----------
        values : (n, bands) standardised values of labelled pixels.
        targets : (n,) their class indices; every class occurs.
        folds : (n,) which of them are held out together, by place in the scene; -1 for those that
            are always trained on. Every class is in each training part.
        seed : of what is drawn.
        """


@dataclass(frozen=True)
class PixelKind:
    """A kind of classifier of spectra.

    Attributes
    ----------
    name, title : of its row in the registry.
    fit : fits its scorer.
    checked : (arrays, bands, classes) -> Scorer, of the arrays of a file; a KeyError or ValueError
        says what is wrong with them.
    """

    name: str
    title: str
    fit: FitScorer
    checked: Callable[[dict[str, FloatArray], int, int], Scorer]
