"""The values of an image that GDAL reads."""

from __future__ import annotations

import math
import threading
import weakref
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from hsi_viewer.core.cube.cube import check_size, is_scale
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.files.file_state import read_state, why_unreadable
from hsi_viewer.io.files.gdal import RASTER_ERRORS, open_raster, why
from hsi_viewer.io.files.identify import HFA, PNG
from hsi_viewer.io.rasters.mask import Mask, mask_of, masked_type
from hsi_viewer.io.rasters.side_tags import bare, with_side

# GDAL's own limit. A tile or strip is in memory, whole, for every value that is read of it.
MAX_BLOCK_BYTES = 2**31 - 1

DAMAGED = "The file is damaged or its drive is gone."

# Thinned reads keep this much of what they pass over in memory.
PIECE_BYTES = 64 << 20


class RasterSource:
    """A raster file as a CubeSource; GDAL's handle is used by one thread at a time.

    An alpha channel isn't among its bands. Pixels that it or a mask leaves out have the nodata
    value of the file, else NaN.
    """

    def __init__(self, path: Path, page: int | None = None) -> None:
        self._path, self.page = path, page
        try:
            self._first = read_state(path)
            opened = open_raster(path, driver=driver_of(path), page=page)
        except RASTER_ERRORS as error:
            raise FormatError(
                f"{path} is damaged or not a readable raster: {why(error)}."
            ) from error
        except OSError as error:
            raise FileError(f"{path} could not be read: {error.strerror}.") from error
        weakref.finalize(self, opened.close)
        self.dataset = with_side(opened, path) if page is None else opened
        self._lock = threading.Lock()
        stored = np.result_type(*map(dtype_of, set(self.dataset.dtypes)))
        whole = self.dataset.height, self.dataset.width, self.dataset.count
        check_size(whole, stored, str(path))
        self._block_rows, width = self.dataset.block_shapes[0]
        together = self.dataset.count if _interleave(self.dataset) == "bip" else 1
        block_bytes = self._block_rows * width * together * stored.itemsize
        self._block_bytes = block_bytes
        if block_bytes > MAX_BLOCK_BYTES:
            raise FormatError(
                f"{path} is damaged, or stored in blocks of {block_bytes} bytes, each of which "
                "must "
                'be read as a whole; rewrite it in tiles with "gdal_translate -co TILED=YES".'
            )
        try:
            self.mask = mask_of(self.dataset)
        except RASTER_ERRORS as error:
            raise FormatError(f"{path} is damaged: {why(error)}.") from error
        self.shape = self.dataset.height, self.dataset.width, len(self.mask.bands)
        self.dtype: np.dtype[Any]
        self.nodata = _exact_nodata(self.dataset, path, page)
        self.dtype, self._fill = type_of(self.dataset, self.mask, self.nodata)
        self.makes_nan = self.mask.alpha is not None

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands)."""
        wanted = np.arange(self.shape[2])[... if bands is None else bands]
        size = tuple(len(range(s.start, s.stop, s.step)) for s in (rows, columns))
        if min(*size, wanted.size) < 1:
            return np.empty((*size, wanted.size), self.dtype)
        indexes = [self.mask.bands[b] for b in wanted]
        try:
            out = np.empty((wanted.size, *size), self.dtype)
            self._read_into(out, indexes, rows, columns)
            if self.mask.alpha is not None:
                shown = np.empty((1, *size), self.mask.dtype)
                self._read_into(shown, [self.mask.alpha], rows, columns)
                out[:, shown[0] == 0] = self._fill
        except (*RASTER_ERRORS, OSError, MemoryError) as error:
            self._check_length()
            raise FileError(
                f"{self._path} could not be read: {why(error)}. "
                f"{why_unreadable(self._path, self._first, DAMAGED)}"
            ) from error
        self._check_length()
        return out.transpose(1, 2, 0)

    def _check_length(self) -> None:
        """Raise FileError if the file has become shorter: GDAL may give zeros for the rest."""
        with suppress(OSError):  # gone, but still open
            now = self._path.stat()
            number, size, _ = self._first
            if now.st_ino == number and now.st_size < size:
                raise FileError(
                    f"{self._path} became shorter while it was open: it had {size} "
                    f"bytes, it has {now.st_size}. Open it again when it has been written "
                    "completely."
                )

    def _read_into(
        self, out: NDArray[Any], indexes: list[int], rows: slice, columns: slice
    ) -> None:
        """Read bands, or the mask for the index 0, of a window of any steps."""
        with self._lock:
            if rows.step == columns.step == 1:
                size = columns.stop - columns.start, rows.stop - rows.start
                window = Window(columns.start, rows.start, *size)
                if indexes == [0]:
                    out[0] = self.dataset.read_masks(1, window=window)
                else:
                    self.dataset.read(indexes, window=window, out=out)
            else:
                self._read_thinned(indexes, rows, columns, out)

    def _read_thinned(
        self, indexes: list[int], rows: slice, columns: slice, out: NDArray[Any]
    ) -> None:
        """Read piece by piece, so that a whole scene is never in memory, and few rows in vain."""
        lines = max(1, max(64, self._block_rows) // rows.step)
        height = (lines - 1) * rows.step + 1
        # a block is in memory as a whole, and unpacked again for each piece that it is read in
        most = max(PIECE_BYTES, self._block_bytes)
        most //= len(indexes) * height * self.dtype.itemsize
        pixels = max(1, most // columns.step)
        width = (pixels - 1) * columns.step + 1
        for i in range(0, out.shape[1], lines):
            for j in range(0, out.shape[2], pixels):
                top, left = rows.start + i * rows.step, columns.start + j * columns.step
                window = Window(
                    left, top, min(width, columns.stop - left), min(height, rows.stop - top)
                )
                part = (
                    self.dataset.read_masks(1, window=window)[None]
                    if indexes == [0]
                    else self.dataset.read(indexes, window=window)
                )
                part = part[:, :: rows.step, :: columns.step]
                out[:, i : i + part.shape[1], j : j + part.shape[2]] = part


def dtype_of(name: str) -> np.dtype[Any]:
    """NumPy's type of one of rasterio's; pairs of 16-bit integers are read as complex floats."""
    return np.dtype("complex64" if name == "complex_int16" else name)


def _exact_nodata(dataset: Any, path: Path, page: int | None) -> float | None:
    """The stored value that means no data, or None.

    rasterio writes that of 64-bit integers as -9.2e+18, of which GDAL reads -9, and rounds it; it
    passes over one that the type of the values cannot have.
    """
    nodata: float | None = dataset.nodata
    is_long = dataset.dtypes[0] in ("int64", "uint64") and nodata == bare(dataset).nodata
    if dataset.driver != "GTiff" or (nodata is not None and not is_long):
        return nodata
    from hsi_viewer.io.rasters.nodata_tag import written_nodata

    written = written_nodata(path, page)
    return nodata if written is None else written


def type_of(dataset: Any, mask: Mask, nodata: float | None) -> tuple[np.dtype[Any], float]:
    """Type of the values that are read of a raster, and the value of pixels without data."""
    types = dataset.dtypes
    stored = np.result_type(*map(dtype_of, {types[band - 1] for band in mask.bands}))
    if mask.alpha is None:
        return stored, math.nan
    return masked_type(stored, nodata)


def driver_of(path: Path) -> str:
    """GDAL's driver, so that no other one tries its hand at an untrusted file."""
    with path.open("rb") as file:
        head = file.read(len(HFA))
    return "PNG" if head.startswith(PNG) else "HFA" if head.startswith(HFA) else "GTiff"


