"""Composite: which bands of which image are the picture, and how they become colours."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.contrast import Contrast
from hsi_viewer.core.display.stretch import Transfer, composite


@dataclass(frozen=True)
class ColourMap:
    """Colours for a single band.

    Attributes
    ----------
    name : as the user reads it, e.g. "viridis".
    table : (256, 3) bytes, from dark to bright.
    """

    name: str
    table: NDArray[np.uint8] = field(compare=False, repr=False)


@dataclass(frozen=True)
class Composite:
    """The composite that the user wants to see.

    Attributes
    ----------
    bands : three for red, green and blue, or one.
    contrast : how values become brightness.
    colours : colour map of a single band; None is grey.
    image : derived image (components, an index) that the bands are of; None is the scene.
    """

    bands: tuple[int, ...]
    contrast: Contrast = field(default_factory=Contrast)
    colours: ColourMap | None = None
    image: HyperCube | None = field(default=None, compare=False)

    @property
    def triple(self) -> tuple[int, int, int]:
        """The bands shown as red, green and blue; a single band is all three."""
        if len(self.bands) == 1:
            return (self.bands[0],) * 3
        red, green, blue = self.bands
        return red, green, blue

    def of(self, scene: HyperCube) -> HyperCube:
        """The cube that the bands are of."""
        return scene if self.image is None else self.image

    def paint(
        self, stored: NDArray[Any], valid: NDArray[np.bool_], transfers: tuple[Transfer, ...]
    ) -> NDArray[np.uint8]:
        """RGBA (rows, columns, 4) of the stored values (rows, columns, len(bands))."""
        table = self.colours.table if self.colours is not None else None
        return composite(stored, valid, transfers, table)
