"""The place of a raster as the files beside it give it: GDAL's .aux.xml and world files.

GDAL isn't let at what lies beside a raster (see `gdal.open_raster`): its overviews and masks may be
of any format, and name other files. These two hold numbers and a text.
"""

from __future__ import annotations

import math
from pathlib import Path
from xml.etree import ElementTree as ET

from msgspec import Struct

from hsi_viewer.atomic import side_file
from hsi_viewer.core.errors import FileError
from hsi_viewer.io.files.text_file import text_of
from hsi_viewer.io.metadata.crs import Affine6, crs_of

MAX_BYTES = 16 << 20
MAX_WORLD_BYTES = 4096
OF_RPC = ("_RPC.TXT", "_rpc.txt", ".RPB", ".rpb")


class Side(Struct, frozen=True):
    """Position of a raster as given by the files beside it.

    Attributes
    ----------
    transform : of GDAL's side file, as in Georeference.
    world : of the world file.
    crs_wkt : well-known text.
    by : what else places the raster, in words; "" for nothing.
    """

    transform: Affine6 | None = None
    world: Affine6 | None = None
    crs_wkt: str | None = None
    by: str = ""


def read_side(path: Path) -> Side:
    """The place of a raster by the files beside it; what is damaged there is ignored."""
    root = gdal_side(path)
    transform, crs, by = None, None, ""
    if root is not None:
        numbers = _numbers((root.findtext("GeoTransform") or "").split(","))
        if numbers is not None:
            c, a, b, f, d, e = numbers
            transform = (a, b, c, d, e, f)
        crs = crs_of((root.findtext("SRS") or "").strip())
        by = "" if root.find("GCPList") is None else "ground control points"
    if not by and any(path.with_name(path.stem + end).is_file() for end in OF_RPC):
        by = "rational polynomials (RPC)"
    return Side(transform, _world(path), None if crs is None else str(crs.to_wkt()), by)


def gdal_side(path: Path) -> ET.Element | None:
    """The side file that GDAL keeps of a raster; None of one that is missing or damaged."""
    side = side_file(path)
    try:
        text = text_of(side, MAX_BYTES) if side.is_file() else ""
        return ET.fromstring(text) if text and "<!" not in text else None  # noqa: S314 - no entities
    except (FileError, OSError, ET.ParseError, ValueError):
        return None


def _numbers(words: list[str]) -> Affine6 | None:
    """Six finite numbers, else None."""
    try:
        a, b, c, d, e, f = map(float, words)
    except ValueError:
        return None
    values = (a, b, c, d, e, f)
    return values if all(map(math.isfinite, values)) else None


def _world(path: Path) -> Affine6 | None:
    """The transform of a world file, which gives the centre of the upper left pixel."""
    end = path.suffix
    if len(end) < 3:
        return None
    for suffix in (f".{end[1]}{end[-1]}w", f"{end}w", ".wld"):
        for name in (suffix, suffix.upper()):
            file = path.with_suffix(name)
            try:
                text = text_of(file, MAX_WORLD_BYTES) if file.is_file() else ""
            except (FileError, OSError):
                continue
            numbers = _numbers(text.split()[:6])
            if numbers is not None:
                a, d, b, e, x, y = numbers
                return a, b, x - (a + b) / 2, d, e, y - (d + e) / 2
    return None
