"""Distance of test pixels from training pixels, compared with the reach of the model."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.geometry.shapes import Pixels


class Separation(Struct, frozen=True):
    """Distances of test pixels to the nearest training pixel, the larger of rows and columns.

    Attributes
    ----------
    least, median : over the test pixels.
    reach : how far the model looks from a pixel.
    within : share of the test pixels that lie within this reach of a training pixel, 0..1.
    """

    least: int
    median: float
    reach: int
    within: float

    @property
    def strict(self) -> bool:
        """Whether the model saw no training pixel's surroundings from any test pixel."""
        return self.least > self.reach

    def __str__(self) -> str:
        return self.sentence("Test pixels")

    def sentence(self, pixels: str) -> str:
        """The distances in a sentence about some pixels."""
        distances = (
            f"{pixels} lie at least {_pixels(self.least)} from the nearest training pixel "
            f"(median {self.median:g})"
        )
        if self.strict and self.reach == 0:
            return f"{distances}; the model looks at single pixels."
        if self.strict:
            return f"{distances}, beyond the {_pixels(self.reach)} that the model looks."
        share = f"{100 * self.within:.0f} %" if self.within < 1 else "all"
        return (
            f"{distances}; the model looks {_pixels(self.reach)} far, so {share} of them are not "
            "independent of the training."
        )


def separation(training: Pixels, test: Pixels, columns: int, reach: int) -> Separation | None:
    """Audit a split; None without training or test pixels.

    A distance is the larger of those in rows and columns: this is how a window reaches.

    Parameters
    ----------
    training, test : flat indices, row-major.
    columns : of the scene.
    reach : how far the model looks, in pixels.
    """
    if not (training.size and test.size):
        return None
    return separation_of(distances_to(training, test, columns), reach)


def distances_to(training: Pixels, test: Pixels, columns: int) -> NDArray[np.float64]:
    """Distance (n,) of each test pixel to the nearest training pixel; arguments as above.

    Infinite without training pixels.
    """
    from scipy.spatial import KDTree

    if not training.size:
        return np.full(test.size, np.inf)
    tree = KDTree(np.column_stack(np.divmod(training, columns)))
    found, _ = tree.query(np.column_stack(np.divmod(test, columns)).reshape(-1, 2), p=np.inf)
    distances: NDArray[np.float64] = np.asarray(found, np.float64)
    return distances


def separation_of(distances: NDArray[np.float64], reach: int) -> Separation:
    """The audit of distances (n,) of test pixels, one at least; all finite."""
    return Separation(
        int(distances.min()),
        float(np.median(distances)),
        reach,
        float((distances <= reach).mean()),
    )


def _pixels(count: int) -> str:
    return "1 pixel" if count == 1 else f"{count} pixels"
