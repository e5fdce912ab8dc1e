"""Metadata of the bands of a raster, from the tags of bands and file in any domain.

Written after what GDAL (domain IMAGERY; of ENVI files Band_1, ...), EnMAP-Box (bands, or lists in
the domain ENVI) and FORCE (domain FORCE) write.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.metadata import wavelengths

MAX_BANDS_WITH_TAGS = 4096
# Domains of GDAL's own housekeeping.
STRUCTURE = {"IMAGE_STRUCTURE", "DERIVED_SUBDATASETS", "SUBDATASETS", "COLOR_PROFILE", "RPC"}

WAVELENGTH = ("wavelength", "wavelengths", "centerwavelength", "centralwavelength")
UNIT = ("wavelengthunits", "wavelengthunit")
FWHM = ("fwhm", "bandwidth")
GOOD = ("bbl", "badbandmultiplier", "badbandmultipliers")

Tags = Mapping[str, str]
Floats = NDArray[np.float64]


class RasterTags:
    """Tags of an open raster, their keys without case, spaces and underscores.

    Parameters
    ----------
    dataset : of rasterio.
    bands : numbers of its bands, from 1, without those that are an alpha channel.
    """

    def __init__(self, dataset: Any, bands: Sequence[int]) -> None:
        self.count = len(bands)
        self._numbers = bands
        described = bands[:MAX_BANDS_WITH_TAGS]
        self.bands: list[Tags] = [_merged(dataset, band) for band in described]
        self.whole: Tags = _merged(dataset, 0)

    def number(self, *keys: str) -> float | None:
        """A finite number of the file."""
        try:
            value = float(_get(self.whole, keys) or "nan")
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    def texts(self, keys: tuple[str, ...]) -> list[str] | None:
        """One text per band, of the bands or of a list of the file."""
        found = [text for tags in self.bands if (text := _get(tags, keys))]
        if len(found) == self.count:
            return found
        text = _get(self.whole, keys)
        listed = [] if text is None else _entries(text)
        return listed if len(listed) == self.count else None

    def numbers(self, keys: tuple[str, ...]) -> Floats | None:
        """One number a band, or None."""
        texts = self.texts(keys)
        try:
            return None if texts is None else np.array([float(text) for text in texts])
        except ValueError:
            return None

    def units(self) -> list[str] | None:
        """Unit of the wavelengths, for each band."""
        text = _get(self.whole, UNIT)
        return self.texts(UNIT) or ([text] * self.count if text else None)

    def names(self, descriptions: tuple[str | None, ...]) -> tuple[str, ...] | None:
        """Names of the bands: their descriptions, or those that came from an ENVI header."""
        names = tuple(text or "" for text in descriptions)
        kept = tuple(self.whole.get(f"band{k}", "") for k in self._numbers)
        listed = self.texts(("bandnames", "bandname"))
        return next((found for found in (names, kept, tuple(listed or ())) if any(found)), None)

    def default_bands(self) -> tuple[int, int, int] | None:
        """Bands to show, from 0."""
        entries = _entries(_get(self.whole, ("defaultbands",)) or "")
        if len(entries) != 3 or not all(entry.isdecimal() for entry in entries):
            return None
        red, green, blue = (int(entry) - 1 for entry in entries)
        return (red, green, blue) if 0 <= min(red, green, blue) <= max(red, green, blue) < (
            self.count
        ) else None  # fmt: skip


def imagery_tags(cube: HyperCube, band: int) -> dict[str, str]:
    """Tags of a band in the domain IMAGERY, where GDAL 3.10 and later look: micrometres."""
    given = {"CENTRAL_WAVELENGTH_UM": cube.wavelengths, "FWHM_UM": cube.fwhm}
    values = {key: float(nm[band]) / 1e3 for key, nm in given.items() if nm is not None}
    return {key: f"{value:.12g}" for key, value in values.items() if math.isfinite(value)}


def spectral_metadata(
    tags: RasterTags, names: tuple[str, ...] | None, warnings: list[str]
) -> CubeMetadata:
    """Wavelengths, their unit, FWHM and good bands."""
    units = tags.units()
    nm, unit = None, units[0] if units else None
    micrometres = tags.numbers(("centralwavelengthum",))
    texts = tags.texts(WAVELENGTH)
    raw = tags.numbers(WAVELENGTH)
    counted = raw is not None and wavelengths.are_band_numbers(raw, unit)
    if raw is not None and not counted:
        nm = _nanometres(raw, units, warnings)
    elif texts is not None and (marked := wavelengths.with_units(texts)) is not None:
        nm = marked
    elif micrometres is not None:
        nm, unit = micrometres * 1e3, "um"
    elif (found := _in_names(names, units)) is not None:
        nm = found
        warnings.append("The wavelengths come from the band descriptions.")
    if counted:
        warnings.append("The wavelengths in the tags are band numbers; they are not used.")
    elif nm is None:
        warnings += _unused(tags)
    if (fwhm := tags.numbers(FWHM)) is not None:
        fwhm, guess = wavelengths.widths_in_nm(fwhm * _factors(units, raw, nm, tags.count), nm)
        warnings += [guess] if guess else []
    elif (fwhm := tags.numbers(("fwhmum",))) is not None:
        fwhm = fwhm * 1e3
    good = tags.numbers(GOOD)
    return CubeMetadata(nm, fwhm, unit, None if good is None else good != 0)


def _unused(tags: RasterTags) -> list[str]:
    """A sentence about wavelengths that are given and cannot be used."""
    some = sum(_get(band, WAVELENGTH) is not None for band in tags.bands)
    listed = len(_entries(_get(tags.whole, WAVELENGTH) or ""))
    if tags.texts(WAVELENGTH) is not None:
        return ["The wavelengths in the tags are something other than numbers; they are not used."]
    if some:
        return [f"{some} of {tags.count} bands have a wavelength; they are not used."]
    if listed:
        return [f"The tags list {listed} wavelengths for {tags.count} bands; they are not used."]
    return []


def _nanometres(raw: Floats, units: list[str] | None, warnings: list[str]) -> Floats:
    """Wavelengths in nm; each band may have a unit of its own."""
    nm = np.empty_like(raw)
    each = np.array(units if units else [""] * raw.size)
    for unit in dict.fromkeys(each):
        here = each == unit
        nm[here], guess = wavelengths.to_nm(raw[here], unit or None)
        if guess:
            warnings.append(guess)
    return nm


def _factors(
    units: list[str] | None, raw: Floats | None, nm: Floats | None, count: int
) -> Floats | float:
    """Nanometres for one of the unit of each band, given or guessed."""
    known = [wavelengths.nm_per_unit(unit) for unit in units or []]
    if len(set(known)) > 1 and len(known) == count and all(known):
        return np.array(known, np.float64)
    return wavelengths.factor_between(raw, nm, (known[0] if known else None) or 1.0)


def _in_names(names: tuple[str, ...] | None, units: list[str] | None) -> Floats | None:
    """Wavelengths (nm) that are in the names of the bands; plain numbers need a unit."""
    if names is None:
        return None
    found = wavelengths.from_band_names(names)
    factor = wavelengths.nm_per_unit(units[0]) if units else None
    if found is not None or factor is None:
        return found
    try:
        return np.array([float(name) for name in names]) * factor
    except ValueError:
        return None


def _merged(dataset: Any, band: int) -> Tags:
    """Tags of a band, or of the file for 0, of all domains; the one without a name goes first."""
    found: dict[str, str] = {}
    for domain in dataset.tag_namespaces(band):
        if domain not in STRUCTURE and not domain.startswith("xml:"):
            found |= _plain(dataset.tags(band, ns=domain))
    return found | _plain(dataset.tags(band))


def _plain(tags: Tags) -> dict[str, str]:
    return {re.sub(r"[\s_]", "", key).casefold(): text for key, text in tags.items()}


def _get(tags: Tags, keys: tuple[str, ...]) -> str | None:
    return next((text for key in keys if (text := tags.get(key, "").strip())), None)


def _entries(text: str) -> list[str]:
    """Entries of a list as {1, 2}, [1, 2] or (1, 2), or with white space between."""
    body = text.strip().strip("{}[]()")
    parts = envi_header.items(body)
    return parts if len(parts) != 1 else body.split()
