"""Metadata beside an array: lists with one entry per band, and the attributes of the array."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource, HyperCube, is_scale
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.io.arrays.attributes import (
    Numbers,
    attribute_text,
    attributes_of,
    in_physical_values,
    unusable_numbers,
)
from hsi_viewer.io.arrays.band_lists import (
    BANDS,
    FWHMS,
    GOOD,
    UNIT_KEYS,
    BandList,
    as_numbers,
    attributes_around,
    is_wavelengths,
    lists_of_bands,
    plain,
    texts_of,
)
from hsi_viewer.io.metadata.wavelengths import (
    SENSOR_NM,
    are_band_numbers,
    factor_between,
    nm_per_unit,
    to_nm,
    with_units,
)

if TYPE_CHECKING:
    from hsi_viewer.io.arrays.container import Container

SEEN_SMILE = 0.01  # nm; less is rounding
SCALE_KEY = "hsi_scale"  # ours, which is never the inverse


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


def describe(
    container: Container, array: str, source: CubeSource
) -> tuple[CubeSource, CubeMetadata, list[str]]:
    """The source in physical values where its scale has an offset, its metadata, and warnings."""
    attributes = attributes_around(container, array)
    metadata, warnings = bands_of(container, array, source.shape)
    warnings += unusable_numbers(attributes, source.shape[2], source.dtype)
    source, numbers = in_physical_values(attributes, source)
    beside = _numbers_beside(container)
    metadata = structs.replace(
        metadata,
        nodata=beside.nodata if numbers.nodata is None else numbers.nodata,
        scale=numbers.scale or beside.scale or 1.0,
        offset=beside.offset or 0.0,
        fields={"array": array},
        valid_range=numbers.valid,
    )
    return source, metadata, warnings


def bands_of(
    container: Container, array: str, shape: tuple[int, int, int]
) -> tuple[CubeMetadata, list[str]]:
    """What a file gives for the bands of a cube, in lists and then in attributes, and warnings."""
    attributes = attributes_around(container, array)
    lists = list(lists_of_bands(container, array, shape))
    nm, unit, warnings = _wavelengths(container, attributes, lists, shape[2])
    fwhm, good, names = _others(container, attributes, lists, nm, shape[2])
    metadata = CubeMetadata(
        wavelengths=nm,
        fwhm=fwhm,
        wavelength_units_in_file=unit,
        good_bands=good,
        band_names=names,
    )
    return metadata, warnings


def _wavelengths(
    container: Container,
    attributes: Mapping[str, NDArray[Any]],
    lists: list[BandList],
    bands: int,
) -> tuple[NDArray[np.float64] | None, str | None, list[str]]:
    """Wavelengths (nm), their unit as written, and warnings."""
    unit = attribute_text(attributes, UNIT_KEYS)
    spread = 0.0
    for found in lists:
        values = found.values
        named = is_wavelengths(found.name)
        own_unit = attribute_text(attributes_of(container, found.name), ("units", "unit"))
        may_be = named or (plain(found.name) in BANDS and _may_be_wavelengths(values, own_unit))
        if may_be and values.any():  # zeros stand for a dimension, or for nothing
            unit, spread = own_unit or unit, found.spread
            break
    else:
        lists_of: Callable[[int], Mapping[str, NDArray[Any]]] = getattr(
            container, "text_lists", lambda _: {}
        )
        texts = lists_of(bands)
        listed = [v for key, v in (*attributes.items(), *texts.items()) if is_wavelengths(key)]
        if (marked := _with_units(listed, bands)) is not None:
            return marked, "nm", []
        own = (v for each in listed if _fits(v := as_numbers(each), bands))
        values = next(own, np.empty(0))
    if values.size != bands:
        return None, None, _unused_lists(container, attributes, bands)
    raw = values.astype(np.float64)
    if are_band_numbers(raw, unit):
        return None, unit, ["The wavelengths in the file are band numbers; they are not used."]
    nm, guess = to_nm(raw, unit)
    remarks = [guess] if guess else []
    if (spread := spread * abs(factor_between(raw, nm, 1.0))) > SEEN_SMILE:
        remarks.append(
            f"The wavelengths differ by up to {spread:.2g} nm from column to column; their means "
            "are used."
        )
    return nm, unit, remarks


def _with_units(listed: list[NDArray[Any]], bands: int) -> NDArray[np.float64] | None:
    """Wavelengths (nm) of a list of texts that have their units, as "450 nm"; None without one."""
    found = (with_units(texts_of(v)) for v in listed if v.size == bands and v.dtype.kind in "SUO")
    return next((nm for nm in found if nm is not None), None)


def _unused_lists(
    container: Container, attributes: Mapping[str, NDArray[Any]], bands: int
) -> list[str]:
    """A sentence about wavelengths that are given and don't fit, where they can be of no other."""
    lists = [(k, v.size) for k, v in attributes.items() if is_wavelengths(k) and v.size > 1]
    if sum(len(choice.shape) == 3 for choice in container.arrays.values()) == 1:
        lists += [
            (name, choice.size)
            for name, choice in container.arrays.items()
            if is_wavelengths(name) and 1 < choice.size == max(choice.shape) != bands
        ]
    for name, size in lists:
        if size == bands:
            return [f'"{name}" contains something other than numbers; it is not used.']
        return [f'"{name}" has {size} entries for {bands} bands; it is not used.']
    return []


