"""The one door to pyogrio: vector files by the driver that their suffix and first bytes name.

GDAL asks every driver it has whether it knows a file, and some of them run commands, follow
addresses or open other files that the content names. Here it has the drivers of `DRIVERS` alone.
Import this module lazily: pyogrio takes half a second.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.core import _register_drivers
from pyogrio.errors import DataLayerError, DataSourceError, FieldError
from pyogrio.util import vsi_path

from hsi_viewer.core.errors import ExportError, FileError, FormatError
from hsi_viewer.core.quiet import quiet
from hsi_viewer.io.files import gdal, shapefile
from hsi_viewer.io.files.geopackage import settled
from hsi_viewer.io.files.identify import check_beside, magic_of

DRIVERS = {
    ".shp": "ESRI Shapefile",
    ".gpkg": "GPKG",
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".fgb": "FlatGeobuf",
    # Some builds of pyogrio have the better of GDAL's two drivers for KML, others the plain one.
    ".kml": "LIBKML" if "LIBKML" in pyogrio.list_drivers() else "KML",
}
BEGINNINGS = {
    ".shp": b"\x00\x00\x27\x0a",
    ".gpkg": b"SQLite format 3\0",
    ".geojson": b"{",
    ".json": b"{",
    ".fgb": b"fgb",
    ".kml": b"<kml",
}
GEOJSON_END = b"\n]\n}\n"
# What GDAL quotes of a statement that failed, which may be thousands of letters.
SQL = re.compile(r"sqlite3_exec\(.*\) failed: ", re.DOTALL)
# What pyogrio raises on damage that it does not foresee: a broken .prj, names that are not text.
STUMBLES = (UnboundLocalError, UnicodeError, MemoryError)
ERRORS = (DataSourceError, DataLayerError, FieldError, *STUMBLES)
# Should a driver want to reach out after all: a proxy of a kind that does not exist, and no name
# that the remote file systems may open.
OPTIONS = {
    "GDAL_HTTP_PROXY": "none://",
    "GDAL_HTTPS_PROXY": "none://",
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
    "GDAL_PAM_ENABLED": "NO",
    "LIBKML_RESOLVE_STYLE": "NO",
    "LIBKML_EXTERNAL_STYLE": "NO",
}

_limiting = threading.Lock()


def limit_drivers() -> None:
    """Take all drivers but those of `DRIVERS` out of pyogrio's GDAL, as far as it has others.

    Raises
    ------
    FileError
        if they cannot be taken out.
    """
    with _limiting:
        if not _others():
            return
        pyogrio.set_gdal_config_options({**OPTIONS, "OGR_SKIP": ",".join(_others())})
        _register_drivers()  # GDAL drops what OGR_SKIP names at the end of it
        if left := _others():
            raise FileError(
                f"GDAL cannot be prevented from using its drivers {', '.join(left[:5])}; install "
                "pyogrio from PyPI to read and write vector files."
            )


def _others() -> list[str]:
    return [name for name in pyogrio.list_drivers() if name not in DRIVERS.values()]


def check_beginning(path: Path) -> None:
    """Refuse a file that is something else than its name says.

    Raises
    ------
    FileError, FormatError
        if it is missing, or does not begin as files of its suffix do.
    """
    magic = magic_of(path)
    text = magic.removeprefix(b"\xef\xbb\xbf").lstrip()
    wanted = BEGINNINGS[path.suffix.lower()]
    if b"<OGR" in magic or not (wanted in magic if wanted == b"<kml" else text.startswith(wanted)):
        raise FormatError(
            f"{path} does not contain what its name suggests: its first bytes are those of "
            "another format."
        )
    if wanted == b"<kml" and b"<!DOCTYPE" in magic:  # with entities, which may name other files
        raise FormatError(f"{path} could not be read: a KML file declares no document type.")


def layers_of(path: Path) -> list[tuple[str, str | None]]:
    """Names of the layers of a file, and the kind of their geometries; None for those without.

    Raises
    ------
    FileError, FormatError
        if the file cannot be read.
    """
    _check(path)
    try:
        with settled(path) as file, quiet(RuntimeWarning):  # what GDAL finds odd
            return [(str(layer), kind) for layer, kind in pyogrio.list_layers(_name_of(file))]
    except ERRORS as error:
        raise FormatError(f"{path} could not be read: {_reason(path, error)}.") from error


def read_layer(path: Path, layer: str) -> tuple[Sequence[Any], dict[str, NDArray[Any]], str | None]:
    """Geometries (None where there is none), attributes and coordinate system of a layer.

    Raises
    ------
    FileError, FormatError
        if the file cannot be read.
    """
    _check(path)
    try:
        with settled(path) as file, quiet(RuntimeWarning):
            meta, _, wkb, columns = pyogrio.raw.read(
                _name_of(file), layer=layer, force_2d=True, encoding=shapefile.encoding_of(path)
            )
        with np.errstate(invalid="ignore"):  # of coordinates that are NaN
            geometries = shapely.from_wkb(wkb, on_invalid="ignore")
    except ERRORS as error:
        raise FormatError(f"{path} could not be read: {_reason(path, error)}.") from error
    fields = {str(key): column for key, column in zip(meta["fields"], columns, strict=True)}
    return geometries, fields, meta["crs"]


def write_layer(
    path: Path,
    geometries: Sequence[Any],
    fields: dict[str, NDArray[Any]],
    crs: str | None,
    *,
    geometry: str = "Polygon",
    **more: Any,
) -> None:
    """Write geometries of one type by the driver of the suffix.

    Raises
    ------
    ExportError
        if the file cannot be written.
    """
    name = gdal.local_name(path)
    limit_drivers()
    try:
        with quiet(UserWarning):  # of a missing coordinate system, which the caller reports
            pyogrio.raw.write(
                name,
                np.array([shapely.to_wkb(each) for each in geometries], object),
                list(fields.values()),
                np.array(list(fields)),
                geometry_type=geometry,
                crs=crs,
                driver=DRIVERS[path.suffix.lower()],
                **more,
            )
    except ValueError as error:
        raise ExportError(f"{path} could not be written: {error}.") from error
    except (DataSourceError, DataLayerError) as error:  # such as of a feature without room
        raise _disk_full(path, str(error).rstrip(".")) from error
    if not _is_whole(path):  # GDAL says nothing of what it could not write when it closes a file
        raise _disk_full(path, "its end is missing")


def _disk_full(path: Path, reason: str) -> ExportError:
    reason = SQL.sub("", reason)
    return ExportError(
        f"{path} could not be written: the disk may be full ({reason}). Choose another folder or "
        "free some space."
    )


def _is_whole(path: Path) -> bool:
    """Whether a file of GDAL's, or each file of a shapefile, has the length that it should."""
    driver = DRIVERS[path.suffix.lower()]
    if driver == "GeoJSON":
        with path.open("rb") as file:
            file.seek(max(path.stat().st_size - len(GEOJSON_END), 0))
            return file.read() == GEOJSON_END
    if driver == "ESRI Shapefile":
        return shapefile.is_whole(path)
    return True  # SQLite notices by itself


def _check(path: Path) -> None:
    """Refuse a file that is something else than its suffix says, or is not whole."""
    check_beginning(path)
    _name_of(path)
    check_beside(path)
    shapefile.check_lengths(path)
    limit_drivers()


def _name_of(path: Path) -> str:
    """The name to give to pyogrio."""
    name = gdal.local_name(path)
    if vsi_path(name) != name:  # pyogrio reads archives and queries out of a name
        raise FileError(
            f'{path}: "!" and ";" are not possible in the path of a vector file; rename it.'
        )
    return name


def _reason(path: Path, error: BaseException) -> str:
    """GDAL's message without its advice about drivers, which does not apply here."""
    message = str(error).partition("; It might help")[0].rstrip(" .;")
    if "Unable to open" in message and ".shx" in message:
        return (
            f"{path.stem}.shx is missing beside it; copy all files of the shapefile (.shp, .shx, "
            ".dbf, .prj)"
        )
    if "not recognized as being in a supported" in message:
        return f"it is not {DRIVERS[path.suffix.lower()]}"
    return message
