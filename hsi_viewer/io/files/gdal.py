"""rasterio, where it is needed: opening quietly, writing whole files.

Import this module lazily: rasterio takes a quarter of a second.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.errors import CRSError, NotGeoreferencedWarning, RasterioError, RasterioIOError
from rasterio.transform import Affine

from hsi_viewer.atomic import scratch_beside, unchanged
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError, FileError
from hsi_viewer.core.quiet import quiet, undecodable_passed_over

# What rasterio raises on damaged files; some of it later, where it next asks GDAL for something.
RASTER_ERRORS = (CPLE_BaseError, CRSError, RasterioError)
# The drivers that untrusted files are read by. None of them runs anything or follows an address.
DRIVERS = ("GTiff", "PNG", "HFA", "ENVI", "EHdr")
WITH_HEADER = ("ENVI", "EHdr")  # their header lies beside the data
LITTLE = 1 << 20  # bytes; GDAL fails where a block doesn't fit, and says so in terms of its own
READDIR, OVERVIEW = "GDAL_DISABLE_READDIR_ON_OPEN", "OVERVIEW_FILE"
# Set before PROJ first looks: it would fetch grids of datum shifts.
os.environ["PROJ_NETWORK"] = "OFF"
# What GDAL finds odd in a file it would write to the terminal; errors are raised all the same.
os.environ.setdefault("CPL_LOG", os.devnull)
# Reading all bands of a PNG at once, GDAL passes over its damage and leaves memory as it was.
os.environ["GDAL_PNG_WHOLE_IMAGE_OPTIM"] = "NO"


def open_raster(
    path: Path, mode: str = "r", *, driver: str, page: int | None = None, **options: Any
) -> Any:
    """rasterio.open by one driver, which sees no file but the one that is read.

    What lies beside a raster (overviews, masks) GDAL would open by the driver that the content asks
    for, and some of them follow addresses; `rasters.side_files` reads what is needed of it.

    Parameters
    ----------
    path : the file.
    mode : "r" or "w".
    driver : one of `DRIVERS`.
    page : number of an image in a TIFF file of several, from 1.
    options : of rasterio.open.

    Raises
    ------
    RASTER_ERRORS
        if the file is damaged or names another file; also where rasterio itself stumbles over
        its text.
    FileError
        if GDAL cannot open a file of its name.
    """
    if driver not in DRIVERS:
        raise ValueError(f"{driver} is not a driver that may be used")
    name = local_name(path)
    if page is not None:
        name = f"GTIFF_DIR:{page}:{name}"
    alone = {} if mode != "r" or driver in WITH_HEADER else {READDIR: "EMPTY_DIR"}
    # the setting holds for all threads; one opens at a time
    with quiet(NotGeoreferencedWarning), undecodable_passed_over(), rasterio.Env(**alone):
        try:
            # a whole path: "zip:a.tif" or "s3:a.tif" would be an archive or an address
            file = rasterio.open(
                Path(name) if page is None else name, mode, driver=driver, **options
            )
        except UnicodeDecodeError as error:
            raise RasterioIOError(f"its text is damaged ({error})") from error
        except UnicodeEncodeError as error:
            raise FileError(f"{path}: GDAL needs a name in UTF-8; rename it.") from error
    if mode == "r" and OVERVIEW in _tags_of_overviews(file):
        file.close()
        raise RasterioIOError("it names another file for its overviews")
    return file


def _tags_of_overviews(file: Any) -> dict[str, str]:
    try:
        tags: dict[str, str] = file.tags(ns="OVERVIEWS")
    except UnicodeDecodeError:
        return {OVERVIEW: ""}
    return {key.upper(): value for key, value in tags.items()}


@contextmanager
def without_messages() -> Iterator[None]:
    """GDAL prints nothing while the block runs; its errors are raised."""
    with rasterio.Env():
        yield


def local_name(path: Path) -> str:
    """The name to give to GDAL, which takes some names for addresses or archives.

    Raises
    ------
    FileError
        if it can only be mistaken for one.
    """
    name = str(path.absolute())
    if name.replace("\\", "/").lower().startswith("/vsi"):
        raise FileError(f"{path}: GDAL interprets this path as an address; move the file.")
    return name


def why(error: BaseException) -> str:
    """GDAL's own message of an error, which rasterio hides behind its own."""
    return str(error.__cause__ or error).rstrip(".")


