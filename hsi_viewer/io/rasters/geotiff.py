"""GeoTIFF, BigTIFF and PNG through rasterio, with the spectral tags that programs write.

Import this module lazily.
"""

from __future__ import annotations

import math
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.windows import Window

from hsi_viewer.core.cube.cube import CubeSource, HyperCube, check_size, is_scale
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.arrays.container import ArrayChoice, ChoiceNeededError, Reading
from hsi_viewer.io.envi.companion_header import fields_beside
from hsi_viewer.io.files.composed_sources import ScaledSource
from hsi_viewer.io.files.gdal import georeference_of, open_raster, page_shapes, path_of, why
from hsi_viewer.io.files.identify import HFA, PNG
from hsi_viewer.io.metadata.wavelengths import from_band_names
from hsi_viewer.io.rasters.mask import Mask, mask_of, masked_type
from hsi_viewer.io.rasters.tags import RasterTags, spectral_fields

FORMAT_NAMES = {"GTiff": "GeoTIFF", "HFA": "ERDAS Imagine", "PNG": "PNG"}

# GDAL's own limit. A tile or strip is in memory, whole, for every value that is read of it.
MAX_BLOCK_BYTES = 2**31 - 1
# Thinned reads keep so much of what they pass over in memory.
PIECE_BYTES = 64 << 20

# What the first image of several says of its only band, not of a stack of them.
OF_BANDS = ("wavelengths", "fwhm", "good_bands", "band_names", "default_bands")

# The images of a file together, as a choice of the user's; the format of such a cube.
STACK, STACK_FORMAT = "images", "TIFF stack"
ANY = Reading()


class RasterSource:
    """A raster file as a CubeSource; GDAL's handle is used by one thread at a time.

    An alpha channel isn't among its bands. Pixels that it or a mask leaves out have the nodata
    value of the file, else NaN.
    """

    def __init__(self, path: Path, page: int | None = None) -> None:
        self._path = path
        try:
            self.dataset = open_raster(path, driver=driver_of(path), page=page)
        except RasterioError as error:
            raise FormatError(f"{path} is damaged or no readable raster: {why(error)}.") from error
        except OSError as error:
            raise FileError(f"{path} could not be read: {error.strerror}.") from error
        weakref.finalize(self, self.dataset.close)
        self._lock = threading.Lock()
        stored = np.result_type(*map(dtype_of, set(self.dataset.dtypes)))
        whole = self.dataset.height, self.dataset.width, self.dataset.count
        check_size(whole, stored, str(path))
        self._block_rows, width = self.dataset.block_shapes[0]
        together = self.dataset.count if _interleave(self.dataset) == "bip" else 1
        block_bytes = self._block_rows * width * together * stored.itemsize
        if block_bytes > MAX_BLOCK_BYTES:
            raise FormatError(
                f"{path} is damaged, or stored in blocks of {block_bytes} bytes, of which each has "
                'to be read whole; store it in smaller ones with "gdal_translate -co TILED=YES".'
            )
        try:
            self.mask = mask_of(self.dataset)
        except RasterioError as error:
            raise FormatError(f"{path} is damaged: {why(error)}.") from error
        self.shape = self.dataset.height, self.dataset.width, len(self.mask.bands)
        self.dtype: np.dtype[Any]
        self.dtype, self._fill = type_of(self.dataset, self.mask)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands)."""
        wanted = np.arange(self.shape[2])[... if bands is None else bands]
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if min(height, width, wanted.size) < 1:
            return np.empty((max(height, 0), max(width, 0), wanted.size), self.dtype)
        indexes = [self.mask.bands[b] for b in wanted]
        size = (-(-height // rows.step), -(-width // columns.step))
        try:
            out = np.empty((wanted.size, *size), self.dtype)
            self._read_into(out, indexes, rows, columns)
            if self.mask.alpha is not None:
                shown = np.empty((1, *size), self.mask.dtype)
                self._read_into(shown, [self.mask.alpha], rows, columns)
                out[:, shown[0] == 0] = self._fill
        except (RasterioError, OSError, MemoryError) as error:
            raise FileError(
                f"{self._path} could not be read: {why(error)}. It is damaged or its drive is gone."
            ) from error
        return out.transpose(1, 2, 0)

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
        most = PIECE_BYTES // (len(indexes) * height * self.dtype.itemsize)
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


def type_of(dataset: Any, mask: Mask) -> tuple[np.dtype[Any], float]:
    """Type of the values that are read of a raster, and the value of pixels without data."""
    types = dataset.dtypes
    stored = np.result_type(*map(dtype_of, {types[band - 1] for band in mask.bands}))
    if mask.alpha is None:
        return stored, math.nan
    return masked_type(stored, dataset.nodata)


def driver_of(path: Path) -> str:
    """GDAL's driver, so that no other one tries its hand at an untrusted file."""
    with path.open("rb") as file:
        head = file.read(len(HFA))
    return "PNG" if head.startswith(PNG) else "HFA" if head.startswith(HFA) else "GTiff"


