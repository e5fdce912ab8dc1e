"""Several scenes as one cube, one below the other, with rows of no data between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError

# Further than any window of the classifiers looks, so that no scene sees another.
GAP = 64


class JoinedSource(Struct, frozen=True):
    """Values of several cubes of the same bands, as 32-bit numbers; NaN where there is none.

    Attributes
    ----------
    cubes : from top to bottom.
    first_rows : row of the whole at which each begins.
    """

    cubes: tuple[HyperCube, ...]
    first_rows: tuple[int, ...]

    makes_nan = True

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, bands of the whole."""
        rows = self.first_rows[-1] + self.cubes[-1].rows
        return rows, max(cube.columns for cube in self.cubes), self.cubes[0].bands

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32."""
        return np.dtype(np.float32)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Physical values of a window, (rows, columns, bands)."""
        wanted_rows = np.arange(rows.start, rows.stop, rows.step)
        wanted_columns = np.arange(columns.start, columns.stop, columns.step)
        count = self.shape[2] if bands is None else len(bands)
        out = np.full((wanted_rows.size, wanted_columns.size, count), np.nan, np.float32)
        for cube, top in zip(self.cubes, self.first_rows, strict=True):
            here = np.flatnonzero((wanted_rows >= top) & (wanted_rows < top + cube.rows))
            width = int(np.searchsorted(wanted_columns, cube.columns))
            if not here.size or not width:
                continue
            first, last = wanted_rows[here[0]] - top, wanted_rows[here[-1]] - top
            stored = cube.read(
                slice(int(first), int(last) + 1, rows.step),
                slice(columns.start, int(wanted_columns[width - 1]) + 1, columns.step),
                bands,
            )
            values = cube.physical(stored)
            values[~cube.is_data(stored)] = np.nan
            out[here, :width] = values
        return out


def joined(cubes: Sequence[HyperCube], name: str) -> HyperCube:
    """Several cubes as one, in physical values; the wavelengths are those of the first.

    Raises
    ------
    FormatError
        if there is no cube, or they differ in the number of bands.
    """
    if not cubes or len({cube.bands for cube in cubes}) > 1:
        raise FormatError(f"{name}: scenes that are joined must have the same bands.")
    heights = [cube.rows + GAP for cube in cubes]
    first_rows = tuple(int(row) for row in np.cumsum([0, *heights[:-1]]))
    return HyperCube(
        JoinedSource(tuple(cubes), first_rows),
        name=name,
        wavelengths=cubes[0].wavelengths,
        fwhm=cubes[0].fwhm,
        good_bands=np.logical_and.reduce([cube.good_bands for cube in cubes]),
        fill_values=(),
        format_name="joined scenes",
        joined_at=first_rows if len(cubes) > 1 else (),
        inside=_inside_of(cubes),
    )


def _inside_of(cubes: Sequence[HyperCube]) -> NDArray[np.bool_] | None:
    """The regions of interest of scenes that have any, on the grid of the joined cube."""
    if all(cube.inside is None for cube in cubes):
        return None
    parts = (np.ones((c.rows, c.columns), bool) if c.inside is None else c.inside for c in cubes)
    return joined_labels([part.astype(np.uint16) for part in parts]) > 0


def joined_labels(labels: Sequence[NDArray[np.uint16]]) -> NDArray[np.uint16]:
    """Labels (rows, columns) of the scenes on the grid of the joined cube."""
    rows = sum(each.shape[0] + GAP for each in labels) - GAP
    out = np.zeros((rows, max(each.shape[1] for each in labels)), np.uint16)
    top = 0
    for each in labels:
        out[top : top + each.shape[0], : each.shape[1]] = each
        top += each.shape[0] + GAP
    return out


def parts_of(whole: NDArray[np.uint16], scenes: Sequence[NDArray[np.uint16]]) -> list[Any]:
    """What `joined_labels` has joined, (rows, columns) of each scene, by their shapes."""
    tops = np.cumsum([0, *(each.shape[0] + GAP for each in scenes[:-1])]).tolist()
    return [
        whole[top : top + each.shape[0], : each.shape[1]]
        for top, each in zip(tops, scenes, strict=True)
    ]
