"""Coordinate systems of CF grid mappings that are given by the parameters of a projection."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hsi_viewer.io.arrays.attributes import flat
from hsi_viewer.io.metadata.crs import crs_of

# PROJ's names of the parameters, by CF's; of several that a projection has for one, the first.
Keys = dict[str, tuple[str, ...]]
CENTRAL: Keys = {"lon_0": ("longitude_of_central_meridian", "longitude_of_projection_origin")}
ORIGIN: Keys = {"lat_0": ("latitude_of_projection_origin",)}
TRUE: Keys = {"lat_ts": ("standard_parallel",)}
PROJECTIONS: dict[str, tuple[str, Keys]] = {
    "transverse_mercator": (
        "tmerc",
        CENTRAL | ORIGIN | {"k": ("scale_factor_at_central_meridian",)},
    ),
    "lambert_conformal_conic": ("lcc", CENTRAL | ORIGIN),
    "albers_conical_equal_area": ("aea", CENTRAL | ORIGIN),
    "lambert_azimuthal_equal_area": ("laea", CENTRAL | ORIGIN),
    "lambert_cylindrical_equal_area": ("cea", CENTRAL | TRUE),
    "mercator": ("merc", CENTRAL | TRUE),
    "sinusoidal": ("sinu", CENTRAL),
    "polar_stereographic": (
        "stere",
        ORIGIN | TRUE | {"lon_0": ("straight_vertical_longitude_from_pole", *CENTRAL["lon_0"])},
    ),
}
CONICAL = ("lcc", "aea")
SHARED: Keys = {"x_0": ("false_easting",), "y_0": ("false_northing",)}
SIZES: Keys = {"a": ("semi_major_axis",), "rf": ("inverse_flattening",), "b": ("semi_minor_axis",)}
WGS_84 = {"a": 6378137.0, "rf": 298.257223563}


def wkt_of_mapping(mapping: Mapping[str, Any]) -> str | None:
    """Well-known text of a grid mapping by its parameters; None where they aren't understood."""
    name = "".join(str(v) for v in _texts(mapping.get("grid_mapping_name")))
    if name not in PROJECTIONS:
        return None
    projection, keys = PROJECTIONS[name]
    given = {key: _first(mapping, names) for key, names in (keys | SHARED).items()}
    if projection in CONICAL:
        parallels = _numbers(mapping.get("standard_parallel"))
        given |= {f"lat_{k}": value for k, value in enumerate(parallels[:2], 1)}
    words = [f"+proj={projection}", *_words(given), _size(mapping), "+units=m", "+no_defs"]
    crs = crs_of(" ".join(words))
    return None if crs is None else str(crs.to_wkt())


def _size(mapping: Mapping[str, Any]) -> str:
    """The datum, or the size of the earth where it is another one."""
    radius = _first(mapping, ("earth_radius",))
    if radius:
        return f"+R={radius!r}"
    size = {key: _first(mapping, names) for key, names in SIZES.items()}
    given = ((size[key], usual) for key, usual in WGS_84.items())
    alike = all(v is None or math.isclose(v, usual, rel_tol=1e-9) for v, usual in given)
    if size["a"] is None or (alike and size["rf"] is not None):
        return "+datum=WGS84"
    if size["rf"]:
        del size["b"]
    elif size["rf"] == 0:  # a sphere
        return f"+R={size['a']!r}"
    return " ".join(_words(size))


def _words(given: Mapping[str, float | None]) -> list[str]:
    return [f"+{key}={value!r}" for key, value in given.items() if value is not None]


def _first(mapping: Mapping[str, Any], names: tuple[str, ...]) -> float | None:
    found = (_numbers(mapping[name]) for name in names if name in mapping)
    return next((numbers[0] for numbers in found if numbers), None)


def _numbers(value: Any) -> list[float]:
    """Finite numbers of an attribute; none of anything else."""
    array = flat(value)
    if value is None or array.dtype.kind not in "iuf" or not all(map(math.isfinite, array)):
        return []
    return [float(number) for number in array]


def _texts(value: Any) -> list[str]:
    """Texts of an attribute, as text."""
    array = [] if value is None else flat(value).tolist()
    return [v.decode("ascii", "replace") if isinstance(v, bytes) else str(v) for v in array]
