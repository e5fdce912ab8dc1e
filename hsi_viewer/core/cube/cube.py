"""HyperCube: one hyperspectral image, read window by window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from msgspec import structs
from numpy.typing import ArrayLike, NDArray

from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.cube.indexing import indexed
from hsi_viewer.core.cube.metadata import CubeMetadata, possible_wavelengths
from hsi_viewer.core.cube.nodata import SuspectedFill, can_hold, is_nodata, without_effect
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.text import messages, short_name

# No file of a user holds more; formats that leave out what is empty can promise anything.
MAX_BYTES = 1 << 50
MAX_BANDS = 1 << 20


def check_size(shape: tuple[int, int, int], dtype: np.dtype[Any], name: str) -> None:
    """Refuse an impossible cube before anything is allocated for it.

    Raises
    ------
    FormatError
        if it is empty, or larger than any file is.
    """
    if min(shape) < 1:
        raise FormatError(f"{name}: the cube is empty, its shape is {shape}.")
    rows, columns, bands = shape
    size = rows * columns * bands * dtype.itemsize
    if size > MAX_BYTES or bands > MAX_BANDS:
        raise FormatError(
            f"{name}: {rows} rows x {columns} columns x {bands} bands of {dtype.name} are "
            f"impossibly large ({size} bytes). At most {MAX_BYTES} bytes and {MAX_BANDS} bands "
            "are read. The file is damaged, or its axes are in a different order."
        )


def is_scale(factor: float) -> bool:
    """Whether values can be multiplied by a factor, and divided by it."""
    return factor > 0 and isfinite(factor) and isfinite(1.0 / factor)


class CubeSource(Protocol):
    """The values that a reader gives: shape, type, and windows on demand.

    `read` may be called from any thread and from several at once.
    """

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, bands."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the stored values."""

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values, (rows, columns, bands); steps in the slices are honoured.

        The slices are normalised (0 <= start <= stop, step >= 1); `bands` None means all.
        """


class ArraySource:
    """An array (memory or memory map) as a source.

    Parameters
    ----------
    array : (rows, columns, bands), any strides.
    makes_nan : whether NaN is in it for no data that another value stood for in a file.
    """

    def __init__(self, array: NDArray[Any], *, makes_nan: bool = False) -> None:
        if array.ndim != 3:
            raise FormatError(f"A cube has 3 axes (rows, columns, bands), not {array.ndim}.")
        self._array, self.makes_nan = array, makes_nan
        self.in_memory = not isinstance(array, np.memmap)
        self.shape: tuple[int, int, int] = (array.shape[0], array.shape[1], array.shape[2])
        self.dtype: np.dtype[Any] = array.dtype

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Copy of a window."""
        window = self._array[rows, columns]
        return np.array(window if bands is None else window[:, :, bands])


