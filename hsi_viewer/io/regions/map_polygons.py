"""The regions of a class map as polygons in a vector file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.postprocess.map_regions import MapRegions
from hsi_viewer.core.postprocess.region_strips import Strip
from hsi_viewer.io.regions.grid import Grid
from hsi_viewer.io.regions.vector_writer import SHAPEFILE, class_fields, new_features

WRITTEN = (".gpkg", ".geojson", ".shp")

Write = Callable[[Strip, NDArray[Any], Mapping[str, NDArray[Any]]], None]


class StripPolygons:
    """Polygons of the regions of a map, in columns and rows, whose parts come strip by strip.

    Parameters
    ----------
    smooth : size in pixels of the corners that borders lose; neighbours keep a common border, and
        the outline of the data stays. Where a border crosses from strip to strip, it keeps its
        place. 0 leaves the polygons along the pixels.
    """

    def __init__(self, smooth: float = 0.0) -> None:
        self._smooth = smooth
        self._open: list[list[Any]] = []  # parts of each region that is open
        self._seams: list[int] = []  # first rows of the strips

    def complete(self, strip: Strip) -> NDArray[Any]:
        """A polygon for each group of a strip that is complete, in their order."""
        found = _smoothed(_of_pixels(strip.found, strip.rows.start), self._smooth)
        parts: list[list[Any]] = [[] for _ in range(strip.classes.size)]
        for group, before in zip(strip.of_open.tolist(), self._open, strict=True):
            parts[group] += before
        for group, polygon in zip(strip.of_found.tolist(), found, strict=True):
            parts[group].append(polygon)
        self._seams.append(strip.rows.start)
        self._open = [parts[group] for group in np.flatnonzero(strip.is_open)]
        made = np.empty(strip.complete.size, object)
        for at, group in enumerate(strip.complete):
            made[at] = parts[group][0] if len(parts[group]) == 1 else self._united(parts[group])
        return made

    def _united(self, parts: list[Any]) -> Any:
        """One polygon of its parts above and below seams, without the vertices that these left."""
        import shapely

        whole = shapely.union_all(parts)
        rings = [whole.exterior, *whole.interiors]
        exterior, *holes = (_without_seams(shapely.get_coordinates(r), self._seams) for r in rings)
        return shapely.Polygon(exterior, holes)


def _without_seams(ring: NDArray[np.float64], seams: list[int]) -> NDArray[np.float64]:
    """A closed ring (points, 2) without the points on seams between two others of one line."""
    points = ring[:-1]
    back, ahead = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    straight = back[:, 0] * ahead[:, 1] == back[:, 1] * ahead[:, 0]
    kept = points[~(straight & np.isin(points[:, 1], seams))]
    return np.concatenate([kept, kept[:1]])


@contextmanager
def new_polygons(path: Path, legend: ClassLegend, grid: Grid) -> Iterator[tuple[Write, list[str]]]:
    """Write polygons, some at a time: the file is there, whole, once the block has ended.

    Parameters
    ----------
    path : .gpkg, .geojson or .shp.
    legend : names and colours.
    grid : of the map.

    Yields
    ------
    write : takes a strip, the polygons of its complete groups, and their attributes; class_id,
        class_name and colour are added.
    notes : sentences for the user.

    Raises
    ------
    ExportError
        if the suffix is another, nothing was written, or the file cannot be.
    """
    check_suffix(path)
    with new_features(path, grid) as (write, notes):
        count = 0

        def add(strip: Strip, polygons: NDArray[Any], fields: Mapping[str, NDArray[Any]]) -> None:
            nonlocal count
            count += polygons.size
            own = class_fields(strip.classes[strip.complete].tolist(), legend)
            write(list(_on_map(polygons, grid)), {**own, **fields})

        yield add, notes
        if not count:
            raise ExportError(
                f"{path}: the map has no classified pixel, so there is nothing to write."
            )


def _of_pixels(regions: MapRegions, top: int) -> NDArray[Any]:
    """A polygon (regions,) for each region of rows from `top`, in columns and rows."""
    import shapely
    from rasterio.features import shapes
    from rasterio.transform import Affine

    polygons = np.empty(len(regions), object)
    below = Affine.translation(0, top)
    for geometry, number in shapes(regions.numbers, mask=regions.numbers > 0, transform=below):
        polygons[int(number) - 1] = shapely.geometry.shape(geometry)
    return polygons


def _smoothed(polygons: NDArray[Any], smooth: float) -> NDArray[Any]:
    """Polygons without small corners; neighbours keep a common border."""
    import shapely

    if not smooth or not polygons.size:
        return polygons
    # a common border is found only if both have a vertex at each pixel along it
    matched = shapely.transform(shapely.segmentize(polygons, 1.0), np.rint)
    simple: NDArray[Any] = shapely.coverage_simplify(matched, smooth, simplify_boundary=False)
    return simple


def _on_map(polygons: NDArray[Any], grid: Grid) -> NDArray[Any]:
    """The polygons in coordinates of the map."""
    import shapely

    if grid.transform is None:
        return polygons
    a, b, c, d, e, f = grid.transform
    turn = np.array([[a, d], [b, e]])
    placed: NDArray[Any] = shapely.transform(polygons, lambda xy: xy @ turn + (c, f))
    return placed


def check_suffix(path: Path) -> None:
    """Refuse a path whose suffix names no format of polygons.

    Raises
    ------
    ExportError
        if it is not one of `WRITTEN`.
    """
    if path.suffix.lower() not in WRITTEN:
        raise ExportError(
            f'{path}: polygons cannot be written as "{path.suffix}"; choose {", ".join(WRITTEN)}.'
        )


def planned_files(path: Path) -> list[Path]:
    """The files that `new_polygons` may write."""
    endings = SHAPEFILE if path.suffix.lower() == ".shp" else (path.suffix,)
    return [path.with_suffix(ending) for ending in endings]