def _others(
    container: Container,
    attributes: Mapping[str, NDArray[Any]],
    lists: list[BandList],
    nm: NDArray[np.float64] | None,
    bands: int,
) -> tuple[NDArray[np.float64] | None, NDArray[np.bool_] | None, tuple[str, ...] | None]:
    """FWHM (nm), good bands and band names: of lists in the file, then of attributes."""
    fwhm = good = names = None
    unit = attribute_text(attributes, UNIT_KEYS)
    for found in lists:
        if plain(found.name) in FWHMS and fwhm is None:
            own = attribute_text(attributes_of(container, found.name), ("units", "unit"))
            fwhm = _fwhm(found.values, own, nm)
        elif plain(found.name) in GOOD and good is None:
            good = found.values != 0
    for key, given in attributes.items():
        value = as_numbers(given)
        if plain(key) in FWHMS and _fits(value, bands) and fwhm is None:
            fwhm = _fwhm(value, unit, nm)
        elif plain(key) in GOOD and _fits(value, bands) and good is None:
            good = value != 0
        elif plain(key) == "bandnames" and value.size == bands:
            names = tuple(texts_of(given))
    return fwhm, good, names


def _numbers_beside(container: Container) -> Numbers:
    """Single numbers beside the cube, as cubes that were written to .mat have them."""

    def single(name: str) -> float | None:
        alone = name in container.arrays and container.arrays[name].size == 1
        return float(container.values(name).item()) if alone else None

    scale = single("scale_factor")
    usable = scale is not None and is_scale(scale)
    return Numbers(single("nodata"), scale if usable else None, single("add_offset"))


def _may_be_wavelengths(values: NDArray[Any], unit: str | None) -> bool:
    """Whether numbers ascend within what sensors see rather than count bands.

    They are nanometres where no unit of length is given.
    """
    low, high = SENSOR_NM
    nm = values * (nm_per_unit(unit or "nm") or 1.0)
    return bool(np.all(np.diff(nm) > 0) and nm[0] >= low and nm[-1] <= high)


def _fits(values: NDArray[Any], bands: int) -> bool:
    return values.size == bands and values.dtype.kind in "iuf"


def _fwhm(values: NDArray[Any], unit: str | None, nm: NDArray[Any] | None) -> NDArray[np.float64]:
    fwhm: NDArray[np.float64] = values.astype(np.float64)
    factor = None if unit is None else nm_per_unit(unit)
    finite = fwhm[np.isfinite(fwhm)]
    if factor and nm is not None and finite.size and finite.max() * factor > np.nanmax(nm):
        factor = None  # no band is wider than its wavelength is long
    if factor is None:
        long = nm is not None and bool(np.any(nm > 1000))  # of others, less than 1 nm occurs
        micrometres = long and finite.size and finite.max() < 1
        factor = 1e3 if micrometres else 1.0
    return fwhm * factor


def georeference_variables(georeference: Georeference | None) -> dict[str, Any]:
    """Variables of a .mat file that give its georeference."""
    known = georeference or Georeference()
    transform = {} if known.transform is None else {"transform": np.array(known.transform)}
    return transform | ({"crs_wkt": known.crs_wkt} if known.crs_wkt else {})
