"""Region of interest: the pixels and bands of a scene that are trained on and mapped.

What lies outside never leaves the source of the restricted cube: it reads as no data, so nothing
that is computed from that cube, from statistics to the map, can depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.cube.blocks import BLOCK_BYTES
from hsi_viewer.core.cube.cube import CubeSource, HyperCube
from hsi_viewer.core.errors import LabelError, TrainingError
from hsi_viewer.core.text import MOST_OF_NAME, percent, short_name

Mask = NDArray[np.bool_]
Window = tuple[slice, slice]
TOO_FEW_INSIDE = (
    "Fewer than two classes have labels inside the region of interest: label pixels there, or use "
    "the whole scene."
)
MOST_LOST = 4  # classes that are named
PARTS = 4  # a side of the densest window is moved by such parts of it


class RegionOfInterest(Struct, frozen=True, eq=False):
    """Pixels and bands that are used.

    Attributes
    ----------
    inside : (rows, columns); None for the whole scene.
    bands : (bands,) chosen; None for all good ones.
    """

    inside: Mask | None = None
    bands: Mask | None = None

    def __bool__(self) -> bool:
        return self.inside is not None or self.bands is not None

    def of(self, cube: HyperCube) -> HyperCube:
        """The cube of which only the region has data, and only the chosen bands are good.

        Fill values that the program found are looked for again, inside; those that the user gave
        stay.

        Raises
        ------
        LabelError
            if the mask has another size than the scene.
        TrainingError
            if no pixel or no good band is left.
        """
        if self.inside is not None:
            cube = _inside_of(cube, self.inside)
        if self.bands is not None:
            good = cube.good_bands & self.bands
            if not good.any():
                raise TrainingError(
                    f"{cube.name}: all of the chosen bands are marked bad. Choose other bands."
                )
            cube = replace(cube, good_bands=good, chosen=self.bands)
        return cube

    def sentence(self, cube: HyperCube) -> str:
        """What is used of a scene, as in "34 % of the scene; 120 of 200 bands"; "" for all."""
        parts = []
        if self.inside is not None:
            parts.append(f"{_percent(self.share(cube))} of the scene")
        if self.bands is not None:
            used = int(np.count_nonzero(self.bands & cube.good_bands))
            parts.append(f"{used} of {cube.bands} bands")
        return "; ".join(parts)

    def share(self, cube: HyperCube) -> float:
        """Share of the pixels of a scene that lie inside, 0..1."""
        if self.inside is None:
            return 1.0
        return int(np.count_nonzero(self.inside)) / (cube.rows * cube.columns)


def region_record(cube: HyperCube) -> dict[str, Any] | None:
    """What is used of a cube, for report.json; None of a whole scene. Bands are counted from 1."""
    found: dict[str, Any] = {}
    if cube.inside is not None:
        pixels = int(np.count_nonzero(cube.inside))
        found |= {"pixels": pixels, "share": round(pixels / cube.inside.size, 6)}
    if cube.chosen is not None:
        found["bands_used"] = (np.flatnonzero(cube.good_bands) + 1).tolist()
    return found or None


class InsideSource:
    """Values of a source inside of a mask; outside, what stands for no data.

    Parameters
    ----------
    source : of the whole scene.
    inside : (rows, columns).
    dtype, outside : type of the values, and the one that stands for no data.
    """

    makes_nan = True

    def __init__(
        self, source: CubeSource, inside: Mask, dtype: np.dtype[Any], outside: float
    ) -> None:
        self._source, self._inside, self._outside = source, inside, outside
        self.shape, self.dtype = source.shape, dtype
        self.in_memory = bool(getattr(source, "in_memory", False))

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window, (rows, columns, bands); where all is outside, nothing is read."""
        inside = self._inside[rows, columns]
        count = self.shape[2] if bands is None else len(bands)
        if not inside.any():
            return np.full((*inside.shape, count), self._outside, self.dtype)
        values = self._source.read(rows, columns, bands).astype(self.dtype, copy=False)
        if not inside.all():
            values[~inside] = self._outside
        return values


def _inside_of(cube: HyperCube, inside: Mask) -> HyperCube:
    if inside.shape != (cube.rows, cube.columns):
        size = " x ".join(map(str, inside.shape))
        raise LabelError(
            f"The region of interest is {size} pixels, {cube.name} is {cube.rows} x "
            f"{cube.columns}; choose a region of this scene."
        )
    if not inside.any():
        raise TrainingError(
            f"{cube.name}: the region of interest contains no pixel of the scene. Draw another, "
            "or clear it."
        )
    kept = inside.copy()
    kept.flags.writeable = False
    dtype, outside = _no_data_of(cube)
    found = {fill.value for fill in cube.suspected}
    sentences = {fill.sentence for fill in cube.suspected}
    given = tuple(v for v in cube.fill_values or () if v not in found)
    return replace(
        cube,
        source=InsideSource(cube.source, kept, dtype, outside),
        fill_values=(given or None) if found else cube.fill_values,
        suspected=(),
        warnings=tuple(w for w in cube.warnings if w not in sentences),
        inside=kept if cube.inside is None else kept & cube.inside,
    )


def _no_data_of(cube: HyperCube) -> tuple[np.dtype[Any], float]:
    """A type that holds the values of a cube and what stands for no data, and that number."""
    dtype, nodata = cube.dtype, cube.nodata
    if dtype.kind in "fc":
        return dtype, float("nan")
    if nodata is not None and np.isfinite(nodata) and dtype.kind in "iu":
        bounds = np.iinfo(dtype)
        if bounds.min <= nodata <= bounds.max and float(nodata).is_integer():
            return dtype, nodata
    return np.result_type(dtype, np.float32), float("nan")


