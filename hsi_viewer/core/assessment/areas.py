"""Area of each class as the map has it: a count of pixels, and what a pixel covers."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.progress import CancelToken
from hsi_viewer.core.strips import strips

# Square metres of each unit; "pixels" is what is left without a georeference.
AreaUnit = Literal["auto", "m²", "ha", "km²", "acres"]
UNITS = {"m²": 1.0, "ha": 1e4, "km²": 1e6, "acres": 4046.8564224}


class ClassArea(Struct, frozen=True):
    """Pixels and area of a class in a map.

    Attributes
    ----------
    class_id : 0 is unclassified.
    pixels : number of them.
    square_metres : their area; None where it is not known what a pixel covers.
    share : of all pixels with data, 0..1.
    """

    class_id: int
    pixels: int
    square_metres: float | None
    share: float


def class_areas(
    class_map: NDArray[np.uint16],
    pixel_area: NDArray[np.float64] | None = None,
    has_data: NDArray[np.bool_] | None = None,
) -> tuple[ClassArea, ...]:
    """Areas of the classes of a map, by ascending id.

    Parameters
    ----------
    class_map : (rows, columns) ids; 0 is not counted where it means no data.
    pixel_area : (rows,) square metres of a pixel of each row; None if not known.
    has_data : (rows, columns) where pixels of id 0 count as unclassified; none of them by default.
    """
    counted = class_map > 0 if has_data is None else (class_map > 0) | has_data
    ids = np.flatnonzero(np.bincount(class_map[counted].ravel()))
    total = int(np.count_nonzero(counted))
    areas = []
    for class_id in ids:
        by_row = np.count_nonzero((class_map == class_id) & counted, axis=1)
        pixels = int(by_row.sum())
        metres = None if pixel_area is None else float(by_row @ pixel_area)
        areas.append(ClassArea(int(class_id), pixels, metres, pixels / total))
    return tuple(areas)


def strip_areas(
    class_map: Any,
    pixel_area: NDArray[np.float64] | None = None,
    token: CancelToken | None = None,
) -> tuple[ClassArea, ...]:
    """As `class_areas`, for a map of any size that is read by `strips`.

    Raises
    ------
    TaskCancelledError
        if the token was cancelled.
    """
    found: dict[int, list[ClassArea]] = {}
    for rows, ids in strips(class_map):
        if token is not None:
            token.check()
        for area in class_areas(ids, None if pixel_area is None else pixel_area[rows]):
            found.setdefault(area.class_id, []).append(area)
    total = sum(area.pixels for areas in found.values() for area in areas)
    return tuple(
        ClassArea(
            class_id,
            pixels := sum(area.pixels for area in areas),
            None if pixel_area is None else sum(area.square_metres or 0.0 for area in areas),
            pixels / total,
        )
        for class_id, areas in sorted(found.items())
    )


def suited_unit(square_metres: float) -> Literal["m²", "ha", "km²"]:
    """The unit in which an area has few digits before the point."""
    return "m²" if square_metres < 1e4 else "ha" if square_metres < 1e8 else "km²"
