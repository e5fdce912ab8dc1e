"""A window, some bands, or other wavelengths of a cube, as a cube; nothing is read yet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.errors import ExportError
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.metadata.map_info import Affine6, with_tie_point

# Fields of ENVI headers: texts and lists with as many commas as there may be bands.
NOT_OF_BANDS = frozenset((
    "description", "geo points", "rpc info", "z plot titles", "z plot range", "z plot average",
    "pixel size", "default stretch", "sensor type", "history",
))  # fmt: skip
# Places of pixels, which are others in a window.
OF_WHOLE_IMAGE = frozenset(("geo points", "rpc info"))


class Subset(Struct, frozen=True):
    """The part of a cube that is written.

    Attributes
    ----------
    rows, columns : half-open ranges; None takes all.
    bands : band numbers from 0; None takes all.
    wavelengths : nm to resample to, linearly between bands; excludes `bands`.
    """

    rows: tuple[int, int] | None = None
    columns: tuple[int, int] | None = None
    bands: tuple[int, ...] | None = None
    wavelengths: tuple[float, ...] | None = None


class _ResampledSource:
    """Bands interpolated linearly to other wavelengths, as float32 or complex64; NaN is no data."""

    def __init__(self, cube: HyperCube, nm: NDArray[np.float64]) -> None:
        if cube.wavelengths is None:
            raise ExportError(f"{cube.name} has no wavelengths; it cannot be resampled.")
        usable = np.flatnonzero(cube.good_bands & np.isfinite(cube.wavelengths))
        usable = usable[np.argsort(cube.wavelengths[usable], kind="stable")]
        known = cube.wavelengths[usable]
        if usable.size < 2 or nm.min() < known[0] or nm.max() > known[-1]:
            reach = f"{known[0]:g} to {known[-1]:g} nm" if usable.size else "nothing"
            raise ExportError(
                f"{cube.name} reaches from {reach}; {nm.min():g} to {nm.max():g} nm were requested."
            )
        upper = np.clip(np.searchsorted(known, nm), 1, known.size - 1)
        low, high = usable[upper - 1], usable[upper]
        step = cube.wavelengths[high] - cube.wavelengths[low]
        self._share = np.where(
            step > 0, (nm - cube.wavelengths[low]) / np.where(step > 0, step, 1), 0
        )
        self._low, self._high, self._cube = low, high, cube
        self.shape = cube.rows, cube.columns, nm.size
        kind = np.complex64 if cube.dtype.kind == "c" else np.float32
        self.dtype: np.dtype[Any] = np.dtype(kind)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window, (rows, columns, bands)."""
        chosen = np.arange(self.shape[2])[... if bands is None else bands]
        share: NDArray[Any] = self._share[chosen].astype(np.float32)
        low, high = (self._valid(rows, columns, side[chosen]) for side in (self._low, self._high))
        between: NDArray[Any] = low + (high - low) * share
        return between

    def _valid(self, rows: slice, columns: slice, bands: NDArray[np.intp]) -> NDArray[Any]:
        stored = self._cube.source.read(rows, columns, bands)
        valid: NDArray[Any] = np.where(self._cube.is_data(stored), stored, np.nan)
        return valid.astype(self.dtype)


