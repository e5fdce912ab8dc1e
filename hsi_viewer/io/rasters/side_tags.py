"""What GDAL's side file (.aux.xml) adds to a raster but its place: no data, names, scales, tags.

GDAL itself isn't let at the file: see `files.gdal.open_raster`. Of a GeoTIFF the side file goes
before the file, as in GDAL; for other rasters it adds what they lack.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from msgspec import Struct, field

from hsi_viewer.io.rasters.side_files import gdal_side

MAX_BANDS, MAX_ITEMS = 65_536, 1_000_000

Domains = Mapping[str, Mapping[str, str]]


class SideBand(Struct, frozen=True):
    """Metadata of a band; None for nothing.

    Attributes
    ----------
    nodata, scale, offset : finite numbers, or NaN for the first.
    description : name of the band.
    tags : by domain, "" for the one without a name.
    """

    nodata: float | None = None
    scale: float | None = None
    offset: float | None = None
    description: str | None = None
    tags: Domains = field(default_factory=dict)


NOTHING = SideBand()


class WithSide:
    """An open raster of rasterio with the metadata of its side file.

    Attributes
    ----------
    bare : the raster alone.
    """

    def __init__(self, dataset: Any, tags: Domains, bands: Mapping[int, SideBand]) -> None:
        self.bare = dataset
        self._tags, self._bands = tags, bands
        self._first = dataset.driver == "GTiff"

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bare, name)

    @property
    def nodatavals(self) -> tuple[float | None, ...]:
        """The value of each band that means no data."""
        from_side = [
            value if value is None or _fits(value, dtype) else None
            for value, dtype in zip(self._each("nodata"), self.bare.dtypes, strict=True)
        ]
        return self._merged(self.bare.nodatavals, from_side, None)

    @property
    def nodata(self) -> float | None:
        """That of the first band."""
        return self.nodatavals[0]

    @property
    def scales(self) -> tuple[float, ...]:
        """Factors of the bands."""
        return self._merged(self.bare.scales, self._each("scale"), 1.0)

    @property
    def offsets(self) -> tuple[float, ...]:
        """Offsets of the bands."""
        return self._merged(self.bare.offsets, self._each("offset"), 0.0)

    @property
    def descriptions(self) -> tuple[str | None, ...]:
        """Names of the bands."""
        return self._merged(self.bare.descriptions, self._each("description"), None)

    def tags(self, bidx: int = 0, ns: str | None = None) -> dict[str, str]:
        """Metadata of the file, for 0, or of a band, in a domain."""
        own: dict[str, str] = self.bare.tags(bidx, ns=ns)
        from_side = dict(self._side_tags(bidx).get(ns or "", {}))
        return own | from_side if self._first else {**from_side, **own}

    def tag_namespaces(self, bidx: int = 0) -> list[str]:
        """Domains of the metadata."""
        named = (domain for domain in self._side_tags(bidx) if domain)
        return list(dict.fromkeys((*self.bare.tag_namespaces(bidx), *named)))

    def _side_tags(self, bidx: int) -> Domains:
        return self._bands.get(bidx, NOTHING).tags if bidx else self._tags

    def _each(self, name: str) -> list[Any]:
        return [getattr(self._bands.get(k, NOTHING), name) for k in self.bare.indexes]

    def _merged(self, own: tuple[Any, ...], from_side: list[Any], neutral: Any) -> tuple[Any, ...]:
        """The word of the file or of its side file, for each band."""
        return tuple(
            text if text is not None and (self._first or mine in (neutral, None)) else mine
            for mine, text in zip(own, from_side, strict=True)
        )


def with_side(dataset: Any, path: Path) -> Any:
    """An open raster with the metadata of its side file; as it is, if there are none."""
    root = gdal_side(path)
    if root is None:
        return dataset
    bands = {}
    for element in root.findall("PAMRasterBand")[:MAX_BANDS]:
        number = element.get("band", "")
        if number.isdecimal() and 1 <= int(number) <= dataset.count:
            bands[int(number)] = _band(element)
    tags = _tags(root)
    from_side = tags or any(band != NOTHING for band in bands.values())
    return WithSide(dataset, tags, bands) if from_side else dataset


def bare(dataset: Any) -> Any:
    """The dataset of rasterio alone."""
    return dataset.bare if isinstance(dataset, WithSide) else dataset


def _band(element: ET.Element) -> SideBand:
    scale, offset = (_number(element, key) for key in ("Scale", "Offset"))
    return SideBand(
        _number(element, "NoDataValue", or_nan=True),
        scale,
        offset,
        (element.findtext("Description") or "").strip() or None,
        _tags(element),
    )


def _number(element: ET.Element, key: str, *, or_nan: bool = False) -> float | None:
    try:
        value = float(element.findtext(key) or "")
    except ValueError:
        return None
    return value if math.isfinite(value) or (or_nan and math.isnan(value)) else None


def _tags(element: ET.Element) -> Domains:
    """Items of metadata by domain; domains of XML are left out."""
    found: dict[str, dict[str, str]] = {}
    for metadata in element.findall("Metadata"):
        domain = metadata.get("domain", "")
        if metadata.get("format") is None and not domain.startswith("xml:"):
            items = found.setdefault(domain, {})
            for item in metadata.findall("MDI")[:MAX_ITEMS]:
                items[item.get("key", "")] = item.text or ""
    return {domain: items for domain, items in found.items() if items}


def _fits(value: float, dtype: str) -> bool:
    """Whether a type can hold a value; GDAL drops no-data values that it cannot."""
    kind = np.dtype("complex64" if dtype == "complex_int16" else dtype)
    if kind.kind not in "iu":
        return True
    limits = np.iinfo(kind)
    return value == value and limits.min <= value <= limits.max and value == int(value)
