"""A classifier of spectra: the class whose mean is nearest, by Euclidean distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hsi_viewer.plugins import (
    CancelToken,
    Classifier,
    Model,
    PixelKind,
    Progress,
    ProgressPort,
    fit_pixel_model,
    load_pixel_model,
)


@dataclass(frozen=True)
class Means:
    """What is trained and saved: arrays of float32.

    Attributes
    ----------
    means : (classes, bands).
    """

    means: np.ndarray

    @classmethod
    def checked(cls, arrays: dict[str, np.ndarray], bands: int, classes: int) -> Means:
        """Of the arrays of a file, which may be damaged."""
        if arrays["means"].shape != (classes, bands):
            raise ValueError(f"the means aren't of {classes} classes and {bands} bands")
        return cls(arrays["means"])

    def scores(self, values: np.ndarray) -> np.ndarray:
        """Scores (n, classes) of standardised values (n, bands); the highest is the class."""
        # -|v - m|^2 without |v|^2, which is the same for all classes
        return 2.0 * values @ self.means.T - (self.means**2).sum(axis=1)


def fit_means(
    values: np.ndarray,
    targets: np.ndarray,
    *,
    folds: np.ndarray,
    seed: int,
    token: CancelToken,
    port: ProgressPort,
) -> tuple[Means, float]:
    """The means, and the factor that makes the softmax of their scores probabilities."""
    port.report(Progress("Averaging the classes"))
    token.check()
    classes = range(int(targets.max()) + 1)
    means = np.stack([values[targets == k].mean(axis=0) for k in classes])
    return Means(means.astype(np.float32)), 1.0 / values.shape[1]


KIND = PixelKind("nearest-mean", "Nearest mean", fit_means, Means.checked)


def fit(*arguments: Any, **options: Any) -> Model:
    """Train; torch is imported now, not when the plug-in is loaded."""
    return fit_pixel_model(KIND, *arguments, **options)


def load(target: Any) -> Model:
    """Read a saved model."""
    return load_pixel_model(KIND, target)


CLASSIFIER = Classifier(KIND.name, KIND.title, fit, load)
