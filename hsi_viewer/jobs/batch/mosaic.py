"""Mosaic: a map in tile files as an image that is read some rows at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from hsi_viewer.core.prediction import Prediction
from hsi_viewer.jobs.batch.tile_file import rows_of, tile_path

Window = tuple[slice, slice]


class Mosaic:
    """An image that is read by `core.strips.strips`, and a source of a cube.

    Parameters
    ----------
    folder : of the tile files.
    windows : of the tiles, by their number.
    name : of the array.
    shape : (rows, columns), or with classes as the last axis.
    dtype : that its values are given in.
    """

    def __init__(
        self,
        folder: Path,
        windows: Sequence[Window],
        name: str,
        shape: tuple[int, ...],
        dtype: DTypeLike,
    ) -> None:
        self._folder, self._windows, self._name = folder, windows, name
        self.shape: Any = shape
        self.dtype: np.dtype[Any] = np.dtype(dtype)

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        """Values of some rows."""
        top, bottom, _ = rows.indices(self.shape[0])
        out = np.empty((bottom - top, *self.shape[1:]), self.dtype)
        for index, (r, c) in enumerate(self._windows):
            first, last = max(r.start, top), min(r.stop, bottom)
            if first < last:
                inside = slice(first - r.start, last - r.start)
                values = rows_of(tile_path(self._folder, index), self._name, inside)
                out[first - top : last - top, c] = values
        return out

    def __array__(
        self, dtype: np.dtype[Any] | None = None, copy: bool | None = None
    ) -> NDArray[Any]:
        """All values."""
        return self[: self.shape[0]].astype(dtype or self.dtype, copy=False)

    def astype(self, dtype: DTypeLike, *, copy: bool = True) -> Mosaic:
        """The same image in another type."""
        return Mosaic(self._folder, self._windows, self._name, self.shape, dtype)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window, as of a cube."""
        values = self[rows.start : rows.stop][:: rows.step or 1, columns]
        return values if bands is None else values[:, :, bands]


def mosaic_of(
    folder: Path,
    windows: Sequence[Window],
    shape: tuple[int, int],
    class_ids: tuple[int, ...],
    source: str,
    outside: float | None,
    *,
    probabilities: bool,
) -> Prediction:
    """The prediction of a scene whose tiles are all there; its images are read when used."""

    def image(name: str, dtype: DTypeLike, *more: int) -> Any:
        return Mosaic(folder, windows, name, (*shape, *more), dtype)

    return Prediction(
        cast("NDArray[np.uint16]", image("class_map", np.uint16)),
        cast("NDArray[np.float32]", image("confidence", np.float32)),
        class_ids,
        image("probabilities", np.float32, len(class_ids)) if probabilities else None,
        None,
        source,
        outside=outside,
    )