def _interleave(dataset: Any) -> str | None:
    written = str(dataset.profile.get("interleave", ""))
    return {"pixel": "bip", "band": "bsq", "line": "bil"}.get(written)


def open_geotiff(path: Path, reading: Reading = ANY) -> HyperCube:
    """Open a raster file.

    Parameters
    ----------
    path : the file.
    reading : its name is the number of an image in a TIFF file of several, from 1; without one,
        those that are alike are the bands of a cube, or else the first is shown.

    Raises
    ------
    ChoiceNeededError
        if it is asked for, and the order of the axes of a stack can be chosen.
    FormatError
        if GDAL cannot read it.
    """
    first = RasterSource(path)
    pages = page_shapes(first.dataset)
    part = None if reading.name == STACK else reading.name
    warnings: list[str] = []
    if part is None and (len(pages) > 1 or _is_imagej(first.dataset)):
        cube = _open_stack(path, first, reading, warnings)
        if cube is not None:
            return cube
    if part is not None:
        first = _chosen_page(path, part, len(pages))
    fields = raster_fields(first, warnings)
    source: CubeSource = first
    if _differ(first):
        scales, offsets = _scales_of(first)
        source = ScaledSource(first, scales, offsets, fields.pop("nodata"))
        warnings.append(
            "Scale or offset differ from band to band; the values are those that result."
        )
    if part is None and len(pages) > 1:
        sizes = ", ".join(" x ".join(map(str, page)) for page in pages[:8])
        warnings.append(
            f"The file holds {len(pages)} images ({sizes}); the first is shown. "
            f"The others open as {path.name}:2 and so on."
        )
    fields |= fields_beside(path, source.shape, fields, warnings)
    return HyperCube(source, name=path.name, path=path, warnings=tuple(warnings), **fields)


def _is_imagej(dataset: Any) -> bool:
    return str(dataset.tags().get("TIFFTAG_IMAGEDESCRIPTION", "")).startswith("ImageJ=")


def _open_stack(
    path: Path, first: RasterSource, reading: Reading, warnings: list[str]
) -> HyperCube | None:
    """A cube of the images of a file that are alike; None if there are none."""
    from hsi_viewer.io.rasters.tiff_stack import AS_STORED, find_stack, stack_source

    stack = find_stack(path)
    if stack is None:
        return None
    if reading.ask:
        choice = ArrayChoice(STACK, stack.shape, stack.dtype.name)
        raise ChoiceNeededError(f"{path.name} holds {choice}.", (choice,))
    axes = reading.axes or AS_STORED
    source = stack_source(path, stack, axes)
    if source is None:
        return None
    own = first if 1 in stack.numbers else RasterSource(path, stack.numbers[0])
    fields = raster_fields(own, warnings)
    fields = {key: value for key, value in fields.items() if key not in OF_BANDS}
    if axes != AS_STORED:
        fields["georeference"] = None
    elif stack.names:
        fields["band_names"] = stack.names
        fields["wavelengths"] = from_band_names(stack.names)
    if reading.axes is None:
        warnings += stack.remarks()
    fields |= {"interleave": "bsq" if axes == AS_STORED else None, "format_name": STACK_FORMAT}
    fields |= fields_beside(path, source.shape, fields, warnings)
    return HyperCube(source, name=path.name, path=path, warnings=tuple(warnings), **fields)


