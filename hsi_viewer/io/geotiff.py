"""GeoTIFF, BigTIFF and PNG through rasterio, with the spectral tags that programs write.

Import this module lazily.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.windows import Window

from hsi_viewer.core.cube import HyperCube, check_size
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io import envi_header, wavelengths
from hsi_viewer.io.gdal import georeference_of, open_raster, why
from hsi_viewer.io.identify import HFA, PNG

MAX_BANDS_WITH_TAGS = 4096
# A larger tile or strip would have to be in memory, whole, for every value that is read of it.
MAX_BLOCK_BYTES = 1 << 30
# Thinned reads keep so much of what they pass over in memory.
PIECE_BYTES = 64 << 20


class RasterSource:
    """A raster file as a CubeSource; GDAL's handle is used by one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self.dataset = open_raster(path, driver=driver_of(path))
        except RasterioError as error:
            raise FormatError(f"{path} is damaged or no readable raster: {why(error)}.") from error
        except OSError as error:
            raise FileError(f"{path} could not be read: {error.strerror}.") from error
        weakref.finalize(self, self.dataset.close)
        self._lock = threading.Lock()
        self.shape = self.dataset.height, self.dataset.width, self.dataset.count
        self.dtype: np.dtype[Any] = np.result_type(*set(self.dataset.dtypes))
        check_size(self.shape, self.dtype, str(path))
        self._check_blocks()

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands)."""
        wanted = np.arange(self.shape[2])[... if bands is None else bands]
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if min(height, width, wanted.size) < 1:
            return np.empty((max(height, 0), max(width, 0), wanted.size), self.dtype)
        out = np.empty(
            (wanted.size, -(-height // rows.step), -(-width // columns.step)), self.dtype
        )
        indexes = [int(b) + 1 for b in wanted]
        try:
            with self._lock:
                if rows.step == columns.step == 1:
                    window = Window(columns.start, rows.start, width, height)
                    self.dataset.read(indexes, window=window, out=out)
                else:
                    self._read_thinned(indexes, rows, columns, out)
        except (RasterioError, OSError, MemoryError) as error:
            raise FileError(
                f"{self._path} could not be read: {why(error)}. It is damaged or its drive is gone."
            ) from error
        return out.transpose(1, 2, 0)

    def _read_thinned(
        self, indexes: list[int], rows: slice, columns: slice, out: NDArray[Any]
    ) -> None:
        """Read piece by piece, so that a whole scene is never in memory, and few rows in vain."""
        lines = max(1, _block_rows(self.dataset) // rows.step)
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
                part = self.dataset.read(indexes, window=window)
                part = part[:, :: rows.step, :: columns.step]
                out[:, i : i + part.shape[1], j : j + part.shape[2]] = part

    def _check_blocks(self) -> None:
        """Refuse tiles and strips that memory would have to hold whole."""
        height, width = self.dataset.block_shapes[0]
        together = self.shape[2] if self.dataset.profile.get("interleave") == "pixel" else 1
        size = height * width * together * self.dtype.itemsize
        if size > MAX_BLOCK_BYTES:
            raise FormatError(
                f"{self._path} is stored in blocks of {size} bytes, of which each has to be read "
                'whole; store it in smaller ones with "gdal_translate -co TILED=YES".'
            )


def driver_of(path: Path) -> str:
    """GDAL's driver, so that no other one tries its hand at an untrusted file."""
    with path.open("rb") as file:
        head = file.read(len(HFA))
    return "PNG" if head.startswith(PNG) else "HFA" if head.startswith(HFA) else "GTiff"


def _block_rows(dataset: Any) -> int:
    return int(max(64, dataset.block_shapes[0][0]))


def open_geotiff(path: Path) -> HyperCube:
    """Open a raster file.

    Raises
    ------
    FormatError
        if GDAL cannot read it.
    """
    source = RasterSource(path)
    warnings: list[str] = []
    fields = raster_fields(source.dataset, warnings)
    return HyperCube(
        source,
        name=path.name,
        path=path,
        warnings=tuple(warnings),
        **{"format_name": "GeoTIFF"} | fields,
    )