@dataclass(frozen=True)
class HyperCube:
    """A cube of rows x columns x bands with the metadata that its file gave.

    Attributes
    ----------
    source : where values come from.
    name : short name for titles.
    path : file it was opened from, or None.
    wavelengths : (bands,) centre wavelengths in nm, or None.
    fwhm : (bands,) full widths at half maximum in nm, or None.
    good_bands : (bands,) bool, False for bands marked bad.
    nodata : stored value that means "no data", or None.
    fill_values : further values that mean "no data"; None where nobody has looked for them.
    suspected : those of them that were found, not declared (see `fill_values.examined`).
    scale, offset : stored value * scale + offset = physical value (reflectance for most products).
    georeference : place on the Earth, or None.
    default_bands : three 0-based bands that the file asks to be shown, or None.
    band_names : one per band, or None.
    format_name : e.g. "ENVI"; interleave "bsq", "bil", "bip" or None.
    wavelength_units_in_file : as written in the file, or None.
    warnings : sentences about what was odd in the file.
    metadata : every other header field, as text.
    about : licence, citation, history; Markdown.
    class_names : names of the classes of the scene's own ground truth, by id, where known.
    ground_truth : where labels are read from for the scene's own ground truth, or "".
    joined_at : first row of each scene that was joined into this cube; empty for a single scene.
    inside : (rows, columns) region of interest, outside of which `source` gives no data; None for
        a whole scene (see `region`).
    chosen : (bands,) bands that were chosen, of which the good ones are `good_bands`; None for all.
    valid_range : lowest and highest stored value that the file calls valid, or None.
    """

    source: CubeSource
    name: str = "cube"
    path: Path | None = None
    wavelengths: NDArray[np.float64] | None = None
    fwhm: NDArray[np.float64] | None = None
    good_bands: NDArray[np.bool_] = field(default_factory=lambda: np.ones(0, bool))
    nodata: float | None = None
    fill_values: tuple[float, ...] | None = None
    suspected: tuple[SuspectedFill, ...] = ()
    scale: float = 1.0
    offset: float = 0.0
    georeference: Georeference | None = None
    default_bands: tuple[int, int, int] | None = None
    band_names: tuple[str, ...] | None = None
    format_name: str = "array"
    interleave: str | None = None
    wavelength_units_in_file: str | None = None
    warnings: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    about: str = ""
    class_names: Mapping[int, str] = field(default_factory=dict)
    ground_truth: str = ""
    joined_at: tuple[int, ...] = ()
    inside: NDArray[np.bool_] | None = None
    chosen: NDArray[np.bool_] | None = None
    valid_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        check_size(self.source.shape, self.source.dtype, self.name)
        if self.nodata is not None and not can_hold(self.dtype, self.nodata):
            remark = without_effect(self.nodata, self.dtype)
            if remark not in self.warnings:
                object.__setattr__(self, "warnings", (remark, *self.warnings))
        if self.warnings:
            object.__setattr__(self, "warnings", messages(self.warnings))
        bands = self.source.shape[2]
        if self.good_bands.size == 0:
            object.__setattr__(self, "good_bands", np.ones(bands, bool))
        for name in ("wavelengths", "fwhm", "good_bands"):
            value = getattr(self, name)
            if value is not None and value.shape != (bands,):
                raise FormatError(
                    f"{self.name}: {name.replace('_', ' ')} has {value.size} entries "
                    f"for {bands} bands; correct the header."
                )

    @classmethod
    def described(
        cls,
        source: CubeSource,
        metadata: CubeMetadata,
        name: str,
        path: Path | None = None,
        warnings: Sequence[str] = (),
    ) -> HyperCube:
        """Make a cube of values and of the metadata that a reader found.

        Raises
        ------
        FormatError
            if the cube is empty or impossibly large, or a list has no entry for each band.
        """
        given = structs.asdict(metadata)
        given["metadata"] = given.pop("fields")
        given["wavelengths"], doubt = possible_wavelengths(metadata.wavelengths)
        warnings = (*warnings, *doubt)
        if metadata.good_bands is None:
            del given["good_bands"]
        if not metadata.format_name:
            del given["format_name"]
        return cls(source, name=name, path=path, warnings=tuple(warnings), **given)

    @classmethod
    def from_array(
        cls,
        array: ArrayLike,
        wavelengths: Sequence[float] | NDArray[Any] | None = None,
        name: str = "array",
        **fields: Any,
    ) -> HyperCube:
        """A cube of an array.

        Parameters
        ----------
        array : (rows, columns, bands) numbers; what is masked in it is no data.
        wavelengths : (bands,) centre wavelengths in nm.
        name : short name for titles.
        fields : further attributes of the cube, such as nodata and georeference.

        Raises
        ------
        FormatError
            if it doesn't have three axes, or contains anything but numbers.
        """
        nm = None if wavelengths is None else np.asarray(wavelengths, np.float64)
        values, makes_nan = _numbers(array, name)
        return cls(ArraySource(values, makes_nan=makes_nan), name=name, wavelengths=nm, **fields)

    @classmethod
    def from_xarray(
        cls, data: Any, *, y: str | None = None, x: str | None = None, band: str | None = None
    ) -> HyperCube:
        """A cube of an xarray.DataArray, with the metadata of its coordinates and attributes.

        Parameters
        ----------
        data : its dimensions in any order; dask arrays are computed window by window.
        y, x, band : names of the dimensions, where names and attributes don't give them.

        Raises
        ------
        FormatError
            if dimensions are ambiguous, or wavelengths are in a unit that isn't known.
        """
        from hsi_viewer.core.cube.xarray_form import parsed

        found = parsed(data, y=y, x=x, band=band)
        source = found.values
        if isinstance(source, np.ndarray):
            source = ArraySource(source, makes_nan=found.makes_nan)
        return cls(source, **found.fields)

    def to_xarray(self) -> Any:
        """The cube as an xarray.DataArray (y, x, band), read when its values are needed.

        Returns
        -------
        xarray.DataArray
            stored values, with `_FillValue`, `scale_factor` and `add_offset` as attributes; the
            coordinates wavelength and fwhm (band) in nm, band_name and good_band (band), x and y
            of pixel centres, and spatial_ref with crs_wkt and GeoTransform.
        """
        from hsi_viewer.core.cube.xarray_form import to_xarray

        return to_xarray(self)

    def __repr__(self) -> str:
        parts = [" x ".join(map(str, self.shape)), self.dtype.name]
        if self.wavelengths is not None:
            known = self.wavelengths[np.isfinite(self.wavelengths)]
            parts += [f"{known.min():g}-{known.max():g} nm"] if known.size else []
        parts.append(self.format_name)
        return f'<HyperCube "{short_name(self.name)}": {", ".join(parts)}>'

    def __getitem__(self, key: Any) -> Any:
        """Stored values of cube[rows, columns, bands], as NumPy would give them; see `indexing`."""
        return indexed(self, key)

    def __len__(self) -> int:
        return self.rows

    def __array__(
        self, dtype: np.dtype[Any] | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        """All stored values, (rows, columns, bands), if half of the memory can hold them."""
        if copy is False:
            raise ValueError("The values of a cube are read, so an array of them is always a copy.")
        values = np.asarray(self[:, :, :])
        return values if dtype is None else values.astype(dtype, copy=False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, bands."""
        return self.source.shape

    @property
    def rows(self) -> int:
        """Number of rows (lines)."""
        return self.source.shape[0]

    @property
    def columns(self) -> int:
        """Number of columns (samples)."""
        return self.source.shape[1]

    @property
    def bands(self) -> int:
        """Number of bands."""
        return self.source.shape[2]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the stored values."""
        return self.source.dtype

    @property
    def in_memory(self) -> bool:
        """Whether values are read at once, never from a disk."""
        return bool(getattr(self.source, "in_memory", False))

    def read(
        self,
        rows: slice = slice(None),
        columns: slice = slice(None),
        bands: Sequence[int] | NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands); slices may have positive steps."""
        height, width, _ = self.source.shape
        r, c = _normalised(rows, height), _normalised(columns, width)
        chosen = None if bands is None else np.asarray(bands, np.intp)
        return self.source.read(r, c, chosen)

    def spectrum(self, row: int, column: int) -> NDArray[np.float64]:
        """Physical spectrum of one pixel, (bands,): scaled, NaN where there is no data.

        Of complex values, the magnitudes.

        Raises
        ------
        IndexError
            if the pixel lies outside the cube.
        """
        if not (0 <= row < self.rows and 0 <= column < self.columns):
            raise IndexError(f"pixel ({row}, {column}) is outside {self.rows} x {self.columns}")
        stored = self.read(slice(row, row + 1), slice(column, column + 1))[0, 0]
        values = self.physical(stored)
        values[~self.is_data(stored)] = np.nan
        return values

    def physical(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """Physical values of stored ones, same shape; of complex ones, of their magnitudes."""
        real = np.abs(stored) if stored.dtype.kind == "c" else stored
        values: NDArray[np.float64] = real.astype(np.float64)
        values *= self.scale
        values += self.offset
        return values

    def held_in_memory(self, limit: int = 256 * 2**20) -> HyperCube:
        """The cube with its values in memory, if they take at most limit bytes; else itself."""
        rows, columns, bands = self.shape
        if rows * columns * bands * self.dtype.itemsize > limit:
            return self
        made = bool(getattr(self.source, "makes_nan", False))
        return replace(self, source=ArraySource(self.read(), makes_nan=made))

    def is_data(self, stored: NDArray[Any]) -> NDArray[np.bool_]:
        """Where stored values are data: finite and none of the no-data values; same shape."""
        valid: NDArray[np.bool_] = np.ones(stored.shape, bool)
        if stored.dtype.kind in "fc":
            valid = np.isfinite(stored)
        nodata = () if self.nodata is None else (self.nodata,)
        for value in (*nodata, *(self.fill_values or ())):
            if not np.isnan(value):
                valid &= ~is_nodata(stored, value)
        return valid


def _numbers(array: ArrayLike, name: str) -> tuple[NDArray[Any], bool]:
    """Values of an array, and whether NaN was put where it is masked."""
    mask = np.ma.getmaskarray(array) if isinstance(array, np.ma.MaskedArray) else np.zeros((), bool)
    try:
        values = np.asarray(array)
    except ValueError as error:  # lists of different lengths
        raise FormatError(f"{name}: the rows of the cube differ in length.") from error
    if values.dtype.kind not in "biufc":
        raise FormatError(f"{name}: a cube holds numbers, not {values.dtype}.")
    if mask.any():
        values = values.astype(np.result_type(values.dtype, np.float32))
        values[mask] = np.nan
    return values, bool(mask.any())


def _normalised(part: slice, size: int) -> slice:
    """The slice with 0 <= start <= stop, so that no reader sees a negative length."""
    start, stop, step = part.indices(size)
    return slice(start, stop if stop > start else start, step)
