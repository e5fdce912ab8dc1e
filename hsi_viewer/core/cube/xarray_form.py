"""A cube as an xarray.DataArray with the attributes of the CF conventions, and back.

The values are those that are stored: no-data value, scale and offset are attributes, as in what
`xarray.open_dataset(..., mask_and_scale=False)` gives. xarray is an optional dependency.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.cube.metadata import possible_wavelengths
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.text import short_name

try:
    import xarray as xr
    from xarray.backends import BackendArray
    from xarray.core import indexing
except ImportError as error:
    raise ImportError('xarray is missing; type: pip install "hsi-viewer[xarray]"') from error

MAPPING = "spatial_ref"
BAND_NAMES = ("band", "bands", "wavelength", "wavelengths", "channel", "channels", "spectral")
X_NAMES = ("x", "lon", "longitude", "easting", "column", "columns", "samples")
Y_NAMES = ("y", "lat", "latitude", "northing", "row", "rows", "lines")
WAVES = ("wavelength", "wavelengths")
NM = {"nm": 1.0, "nanometer": 1.0, "nanometre": 1.0, "um": 1e3, "µm": 1e3, "μm": 1e3}
NM |= {"micron": 1e3, "micrometer": 1e3, "micrometre": 1e3, "m": 1e9, "angstrom": 0.1}
HELD_BYTES = 256 << 20  # of an array that is read at once
UNEVEN = 0.01  # of a pixel, by which centres may be off an even grid

Transform = tuple[float, float, float, float, float, float]


class _Values(BackendArray):  # type: ignore[misc, unused-ignore]
    """Values of a cube that xarray reads when it needs them."""

    def __init__(self, cube: Any) -> None:
        self.cube, self.shape, self.dtype = cube, cube.shape, cube.dtype

    def __getitem__(self, key: Any) -> NDArray[Any]:
        values: NDArray[Any] = indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.BASIC, self.cube.__getitem__
        )
        return values


def to_xarray(cube: Any) -> xr.DataArray:
    """A HyperCube as a DataArray; see `HyperCube.to_xarray`.

    If the transform is rotated, there are no x and y, and GeoTransform alone places the pixels.
    """
    coordinates: dict[str, Any] = {"good_band": ("band", cube.good_bands)}
    for name, values in (("wavelength", cube.wavelengths), ("fwhm", cube.fwhm)):
        if values is not None:
            coordinates[name] = ("band", values, _WAVE_ATTRIBUTES[name])
    if cube.band_names is not None:
        coordinates["band_name"] = ("band", np.array(cube.band_names))
    attributes: dict[str, Any] = {"long_name": cube.name}
    if cube.nodata is not None:
        attributes["_FillValue"] = _of_type(cube.nodata, cube.dtype)
    if (cube.scale, cube.offset) != (1.0, 0.0):
        attributes |= {"scale_factor": cube.scale, "add_offset": cube.offset}
    if cube.georeference is not None:
        coordinates |= _georeference_coordinates(cube.georeference, cube.rows, cube.columns)
        attributes["grid_mapping"] = MAPPING
    values = indexing.LazilyIndexedArray(_Values(cube))
    variable: Any = xr.Variable(("y", "x", "band"), values, attributes)
    data = xr.DataArray(variable, coordinates, name=cube.name)
    is_index = cube.wavelengths is not None and bool(np.isfinite(cube.wavelengths).all())
    return data.set_xindex("wavelength") if is_index else data


_WAVE_ATTRIBUTES = {
    "wavelength": {
        "units": "nm",
        "standard_name": "radiation_wavelength",
        "long_name": "centre wavelength of the band",
    },
    "fwhm": {"units": "nm", "long_name": "full width at half maximum of the band"},
}


def _of_type(value: float, dtype: np.dtype[Any]) -> Any:
    """A value as the type of the data has it; as it is where the type has it not."""
    with np.errstate(over="ignore", invalid="ignore"):
        typed = np.array(value).astype(dtype)[()]
    return typed if typed == value or (np.isnan(value) and dtype.kind in "fc") else value


def _georeference_coordinates(
    georeference: Georeference, rows: int, columns: int
) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    if georeference.crs_wkt:
        mapping = {"crs_wkt": georeference.crs_wkt, "spatial_ref": georeference.crs_wkt}
    geographic = _is_geographic(georeference.crs_wkt)
    if geographic:
        mapping["grid_mapping_name"] = "latitude_longitude"
    coordinates: dict[str, Any] = {}
    if georeference.transform is not None:
        a, b, c, d, e, f = georeference.transform
        mapping["GeoTransform"] = " ".join(map(repr, map(float, (c, a, b, f, d, e))))
        if b == d == 0:
            x_attributes, y_attributes = _axis_attributes(geographic)
            coordinates["x"] = ("x", c + a * (np.arange(columns) + 0.5), x_attributes)
            coordinates["y"] = ("y", f + e * (np.arange(rows) + 0.5), y_attributes)
    coordinates[MAPPING] = ((), 0, mapping)
    return coordinates


def _is_geographic(wkt: str | None) -> bool:
    return (wkt or "").lstrip().upper().startswith(("GEOG", "BOUNDCRS[SOURCECRS[GEOG"))


def _axis_attributes(geographic: bool) -> tuple[dict[str, str], dict[str, str]]:
    if geographic:
        return (
            {"standard_name": "longitude", "units": "degrees_east", "axis": "X"},
            {"standard_name": "latitude", "units": "degrees_north", "axis": "Y"},
        )
    return (
        {"standard_name": "projection_x_coordinate", "axis": "X"},
        {"standard_name": "projection_y_coordinate", "axis": "Y"},
    )


class Parsed(Struct, frozen=True):
    """What a DataArray holds of a cube.

    Attributes
    ----------
    values : (rows, columns, bands) an array, or what reads one.
    makes_nan : whether NaN stands for the no-data value of a file.
    fields : the further fields of a HyperCube.
    """

    values: Any
    makes_nan: bool
    fields: dict[str, Any]


def parsed(data: Any, *, y: str | None, x: str | None, band: str | None) -> Parsed:
    """Values and metadata of a DataArray; see `HyperCube.from_xarray`."""
    if not isinstance(data, xr.DataArray):
        held = ", ".join(map(str, getattr(data, "data_vars", ())))
        raise FormatError(
            f"A cube is made of an xarray.DataArray, not of a {type(data).__name__}"
            + (f"; choose one of its variables: {held}." if held else ".")
        )
    if data.dtype.kind not in "biufc":
        raise FormatError(f"A cube holds numbers, not {data.dtype}.")
    data, (y_name, x_name, band_name) = _dimensions(data, (y, x, band))
    data = data.transpose(y_name, x_name, band_name)
    attributes, decoded = data.attrs, _FILLS & set(data.encoding)
    fill = next((attributes[k] for k in ("_FillValue", "missing_value") if k in attributes), None)
    if fill is None and decoded:
        fill = np.nan  # xarray put NaN in place of the value of the file
    waves, unit = _waves(data, band_name)
    waves, _ = possible_wavelengths(waves)
    names, good = data.coords.get("band_name"), data.coords.get("good_band")
    name = data.name if data.name is not None else attributes.get("long_name", "array")
    at_once = data.chunks is None and data.nbytes <= HELD_BYTES
    return Parsed(
        data.values if at_once else _Lazy(data),
        makes_nan=bool(decoded),
        fields={
            "name": short_name(str(name)) or "array",
            "wavelengths": waves,
            "fwhm": _in_nm(data.coords["fwhm"]) if "fwhm" in data.coords else None,
            "good_bands": np.ones(0, bool) if good is None else np.asarray(good.values, bool),
            "nodata": None if fill is None else _number(fill, "_FillValue"),
            "scale": _number(attributes.get("scale_factor", 1.0), "scale_factor"),
            "offset": _number(attributes.get("add_offset", 0.0), "add_offset"),
            "georeference": _georeference(data, y_name, x_name),
            "band_names": None if names is None else tuple(map(str, names.values)),
            "format_name": "xarray",
            "wavelength_units_in_file": unit,
        },
    )


def _number(value: Any, name: str) -> float:
    """The number of an attribute.

    Raises
    ------
    FormatError
        if it is another thing, or several numbers.
    """
    try:
        found = np.asarray(value, np.float64).ravel()
    except (TypeError, ValueError):
        found = np.zeros(0)
    alike = found.size > 0 and bool((found == found[0]).all() or np.isnan(found).all())
    if value is None or not alike:
        raise FormatError(
            f'The attribute "{name}" is {short_name(repr(value))}, not a number; correct it, or '
            "remove it from the attributes."
        )
    return float(found[0])


_FILLS = {"_FillValue", "missing_value"}


class _Lazy:
    """An array of xarray that is computed by window."""

    def __init__(self, data: xr.DataArray) -> None:
        self._data = data
        self.shape: tuple[int, int, int] = (data.shape[0], data.shape[1], data.shape[2])
        self.dtype: np.dtype[Any] = data.dtype

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window."""
        chosen = slice(None) if bands is None else bands
        return np.array(self._data[rows, columns, chosen].values)