@contextmanager
def new_tif(new: Path, path: Path, **profile: Any) -> Iterator[Any]:
    """A GeoTIFF to write, checked when it is closed: GDAL doesn't report a disk that is full then.

    Parameters
    ----------
    new : file to write.
    path : its final name, for messages.
    profile : for rasterio.open.

    Raises
    ------
    ExportError
        if it cannot be written whole.
    """
    with _whole(new, path), open_raster(new, "w", driver="GTiff", **profile) as file:
        yield file


@contextmanager
def new_cog(new: Path, path: Path, *, overviews: str, **profile: Any) -> Iterator[Any]:
    """As `new_tif`, a cloud-optimised GeoTIFF: in tiles, with overviews, in the order for reading.

    Parameters
    ----------
    new, path : as of `new_tif`.
    overviews : how their pixels are found: "nearest", "average", "mode".
    profile : for rasterio.open.

    Raises
    ------
    ExportError
        if it cannot be written whole.
    """
    import rasterio.shutil

    with scratch_beside(path) as plain:
        with new_tif(plain, path, **profile) as file:
            yield file
        options = {"blocksize": 256, "compress": "deflate", "predictor": "yes"}
        with _whole(new, path), open_raster(plain, driver="GTiff") as file:
            rasterio.shutil.copy(
                file, str(new), driver="COG", overview_resampling=overviews, **options
            )


@contextmanager
def _whole(new: Path, path: Path) -> Iterator[None]:
    """Sees that a TIFF file is whole when it was written.

    Parameters
    ----------
    new, path : as of `new_tif`.

    Raises
    ------
    ExportError
        if it isn't, or could not be written.
    """
    try:
        yield
        whole = _is_whole(new)
    except (*RASTER_ERRORS, ValueError, TypeError) as error:
        full = shutil.disk_usage(new.parent).free < LITTLE
        own = why(error).replace(str(new), path.name).replace(new.name, path.name)
        reason = "the disk seems to be full" if full else own
        raise ExportError(
            f"{path} could not be written: {reason}. Choose another folder or free some "
            f"space{unchanged(path)}"
        ) from error
    if not whole:
        raise ExportError(
            f"{path} could not be written: the disk seems to be full. Choose another folder or "
            f"free some space{unchanged(path)}"
        )


def _is_whole(path: Path) -> bool:
    """Whether every block of a TIFF file lies in it."""
    size = path.stat().st_size
    with open_raster(path, driver="GTiff") as file:
        together = file.interleaving is not None and file.interleaving.name == "pixel"
        for band in [1] if together else file.indexes:
            for (row, column), _ in file.block_windows(band):
                start, length = (
                    file.get_tag_item(f"BLOCK_{what}_{column}_{row}", "TIFF", bidx=band)
                    for what in ("OFFSET", "SIZE")
                )
                if not start or int(start) + int(length or 0) > size:
                    return False
    return True


def page_shapes(dataset: Any) -> list[tuple[int, int, int]]:
    """Rows, columns and bands of the images in a TIFF file; empty for a file of one."""
    described = [text for key, text in dataset.tags(ns="SUBDATASETS").items() if "_DESC" in key]
    found = [re.search(r"\((\d+)P x (\d+)L x (\d+)B\)", text) for text in described]
    return [(int(m[2]), int(m[1]), int(m[3])) for m in found if m]


def copy_as_tiff(dataset: Any, target: Path) -> None:
    """Write an open raster as a GeoTIFF; what TIFF cannot hold goes into its .aux.xml.

    Raises
    ------
    RASTER_ERRORS, OSError
        if it cannot be read or written.
    """
    import rasterio.shutil

    rasterio.shutil.copy(dataset, str(target), driver="GTiff", compress="deflate")


def path_of(dataset: Any) -> Path:
    """The file of an open raster."""
    return Path(re.sub(r"^GTIFF_DIR:\d+:", "", str(dataset.name)))


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
                f"The coordinate reference system could not be interpreted: {error}. Export to "
                "ENVI, which keeps it as it is."
            ) from error
    return profile
