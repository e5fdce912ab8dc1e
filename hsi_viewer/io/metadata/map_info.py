"""ENVI's "map info" as an affine transform and a coordinate reference system."""

from __future__ import annotations

import math
import re
import tempfile
from pathlib import Path

from hsi_viewer.core.cube.georeference import Georeference

Affine6 = tuple[float, float, float, float, float, float]

# Characters; a system of many parts has some thousands.
LONGEST = 1 << 17

# ENVI's names of datums, by what is in well-known text of any kind.
DATUMS = {
    "wgs1984": "WGS-84",
    "worldgeodeticsystem1984": "WGS-84",
    "northamericandatum1983": "North America 1983",
    "northamerican1983": "North America 1983",
    "northamericandatum1927": "North America 1927",
    "northamerican1927": "North America 1927",
}

# EPSG codes by datum: of latitude and longitude, and what the zone is added to in UTM north, south.
_DATUMS = {
    "wgs84": (4326, 32600, 32700),
    "wgs1984": (4326, 32600, 32700),
    "worldgeodeticsystem1984": (4326, 32600, 32700),
    "northamerica1983": (4269, 26900, None),
    "northamerican1983": (4269, 26900, None),
    "nad83": (4269, 26900, None),
    "nad1983": (4269, 26900, None),
    "northamerica1927": (4267, 26700, None),
    "northamerican1927": (4267, 26700, None),
    "nad27": (4267, 26700, None),
    "nad1927": (4267, 26700, None),
    "etrs89": (4258, 25800, None),
    "etrs1989": (4258, 25800, None),
    "europeanterrestrialreferencesystem1989": (4258, 25800, None),
}
# The zones that these codes have; the codes behind them are other systems, in feet even.
_ZONES = {26700: range(1, 23), 26900: range(1, 24), 25800: range(28, 39)}
_WGS_84 = ("wgs84", "wgs1984", "worldgeodeticsystem1984")
# Only what names no file or address: "+init" and grids are read from any path that is given.
_CRS_WORDS = re.compile(
    r"epsg:\d{1,7}|\+proj=\w+(?:\s+\+(?!init|\w*grids)\w+(?:=[-+\w.,]+)?){0,30}\s*", re.IGNORECASE
)
_NO_DATUM = re.compile(r"(north|south|\d+[ns])$|(units|rotation)\s", re.IGNORECASE)
# Cheap, for every opening: a name and a bracket, and what every system has.
_LOOKS_LIKE_WKT = re.compile(
    r"\s*(LOCAL_CS|ENG\w*CRS|[A-Z_]+\s*[\[(].*(DATUM|ENSEMBLE)\s*[\[(])", re.IGNORECASE | re.DOTALL
)
_PART_OF_DEGREE = {"minutes": 60.0, "seconds": 3600.0}


def split_fields(text: str) -> list[str]:
    """Comma-separated fields of a header value, with or without braces."""
    return [part.strip() for part in text.strip().strip("{}").split(",")]


def affine_of(map_info: str) -> Affine6 | None:
    """Affine transform of pixel corners, rotation honoured; None if it cannot be read.

    The tie point is the upper left corner of the reference pixel, counted from 1. The sign of
    the rotation is GDAL's (frmts/raw/envidataset.cpp), which writes and reads it the same way;
    a rotation of 180 degrees is how GDAL marks rows that run north. "x start" and "y start" do not
    shift it: map info counts pixels of the file.
    """
    fields = split_fields(map_info)
    try:
        column, row, x, y, dx, dy = (float(f) for f in fields[1:7])
        rotation = 0.0
        for field in fields[7:]:
            key, _, value = field.partition("=")
            if key.strip().casefold() == "rotation":
                rotation = float(value)
    except ValueError:
        return None
    if not all(map(math.isfinite, (column, row, x, y, dx, dy, rotation))) or dx == 0 or dy == 0:
        return None
    if fields[0].casefold().startswith("geographic"):
        part = _PART_OF_DEGREE.get(_unit(fields), 1.0)
        x, y, dx, dy = x / part, y / part, dx / part, dy / part
    if rotation == 0:
        a, b, d, e = dx, 0.0, 0.0, -dy
    elif abs(rotation) == 180:
        a, b, d, e = dx, 0.0, 0.0, dy
    else:
        cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
        a, b, d, e = dx * cos, dy * sin, dx * sin, -dy * cos
    return a, b, x - a * (column - 1) - b * (row - 1), d, e, y - d * (column - 1) - e * (row - 1)


