"""One cube out of several sources: sensors side by side, or one file a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube import CubeSource
from hsi_viewer.core.errors import FormatError


@dataclass(frozen=True)
class Part:
    """Bands of one source.

    Attributes
    ----------
    source : where they come from.
    gain, offset : value = stored * gain + offset; 1 and 0 keep the stored values.
    nodata : stored value that becomes NaN when gain or offset are used.
    """

    source: CubeSource
    gain: float = 1.0
    offset: float = 0.0
    nodata: float | None = None

    @property
    def plain(self) -> bool:
        """Whether stored values are handed on as they are."""
        return self.gain == 1.0 and self.offset == 0.0


class StackSource:
    """Bands of several parts in any order.

    Parameters
    ----------
    parts : all of one size.
    bands : for each band of the stack, the part and the band in it.

    Raises
    ------
    FormatError
        if the sizes differ.
    """

    def __init__(self, parts: Sequence[Part], bands: Sequence[tuple[int, int]]) -> None:
        sizes = {part.source.shape[:2] for part in parts}
        if len(sizes) != 1:
            texts = ", ".join(f"{r} x {c}" for r, c in sorted(sizes))
            raise FormatError(f"The bands differ in size: {texts}.")
        self._parts = tuple(parts)
        self._bands = np.array(bands, np.intp).reshape(-1, 2)
        rows, columns = sizes.pop()
        self.shape = rows, columns, len(self._bands)
        stored = np.result_type(*(part.source.dtype for part in parts))
        plain = all(part.plain for part in parts)
        self.dtype: np.dtype[Any] = stored if plain else np.dtype(np.float32)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window, (rows, columns, bands)."""
        wanted = self._bands if bands is None else self._bands[bands]
        r, c = (len(range(s.start, s.stop, s.step)) for s in (rows, columns))
        out = np.empty((r, c, len(wanted)), self.dtype)
        for k in np.unique(wanted[:, 0]):
            here = np.flatnonzero(wanted[:, 0] == k)
            part = self._parts[k]
            stored = part.source.read(rows, columns, wanted[here, 1])
            out[:, :, here] = stored if part.plain else self._scaled(part, stored)
        return out

    @staticmethod
    def _scaled(part: Part, stored: NDArray[Any]) -> NDArray[np.float32]:
        values: NDArray[np.float32] = stored.astype(np.float32)
        values *= np.float32(part.gain)
        values += np.float32(part.offset)
        if part.nodata is not None:
            values[stored == part.nodata] = np.nan
        return values
