"""Attributes of an array: texts and numbers, and what they say of its values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from hsi_viewer.core.cube.cube import CubeSource, is_scale
from hsi_viewer.core.cube.nodata import EXACT, can_hold, without_effect
from hsi_viewer.core.text import shortened
from hsi_viewer.io.files.composed_sources import ScaledSource, UnsignedSource
from hsi_viewer.io.metadata.wavelengths import UNKNOWN_UNITS

if TYPE_CHECKING:
    from hsi_viewer.io.arrays.container import Container

NODATA_KEYS = ("_fillvalue", "missing_value", "data_ignore_value", "nodata", "fill_value")
PLAIN = re.compile(r"\s*[-+]?\d{1,15}(?:\.\d{0,15})?(?:[eE][-+]?\d{1,2})?\s*")
NOT_FINITE = ("nan", "inf", "-inf")  # as JSON, which lacks them, has them in quotes
# Products write either the factor or its inverse (NEON: 10000).
INVERSE_FROM = 100
SCALE_KEYS = ("scale_factor", "scale", "slope")
OFFSET_KEYS = ("add_offset", "intercept")


def attributes_of(container: Container, name: str) -> dict[str, NDArray[Any]]:
    """Attributes of an array by their names in small letters (HDF5, NetCDF, Zarr), as lists."""
    given = getattr(container, "attributes", None)
    return {} if given is None else {_key(key): flat(v) for key, v in given(name).items()}


def attributes_above(container: Container, name: str) -> Iterator[dict[str, NDArray[Any]]]:
    """Attributes of the groups that an array lies in, the innermost first, and of the file."""
    given: Callable[[str], Mapping[str, Any]] = getattr(container, "group_attributes", lambda _: {})
    groups = name.split("/")[:-1]
    for depth in range(len(groups), -1, -1):
        yield {_key(key): flat(v) for key, v in given("/".join(groups[:depth])).items()}


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
            return _number(value[0])
        if value is not None and value.size == 1 and value.dtype.kind in "SUO":
            text = value[0].decode("ascii", "replace") if isinstance(value[0], bytes) else value[0]
            if isinstance(text, str) and (text.lower() in NOT_FINITE or PLAIN.fullmatch(text)):
                return float(text)
    return None


def _number(value: Any) -> float:
    """A number of NumPy's; an integer that a float would round stays one."""
    whole = isinstance(value, np.integer) and abs(int(value)) > EXACT
    return int(value) if whole else float(value)


class Numbers(Struct, frozen=True):
    """Single numbers about the values of an array, None where not given."""

    nodata: float | None = None
    scale: float | None = None
    offset: float | None = None
    valid: tuple[float, float] | None = None


def _valid_range(attributes: Mapping[str, NDArray[Any]]) -> tuple[float, float] | None:
    """The lowest and highest stored value that the attributes call valid, if they give either."""
    both = attributes.get("valid_range", np.empty(0))
    if both.size == 2 and both.dtype.kind in "iuf":
        low, high = (float(v) for v in both)
    else:
        given = (attribute_number(attributes, (key,)) for key in ("valid_min", "valid_max"))
        low, high = (
            end if v is None else v for v, end in zip(given, (-math.inf, math.inf), strict=True)
        )
    return (low, high) if low < high and (low, high) != (-math.inf, math.inf) else None


def in_physical_values(
    attributes: Mapping[str, NDArray[Any]], source: CubeSource
) -> tuple[CubeSource, Numbers]:
    """The source in physical values where its scale has an offset, else its nodata and scale."""
    nodata, scale = (attribute_number(attributes, keys) for keys in (NODATA_KEYS, SCALE_KEYS))
    valid = _valid_range(attributes)
    if (
        source.dtype.kind == "i"
        and (attribute_text(attributes, ("_unsigned",)) or "").lower() == "true"
    ):
        source, valid = UnsignedSource(source), None
        if nodata is not None and nodata < 0:
            nodata += 2 ** (8 * source.dtype.itemsize)
    offset = attribute_number(attributes, OFFSET_KEYS) or 0.0
    gains = _each(attributes, SCALE_KEYS, source.shape[2])
    offsets = _each(attributes, OFFSET_KEYS, source.shape[2])
    gain: ArrayLike = (scale if scale and math.isfinite(scale) else 1.0) if gains is None else gains
    added: ArrayLike = (offset if math.isfinite(offset) else 0.0) if offsets is None else offsets
    if np.any(np.not_equal(added, 0)) or np.any(np.less(gain, 0)) or gains is not None:
        return ScaledSource(source, gain, added, nodata), Numbers(valid=_scaled(valid, gain, added))
    if scale is not None and is_scale(scale):
        factor = scale if scale < INVERSE_FROM else 1.0 / scale
        return source, Numbers(nodata, factor, valid=valid)
    return source, Numbers(nodata, valid=valid)


def _scaled(
    valid: tuple[float, float] | None, gain: ArrayLike, offset: ArrayLike
) -> tuple[float, float] | None:
    """A range in scaled values, a rounding wider; None where each band has a scale of its own."""
    if valid is None or np.size(gain) > 1 or np.size(offset) > 1:
        return None
    ends = sorted(float(end * np.asarray(gain) + np.asarray(offset)) for end in valid)
    more = 1e-6 * max((abs(end) for end in ends if math.isfinite(end)), default=0.0)
    return ends[0] - more, ends[1] + more


def _each(
    attributes: Mapping[str, NDArray[Any]], keys: tuple[str, ...], bands: int
) -> NDArray[np.float64] | None:
    """The list of these names with a finite number for each band; None where all are the same."""
    for key in keys:
        value = attributes.get(key)
        if value is not None and value.size == bands > 1 and value.dtype.kind in "iuf":
            numbers = value.astype(np.float64)
            usable = np.isfinite(numbers).all() and (keys != SCALE_KEYS or numbers.all())
            return numbers if usable and (numbers != numbers[0]).any() else None
    return None


def unusable_numbers(
    attributes: Mapping[str, NDArray[Any]], bands: int, dtype: np.dtype[Any]
) -> list[str]:
    """A sentence for each attribute about the values that is given and cannot be applied."""
    found = []
    nodata = attribute_number(attributes, NODATA_KEYS)
    if nodata is not None and "_unsigned" not in attributes and not can_hold(dtype, nodata):
        found.append(without_effect(nodata, dtype))
    fill, other = (attribute_number(attributes, (key,)) for key in NODATA_KEYS[:2])
    if fill is not None and other is not None and fill != other and not math.isnan(other):
        found.append(
            f"The values have a _FillValue, {fill:g}, and a missing_value, {other:g}; only the "
            "first counts as no data."
        )
    if any(_each(attributes, keys, bands) is not None for keys in (SCALE_KEYS, OFFSET_KEYS)):
        found.append(
            "Scale or offset differs from band to band; both have been applied to the values."
        )
    for keys, usable in (
        (NODATA_KEYS, lambda _: True),
        (SCALE_KEYS, lambda scale: math.isfinite(scale) and scale != 0),
        (OFFSET_KEYS, math.isfinite),
    ):
        number = attribute_number(attributes, keys)
        if keys != NODATA_KEYS and _each(attributes, keys, bands) is not None:
            continue
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
