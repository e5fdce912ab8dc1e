"""Windows of a scene: what a part of its mirrored axes sees, and pixels that share a window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.survey import TILE, Window
from hsi_viewer.learning.windows import at


def moved(part: slice, by: int) -> slice:
    """A range of rows or columns, so many further on."""
    return slice(part.start + by, part.stop + by)


def halves(
    some: NDArray[np.int64], row: NDArray[np.int64], column: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """Pixels cut in the middle of their longer extent; one part where they are one pixel."""
    along = row if np.ptp(row) >= np.ptp(column) else column
    low = 2 * along <= int(along.min()) + int(along.max())
    return [part for part in (some[low], some[~low]) if part.size]


def seen_by(places: range, reach: int, size: int) -> slice:
    """The part of an axis that windows around places of the mirrored axis see."""
    first, last = places[0] - reach, places[-1] + reach
    start, stop = max(0, first), min(size, last + 1)
    if first < 0:
        stop = max(stop, min(size, -first))
    if last >= size:
        start = min(start, max(0, 2 * size - 1 - last))
    return slice(start, stop)


def within(part: tuple[range, range] | Window, rows: slice, columns: slice) -> tuple[range, range]:
    """The same places, counted from the start of a window that holds them."""
    r, c = part
    return (
        range(r.start - rows.start, r.stop - rows.start, r.step or 1),
        range(c.start - columns.start, c.stop - columns.start, c.step or 1),
    )


def sliced(part: tuple[range, range]) -> Window:
    """A window that a part without steps is."""
    return slice(part[0].start, part[0].stop), slice(part[1].start, part[1].stop)


def _extent(row: NDArray[np.int64], column: NDArray[np.int64]) -> tuple[int, int]:
    return int(np.ptp(row)) + 1, int(np.ptp(column)) + 1


def together(
    row: NDArray[np.int64], column: NDArray[np.int64], around: int
) -> Iterator[NDArray[np.int64]]:
    """Pixels whose windows are computed together, because they lie close to one another.

    Parameters
    ----------
    around : pixels by which the window of one is higher and wider than the pixel.
    """
    groups = [np.arange(row.size)] if row.size else []
    while groups:
        some = groups.pop()
        parts = halves(some, row[some], column[some])
        sizes = [_extent(row[i], column[i]) for i in (some, *parts)]
        whole, *apart = ((h + around) * (w + around) for h, w in sizes)
        if len(parts) == 2 and (max(sizes[0]) > TILE or sum(apart) < whole):
            groups += parts
        else:
            yield some


class Projected(NamedTuple):
    """Components around a part of the mirrored scene, as `Features.smooth` takes them.

    `rows` and `columns` are the part, counted from the start of the window.
    """

    components: FloatArray
    valid: NDArray[np.bool_]
    strays: NDArray[np.bool_]
    rows: range
    columns: range

    @property
    def inner(self) -> NDArray[np.bool_]:
        """(rows, columns) where the part itself has data."""
        has_data: NDArray[np.bool_] = at(self.valid, self.rows, self.columns)
        return has_data

    @property
    def inner_strays(self) -> NDArray[np.bool_]:
        """(rows, columns) where the part itself is like none of the scene."""
        strays: NDArray[np.bool_] = at(self.strays, self.rows, self.columns)
        return strays


class Linear(NamedTuple):
    """What linear voices know of a part of the scene; all (rows, columns, ...).

    Attributes
    ----------
    first : (..., c) features of the first window.
    products, spectral : (..., k) of all features with weights, and of the spectra with axes.
    valid : where there is data.
    strays : where the spectrum is like none of the scene.
    """

    first: FloatArray
    products: FloatArray
    spectral: FloatArray
    valid: NDArray[np.bool_]
    strays: NDArray[np.bool_]


class Standardised(NamedTuple):
    """Standardised values (window rows, window columns, bands) around a part of the scene.

    `rows` and `columns` are the part, counted from the start of the window, which may be mirrored.
    """

    values: FloatArray
    valid: NDArray[np.bool_]
    strays: NDArray[np.bool_]
    rows: range
    columns: range

    @property
    def middle(self) -> FloatArray:
        """(bands,) of the pixel in the middle of the part."""
        rows, columns = (p[len(p) // 2] for p in (self.rows, self.columns))
        found: FloatArray = at(self.values, range(rows, rows + 1), range(columns, columns + 1))[
            0, 0
        ]
        return found