def image_of(path: Path, part: str | None) -> RasterSource:
    """The first image of a file, or the one of a number.

    Raises
    ------
    FormatError
        if there is none of that number.
    """
    first = RasterSource(path)
    return first if part is None else _chosen_page(path, part, len(page_shapes(first.dataset)))


def _chosen_page(path: Path, part: str, pages: int) -> RasterSource:
    if not part.isdecimal() or not 1 <= int(part) <= max(1, pages):
        raise FormatError(
            f'{path} has no image "{part}"; it holds {max(1, pages)}, numbered from 1.'
        )
    return RasterSource(path, int(part) if pages else None)


def raster_fields(source: RasterSource, warnings: list[str]) -> dict[str, Any]:
    """Metadata of an open raster, as keyword arguments of HyperCube."""
    dataset = source.dataset
    tags = RasterTags(dataset, source.mask.bands)
    described = dataset.descriptions
    names = tags.names(tuple(described[band - 1] for band in source.mask.bands))
    whole = {**dataset.tags(ns="ENVI"), **dataset.tags()}
    if len(set(map(str, dataset.nodatavals))) > 1:
        warnings.append("The nodata value differs from band to band; that of the first is used.")
    warnings += source.mask.remarks
    beside = path_of(dataset).with_name(path_of(dataset).name + ".msk").is_file()
    if beside and source.mask.alpha is None:  # GDAL is not let at it: see open_raster
        warnings.append("The file has a mask of pixels without data; it is not applied.")
    nodata = dataset.nodata
    return {
        "format_name": FORMAT_NAMES[dataset.driver],
        "interleave": _interleave(dataset),
        "nodata": tags.number("dataignorevalue") if nodata is None else nodata,
        "georeference": georeference_of(dataset, warnings),
        "band_names": names,
        "default_bands": tags.default_bands(),
        **_scale(source, tags, warnings),
        "metadata": {k: str(v) for k, v in whole.items()},
        **spectral_fields(tags, names, warnings),
    }


def _scales_of(source: RasterSource) -> tuple[list[float], list[float]]:
    """Scales and offsets of the bands."""
    given = source.dataset.scales, source.dataset.offsets
    scales, offsets = ([float(each[band - 1]) for band in source.mask.bands] for each in given)
    return scales, offsets


def _differ(source: RasterSource) -> bool:
    """Whether the bands have scales or offsets of their own, all of them numbers."""
    both = np.array(_scales_of(source))
    return bool(np.isfinite(both).all() and (both != both[:, :1]).any())


def scale_of(dataset: Any) -> dict[str, Any]:
    """Scale and offset of the first band, as far as they can be applied."""
    scale, offset = float(dataset.scales[0]), float(dataset.offsets[0])
    return {"scale": scale, "offset": offset} if is_scale(scale) and math.isfinite(offset) else {}


def _scale(source: RasterSource, tags: RasterTags, warnings: list[str]) -> dict[str, float]:
    """Scale and offset, where all bands have the same ones."""
    scale, offset = (each[0] for each in _scales_of(source))
    if _differ(source):
        return {"scale": 1.0}  # they are applied
    if not (is_scale(scale) and math.isfinite(offset)):
        warnings.append(f"The scale {scale:g} is not positive; it is not applied.")
    elif scale != 1.0 or offset:
        return {"scale": scale, "offset": offset}
    factor = tags.number("reflectancescalefactor")
    return {"scale": 1.0 / factor if factor is not None and is_scale(factor) else 1.0}