def _dimensions(
    data: xr.DataArray, given: tuple[str | None, str | None, str | None]
) -> tuple[xr.DataArray, tuple[Hashable, Hashable, Hashable]]:
    """The array without further dimensions of one entry, and the names of y, x and band."""
    wave: list[Hashable] = [d for n in WAVES if n in data.coords for d in data.coords[n].dims]
    roles: tuple[Hashable | None, ...] = (
        given[0] or _named(data, Y_NAMES, "Y"),
        given[1] or _named(data, X_NAMES, "X"),
        given[2] or (wave[0] if len(wave) == 1 else _named(data, BAND_NAMES, "")),
    )
    missing = [g for g in given if g is not None and g not in data.dims]
    single = [d for d in data.dims if d not in roles and data.sizes[d] == 1]
    data = data.squeeze(single, drop=True)
    left = [d for d in data.dims if d not in roles]
    if len(left) == 1 and roles.count(None) == 1:
        roles = tuple(left[0] if role is None else role for role in roles)
        left = []
    y, x, band = roles
    if missing or left or y is None or x is None or band is None or len({y, x, band}) < 3:
        sizes = ", ".join(f"{name} ({size})" for name, size in data.sizes.items())
        raise FormatError(
            f"Rows, columns and bands are unclear from the dimensions {sizes or 'of a number'}; "
            "name them: from_xarray(data, y=..., x=..., band=...)."
        )
    return data, (y, x, band)