def raster_fields(dataset: Any, warnings: list[str]) -> dict[str, Any]:
    """Metadata of an open raster, as keyword arguments of HyperCube."""
    n = dataset.count
    tags = [dataset.tags(b) for b in range(1, min(n, MAX_BANDS_WITH_TAGS) + 1)]
    imagery = [dataset.tags(b, ns="IMAGERY") for b in range(1, min(n, MAX_BANDS_WITH_TAGS) + 1)]
    whole = {**dataset.tags(ns="ENVI"), **dataset.tags()}
    names = tuple(d or "" for d in dataset.descriptions)
    unit = _first(tags, "wavelength_units", "wavelength_unit", "wavelengthunits") or _get(
        whole, "wavelength_units", "wavelength units", "wavelength_unit"
    )
    fields: dict[str, Any] = {
        "format_name": "GeoTIFF" if dataset.driver == "GTiff" else dataset.driver,
        "interleave": {"pixel": "bip", "band": "bsq", "line": "bil"}.get(
            str(dataset.profile.get("interleave", ""))
        ),
        "nodata": dataset.nodata,
        "georeference": georeference_of(dataset),
        "band_names": names if any(names) else None,
        "wavelength_units_in_file": unit,
        "scale": _scale(dataset, whole, warnings),
        "metadata": {k: str(v) for k, v in whole.items()},
    }
    nm = _list(tags, whole, n, "wavelength", "wavelengths", "center_wavelength")
    if nm is not None:
        fields["wavelengths"], guess = wavelengths.to_nm(nm, unit)
        if guess:
            warnings.append(guess)
    elif (um := _list(imagery, {}, n, "central_wavelength_um")) is not None or (
        um := _list(tags, {}, n, "central_wavelength_um")
    ) is not None:
        fields["wavelengths"] = um * 1e3
        fields["wavelength_units_in_file"] = "um"
    elif (found := _described(names, whole)) is not None:
        fields["wavelengths"] = found
        warnings.append("The wavelengths are taken from the band descriptions.")
    fwhm = _list(tags, whole, n, "fwhm", "bandwidth")
    if fwhm is not None:
        fields["fwhm"] = fwhm * (wavelengths.nm_per_unit(unit or "") or _like(nm, fields))
    elif (um := _list(imagery, {}, n, "fwhm_um")) is not None or (
        um := _list(tags, {}, n, "fwhm_um")
    ) is not None:
        fields["fwhm"] = um * 1e3
    good = _list(tags, whole, n, "bbl", "bad_band_multiplier")
    if good is not None:
        fields["good_bands"] = good != 0
    return fields


def _described(names: tuple[str, ...], whole: Mapping[str, str]) -> NDArray[np.float64] | None:
    """Wavelengths (nm) in descriptions of bands; GDAL keeps those of ENVI files as Band_1, ..."""
    kept = tuple(whole.get(f"Band_{k}", "") for k in range(1, len(names) + 1))
    for texts in (names, kept):
        if any(texts) and (found := wavelengths.from_band_names(texts)) is not None:
            return found
    return None


def _like(raw: NDArray[np.float64] | None, fields: Mapping[str, Any]) -> float:
    """Factor that was guessed for the wavelengths."""
    known = raw is not None and "wavelengths" in fields and raw[0] != 0
    return float(fields["wavelengths"][0] / raw[0]) if known and raw is not None else 1.0


def _get(tags: Mapping[str, str], *keys: str) -> str | None:
    lower = {k.lower(): v for k, v in tags.items()}
    return next((lower[k] for k in keys if lower.get(k)), None)


def _first(tags: list[dict[str, str]], *keys: str) -> str | None:
    return next((text for t in tags[:1] if (text := _get(t, *keys))), None)


def _list(
    tags: list[dict[str, str]], whole: Mapping[str, str], n: int, *keys: str
) -> NDArray[np.float64] | None:
    """One number a band, from tags of the bands or a list in a tag of the file."""
    texts = [_get(t, *keys) for t in tags]
    try:
        if len(texts) == n and all(texts):
            return np.array([float(str(t).strip()) for t in texts])
        text = _get(whole, *keys)
        values = None if text is None else envi_header.numbers(text)
    except ValueError:
        return None
    return values if values is not None and values.size == n else None


def _scale(dataset: Any, whole: Mapping[str, str], warnings: list[str]) -> float:
    scales, offsets = set(dataset.scales), set(dataset.offsets)
    if offsets != {0.0}:
        warnings.append("The file gives offsets of its values; they are not applied.")
    if len(scales) == 1:
        scale = float(scales.pop())
        if scale != 1.0:
            return scale if scale > 0 else 1.0
    else:
        warnings.append("The scale differs from band to band; it is not applied.")
    try:
        factor = float(_get(whole, "reflectance_scale_factor", "reflectance scale factor") or 1)
    except ValueError:
        return 1.0
    return 1.0 / factor if factor > 0 else 1.0
