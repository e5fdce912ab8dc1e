"""Cubes out of other sources: bands of several side by side, values scaled or added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hsi_viewer.core.cube.cube import CubeSource
from hsi_viewer.core.cube.nodata import is_nodata
from hsi_viewer.core.errors import FormatError


class StackSource:
    """Bands of several sources in any order.

    Parameters
    ----------
    sources : all of one size.
    bands : for each band of the stack, the source and the band in it.

    Raises
    ------
    FormatError
        if the sizes differ.
    """

    def __init__(self, sources: Sequence[CubeSource], bands: Sequence[tuple[int, int]]) -> None:
        sizes = {source.shape[:2] for source in sources}
        if len(sizes) != 1:
            texts = ", ".join(f"{r} x {c}" for r, c in sorted(sizes))
            raise FormatError(f"The bands differ in size: {texts}.")
        self._sources = tuple(sources)
        self._bands = np.array(bands, np.intp).reshape(-1, 2)
        rows, columns = sizes.pop()
        self.makes_nan = any(getattr(source, "makes_nan", False) for source in sources)
        self.shape = rows, columns, len(self._bands)
        self.dtype: np.dtype[Any] = np.result_type(*(source.dtype for source in sources))

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window, (rows, columns, bands)."""
        wanted = self._bands if bands is None else self._bands[bands]
        r, c = (len(range(s.start, s.stop, s.step)) for s in (rows, columns))
        out = np.empty((r, c, len(wanted)), self.dtype)
        for k in np.unique(wanted[:, 0]):
            here = np.flatnonzero(wanted[:, 0] == k)
            out[:, :, here] = self._sources[k].read(rows, columns, wanted[here, 1])
        return out


class ComplexSource:
    """Complex numbers out of their real and imaginary parts.

    Parameters
    ----------
    real, imaginary : of one shape.
    """

    def __init__(self, real: CubeSource, imaginary: CubeSource) -> None:
        self._real, self._imaginary, self.shape = real, imaginary, real.shape
        self.dtype = np.result_type(real.dtype, imaginary.dtype, np.complex64)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window, (rows, columns, bands)."""
        real = self._real.read(rows, columns, bands)
        out = np.empty(real.shape, self.dtype)
        out.real, out.imag = real, self._imaginary.read(rows, columns, bands)
        return out


class ScaledSource:
    """Values times a gain plus an offset, as 32-bit numbers; what is no data becomes NaN.

    They are computed as exactly as the stored ones are given: of large integers, an offset may
    leave the last digits alone.

    Parameters
    ----------
    source : of the stored values.
    gain, offset : one for all bands or one per band.
    nodata : stored value that means "no data", or None; or one of these per band.
    """

    def __init__(
        self,
        source: CubeSource,
        gain: ArrayLike,
        offset: ArrayLike,
        nodata: float | Sequence[float | None] | None,
    ) -> None:
        self._source, self._nodata = source, nodata
        self.makes_nan = nodata is not None
        self.shape = source.shape
        self.dtype: np.dtype[Any] = np.dtype("c8" if source.dtype.kind == "c" else "f4")
        self._exact = np.result_type(source.dtype, np.float32)
        self._gain, self._offset = (
            np.broadcast_to(np.asarray(values, self._exact), source.shape[2:])
            for values in (gain, offset)
        )

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window, (rows, columns, bands)."""
        stored = self._source.read(rows, columns, bands)
        chosen = slice(None) if bands is None else bands
        values: NDArray[Any] = stored.astype(self._exact)
        with np.errstate(over="ignore", invalid="ignore"):  # beyond the 32-bit numbers is infinite
            values *= self._gain[chosen]
            values += self._offset[chosen]
            values = values.astype(self.dtype, copy=False)
        if isinstance(self._nodata, Sequence):
            for k, band in enumerate(np.arange(self.shape[2])[chosen]):
                if (own := self._nodata[band]) is not None:
                    values[:, :, k][is_nodata(stored[:, :, k], own)] = np.nan
        elif self._nodata is not None:
            values[is_nodata(stored, self._nodata)] = np.nan
        return values


class BackgroundSource:
    """Values times a gain plus an offset; NaN where the stored values of all bands are 0.

    A 0 in some bands is a value. Whether it is one in all is asked of some of them, which have to
    be read, too, where there is a 0 at all.

    Parameters
    ----------
    source : of the stored values.
    gain, offset : (bands,).
    asked : bands that are never all 0 where there is data.
    """

    makes_nan = True

    def __init__(
        self, source: CubeSource, gain: ArrayLike, offset: ArrayLike, asked: Sequence[int]
    ) -> None:
        self._stored, self._scaled = source, ScaledSource(source, gain, offset, None)
        self._asked = np.array(asked, np.intp)
        self.shape, self.dtype = source.shape, self._scaled.dtype
        self._zero = np.asarray(offset, np.float32)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window, (rows, columns, bands)."""
        values = self._scaled.read(rows, columns, bands)
        zero = self._zero if bands is None else self._zero[bands]
        if (values == zero).any():
            empty = (self._stored.read(rows, columns, self._asked) == 0).all(axis=2)
            values[empty] = np.nan
        return values


class UnsignedSource:
    """Signed integers whose bits are those of unsigned ones, as NetCDF has them."""

    def __init__(self, source: CubeSource) -> None:
        self._source, self.shape = source, source.shape
        self.dtype: np.dtype[Any] = np.dtype(f"u{source.dtype.itemsize}")

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window, (rows, columns, bands)."""
        return self._source.read(rows, columns, bands).astype(self.dtype)


class SumSource:
    """Values of two sources of one type, added."""

    makes_nan = True

    def __init__(self, first: CubeSource, second: CubeSource) -> None:
        if first.shape != second.shape:
            raise FormatError(f"The two parts differ in size: {first.shape}, {second.shape}.")
        self._first, self._second = first, second
        self.shape = first.shape
        self.dtype: np.dtype[Any] = np.result_type(first.dtype, second.dtype)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window, (rows, columns, bands)."""
        values: NDArray[Any] = self._first.read(rows, columns, bands)
        values += self._second.read(rows, columns, bands)
        return values
