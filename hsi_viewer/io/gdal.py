"""rasterio, where it is needed: opening quietly, georeferences in and out.

Import this module lazily: rasterio takes a quarter of a second.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rasterio
from rasterio.crs import CRS
from rasterio.errors import CRSError, NotGeoreferencedWarning, RasterioIOError
from rasterio.transform import Affine

from hsi_viewer.core.errors import ExportError, FileError
from hsi_viewer.core.georeference import Georeference

# catch_warnings changes the state of the whole process: one thread at a time.
_quiet = threading.Lock()


@contextmanager
def quiet(category: type[Warning]) -> Iterator[None]:
    """Keep a warning of a library back that is no fault here."""
    with _quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore", category)
        yield


def open_raster(path: Path, mode: str = "r", **options: Any) -> Any:
    """rasterio.open without the warning that a raster has no georeference, which is no fault.

    Raises
    ------
    RasterioIOError
        if the file is damaged; also where rasterio itself stumbles over its text.
    FileError
        if GDAL cannot be told its name.
    """
    with quiet(NotGeoreferencedWarning):
        try:
            # a whole path: "zip:a.tif" or "s3:a.tif" would be an archive or an address
            return rasterio.open(path.absolute(), mode, **options)
        except UnicodeDecodeError as error:
            raise RasterioIOError(f"its text is damaged ({error})") from error
        except UnicodeEncodeError as error:
            raise FileError(f"{path}: GDAL needs names in UTF-8; rename it.") from error


def why(error: BaseException) -> str:
    """What GDAL says of an error, which rasterio keeps behind its own words."""
    return str(error.__cause__ or error).rstrip(".")


def check_written(path: Path) -> None:
    """Find out whether a GeoTIFF is there to its end; rasterio is silent if closing it fails.

    Raises
    ------
    RasterioIOError
        if its directory or one of its blocks is cut off.
    """
    size = path.stat().st_size
    with open_raster(path, driver="GTiff") as file:
        apart = file.profile.get("interleave") != "pixel"
        for band in range(1, file.count + 1 if apart else 2):
            for (row, column), _ in file.block_windows(band):
                where = (file.get_tag_item(f"BLOCK_{what}_{column}_{row}", "TIFF", bidx=band)
                         for what in ("OFFSET", "SIZE"))  # fmt: skip
                if sum(int(text or size) for text in where) > size:
                    raise RasterioIOError("its end is missing, the disk may be full")


def georeference_of(dataset: Any) -> Georeference | None:
    """Georeference of an open raster; None if it has neither transform nor CRS."""
    transform = dataset.transform
    plain = transform is None or transform == Affine.identity()
    if plain and not dataset.crs:
        return None
    a, b, c, d, e, f = tuple(transform)[:6]
    return Georeference(
        transform=None if plain else (a, b, c, d, e, f),
        crs_wkt=dataset.crs.to_wkt() if dataset.crs else None,
    )


def georeference_profile(georeference: Georeference | None) -> dict[str, Any]:
    """Keyword arguments of rasterio.open for a georeference.

    Raises
    ------
    ExportError
        if GDAL does not understand the coordinate reference system.
    """
    profile: dict[str, Any] = {}
    if georeference is None:
        return profile
    if georeference.transform is not None:
        profile["transform"] = Affine(*georeference.transform)
    if georeference.crs_wkt:
        try:
            profile["crs"] = CRS.from_wkt(georeference.crs_wkt)
        except CRSError as error:
            raise ExportError(
                f"The coordinate reference system is not understood: {error}. "
                "Export to ENVI, which keeps it as it is."
            ) from error
    return profile