def with_tie_point(map_info: str, x: float, y: float) -> str:
    """A map info whose first pixel has its corner at x and y, which are as in `affine_of`."""
    fields = map_info.strip().strip("{}").split(",")
    plain = split_fields(map_info)
    if plain[0].casefold().startswith("geographic"):
        part = _PART_OF_DEGREE.get(_unit(plain), 1.0)
        x, y = x * part, y * part
    fields[1:5] = (" 1", " 1", f" {x!r}", f" {y!r}")
    return "{" + ",".join(fields) + "}"


def _unit(fields: list[str]) -> str:
    """The unit of map coordinates in lower case, or "" where none is given."""
    for field in fields[7:]:
        key, _, value = field.partition("=")
        if key.strip().casefold() == "units":
            return value.strip().casefold()
    return ""


def _datum(fields: list[str]) -> str:
    """The name of the datum, or "": the first plain word behind pixel size, zone and hemisphere."""
    for word in fields[7:]:
        named = len(word) > 1 and any(map(str.isalpha, word)) and "=" not in word
        # "units  meters": camera programs lose the "="
        if named and not _NO_DATUM.match(word):
            return word
    return ""


def _plain(datum: str) -> str:
    """A datum's name by its letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", datum.casefold())


def _is_south(fields: list[str]) -> bool:
    """Whether a UTM zone is a southern one; camera programs write the letter of its latitudes."""
    return len(fields) > 8 and fields[8].casefold() in ("south", *"cdefghjklm")


def epsg_of(map_info: str) -> int | None:
    """EPSG code of the common cases (UTM and geographic on usual datums), else None."""
    fields = split_fields(map_info)
    projection = fields[0].casefold()
    datum = _plain(_datum(fields))
    if projection.startswith("geographic"):
        return _DATUMS[datum or "wgs84"][0] if datum in (*_DATUMS, "") else None
    if projection != "utm" or datum not in _DATUMS or _unit(fields) not in ("", "meters"):
        return None
    zone = _zone(fields)
    base = _DATUMS[datum][2 if _is_south(fields) else 1]
    if base is None or zone is None or zone not in _ZONES.get(base, range(1, 61)):
        return None
    return base + zone


def _zone(fields: list[str]) -> int | None:
    try:
        zone = int(float(fields[7].rstrip("NSns ")))  # with the hemisphere behind it
    except (IndexError, ValueError, OverflowError):
        return None
    return zone if 1 <= zone <= 60 else None


def georeference(
    map_info: str | None,
    coordinate_system: str | None,
    projection_info: str | None,
    warnings: list[str] | None = None,
) -> Georeference | None:
    """Georeference of the three ENVI header fields, or None where there is none.

    Parameters
    ----------
    map_info, coordinate_system, projection_info : field values as they are, braces included.
    warnings : where assumptions are added.
    """
    if not (map_info or coordinate_system):
        return None
    remarks = [] if warnings is None else warnings
    if any(len(text or "") > LONGEST for text in (map_info, coordinate_system, projection_info)):
        remarks.append("The georeference in the header is too long to be one; it is not used.")
        return None
    transform = None if map_info is None else affine_of(map_info)
    if map_info is not None and transform is None:
        remarks.append(
            '"map info" in the header could not be interpreted; the image has no map coordinates.'
        )
    wkt = (coordinate_system or "").strip().strip("{}").strip() or None
    if wkt is not None and not _LOOKS_LIKE_WKT.match(wkt):
        wkt = _wkt_of_words(wkt)
    if wkt is None and map_info is not None:
        wkt = _wkt_of(map_info, projection_info, remarks)
    if wkt is None and _names_a_system(map_info, coordinate_system):
        remarks.append(
            "The coordinate system in the header is not known; the image has map coordinates "
            "without one."
        )
    return Georeference(
        transform=transform,
        crs_wkt=wkt,
        map_info=map_info,
        coordinate_system=coordinate_system,
        projection_info=projection_info,
    )


def _names_a_system(map_info: str | None, coordinate_system: str | None) -> bool:
    """Whether either field gives a coordinate system, readable or not."""
    place = split_fields(map_info or "")
    named = len(place) > 6 and place[0].casefold() not in ("", "arbitrary")
    return named or bool((coordinate_system or "").strip("{} \r\n\t"))


def _wkt_of_words(text: str) -> str | None:
    """Well-known text of "EPSG:32633" or "+proj=utm ...", which programs write in its place."""
    if not _CRS_WORDS.fullmatch(text):
        return None
    from hsi_viewer.io.metadata.crs import crs_of

    crs = crs_of(text)
    return None if crs is None else str(crs.to_wkt())


def _wkt_of(map_info: str, projection_info: str | None, warnings: list[str]) -> str | None:
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    fields = split_fields(map_info)
    name, datum = fields[0].casefold(), _datum(fields)
    if name in ("", "arbitrary") or (name == "utm" and _zone(fields) is None):
        return None
    code = epsg_of(map_info)
    try:
        wkt = str(CRS.from_epsg(code).to_wkt()) if code else _wkt_by_gdal(map_info, projection_info)
    except CRSError:
        return None
    if name == "utm" and not datum and wkt is not None:
        warnings.append(
            "The map info gives no datum; North America 1927 is assumed, as ENVI and GDAL do."
        )
    if _plain(datum) not in ("", *_WGS_84) and code is None and 'DATUM["WGS_1984"' in (wkt or ""):
        warnings.append(f'The datum of the map info, "{datum}", is unknown; WGS-84 is assumed.')
    return wkt


def _wkt_by_gdal(map_info: str, projection_info: str | None) -> str | None:
    """GDAL's reading of projections that only it knows, from a temporary file of one pixel."""
    from hsi_viewer.io.files.gdal import RASTER_ERRORS, open_raster

    head = "ENVI\nsamples = 1\nlines = 1\nbands = 1\ndata type = 1\ninterleave = bsq\n"
    one_line = map_info.replace("\n", " ")
    projection_line = (projection_info or "").replace("\n", " ")
    projection = f"projection info = {projection_line}\n" if projection_line else ""
    with tempfile.TemporaryDirectory(prefix="hsi-crs-") as folder:
        data = Path(folder, "pixel.img")
        try:
            data.write_bytes(bytes(64))  # GDAL takes no image of one byte for one
            text = f"{head}byte order = 0\nmap info = {one_line}\n{projection}"
            data.with_suffix(".hdr").write_text(text, encoding="utf-8")
            with open_raster(data, driver="ENVI") as file:
                # GDAL answers what it does not know with a local system of that name
                known = file.crs is not None and (file.crs.is_projected or file.crs.is_geographic)
                return str(file.crs.to_wkt()) if known else None
        except (*RASTER_ERRORS, OSError, ValueError):
            return None


def map_info_of(transform: Affine6, wkt: str | None) -> str:
    """A "map info" value, braces included, for a transform that came from another format.

    A shear cannot be expressed in map info; the rotation of the rows is written then. Rows that run
    north have a negative height.
    """
    a, b, c, d, e, f = transform
    angle = math.atan2(d, a)
    dx, dy = math.hypot(a, d), b * math.sin(angle) - e * math.cos(angle)
    rotation = math.degrees(angle)
    if b == d == 0:  # 180 degrees means that rows run north, which signs can express
        dx, dy, rotation = a, -e, 0.0
    turned = f", rotation={rotation!r}" if rotation else ""
    name, zone = _projection(wkt or "")
    return f"{{{name}, 1, 1, {c!r}, {f!r}, {dx!r}, {dy!r}{zone}{turned}}}"


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
