"""Metadata beside an array: lists with one entry per band, and the attributes of the array."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource, HyperCube, is_scale
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.core.text import shortened
from hsi_viewer.io.files.composed_sources import ScaledSource, UnsignedSource
from hsi_viewer.io.metadata.wavelengths import UNKNOWN_UNITS, nm_per_unit, to_nm, with_units

if TYPE_CHECKING:
    from hsi_viewer.io.arrays.container import Container


# As names are compared: in small letters, without marks between words.
WAVELENGTHS = ("wl", "wls", "lambda", "lambdas", "wvl", "wvls", "wave", "waves", "wavlen",
               "wavelen", "bandcenter", "bandcenters", "bandcentre", "bandcentres")  # fmt: skip
FWHMS = ("fwhm", "fwhms", "bandwidth", "bandwidths")
GOOD = ("bbl", "goodwavelengths", "goodbands")
# Lists of these names are wavelengths if their values may be.
BANDS = ("band", "bands")
SENSOR_NM = (200, 20_000)

UNIT_KEYS = ("wavelength_units", "wavelength_unit", "wavelengths_units", "wave_units")
NODATA_KEYS = ("_fillvalue", "missing_value", "data_ignore_value", "nodata", "fill_value")
SCALE_KEY = "hsi_scale"  # ours, which is never the inverse
PLAIN = re.compile(r"\s*[-+]?\d{1,15}(?:\.\d{0,15})?(?:[eE][-+]?\d{1,2})?\s*")
NOT_FINITE = ("nan", "inf", "-inf")  # as JSON, which lacks them, has them in quotes
# Products write either the factor or its inverse (NEON: 10000).
INVERSE_FROM = 100
SCALE_KEYS = ("scale_factor", "scale", "slope")
OFFSET_KEYS = ("add_offset", "intercept")


def with_own_metadata(
    cube: HyperCube, attributes: Mapping[str, Any], first_band: int = 0
) -> HyperCube:
    """A cube with what our own writers add: georeference, bands to show, gain and offset.

    Parameters
    ----------
    cube : as it was opened.
    attributes : of its array.
    first_band : the number of the first band where bands are counted.
    """
    known = own_georeference(attributes)
    if known is not None:
        cube = replace(cube, georeference=known)
    shown = _finite(attributes.get("default_bands"), 3)
    if shown and all(band - first_band in range(cube.bands) for band in shown):
        red, green, blue = (int(band) - first_band for band in shown)
        cube = replace(cube, default_bands=(red, green, blue))
    gain, offset = (_finite([attributes.get(key)], 1) for key in (SCALE_KEY, "offset"))
    if gain and is_scale(gain[0]):
        cube = replace(cube, scale=gain[0])
    return replace(cube, offset=offset[0]) if offset else cube


def own_georeference(attributes: Mapping[str, Any]) -> Georeference | None:
    """Transform and coordinate system as our own writers note them."""
    numbers, wkt = _finite(attributes.get("transform"), 6), attributes.get("crs_wkt")
    if not numbers and not isinstance(wkt, str):
        return None
    a, b, c, d, e, f = numbers or (0.0,) * 6
    if numbers and a * e == b * d:
        return None  # no place has rows and columns in one direction
    return Georeference(
        (a, b, c, d, e, f) if numbers else None, wkt if isinstance(wkt, str) else None
    )


def _finite(value: Any, count: int) -> list[float] | None:
    """A given count of finite numbers of an attribute, or None."""
    if not isinstance(value, list) or len(value) != count:
        return None
    if not all(isinstance(v, (int, float)) and abs(v) <= sys.float_info.max for v in value):
        return None
    return [float(v) for v in value]


def list_lengths(container: Container, array: str | None = None) -> set[int]:
    """Lengths of the lists of wavelengths in a file, and among the attributes of an array."""
    beside = {
        choice.size
        for name, choice in container.arrays.items()
        if _is_wavelengths(name) and choice.size == max(choice.shape, default=0)
    }
    attributes = {} if array is None else attributes_of(container, array)
    own = {value.size for key, value in attributes.items() if _is_wavelengths(key)}
    return (beside | own) - {0, 1}


def describe(
    container: Container, array: str, source: CubeSource
) -> tuple[CubeSource, CubeMetadata, list[str]]:
    """The source in physical values where its scale has an offset, its metadata, and warnings."""
    attributes = attributes_of(container, array)
    bands = source.shape[2]
    nm, unit, warnings = _wavelengths(container, array, attributes, bands)
    fwhm, good, names = _others(container, array, attributes, nm, bands)
    warnings += _unusable_numbers(attributes)
    source, numbers = in_physical_values(attributes, source)
    beside = _numbers_beside(container)
    metadata = CubeMetadata(
        wavelengths=nm,
        fwhm=fwhm,
        wavelength_units_in_file=unit,
        good_bands=good,
        nodata=beside.nodata if numbers.nodata is None else numbers.nodata,
        scale=numbers.scale or beside.scale or 1.0,
        offset=beside.offset or 0.0,
        band_names=names,
        fields={"array": array},
    )
    return source, metadata, warnings


@dataclass(frozen=True)
class Numbers:
    """Single numbers about the values of an array, None where not given."""

    nodata: float | None = None
    scale: float | None = None
    offset: float | None = None


def in_physical_values(
    attributes: Mapping[str, NDArray[Any]], source: CubeSource
) -> tuple[CubeSource, Numbers]:
    """The source in physical values where its scale has an offset, else its nodata and scale."""
    nodata, scale = (attribute_number(attributes, keys) for keys in (NODATA_KEYS, SCALE_KEYS))
    if (
        source.dtype.kind == "i"
        and (attribute_text(attributes, ("_unsigned",)) or "").lower() == "true"
    ):
        source = UnsignedSource(source)
        if nodata is not None and nodata < 0:
            nodata += 2.0 ** (8 * source.dtype.itemsize)
    offset = attribute_number(attributes, OFFSET_KEYS)
    if offset and math.isfinite(offset):
        factor = scale if scale and math.isfinite(scale) else 1.0
        return ScaledSource(source, factor, offset, nodata), Numbers()
    if scale is not None and is_scale(scale):
        return source, Numbers(nodata, scale if scale < INVERSE_FROM else 1.0 / scale)
    return source, Numbers(nodata)


def _unusable_numbers(attributes: Mapping[str, NDArray[Any]]) -> list[str]:
    """A sentence for each attribute about the values that is given and cannot be applied."""
    found = []
    for keys, usable in (
        (NODATA_KEYS, lambda _: True),
        (SCALE_KEYS, lambda scale: math.isfinite(scale) and scale != 0),
        (OFFSET_KEYS, math.isfinite),
    ):
        number = attribute_number(attributes, keys)
        given = next((key for key in keys if key in attributes and attributes[key].size), None)
        if given is None or (number is not None and usable(number)):
            continue
        value = attributes[given]
        if value.size > 1 or attribute_text(attributes, (given,)) not in (None, *UNKNOWN_UNITS):
            shown = ", ".join(_shown(entry) for entry in value[:3].tolist())
            shown += ", ..." if value.size > 3 else ""
            found.append(f'The attribute "{given}" of the values, {shown}, cannot be applied.')
    return found


def _shown(entry: Any) -> str:
    text = entry.decode("utf-8", "replace") if isinstance(entry, bytes) else str(entry)
    return shortened(text, 40)


def _wavelengths(
    container: Container, array: str, attributes: Mapping[str, NDArray[Any]], bands: int
) -> tuple[NDArray[np.float64] | None, str | None, list[str]]:
    """Wavelengths (nm), their unit as written, and warnings."""
    for name, values in _lists(container, array, bands):
        plain = _plain(name)
        if _is_wavelengths(name) or (plain in BANDS and _may_be_wavelengths(values)):
            unit = attribute_text(attributes_of(container, name), ("units", "unit"))
            if values.any():  # zeros stand for a dimension, or for nothing
                break
    else:
        lists_of: Callable[[int], Mapping[str, NDArray[Any]]] = getattr(
            container, "text_lists", lambda _: {}
        )
        texts = lists_of(bands)
        listed = [v for key, v in (*attributes.items(), *texts.items()) if _is_wavelengths(key)]
        unit = attribute_text(attributes, UNIT_KEYS)
        if (marked := _with_units(listed, bands)) is not None:
            return marked, "nm", []
        own = (v for each in listed if _fits(v := _as_numbers(each), bands))
        values = next(own, np.empty(0))
    if values.size != bands:
        return None, None, _unused_lists(container, array, attributes, bands)
    nm, guess = to_nm(values.astype(np.float64), unit)
    return nm, unit, [guess] if guess else []


def _with_units(listed: list[NDArray[Any]], bands: int) -> NDArray[np.float64] | None:
    """Wavelengths (nm) of a list of texts that have their units, as "450 nm"; None without one."""
    found = (with_units(_texts(v)) for v in listed if v.size == bands and v.dtype.kind in "SUO")
    return next((nm for nm in found if nm is not None), None)


def _texts(values: NDArray[Any]) -> list[str]:
    return [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values]


def _as_numbers(values: NDArray[Any]) -> NDArray[Any]:
    """Numbers of a list that has them as texts; others as they are."""
    if values.dtype.kind not in "SUO":
        return values
    try:
        return np.array([float(text) for text in _texts(values)])
    except ValueError:
        return values


def _unused_lists(
    container: Container, array: str, attributes: Mapping[str, NDArray[Any]], bands: int
) -> list[str]:
    """A sentence about wavelengths that are given and don't fit, where they can be of no other."""
    lists = [(k, v.size) for k, v in attributes.items() if _is_wavelengths(k) and v.size > 1]
    if sum(len(choice.shape) == 3 for choice in container.arrays.values()) == 1:
        lists += [
            (name, choice.size)
            for name, choice in container.arrays.items()
            if _is_wavelengths(name) and 1 < choice.size == max(choice.shape) != bands
        ]
    for name, size in lists:
        if size == bands:
            return [f'"{name}" contains something other than numbers; it is not used.']
        return [f'"{name}" has {size} entries for {bands} bands; it is not used.']
    return []


