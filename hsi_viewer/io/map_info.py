"""ENVI's "map info" as an affine transform and a coordinate reference system."""

from __future__ import annotations

import math
import re
import tempfile
from pathlib import Path

from hsi_viewer.core.georeference import Georeference

Affine6 = tuple[float, float, float, float, float, float]

# ENVI's names of datums, by what stands in well-known text of any kind.
DATUMS = {
    "wgs1984": "WGS-84",
    "worldgeodeticsystem1984": "WGS-84",
    "northamericandatum1983": "North America 1983",
    "northamerican1983": "North America 1983",
    "northamericandatum1927": "North America 1927",
    "northamerican1927": "North America 1927",
}

_UTM_BASE = {"wgs84": (32600, 32700), "nad83": (26900, None), "nad27": (26700, None)}


def split_fields(text: str) -> list[str]:
    """Comma-separated fields of a header value, with or without braces."""
    return [part.strip() for part in text.strip().strip("{}").split(",")]


def affine_of(map_info: str) -> Affine6 | None:
    """Affine transform of pixel corners, rotation honoured; None if it cannot be read.

    The tie point is the upper left corner of the reference pixel, counted from 1. The sign of
    the rotation is GDAL's (frmts/raw/envidataset.cpp), which writes and reads it the same way.
    """
    fields = split_fields(map_info)
    try:
        column, row, x, y, dx, dy = (float(f) for f in fields[1:7])
        rotation = 0.0
        for field in fields[7:]:
            key, _, value = field.partition("=")
            if key.strip().casefold() == "rotation":
                rotation = math.radians(float(value))
    except ValueError:
        return None
    if not all(map(math.isfinite, (column, row, x, y, dx, dy, rotation))) or dx == 0 or dy == 0:
        return None
    if rotation == 0:
        a, b, d, e = dx, 0.0, 0.0, -dy
    else:
        cos, sin = math.cos(rotation), math.sin(rotation)
        a, b, d, e = dx * cos, dy * sin, dx * sin, -dy * cos
    return a, b, x - a * (column - 1) - b * (row - 1), d, e, y - d * (column - 1) - e * (row - 1)


def epsg_of(map_info: str) -> int | None:
    """EPSG code of the common cases (UTM and geographic on usual datums), else None."""
    fields = split_fields(map_info)
    words = [re.sub(r"[^a-z0-9]", "", f.casefold()) for f in fields]
    projection = words[0] if words else ""
    datums = {
        "wgs84": "wgs84",
        "northamerica1983": "nad83",
        "nad83": "nad83",
        "northamerica1927": "nad27",
        "nad27": "nad27",
    }
    datum = next((datums[w] for w in words[7:] if w in datums), None)
    if projection.startswith("geographic"):
        return {"wgs84": 4326, "nad83": 4269, "nad27": 4267}.get(datum or "wgs84")
    if projection != "utm" or len(fields) < 8:
        return None
    north, south = _UTM_BASE[datum or "wgs84"]
    try:
        zone = int(float(fields[7]))
    except ValueError:
        return None
    if not 1 <= zone <= 60:
        return None
    base = south if "south" in words[8:9] else north
    return None if base is None else base + zone


def georeference(
    map_info: str | None, coordinate_system: str | None, projection_info: str | None
) -> Georeference | None:
    """Georeference of the three ENVI header fields, or None where there is none.

    Parameters
    ----------
    map_info, coordinate_system, projection_info : field values as they stand, braces included.
    """
    if not (map_info or coordinate_system):
        return None
    wkt = (coordinate_system or "").strip().strip("{}").strip() or None
    if wkt is None and map_info is not None:
        wkt = _wkt_of(map_info, projection_info)
    return Georeference(
        transform=None if map_info is None else affine_of(map_info),
        crs_wkt=wkt,
        map_info=map_info,
        coordinate_system=coordinate_system,
        projection_info=projection_info,
    )


def _wkt_of(map_info: str, projection_info: str | None) -> str | None:
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    code = epsg_of(map_info)
    if code is None:
        ours = split_fields(map_info)[0].casefold() in (
            "",
            "arbitrary",
            "utm",
            "geographic lat/lon",
        )
        return None if ours else _wkt_by_gdal(map_info, projection_info)
    try:
        return str(CRS.from_epsg(code).to_wkt())
    except CRSError:
        return None


def _wkt_by_gdal(map_info: str, projection_info: str | None) -> str | None:
    """What GDAL makes of projections that only it knows, asked by way of a file of one pixel."""
    from rasterio.errors import RasterioError

    from hsi_viewer.io.gdal import open_raster

    head = "ENVI\nsamples = 1\nlines = 1\nbands = 1\ndata type = 1\ninterleave = bsq\n"
    one_line = map_info.replace("\n", " ")
    projection = f"projection info = {projection_info}\n" if projection_info else ""
    with tempfile.TemporaryDirectory(prefix="hsi-crs-") as folder:
        data = Path(folder, "pixel.img")
        try:
            data.write_bytes(bytes(64))  # GDAL takes no image of one byte for one
            text = f"{head}byte order = 0\nmap info = {one_line}\n{projection}"
            data.with_suffix(".hdr").write_text(text, encoding="utf-8")
            with open_raster(data, driver="ENVI") as file:
                # for what it does not know, GDAL answers with degrees
                known = file.crs is not None and file.crs.is_projected
                return str(file.crs.to_wkt()) if known else None
        except (RasterioError, OSError, ValueError):
            return None


def map_info_of(transform: Affine6, wkt: str | None) -> str:
    """A "map info" value, braces included, for a transform that came from another format.

    A shear cannot be said in map info; the rotation of the rows is written then. Rows that run
    north have a negative height.
    """
    a, b, c, d, e, f = transform
    angle = math.atan2(d, a)
    dx, dy = math.hypot(a, d), b * math.sin(angle) - e * math.cos(angle)
    rotation = math.degrees(angle)
    turned = f", rotation={rotation!r}" if rotation else ""
    name, place = _projection(wkt or "")
    return f"{{{name}, 1, 1, {c!r}, {f!r}, {dx!r}, {dy!r}{place}{turned}}}"


def _projection(wkt: str) -> tuple[str, str]:
    """ENVI's name of a projection, and what follows the pixel sizes.

    Degrees go without saying: of "units=Degrees" GDAL makes another system than EPSG:4326.
    """
    words = re.search(r'(?:DATUM|ENSEMBLE)\["([^"]*)"', wkt)
    datum = re.sub(r"[^a-z0-9]", "", words[1].casefold()) if words else ""
    known = next((f", {name}" for key, name in DATUMS.items() if key in datum), "")
    utm = re.search(r'"[^"]*UTM[ _]zone[ _](\d+)([NS])"', wkt, re.IGNORECASE)
    if utm:
        hemisphere = "North" if utm[2].upper() == "N" else "South"
        return "UTM", f", {utm[1]}, {hemisphere}{known}, units=Meters"
    if wkt.startswith(("GEOGCS", "GEOGCRS")) and "DERIVINGCONVERSION" not in wkt:
        return "Geographic Lat/Lon", known
    return "Arbitrary", ""