def subset_cube(cube: HyperCube, subset: Subset) -> HyperCube:
    """A cube of the window and bands of another; nothing is read yet.

    Raises
    ------
    ExportError
        if the subset reaches outside the cube.
    """
    rows, columns = subset.rows or (0, cube.rows), subset.columns or (0, cube.columns)
    for name, (start, stop), size in (
        ("rows", rows, cube.rows),
        ("columns", columns, cube.columns),
    ):
        if not 0 <= start < stop <= size:
            raise ExportError(f"The {name} {start} to {stop} are not within 0 to {size}.")
    if subset.wavelengths is not None:
        if subset.bands is not None or not subset.wavelengths:
            raise ExportError("Choose either bands or wavelengths to resample to.")
        nm = np.array(subset.wavelengths, np.float64)
        if not np.isfinite(nm).all():
            raise ExportError("The wavelengths to resample to must be numbers.")
        cube = replace(
            cube,
            source=_ResampledSource(cube, nm),
            wavelengths=nm,
            fwhm=None,
            good_bands=np.ones(nm.size, bool),
            nodata=float("nan"),
            band_names=None,
            default_bands=None,
            interleave=None,
            metadata={k: v for k, v in cube.metadata.items() if not _is_per_band(k, v, cube.bands)},
        )
    bands = np.arange(cube.bands) if subset.bands is None else np.array(subset.bands, np.intp)
    if bands.size == 0 or bands.min() < 0 or bands.max() >= cube.bands:
        raise ExportError(f"Band numbers must be between 0 and {cube.bands - 1}.")
    return _windowed(cube, rows, columns, bands)


class _WindowSource:
    def __init__(
        self,
        cube: HyperCube,
        rows: tuple[int, int],
        columns: tuple[int, int],
        bands: NDArray[np.intp],
    ) -> None:
        self._source, self._top, self._left, self._bands = cube.source, rows[0], columns[0], bands
        self.shape = rows[1] - rows[0], columns[1] - columns[0], int(bands.size)
        self.dtype = cube.dtype

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands)."""
        r = slice(rows.start + self._top, rows.stop + self._top, rows.step)
        c = slice(columns.start + self._left, columns.stop + self._left, columns.step)
        return self._source.read(r, c, self._bands if bands is None else self._bands[bands])


def _windowed(
    cube: HyperCube, rows: tuple[int, int], columns: tuple[int, int], bands: NDArray[np.intp]
) -> HyperCube:
    georeference = cube.georeference
    if georeference is not None and georeference.transform is not None and (rows[0] or columns[0]):
        a, b, c, d, e, f = georeference.transform
        x, y = c + a * columns[0] + b * rows[0], f + d * columns[0] + e * rows[0]
        georeference = _moved(georeference, (a, b, x, d, e, y))
    position = {int(b): k for k, b in enumerate(bands)}
    chosen = None
    if cube.default_bands is not None and all(b in position for b in cube.default_bands):
        red, green, blue = cube.default_bands
        chosen = position[red], position[green], position[blue]
    return replace(
        cube,
        source=_WindowSource(cube, rows, columns, bands),
        wavelengths=None if cube.wavelengths is None else cube.wavelengths[bands],
        fwhm=None if cube.fwhm is None else cube.fwhm[bands],
        good_bands=cube.good_bands[bands],
        band_names=None if cube.band_names is None else tuple(cube.band_names[b] for b in bands),
        default_bands=chosen,
        georeference=georeference,
        metadata={
            key: value
            for key, value in _metadata(cube, bands).items()
            if key not in OF_WHOLE_IMAGE or (rows, columns) == ((0, cube.rows), (0, cube.columns))
        },
    )


def _moved(georeference: Georeference, transform: Affine6) -> Georeference:
    """A georeference whose first pixel is another; ENVI's tie point becomes that pixel."""
    info = georeference.map_info
    if info is not None:
        info = with_tie_point(info, transform[2], transform[5])
    return structs.replace(georeference, transform=transform, map_info=info)


def _metadata(cube: HyperCube, bands: NDArray[np.intp]) -> dict[str, str]:
    """Header fields; lists with one entry per band are cut like the bands."""
    kept = {}
    for key, value in cube.metadata.items():
        if _is_per_band(key, value, cube.bands):
            entries = envi_header.items(value)
            value = envi_header.braced([entries[b] for b in bands])
        kept[key] = value
    return kept


def _is_per_band(key: str, value: str, bands: int) -> bool:
    is_list = value.startswith("{") and key not in NOT_OF_BANDS
    return is_list and len(envi_header.items(value)) == bands > 1