def _others(
    container: Container,
    array: str,
    attributes: Mapping[str, NDArray[Any]],
    nm: NDArray[np.float64] | None,
    bands: int,
) -> tuple[NDArray[np.float64] | None, NDArray[np.bool_] | None, tuple[str, ...] | None]:
    """FWHM (nm), good bands and band names: of lists in the file, then of attributes."""
    fwhm = good = names = None
    for name, values in _lists(container, array, bands):
        if _plain(name) in FWHMS and fwhm is None:
            unit = attribute_text(attributes_of(container, name), ("units", "unit"))
            fwhm = _fwhm(values, unit, nm)
        elif _plain(name) in GOOD and good is None:
            good = values != 0
    for key, value in attributes.items():
        if _plain(key) in FWHMS and _fits(value, bands) and fwhm is None:
            fwhm = _fwhm(value, attribute_text(attributes, UNIT_KEYS), nm)
        elif _plain(key) in GOOD and _fits(value, bands) and good is None:
            good = value != 0
        elif _plain(key) == "bandnames" and value.size == bands:
            names = tuple(map(str, value))
    return fwhm, good, names


def _numbers_beside(container: Container) -> Numbers:
    """Single numbers beside the cube, as cubes that were written to .mat have them."""

    def single(name: str) -> float | None:
        alone = name in container.arrays and container.arrays[name].size == 1
        return float(container.values(name).item()) if alone else None

    scale = single("scale_factor")
    usable = scale is not None and is_scale(scale)
    return Numbers(single("nodata"), scale if usable else None, single("add_offset"))


