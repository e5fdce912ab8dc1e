"""Georeference of CF conventions: a grid mapping variable, and coordinates of pixel centres."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.io.arrays.attributes import flat
from hsi_viewer.io.arrays.cf_mapping import wkt_of_mapping
from hsi_viewer.io.arrays.container import is_position
from hsi_viewer.io.files.reading import ArrayChoice
from hsi_viewer.io.metadata.crs import crs_of, wkt_of

# Names of lists of coordinates, of x before y; others are known by their attributes.
AXES = (("easting", "northing"), ("x", "y"), ("xc", "yc"), ("lon", "lat"),
        ("longitude", "latitude"))  # fmt: skip
X_MARKS = ("degrees_east", "degree_east", "longitude", "projection_x_coordinate", "x")
Y_MARKS = ("degrees_north", "degree_north", "latitude", "projection_y_coordinate", "y")
MARK_KEYS = ("units", "standard_name", "axis")
KILOMETRES = ("km", "kilometer", "kilometers", "kilometre", "kilometres")
ANGLES_OF_VIEW = ("rad", "radian", "radians", "microradian", "microradians", "urad")
# Pixel centres may be off an even grid by this much of a pixel, as numbers of 32 bits are.
UNEVEN = 0.1
ON_GRID = 0.01
WGS_84 = 4326
SENSOR_GEOMETRY = "The scene is in the geometry of the sensor; it is not georeferenced."
# Coordinates are read whole; no scene has more rows.
LONGEST_AXIS = 1 << 24

Transform = tuple[float, float, float, float, float, float]


class Variables(Protocol):
    """Variables of a file and their attributes; those in groups have names like "group/name"."""

    @property
    def names(self) -> Collection[str]:
        """Names of all variables."""

    @property
    def arrays(self) -> Mapping[str, ArrayChoice]:
        """Those that hold numbers."""

    def attributes(self, name: str) -> Mapping[str, Any]:
        """Attributes of a variable."""

    def values(self, name: str) -> NDArray[Any]:
        """All values of a variable."""


def scalar(value: Any) -> Any:
    """A scalar attribute or data set as a Python value; bytes as text."""
    array = flat(value)
    item = array[0].item() if array.size and array.dtype.kind != "O" else next(iter(array), None)
    return item.decode("utf-8", "replace") if isinstance(item, bytes) else item


def _wkt(text: str) -> str | None:
    """Well-known text as it is, or made of a code or a PROJ string; None of anything else."""
    if not text or re.match(r"\s*[A-Z_]+\[", text):
        return text or None
    crs = crs_of(text.strip())
    return None if crs is None else str(crs.to_wkt())


def with_georeference(cube: HyperCube, file: Variables) -> HyperCube:
    """The cube of a file with the georeference that CF conventions give its array, if any.

    A file with a latitude for each pixel, and no such grid, is in the geometry of the sensor.
    """
    known = georeference(file, cube.metadata["array"], cube.rows, cube.columns)
    if known is not None:
        return replace(cube, georeference=known)
    in_sensor = any(map(_is_swath, file.arrays.values())) or any(
        _unit(file, x) in ANGLES_OF_VIEW for x, _ in _axes(file, cube.metadata["array"])
    )
    if cube.georeference is None and in_sensor:
        return replace(cube, warnings=(*cube.warnings, SENSOR_GEOMETRY))
    return cube


def _is_swath(choice: ArrayChoice) -> bool:
    """Whether an array has the latitude of each pixel, or of some of them."""
    return is_position(choice.name) and sum(n > 1 for n in choice.shape) == 2


def georeference(file: Variables, name: str, rows: int, columns: int) -> Georeference | None:
    """Place of an array by its grid mapping and its axes; None where they do not fit its size."""
    mapping = _mapping(file, name)
    keys = ("crs_wkt", "spatial_ref", "epsg_code")
    wkt = next((w for k in keys if (w := _wkt(str(scalar(mapping.get(k, "")) or "")))), None)
    wkt = wkt or wkt_of_mapping(mapping)
    transform = _transform_of(mapping)
    fitting, found = None, False
    for x, y in _axes(file, name):
        found = True
        if file.arrays[x].size == columns and file.arrays[y].size == rows:
            fitting = x, y
            break
    if found and fitting is None:
        return None
    if fitting is not None:
        across, down = (_crs_units(file, axis, wkt) for axis in fitting)
        if across is None or down is None:
            return None
        centres = _from_centres(file.values(fitting[0]) * across, file.values(fitting[1]) * down)
        if transform is None or (centres and _is_part(centres, transform)):
            transform = centres
        if not wkt and _is_geographic(file, fitting[0], mapping):
            wkt = wkt_of(WGS_84)
    return None if transform is None else Georeference(transform, wkt)


def _scopes(name: str) -> Iterator[str]:
    """The group of a variable, the one around it and the file itself."""
    groups = name.split("/")[:-1]
    for depth in sorted({len(groups), max(0, len(groups) - 1), 0}, reverse=True):
        yield "".join(f"{group}/" for group in groups[:depth])


def _mapping(file: Variables, name: str) -> Mapping[str, Any]:
    """Attributes of the grid mapping: of the one that the array names, or of any there is."""
    words = str(scalar(file.attributes(name).get("grid_mapping", "")) or "").split()
    for scope in _scopes(name):
        if words and (named := scope + words[0].rstrip(":")) in file.names:
            return file.attributes(named)
    for scope in _scopes(name):
        for other in file.names:
            if other.startswith(scope) and "/" not in other[len(scope) :]:
                attributes = file.attributes(other)
                if "crs_wkt" in attributes or "spatial_ref" in attributes:
                    return attributes
    return {}


def _axes(file: Variables, name: str) -> Iterator[tuple[str, str]]:
    """Names of lists of x and y around an array: by their own names, then by their attributes."""
    for scope in _scopes(name):
        lists = [
            n
            for n, choice in file.arrays.items()
            if n.startswith(scope) and "/" not in n[len(scope) :] and _is_axis(choice)
        ]
        by_name = {n[len(scope) :].lower(): n for n in lists}
        yield from ((by_name[x], by_name[y]) for x, y in AXES if x in by_name and y in by_name)
        marked = [[n for n in lists if _is_marked(file, n, m)] for m in (X_MARKS, Y_MARKS)]
        yield from product(*marked)


def _is_marked(file: Variables, name: str, marks: Collection[str]) -> bool:
    attributes = file.attributes(name)
    given = (scalar(attributes[key]) for key in MARK_KEYS if key in attributes)
    return any(isinstance(value, str) and value.lower() in marks for value in given)


def _is_geographic(file: Variables, x: str, mapping: Mapping[str, Any]) -> bool:
    """Whether coordinates are degrees of a system that is given by no more than this."""
    name_of_mapping = scalar(mapping.get("grid_mapping_name", "latitude_longitude"))
    named = x.lower().endswith(("lon", "longitude")) or _is_marked(file, x, X_MARKS[:3])
    return bool(name_of_mapping == "latitude_longitude" and named)


def _crs_units(file: Variables, axis: str, wkt: str | None) -> float | None:
    """Units of the coordinate system in one of an axis; None for angles of view, which have none.

    Geostationary grids are in radians, others often in kilometres.
    """
    unit = _unit(file, axis)
    if unit in ANGLES_OF_VIEW:
        return None
    crs = crs_of(wkt) if unit in KILOMETRES else None
    if crs is None or not crs.is_projected:
        return 1.0
    return 1000.0 / float(crs.linear_units_factor[1])


def _unit(file: Variables, name: str) -> str:
    return str(scalar(file.attributes(name).get("units", "")) or "").strip().lower()


def _is_part(centres: Transform, whole: Transform) -> bool:
    """Whether pixels are some of those of a scene, every one or every n-th, whose place is given.

    Programs leave the place of the scene in what they cut out of it, or turn over.
    """
    if whole[1] or whole[3]:
        return False
    moved = False
    for step, start in ((0, 2), (4, 5)):
        every = centres[step] / whole[step]
        middle = centres[start] + centres[step] / 2  # of the first pixel
        before = (middle - whole[start]) / whole[step] - 0.5
        if abs(every) < 0.5 or abs(every - round(every)) > ON_GRID or before < -ON_GRID:
            return False
        if abs(before - round(before)) > ON_GRID:
            return False
        moved = moved or round(every) != 1 or round(before) > 0
    return moved


def _is_axis(choice: ArrayChoice) -> bool:
    return len(choice.shape) == 1 and choice.size <= LONGEST_AXIS


def _transform_of(mapping: Mapping[str, Any]) -> Transform | None:
    """GDAL's attribute of a grid mapping, as rasterio orders it."""
    given = mapping.get("GeoTransform", ())
    text = scalar(given)
    try:
        numbers = [float(p) for p in (text.split() if isinstance(text, str) else flat(given))]
    except (ValueError, TypeError, OverflowError):
        return None
    if len(numbers) != 6:
        return None
    c, a, b, f, d, e = numbers
    if not all(map(math.isfinite, numbers)) or a * e == b * d:
        return None
    return a, b, c, d, e, f


def _from_centres(x: NDArray[Any], y: NDArray[Any]) -> Transform | None:
    steps = []
    for centres in (x, y):
        if centres.size < 2:
            return None
        step = float(centres[-1] - centres[0]) / (centres.size - 1)
        even = float(centres[0]) + step * np.arange(centres.size)
        if not step or not np.all(np.abs(centres - even) <= UNEVEN * abs(step)):
            return None
        steps.append(step)
    dx, dy = steps
    return dx, 0.0, float(x[0]) - dx / 2, 0.0, dy, float(y[0]) - dy / 2