def _percent(share: float) -> str:
    """A share as people write it; what is little is neither 0 % nor 100 %."""
    if 0 < share < 0.01:
        return "less than 1 %"
    if 0.99 < share < 1:
        return "more than 99 %"
    return percent(share)


def labels_inside(
    ids: NDArray[np.uint16],
    cube: HyperCube,
    what: str = "labels",
    names: Mapping[int, str] | None = None,
) -> tuple[NDArray[np.uint16], str]:
    """Class ids (rows, columns) without those outside of the region, and what to say about these.

    That is "" where there are none.

    Parameters
    ----------
    what : what the ids are.
    names : of the classes, by id, where the labels are for training: those that the map will lack
        are named.
    """
    if cube.inside is None:
        return ids, ""
    outside = (ids > 0) & ~cube.inside
    count = int(np.count_nonzero(outside))
    if not count:
        return ids, ""
    total = int(np.count_nonzero(ids))
    lie, used = ("lies", "isn't") if count == 1 else ("lie", "aren't")
    sentence = f"{count} of {total} {what} {lie} outside the region of interest and {used} used."
    inside = np.where(outside, np.uint16(0), ids)
    lost = [] if names is None else np.setdiff1d(ids, inside).tolist()
    if names is not None and lost:
        named = [f"“{short_name(names.get(i, f'Class {i}'), MOST_OF_NAME)}”" for i in lost]
        more = f" and {len(lost) - MOST_LOST} more" if len(lost) > MOST_LOST else ""
        sentence += (
            f" Without a label inside, and so not mapped: {', '.join(named[:MOST_LOST])}{more}."
        )
    return inside, sentence


def require_classes_inside(labels: NDArray[np.uint16]) -> None:
    """Raise LabelError unless the region of interest has labels of two classes."""
    if np.unique(labels[labels > 0]).size < 2:
        raise LabelError(TOO_FEW_INSIDE)


def has_two_classes(ids: NDArray[np.uint16], inside: Mask) -> bool:
    """Whether two classes have labels inside of a mask; rows without labels cost next to nothing.

    Parameters
    ----------
    ids, inside : (rows, columns).
    """
    first = 0
    for row, mask in zip(ids, inside, strict=True):
        if not row.any():
            continue
        found = row[mask & (row > 0) & (row != first)]
        if found.size and (first or (found != found[0]).any()):
            return True
        if found.size:
            first = int(found[0])
    return False


def sampled(cube: HyperCube, count: int, bands: NDArray[Any] | None = None) -> NDArray[Any]:
    """Stored values (rows, columns, bands) of about `count` pixels on a regular grid.

    Of a region of interest, the grid is as dense as it takes, and the pixels inside come as one
    column.
    """
    if cube.inside is None:
        step = max(1, int(np.ceil(np.sqrt(cube.rows * cube.columns / count))))
        return cube.read(slice(0, None, step), slice(0, None, step), bands)
    rows, columns = extent(cube)
    step = _step_for(cube.inside[rows, columns], count)
    parts = []
    for r, inside in _lines(cube, cube.inside, rows, columns, step):
        parts.append(cube.read(r, slice(columns.start, columns.stop, step), bands)[inside])
    return np.concatenate(parts)[:, None]


def _step_for(inside: Mask, count: int) -> int:
    """The widest grid that hits half of `count` pixels of a mask, or of those there are."""
    step = max(1, int(np.ceil(np.sqrt(inside.size / count))))
    while step > 1 and 2 * np.count_nonzero(inside[::step, ::step]) < count:
        step = step * 3 // 4
    return step


def _lines(
    cube: HyperCube, inside: Mask, rows: slice, columns: slice, step: int
) -> Iterator[tuple[slice, Mask]]:
    """Rows of a grid that are read together, and which of their pixels lie inside."""
    width = -(-(columns.stop - columns.start) // step)
    line = max(1, width * cube.bands * cube.dtype.itemsize)
    count = step * max(1, BLOCK_BYTES // line)
    for top in range(rows.start, rows.stop, count):
        r = slice(top, min(top + count, rows.stop), step)
        here = inside[r, columns.start : columns.stop : step]
        if here.any():
            yield r, here


def extent(cube: HyperCube) -> Window:
    """The rows and columns that the region of interest lies in; of a whole scene, all."""
    if cube.inside is None:
        return slice(0, cube.rows), slice(0, cube.columns)
    return tuple(  # type: ignore[return-value]
        slice(int(found[0]), int(found[-1]) + 1)
        for found in (np.flatnonzero(cube.inside.any(axis=axis)) for axis in (1, 0))
    )


def densest(cube: HyperCube, side: int) -> Window:
    """A window of `side` rows and columns at most, with as much of the region as there is.

    Of a whole scene it is the middle.
    """
    if cube.inside is None:
        return _central(cube.rows, side), _central(cube.columns, side)
    part = max(1, side // PARTS)
    sums = cube.inside
    for axis, size in enumerate(cube.inside.shape):
        sums = np.add.reduceat(sums, np.arange(0, size, part), axis=axis, dtype=np.int64)
    sums = np.pad(sums, ((0, PARTS - 1), (0, PARTS - 1)))
    found = np.lib.stride_tricks.sliding_window_view(sums, (PARTS, PARTS)).sum(axis=(2, 3))
    row, column = np.unravel_index(int(found.argmax()), found.shape)
    rows, columns = cube.inside.shape
    top, left = int(row) * part, int(column) * part
    return slice(top, min(top + side, rows)), slice(left, min(left + side, columns))


def _central(size: int, side: int) -> slice:
    start = max(0, (size - side) // 2)
    return slice(start, min(size, start + side))


def touches(cube: HyperCube, window: Window) -> bool:
    """Whether a window of a scene has pixels of its region of interest."""
    return cube.inside is None or bool(cube.inside[window].any())