def _lists(container: Container, array: str, bands: int) -> Iterable[tuple[str, NDArray[Any]]]:
    """Names and values of lists with one entry per band, those nearest to the array first."""
    names = [
        name
        for name, choice in container.arrays.items()
        if choice.size == bands == max(choice.shape, default=1) and _is_of_bands(name)
    ]
    names.sort(key=lambda name: -_shared_groups(name, array))
    return ((name, container.values(name).ravel()) for name in names)


def _shared_groups(name: str, other: str) -> int:
    """Number of groups or structs that two arrays have in common."""
    pairs = zip(re.split(r"[/.]", name), re.split(r"[/.]", other), strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def _is_of_bands(name: str) -> bool:
    return _is_wavelengths(name) or _plain(name) in (*FWHMS, *GOOD, *BANDS)


def _plain(name: str) -> str:
    last = re.split(r"[/.]", name)[-1].lower()
    return re.sub(r"[^a-z0-9]", "", last)


def _is_wavelengths(name: str) -> bool:
    plain = _plain(name)
    if plain in GOOD or "unit" in plain:
        return False
    return plain in WAVELENGTHS or (
        plain.startswith("wavelength") or plain.endswith(("wavelength", "wavelengths"))
    )


def _may_be_wavelengths(values: NDArray[Any]) -> bool:
    """Whether numbers ascend within what sensors see, in nanometres, rather than count bands."""
    low, high = SENSOR_NM
    return bool(np.all(np.diff(values) > 0) and values[0] >= low and values[-1] <= high)


def _fits(values: NDArray[Any], bands: int) -> bool:
    return values.size == bands and values.dtype.kind in "iuf"


def _fwhm(values: NDArray[Any], unit: str | None, nm: NDArray[Any] | None) -> NDArray[np.float64]:
    fwhm: NDArray[np.float64] = values.astype(np.float64)
    factor = None if unit is None else nm_per_unit(unit)
    if factor is None:
        finite = fwhm[np.isfinite(fwhm)]
        long = nm is not None and bool(np.any(nm > 1000))  # of others, less than 1 nm occurs
        micrometres = long and finite.size and finite.max() < 1
        factor = 1e3 if micrometres else 1.0
    return fwhm * factor


def attributes_of(container: Container, name: str) -> dict[str, NDArray[Any]]:
    """Attributes of an array by their names in small letters (HDF5, NetCDF, Zarr), as lists."""
    given = getattr(container, "attributes", None)
    return {} if given is None else {_key(key): flat(v) for key, v in given(name).items()}


def _key(name: str) -> str:
    return re.sub(r"\s+", "_", name.strip().lower())


def flat(value: Any) -> NDArray[Any]:
    """An attribute as a list; empty if it is lists of different lengths, as Zarr can have."""
    try:
        array = np.asarray(value).ravel()
    except ValueError:
        return np.empty(0)
    if array.dtype != object or not all(v is None or isinstance(v, (int, float)) for v in array):
        return array
    try:
        return array.astype(np.float64)  # null is how JSON says NaN
    except OverflowError:
        return np.empty(0)


def attribute_text(attributes: Mapping[str, NDArray[Any]], keys: tuple[str, ...]) -> str | None:
    """The first text among attributes of these names."""
    for key in keys:
        value = attributes.get(key)
        if value is not None and value.size:
            text = value[0]
            text = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
            return text.strip() or None
    return None


def attribute_number(attributes: Mapping[str, NDArray[Any]], keys: tuple[str, ...]) -> float | None:
    """The first number among attributes of these names, also as text."""
    for key in keys:
        value = attributes.get(key)
        alike = value is not None and value.size > 0 and bool((value == value[0]).all())
        if value is not None and value.dtype.kind in "biuf" and (alike or value.size == 1):
            return float(value[0])
        if value is not None and value.size == 1 and value.dtype.kind in "SUO":
            text = value[0].decode("ascii", "replace") if isinstance(value[0], bytes) else value[0]
            if isinstance(text, str) and (text.lower() in NOT_FINITE or PLAIN.fullmatch(text)):
                return float(text)
    return None


def georeference_variables(georeference: Georeference | None) -> dict[str, Any]:
    """Variables of a .mat file that give its georeference."""
    known = georeference or Georeference()
    transform = {} if known.transform is None else {"transform": np.array(known.transform)}
    return transform | ({"crs_wkt": known.crs_wkt} if known.crs_wkt else {})