def _interleave(dataset: Any) -> str | None:
    written = str(dataset.profile.get("interleave", ""))
    return {"pixel": "bip", "band": "bsq", "line": "bil"}.get(written)


def scale_of(dataset: Any) -> tuple[float, float]:
    """Scale and offset of the first band; 1 and 0 if they cannot be applied."""
    scale, offset = float(dataset.scales[0]), float(dataset.offsets[0])
    return (scale, offset) if is_scale(scale) and math.isfinite(offset) else (1.0, 0.0)


MAX_OPEN = 64


class ImageFile:
    """One image as a CubeSource of one band, opened when it is read and then kept for a while.

    Parameters
    ----------
    path : the file.
    shape, dtype : as they must be.
    page : its number in a TIFF file of several images, from 1; None for a file of one.
    """

    def __init__(
        self,
        path: Path,
        shape: tuple[int, int, int],
        dtype: np.dtype[Any],
        page: int | None = None,
    ) -> None:
        self._path, self._page = path, page
        self.shape = shape
        self.dtype = dtype

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window."""
        source = opened_once(self._path, self._page)
        if source.shape[:2] != self.shape[:2]:
            raise FormatError(
                f"{self._path} has {source.shape[0]} x {source.shape[1]} pixels, the first image "
                f"has {self.shape[0]} x {self.shape[1]}."
            )
        if not np.can_cast(source.dtype, self.dtype):
            raise FormatError(
                f"{self._path} contains {source.dtype} values, the first image {self.dtype}; "
                "convert them to one type."
            )
        window: NDArray[Any] = source.read(rows, columns, bands)
        return window


def opened_once(path: Path, page: int | None = None) -> RasterSource:
    """An image, opened now or a while ago; one that was written again is another.

    Raises
    ------
    FileError, FormatError
        if it cannot be read.
    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        raise FileError(f"{path} could not be read: {error.strerror}.") from error
    return _opened(path, page, changed)


@lru_cache(MAX_OPEN)
def _opened(path: Path, page: int | None, _changed: int) -> RasterSource:
    return RasterSource(path, page)
