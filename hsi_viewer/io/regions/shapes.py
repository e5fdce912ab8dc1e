"""Polygons, lines and points, laid on the grid of a cube."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from msgspec import Struct, field, structs
from numpy.typing import NDArray

from hsi_viewer.core.errors import LabelError
from hsi_viewer.core.labels.classes import MAX_CLASS_ID, Colour
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.text import class_name, counted
from hsi_viewer.io.metadata.crs import crs_of, crs_text, same_crs, transformed
from hsi_viewer.io.regions.grid import PIXELS, Grid

SMALL = 4.0  # pixels; smaller polygons may hold no pixel's centre
AROUND = 1.0  # of a cube, in its widths and heights: what lies further away is cut off
FARTHEST = 1e100  # larger coordinates are impossible, and their products overflow
POINTS = (0, 4)  # shapely's numbers of points and of several of them
EDGE = 17  # positions on each edge, which bends in another coordinate system

Box = tuple[float, float, float, float]


class Shapes(Struct, frozen=True):
    """Geometries with their classes.

    Attributes
    ----------
    geometries : shapely geometries.
    classes : one id, or one name, each.
    crs_wkt : of the coordinates, or None; ignored where `in_pixels`.
    in_pixels : whether x and y are columns and rows ((0, 0) is the upper left corner).
    names, colours : by class id; colours of named classes by name.
    notes : sentences so far.
    """

    name: str
    geometries: Sequence[Any]
    classes: Sequence[int | str]
    crs_wkt: str | None = None
    in_pixels: bool = False
    names: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[int | str, Colour] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def numbered(
    classes: Sequence[int | str], colours: Mapping[int | str, Colour]
) -> tuple[list[int], dict[int, str], dict[int, Colour]]:
    """Class ids of ids or names, names by id, colours by id; names count from 1 as they come.

    Raises
    ------
    LabelError
        if there are more names than ids.
    """
    different = dict.fromkeys((*classes, *colours))
    plain = {c: class_name(c) if isinstance(c, str) else c for c in different}
    classes = [plain[c] for c in classes]
    colours = {plain[c]: colour for c, colour in reversed([*colours.items()])}
    order = {name: k for k, name in enumerate(dict.fromkeys(classes), 1)}
    if len(order) > MAX_CLASS_ID:
        raise LabelError(f"There are {len(order)} classes; at most {MAX_CLASS_ID} are possible.")
    ids = [c if isinstance(c, int) else order[c] for c in classes]
    names = {i: c for i, c in zip(ids, classes, strict=True) if isinstance(c, str)}
    known = {i: colours[c] for i, c in zip(ids, classes, strict=True) if c in colours}
    return ids, names, known


def burn(shapes: Shapes, grid: Grid) -> ImportedLabels:
    """Labels of the pixels whose centres lie in a shape; points label the pixel they lie in.

    Later shapes lie over earlier ones. Polygons that hold no pixel's centre label the pixel that
    a point inside of them lies in.

    Raises
    ------
    LabelError
        if the shapes cannot be placed on the cube, or none lies on it.
    """
    import shapely

    notes = list(shapes.notes)
    ids, names, colours = numbered(shapes.classes, shapes.colours)
    projected = np.array(_on_grid(shapes, grid, notes), object)
    transform = PIXELS if shapes.in_pixels else (grid.transform or PIXELS)
    numbers = np.array(ids, np.int64)
    if unnamed := int(np.count_nonzero(numbers == 0)):
        notes.append(f"Left out: {counted(unnamed, 'shape')} of class 0, which is unlabelled.")
    kept = (numbers != 0) & ~shapely.is_empty(projected)
    out: NDArray[np.uint16] = np.zeros(grid.shape, np.uint16)
    small = _burn_into(out, projected[kept], numbers[kept], transform)
    if not out.any():
        raise LabelError(_nowhere(shapes, grid))
    if small:
        verb, them = ("labels", "it") if small == 1 else ("label", "them")
        notes.append(
            f"{counted(small, 'polygon')} smaller than about a pixel {verb} the pixel that "
            f"contains {them}."
        )
    labelled = {int(i) for i in np.unique(out)}
    given = numbers[(numbers != 0) & ~shapely.is_empty(np.array(shapes.geometries, object))]
    lost = sorted({int(i) for i in np.unique(given)} - labelled)
    if lost:
        texts = ", ".join(names.get(i) or shapes.names.get(i) or f"class {i}" for i in lost[:5])
        notes.append(f"These classes have nothing inside the cube, or others cover them: {texts}.")
    return ImportedLabels(out, {**names, **shapes.names}, colours, tuple(notes), shapes.name)


def _burn_into(
    out: NDArray[np.uint16],
    geometries: NDArray[Any],
    ids: NDArray[np.int64],
    transform: tuple[float, ...],
) -> int:
    """Label pixels by geometries; the number of polygons that are too small to hold a centre."""
    import shapely
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    if not len(geometries):
        return 0
    if np.isin(shapely.get_type_id(geometries), POINTS).all():
        points, owners = shapely.get_coordinates(geometries, return_index=True)
        _burn_points(out, points, ids[owners], transform)
        return 0
    areas, pixel = shapely.area(geometries), abs(Affine(*transform).determinant)
    small = np.flatnonzero((areas > 0) & (areas < SMALL * pixel))
    inside = shapely.point_on_surface(geometries[small])
    order = np.argsort(np.concatenate((np.arange(len(ids)), small)), kind="stable")
    every = np.concatenate((geometries, inside))[order]
    values = np.concatenate((ids, ids[small]))[order].tolist()
    rasterize(list(zip(every, values, strict=True)), out=out, transform=Affine(*transform))
    return len(small)


def _burn_points(
    out: NDArray[np.uint16],
    points: NDArray[np.float64],
    ids: NDArray[np.int64],
    transform: tuple[float, ...],
) -> None:
    """Label the pixels that points (n, 2) lie in, as GDAL does one by one; the last one counts.

    The inverse is computed as there, so that points between two pixels fall to the same one.
    """
    a, b, c, d, e, f = transform
    if a * e == b * d:  # a place cannot be turned into a pixel
        return
    if b == d == 0:
        column, row = -c / a + points[:, 0] * (1 / a), -f / e + points[:, 1] * (1 / e)
    else:
        share = 1 / (a * e - b * d)
        across, down = (b * f - c * e) * share, (c * d - a * f) * share
        column = across + points[:, 0] * (e * share) + points[:, 1] * (-b * share)
        row = down + points[:, 0] * (-d * share) + points[:, 1] * (a * share)
    row, column = np.floor(row), np.floor(column)
    rows, columns = out.shape
    on = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    # of several in one pixel the last: the first when they are looked at from the end
    flat = row[on].astype(np.intp)[::-1] * columns + column[on].astype(np.intp)[::-1]
    places, first = np.unique(flat, return_index=True)
    out.ravel()[places] = ids[on][::-1][first]


def _on_grid(shapes: Shapes, grid: Grid, notes: list[str]) -> list[Any]:
    """The geometries in the coordinates of the cube."""
    source, target = crs_of(shapes.crs_wkt), crs_of(grid.crs_wkt)
    shapes = _possible(shapes, notes)
    if shapes.in_pixels:  # of a long line, GDAL goes through all that lies off the cube, too
        return _near(shapes.geometries, Grid(grid.rows, grid.columns), None, None)
    if grid.transform is None:
        return _in_pixels(shapes, grid, notes)
    if source is None or target is None:
        one = f"{shapes.name} gives" if source is None else "The cube gives"
        notes.append(f"{one} no coordinate reference system; that of the other is assumed.")
    elif not same_crs(source, target):
        notes.append(f"The shapes were reprojected from {crs_text(source)} to {crs_text(target)}.")
        return reprojected(_near(shapes.geometries, grid, source, target), source, target)
    return _near(shapes.geometries, grid, target, target)


def _possible(shapes: Shapes, notes: list[str]) -> Shapes:
    """Shapes without those whose coordinates are impossible, which are empty then."""
    import shapely

    array = np.array(shapes.geometries, object)
    bounds = shapely.bounds(array)
    empty = shapely.is_empty(array)
    wrong = ~empty & ~(np.abs(bounds) < FARTHEST).all(axis=1)
    if not wrong.any():
        return shapes
    notes.append(f"Left out: {counted(int(wrong.sum()), 'shape')} with impossible coordinates.")
    array[wrong] = shapely.Point()
    return structs.replace(shapes, geometries=list(array))


def _near(geometries: Sequence[Any], grid: Grid, source: Any, target: Any) -> list[Any]:
    """Geometries without what lies far from the cube.

    There, some coordinates have no place in the system of the cube, and numbers overflow.
    """
    import shapely

    array, box = np.array(geometries, object), _box_in(source, grid, target)
    if box is None:
        return list(array)
    bounds = shapely.bounds(array)
    within = (bounds[:, :2] >= box[:2]).all(axis=1) & (bounds[:, 2:] <= box[2:]).all(axis=1)
    beyond = np.flatnonzero(~within & np.isfinite(bounds).all(axis=1))
    try:
        array[beyond] = shapely.clip_by_rect(array[beyond], *box)
    except shapely.GEOSException:
        for k in beyond:
            with suppress(shapely.GEOSException):  # an invalid geometry stays as it is
                array[k] = shapely.clip_by_rect(array[k], *box)
    return list(array)


def _box_in(source: Any, grid: Grid, target: Any) -> Box | None:
    """The surroundings of a cube in another coordinate system; None where they have no box there.

    They have none around a pole or across the date line, where longitudes jump.
    """
    shares = np.linspace(-AROUND, 1 + AROUND, EDGE)
    across, down = (part.ravel() for part in np.meshgrid(shares, shares))
    a, b, c, d, e, f = grid.transform or PIXELS
    column, row = across * grid.columns, down * grid.rows
    x, y = a * column + b * row + c, d * column + e * row + f
    try:
        if not same_crs(source, target):
            x, y = transformed(target, source, x, y)
    except LabelError:
        return None
    box = float(x.min()), float(y.min()), float(x.max()), float(y.max())
    jumps = bool(source is not None and source.is_geographic and box[2] - box[0] > 180)
    return None if jumps or not np.isfinite(box).all() else box


def _in_pixels(shapes: Shapes, grid: Grid, notes: list[str]) -> list[Any]:
    """Shapes drawn on a scene without georeference; GIS programs let y run up, from 0 down."""
    import shapely

    geometries = np.array(shapes.geometries, object)
    left, low, right, high = shapely.total_bounds(geometries)
    if left >= -1 and right <= grid.columns + 1:
        if low >= -1 and high <= grid.rows + 1:
            notes.append(
                "The cube has no georeference: x was interpreted as the column, y as the row."
            )
            return list(geometries)
        if low >= -grid.rows - 1 and high <= 1:
            notes.append(
                "The cube has no georeference: x was interpreted as the column, -y as the row."
            )
            return list(shapely.transform(geometries, lambda points: points * (1, -1)))
    raise LabelError(
        f"{shapes.name} has map coordinates (x {left:.8g} to {right:.8g}, y {low:.8g} to "
        f"{high:.8g}), but the cube has no georeference. Open the georeferenced version of the "
        "scene, or export the regions in pixels."
    )


def reprojected(geometries: Sequence[Any], source: Any, target: Any) -> list[Any]:
    """Shapely geometries in another coordinate reference system, vertex by vertex."""
    import shapely

    def moved(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(transformed(source, target, points[:, 0], points[:, 1]))

    return list(shapely.transform(np.array(geometries, object), moved))


def _nowhere(shapes: Shapes, grid: Grid) -> str:
    """Why no shape is on the cube, in the coordinates of each."""
    import shapely

    source, target = crs_of(shapes.crs_wkt), crs_of(grid.crs_wkt)
    x0, y0, x1, y1 = shapely.total_bounds(np.array(shapes.geometries, object))
    where = f"x {x0:.8g} to {x1:.8g}, y {y0:.8g} to {y1:.8g}"
    extent = (
        f"{grid.columns} columns x {grid.rows} rows" if shapes.in_pixels else grid.extent_text()
    )
    advice = "Check that they belong to this scene, and their coordinate reference system."
    if not shapes.in_pixels and not same_crs(source, target):
        where, extent = f"{where} ({crs_text(source)})", f"{extent} ({crs_text(target)})"
        if source.is_geographic and max(map(abs, (x0, y0, x1, y1))) > 360:
            advice = "Their coordinates aren't degrees: save them with their coordinate system."
    return (
        f"{shapes.name}: none of the {len(shapes.geometries)} shapes lies inside the cube. They "
        f"cover {where}; the cube covers {extent}. {advice}"
    )
