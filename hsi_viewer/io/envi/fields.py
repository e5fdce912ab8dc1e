"""Metadata of a cube from the fields of an ENVI header, apart from the layout of its values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import is_scale
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.core.cube.nodata import exact_number
from hsi_viewer.io.envi import classes as envi_classes
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.metadata import wavelengths
from hsi_viewer.io.metadata.map_info import georeference

# fmt: off
# Fields that become attributes of CubeMetadata; all others are kept as text.
USED_FIELDS = frozenset((
    "samples", "lines", "bands", "header offset", "data type", "interleave", "byte order",
    "file type", "wavelength", "wavelength units", "fwhm", "bbl", "data ignore value",
    "reflectance scale factor", "default bands", "map info", "projection info",
    "coordinate system string", "band names", "file compression", "class names", "classes",
    "class lookup",
))
# fmt: on
# Not-a-number and infinity as the C of Windows prints them.
_OF_C = re.compile(r"([-+]?)1\.#(?:(INF)|QNAN|SNAN|IND)\d*", re.IGNORECASE)
_COMMENT = re.compile(r"\s*;\s*[^\W\d].*")  # behind a number
GAIN_FIELDS = frozenset(("data gain values", "data offset values"))  # where they are the scale


def describe(
    fields: Mapping[str, str], bands: int, interleave: str, warnings: list[str]
) -> CubeMetadata:
    """Metadata of a cube."""
    n = bands
    both, are_gains = _scale_and_offset(fields, n, warnings)
    used = USED_FIELDS | (GAIN_FIELDS if are_gains else frozenset())
    nm, unit = wavelengths_of(fields, n, warnings)
    fwhm = _numbers(fields, "fwhm", n, warnings)
    if fwhm is not None:
        fwhm, guess = wavelengths.widths_in_nm(fwhm * _fwhm_factor(fields, nm), nm)
        warnings += [guess] if guess else []
    bbl = _numbers(fields, "bbl", n, warnings)
    if "map info" not in fields and ("geo points" in fields or "rpc info" in fields):
        warnings.append(
            "The image is georeferenced by control points or rational polynomials (RPC), which "
            "are not used; convert it to a georeferenced file with gdalwarp."
        )
    good = ~np.zeros(n, bool) if bbl is None else bbl != 0
    return CubeMetadata(
        wavelengths=nm,
        fwhm=fwhm,
        wavelength_units_in_file=unit,
        good_bands=good,
        nodata=_number(fields, "data ignore value", warnings),
        scale=both[0],
        offset=both[1],
        georeference=georeference(
            fields.get("map info"),
            fields.get("coordinate system string"),
            fields.get("projection info"),
            warnings,
        ),
        default_bands=_default_bands(fields, n, warnings),
        band_names=_band_names(fields, n, warnings),
        format_name="ENVI",
        interleave=interleave,
        class_names=envi_classes.class_names(fields),
        fields={k: v for k, v in fields.items() if k not in used},
    )


def _numbers(
    fields: Mapping[str, str], key: str, n: int, warnings: list[str]
) -> NDArray[np.float64] | None:
    """A list of one number a band; None, with a warning, if it is not that."""
    if key not in fields:
        return None
    try:
        values = envi_header.numbers(fields[key])
    except ValueError:
        warnings.append(
            f'"{key}" in the header contains something other than numbers; it is not used.'
        )
        return None
    if values.size != n:
        if values.size:
            warnings.append(
                f'"{key}" in the header has {values.size} entries for {n} bands; it is not used.'
            )
        return None
    return values


def _number(fields: Mapping[str, str], key: str, warnings: list[str]) -> float | None:
    text = fields.get(key, "").strip(" {}\r\n\t")
    if not text or text.lower() in ("none", "na"):
        return None
    try:
        bare = _COMMENT.sub("", text).strip(" '\"")
        return exact_number(bare.replace("\u2212", "-"))
    except ValueError:
        number = _written_otherwise(bare)
        if number is None:
            warnings.append(f'"{key} = {text[:40]}" in the header is not a number; it is not used.')
        return number


def _written_otherwise(text: str) -> float | None:
    """A number as some languages write it, or the same one for each band; None of others."""
    if (match := _OF_C.fullmatch(text)) is not None:
        return math.copysign(math.inf, float(f"{match[1]}1")) if match[2] else math.nan
    try:
        values = envi_header.numbers(text)
    except ValueError:
        return None
    return float(values[0]) if values.size and (values == values[0]).all() else None


def _scale_and_offset(
    fields: Mapping[str, str], n: int, warnings: list[str]
) -> tuple[tuple[float, float], bool]:
    """Scale and offset, where all bands have the same, and whether they are gain and offset."""
    factor = _number(fields, "reflectance scale factor", warnings)
    if factor is None and (both := _gain_and_offset(fields, n)):
        return both, True
    _warn_of_gains(fields, warnings)
    if factor is None:
        return (1.0, 0.0), False
    if not is_scale(factor):
        warnings.append(
            f"The reflectance scale factor {factor:g} is not positive or too small; it is not used."
        )
        return (1.0, 0.0), False
    return (1.0 / factor, 0.0), False


def _gain_and_offset(fields: Mapping[str, str], n: int) -> tuple[float, float] | None:
    if "data gain values" not in fields:
        return None
    remarks: list[str] = []
    gains, offsets = (_numbers(fields, f"data {w} values", n, remarks) for w in ("gain", "offset"))
    if offsets is None and not remarks:
        offsets = np.zeros(n)
    if gains is None or offsets is None or (gains != gains[0]).any() or not is_scale(gains[0]):
        return None
    if not np.isfinite(offsets[0]) or (offsets != offsets[0]).any():
        return None
    return float(gains[0]), float(offsets[0])


def _warn_of_gains(fields: Mapping[str, str], warnings: list[str]) -> None:
    """Warn that gains and offsets are not applied, unless they change nothing."""
    for key, neutral in (("data gain values", 1.0), ("data offset values", 0.0)):
        if key not in fields:
            continue
        try:
            values = envi_header.numbers(fields[key])
        except ValueError:
            continue
        if (values != neutral).any():
            warnings.append(f'"{key}" in the header are not applied: the values are as stored.')


def _unit(fields: Mapping[str, str]) -> str | None:
    return envi_header.word(fields.get("wavelength units", "")) or None


def wavelengths_of(
    fields: Mapping[str, str], n: int, warnings: list[str]
) -> tuple[NDArray[np.float64] | None, str | None]:
    """Wavelengths in nm and the unit as written."""
    unit = _unit(fields)
    remarks: list[str] = []
    values = _numbers(fields, "wavelength", n, remarks)
    each = None
    if values is None:
        each = wavelengths.with_units(envi_header.items(fields.get("wavelength", "")))
        warnings += remarks if each is None else []
    if each is not None and each.size == n:
        nm = each
    elif values is not None and wavelengths.are_band_numbers(values, unit):
        warnings.append("The wavelengths in the header are band numbers; they are not used.")
        return None, unit
    elif values is not None:
        nm, guess = wavelengths.to_nm(values, unit)
        if guess:
            warnings.append(guess)
    else:
        names = envi_header.items(fields.get("band names", ""), n)
        found = wavelengths.from_band_names(tuple(names)) if len(names) == n else None
        if found is None:
            return None, unit
        nm = found
        warnings.append("The wavelengths come from the band names.")
    _warn_of_oddities(nm, unit, warnings)
    return nm, unit


def _warn_of_oddities(nm: NDArray[np.float64], unit: str | None, warnings: list[str]) -> None:
    """Warn of wavelengths that no sensor has, of equal and of descending ones."""
    before, after = nm[:-1], nm[1:]
    ascending = np.count_nonzero(after > before) == before.size
    ends = nm if ascending else nm[np.isfinite(nm)]
    if ends.size:
        first, last = (ends[0], ends[-1]) if ascending else (ends.min(), ends.max())
        doubt = wavelengths.doubt(float(first), float(last), unit)
        if doubt is not None and doubt not in warnings:
            warnings.append(doubt)
    if not ascending:
        if (after == before).any():
            warnings.append("Several bands have the same wavelength.")
        if (after < before).any():
            warnings.append("The wavelengths are not in ascending order.")


def _fwhm_factor(
    fields: Mapping[str, str], nm: NDArray[np.float64] | None
) -> float | NDArray[np.float64]:
    """Nanometres of one unit of FWHM, which is in the unit of the wavelengths."""
    unit = _unit(fields) or ""
    product = wavelengths.nm_times(unit)
    if product is not None and nm is not None:
        return nm**2 / product
    factor = wavelengths.nm_per_unit(unit) or 1.0
    try:
        raw = envi_header.numbers(fields.get("wavelength", ""))
    except ValueError:
        return factor
    return factor if nm is None else wavelengths.factor_between(raw, nm, factor)


def _default_bands(
    fields: Mapping[str, str], n: int, warnings: list[str]
) -> tuple[int, int, int] | None:
    """Bands to show, from 0; one band counts for all three channels."""
    if "default bands" not in fields:
        return None
    try:
        chosen = [int(v) for v in envi_header.numbers(fields["default bands"])]
    except (ValueError, OverflowError):
        chosen = [-1]
    if 0 not in chosen:  # a program that counts from 0 has written it
        chosen = [band - 1 for band in chosen]
    if len(chosen) == 1:
        chosen *= 3
    if len(chosen) != 3 or not all(0 <= b < n for b in chosen):
        warnings.append("The default bands in the header are not three of its bands.")
        return None
    return chosen[0], chosen[1], chosen[2]


def _band_names(fields: Mapping[str, str], n: int, warnings: list[str]) -> tuple[str, ...] | None:
    if "band names" not in fields:
        return None
    names = envi_header.items(fields["band names"], n)
    if len(names) != n:
        warnings.append(f"The header has {len(names)} band names for {n} bands; they are not used.")
        return None
    return tuple(names)
