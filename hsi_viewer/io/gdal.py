"""rasterio, where it is needed: opening quietly, georeferences in and out.

Import this module lazily: rasterio takes a quarter of a second.
"""

from __future__ import annotations

import re
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

from hsi_viewer.core.errors import ExportError
from hsi_viewer.core.georeference import Georeference

# catch_warnings changes the state of the whole process: one thread at a time.
_quiet = threading.Lock()


@contextmanager
def quiet(category: type[Warning]) -> Iterator[None]:
    """Keep a warning of a library back that is no fault here."""
    with _quiet, warnings.catch_warnings():
        warnings.simplefilter("ignore", category)
        yield


def open_raster(path: Path | str, mode: str = "r", **options: Any) -> Any:
    """rasterio.open without the warning that a raster has no georeference, which is no fault.

    Raises
    ------
    RasterioIOError
        if the file is damaged; also where rasterio itself stumbles over its text.
    """
    with quiet(NotGeoreferencedWarning):
        try:
            return rasterio.open(path, mode, **options)
        except UnicodeDecodeError as error:
            raise RasterioIOError(f"its text is damaged ({error})") from error


def page_shapes(dataset: Any) -> list[tuple[int, int, int]]:
    """Rows, columns and bands of the images in a TIFF file; empty for a file of one."""
    described = [text for key, text in dataset.tags(ns="SUBDATASETS").items() if "_DESC" in key]
    found = [re.search(r"\((\d+)P x (\d+)L x (\d+)B\)", text) for text in described]
    return [(int(m[2]), int(m[1]), int(m[3])) for m in found if m]


def georeference_of(dataset: Any, warnings: list[str] | None = None) -> Georeference | None:
    """Georeference of an open raster; None if it has neither transform nor CRS.

    Parameters
    ----------
    dataset : of rasterio.
    warnings : told of a place that no transform can say.
    """
    transform = dataset.transform
    plain = transform is None or transform == Affine.identity()
    if plain and warnings is not None and (dataset.gcps[0] or dataset.rpcs):
        kind = "ground control points" if dataset.gcps[0] else "rational polynomials (RPC)"
        warnings.append(
            f"The file is placed on the map by {kind}, which are not used; gdalwarp makes a "
            "georeferenced file of it."
        )
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
