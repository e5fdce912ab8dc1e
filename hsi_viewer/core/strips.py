"""Strips: images (rows, columns) that may be larger than memory, some rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROWS = 256  # of a strip: as high as a block of a tiled GeoTIFF


def strips(image: Any) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Rows of an image and their values, from top to bottom.

    Parameters
    ----------
    image : an array, or what has a shape and gives arrays for slices of rows.
    """
    for top in range(0, image.shape[0], ROWS):
        rows = slice(top, min(top + ROWS, image.shape[0]))
        yield rows, np.asarray(image[rows])


def ids_in(class_map: Any) -> list[int]:
    """The ids that occur in a class map, ascending."""
    found: set[int] = set()
    for _, values in strips(class_map):
        found.update(np.unique(values).tolist())
    return sorted(found)


def surrounded_strips(shape: tuple[int, ...], margin: int) -> Iterator[tuple[slice, slice, slice]]:
    """Rows of each strip, the same with a margin above and below, and their place in these.

    Parameters
    ----------
    shape : of the image.
    margin : rows that what is computed of a pixel looks at above and below it.
    """
    height = max(ROWS, 4 * margin)
    for top in range(0, shape[0], height):
        bottom, above = min(top + height, shape[0]), max(top - margin, 0)
        near = slice(above, min(bottom + margin, shape[0]))
        yield slice(top, bottom), near, slice(top - above, bottom - above)
