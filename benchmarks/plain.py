"""Plain methods that the engine must not lose to, with settings that users would choose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.svm import SVC

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.learning.features import fit_features
from hsi_viewer.learning.recipe import FeatureRecipe
from hsi_viewer.learning.scene_features import SceneFeatures

Pixels = NDArray[np.floating[Any]]
GRID = {"C": [1, 10, 100, 1000], "gamma": ["scale", 1e-5, 1e-4, 1e-3]}
# Principal components under Gaussian windows: what is usual in the field for smooth scenes.
WINDOWS = FeatureRecipe(60, noise_adjusted=False, emphasis=0.0, sigmas=(1.0, 2.0, 4.0, 8.0))


def bands(cube: HyperCube, other: HyperCube) -> Pixels:
    """Pixels x bands of a second cube, standardised as the first is to mean 0 and deviation 1."""
    first = cube.read().reshape(-1, cube.bands).astype(np.float64)
    pixels = other.read().reshape(-1, other.bands).astype(np.float64)
    result: Pixels = (pixels - first.mean(axis=0)) / np.maximum(first.std(axis=0), 1e-9)
    return result


def windows(cube: HyperCube, other: HyperCube) -> Pixels:
    """Pixels x windowed components of a second cube, fitted on the first."""
    scene = SceneFeatures(other, fit_features(cube, WINDOWS))
    values, _ = scene.window(slice(0, other.rows), slice(0, other.columns))
    return np.ascontiguousarray(values.reshape(values.shape[0], -1).T)


def discriminant(_classes: NDArray[np.uint16]) -> Any:
    """Linear discriminant with Ledoit and Wolf's shrinkage."""
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")


def machine(classes: NDArray[np.uint16]) -> Any:
    """Support vector machine; cost and kernel by three folds, where every class has two labels."""
    folds = min(3, int(np.unique(classes, return_counts=True)[1].min()))
    if folds < 2:
        return SVC(C=100.0)
    return GridSearchCV(SVC(), GRID, cv=StratifiedKFold(folds, shuffle=True, random_state=0))


def forest(_classes: NDArray[np.uint16]) -> Any:
    """Random forest of 300 trees."""
    return RandomForestClassifier(300, random_state=0)


Input = Callable[[HyperCube, HyperCube], Pixels]
Classifier = Callable[[NDArray[np.uint16]], Any]
PLAIN: dict[str, tuple[Input, Classifier]] = {
    "lda": (bands, discriminant),
    "svm": (bands, machine),
    "forest": (bands, forest),
    "svm-windows": (windows, machine),
}