def _named(data: xr.DataArray, names: tuple[str, ...], axis: str) -> Hashable | None:
    for dimension in data.dims:
        coordinate = data.coords.get(dimension)
        marked = "" if coordinate is None else str(coordinate.attrs.get("axis", ""))
        if str(dimension).lower() in names or (axis and marked.upper() == axis):
            return dimension
    return None


def _waves(data: xr.DataArray, band: Hashable) -> tuple[NDArray[np.float64] | None, str | None]:
    """Wavelengths (bands,) in nm and the unit that they were given in."""
    for name in WAVES:
        if name in data.coords and data.coords[name].dims == (band,):
            return _in_nm(data.coords[name]), str(data.coords[name].attrs.get("units", "")) or None
    return None, None


def _in_nm(coordinate: xr.DataArray) -> NDArray[np.float64]:
    unit = str(coordinate.attrs.get("units", "nm")).strip()
    factor = NM.get(unit.lower(), NM.get(unit.lower().rstrip("s")))
    if factor is None:
        raise FormatError(
            f'The {coordinate.name} are in "{unit}"; convert them to nm and set units to "nm".'
        )
    return np.asarray(coordinate.values, np.float64) * factor


def _georeference(data: xr.DataArray, y: Hashable, x: Hashable) -> Georeference | None:
    """Place by the coordinates of pixel centres, which follow a selection, else by GeoTransform."""
    named = data.attrs.get("grid_mapping", data.encoding.get("grid_mapping", MAPPING))
    mapping: Mapping[Any, Any] = data.coords[named].attrs if named in data.coords else {}
    wkt = mapping.get("crs_wkt") or mapping.get("spatial_ref") or None
    written = _written_transform(mapping)
    if x in data.coords and y in data.coords:
        columns, rows = data.coords[x].values, data.coords[y].values
        a = _step(columns, written[0] if written else None)
        e = _step(rows, written[4] if written else None)
        if a and e:
            left, top = float(columns[0]) - a / 2, float(rows[0]) - e / 2
            return Georeference((a, 0.0, left, 0.0, e, top), wkt)
        written = None
    return None if written is None and wkt is None else Georeference(written, wkt)


def _step(centres: NDArray[Any], single: float | None) -> float | None:
    """Distance of pixel centres; of a single one, the step that is known; None if uneven."""
    if centres.dtype.kind not in "iuf":
        return None
    if centres.size < 2:
        return single
    step = float(centres[-1] - centres[0]) / (centres.size - 1)
    even = float(centres[0]) + step * np.arange(centres.size)
    return step if step and np.all(np.abs(centres - even) <= UNEVEN * abs(step)) else None


def _written_transform(mapping: Mapping[Any, Any]) -> Transform | None:
    try:
        c, a, b, f, d, e = map(float, str(mapping.get("GeoTransform", "")).split())
    except ValueError:
        return None
    return a, b, c, d, e, f
