"""Listed pixels, by row and column or by map coordinates, laid on the grid of a cube."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from msgspec import Struct, field
from numpy.typing import NDArray

from hsi_viewer.core.errors import FormatError, LabelError
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.label_file import LabelFile
from hsi_viewer.core.labels.placement import Placement
from hsi_viewer.io.metadata.crs import crs_of, same_crs, transformed
from hsi_viewer.io.regions.grid import Grid, set_pixels
from hsi_viewer.io.regions.raster import place_raster

MAX_PIXELS = 1 << 31  # of the image that a list names

Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


class Pixels(Struct, frozen=True):
    """Positions with their classes, each in as many ways as the file gives.

    Attributes
    ----------
    ids : (n,) class ids.
    at : rows and columns ((0, 0) is the upper left corner, so a centre ends in .5), or None.
    mapped : x and y in the system of the image, or None.
    degrees : longitude and latitude (WGS 84), or None.
    size : rows and columns of the image that they were drawn on, or None.
    names, colours : by class id.
    notes : sentences so far.
    """

    name: str
    ids: NDArray[np.uint16]
    at: Pair | None
    mapped: Pair | None = None
    degrees: Pair | None = None
    size: tuple[int, int] | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[int, Colour] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def place_pixels(listed: Pixels, grid: Grid, placement: Placement | None) -> ImportedLabels:
    """Labels of the pixels that hold the positions.

    Rows and columns are used where the image had the size of the cube or gives none, or nothing
    else is given; else map coordinates, else degrees.

    Raises
    ------
    PlacementNeededError
        if the image had another size and nothing but rows and columns is given.
    LabelError
        if no position lies on the cube.
    """
    notes = list(listed.notes)
    fits = listed.size is None or listed.size == grid.shape
    if listed.at is not None and placement != "georeference" and fits:
        rows, columns = listed.at
    else:
        placed = None if placement in ("resample", "crop") else _by_map(listed, grid, notes)
        if placed is None:
            return _by_image(listed, grid, placement)
        rows, columns = placed
    ids = np.zeros(grid.shape, np.uint16)
    outside = set_pixels(ids, rows, columns, listed.ids)
    if outside == listed.ids.size:
        raise LabelError(
            f"{listed.name}: none of its {outside} pixels lies inside the cube ({grid.rows} rows "
            f"x {grid.columns} columns). {_extent(rows, columns)}{_advice(listed, grid)}"
        )
    if outside:
        notes.append(
            f"{outside} of {listed.ids.size} pixels lie outside the cube and are left out."
        )
    notes += _lost(listed, ids)
    return ImportedLabels(ids, listed.names, listed.colours, tuple(notes), listed.name)


def _extent(rows: NDArray[np.float64], columns: NDArray[np.float64]) -> str:
    """A sentence about where positions lie, of those that lie anywhere; none of no others."""
    known = np.isfinite(rows) & np.isfinite(columns)
    if not known.any():
        return ""
    spans = (f"{v[known].min():.6g} to {v[known].max():.6g}" for v in (rows, columns))
    return "They cover rows {} and columns {}. ".format(*spans)


def _advice(listed: Pixels, grid: Grid) -> str:
    """What to do about positions that all lie off the cube."""
    crs = crs_of(grid.crs_wkt)
    if listed.at is None and listed.mapped is not None and crs is not None and crs.is_projected:
        x, y = (np.abs(each) for each in listed.mapped)
        if x.max() <= 180 and y.max() <= 90:
            return "If x and y are degrees, name the columns lon and lat."
    return "Check that they belong to this scene."


def _lost(listed: Pixels, ids: NDArray[np.uint16]) -> list[str]:
    """A sentence about classes of which no pixel is left."""
    lost = sorted(set(np.unique(listed.ids).tolist()) - set(np.unique(ids).tolist()) - {0})
    names = ", ".join(listed.names.get(i) or f"class {i}" for i in lost[:5])
    what = "These classes have nothing inside the cube, or others cover them"
    return [f"{what}: {names}."] if lost else []


def _by_map(listed: Pixels, grid: Grid, notes: list[str]) -> Pair | None:
    if grid.transform is None:
        return None
    if listed.mapped is not None:
        notes.append("The pixels were located by their map coordinates.")
        return grid.positions(*listed.mapped)
    target = crs_of(grid.crs_wkt)
    if listed.degrees is None or target is None:
        return None
    x, y = listed.degrees
    source = crs_of("EPSG:4326")
    if not same_crs(source, target):
        x, y = transformed(source, target, x, y)
    notes.append("The pixels were located by longitude and latitude.")
    return grid.positions(x, y)


def _by_image(listed: Pixels, grid: Grid, placement: Placement | None) -> ImportedLabels:
    """As a label raster of the image that the pixels were drawn on."""
    if listed.at is None:
        raise LabelError(f"{listed.name} has map coordinates, but the cube has no georeference.")
    rows, columns = listed.at
    size = listed.size or (int(rows.max()) + 1, int(columns.max()) + 1)
    if size[0] * size[1] > MAX_PIXELS:
        raise FormatError(f"{listed.name}: an image of {size[0]} x {size[1]} pixels is too large.")
    ids = np.zeros(size, np.uint16)
    set_pixels(ids, rows, columns, listed.ids)
    raster = LabelFile(ids, dict(listed.names), dict(listed.colours), listed.name)
    return place_raster(raster, grid, placement)
