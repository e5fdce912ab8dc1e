"""Undeclared values that stand for no data, found by looking at the spectra.

A fill value is the same in every band of a pixel, which no spectrum is, and lies apart from what
the other pixels hold. One within their range, as the 0 around a turned flight line, is asked about
and is data until then. A scene of moderate size is looked at whole, in a few bands; of a larger
one a sample is. Full spectra of some of the pixels decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.blocks import sample_steps
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.nodata import SuspectedFill
from hsi_viewer.core.cube.region import extent

PROBES = 9  # bands that are looked at
WHOLE_PIXELS = 1 << 20  # of a larger scene a sample is looked at
COSTLY_BYTES = 256 << 20  # of a scene whose bands cannot be read apart
SAMPLE_SIDE = 128
CONFIRMED = 8  # pixels of each value whose whole spectra are read
MOST = 0.7  # part of the bands of a pixel that must hold the value
AT_MOST = 8  # values; what differs more often is an image whose bands are similar
FAR = 3.0  # from the other pixels, in units of their range
FAR_HIGHEST = 0.5  # the same for the highest value of a type at many pixels
SATURATED_PART = 0.01  # at fewer pixels the highest value is a bright light
CUSTOMARY = (-999.0, -9999.0, -99999.0, -999999.0, -32768.0, -32767.0, -(2.0**31), 1.0 - 2.0**31)
HIGHEST = tuple(2.0**bits - 1 for bits in (8, 10, 11, 12, 13, 14, 15, 16, 31, 32, 63, 64))
HUGE = 1e15  # no sensor and no reflectance has such values, unless all are so
# Of a number that programs write where there is no data it is enough that no more than this part
# of the other pixels lies this near to it, in units of the usual range.
NEAR, RARE = 0.02, 0.001
# In some bands alone it must be in so many pixels, and so much oftener than what is near to it.
LEAST_PIXELS, OFTEN = 3, 10
SPECTRA = 1 << 14  # that are kept to know what is usual
# Among the values of the others, so many pixels must hold it, in each of so many bands.
CONSTANT_PART, CONSTANT_BANDS = 0.01, 10

Positions = list[tuple[int, int]]


def examined(cube: HyperCube) -> HyperCube:
    """The cube without the values that plainly are no data, and with a warning of each.

    A cube that was examined before, or whose fill values the user has given, stays the same.
    """
    if cube.fill_values is not None:
        return cube
    return with_suspected(cube, find_fill_values(cube))


def with_suspected(cube: HyperCube, found: Iterable[SuspectedFill]) -> HyperCube:
    """The cube without values that were found to be no data, and with a warning of each."""
    new = tuple(found)
    values = tuple(f.value for f in new if np.isfinite(f.value) and not f.kept)
    return replace(
        cube,
        fill_values=(*(cube.fill_values or ()), *values),
        suspected=(*cube.suspected, *new),
        warnings=(*cube.warnings, *(f.sentence for f in new)),
    )


def with_fill_values(cube: HyperCube, fill_values: tuple[float, ...]) -> HyperCube:
    """The cube with the fill values that a user gives; nothing is suspected any more."""
    withdrawn = {f.sentence for f in cube.suspected}
    return replace(
        cube,
        fill_values=fill_values,
        suspected=(),
        warnings=tuple(w for w in cube.warnings if w not in withdrawn),
    )


def find_fill_values(cube: HyperCube) -> tuple[SuspectedFill, ...]:
    """Fill values that nobody declared, those of most pixels first.

    Reads some bands of a scene of moderate size, or a sample of a larger one, and a few spectra.
    """
    if cube.dtype.kind not in "iuf":
        return ()
    bands = probe_bands(cube)
    rows, columns = _steps(cube)
    stored = cube.read(rows, columns, bands)
    box = (rows.stop - rows.start) * (columns.stop - columns.start)
    part = stored.shape[0] * stored.shape[1] / box

    def at(places: slice, number: int) -> int:
        return int(places.start + number * places.step)

    is_data = cube.is_data(stored)
    found = []
    whole = shared_values(stored, is_data)
    rest = _partly_held(stored, is_data, {value for value, _, _ in whole})
    for value, count, first in (*whole, *rest):
        share = _share(cube, value, [(at(rows, r), at(columns, c)) for r, c in first])
        if share >= MOST or value in CUSTOMARY:
            pixels, partly = max(1, round(count / part)), share < MOST
            found.append(SuspectedFill(value, pixels, part < 1 or partly, partly))
    known = {fill.value for fill in found}
    for value, count, share in _invalid(cube, stored, is_data):
        if value not in known:
            pixels, partly = max(1, round(count / part)), share < MOST
            found.append(SuspectedFill(value, pixels, part < 1 or partly, partly))
    known = {fill.value for fill in found}
    for value, count, first in _constant(cube, stored, is_data):
        places = [(at(rows, r), at(columns, c)) for r, c in first]
        if value not in known and _share(cube, value, places) == 1:
            found.append(SuspectedFill(value, max(1, round(count / part)), part < 1, kept=True))
    return (*found, *_not_finite(cube, stored, part))


def _constant(
    cube: HyperCube, stored: NDArray[Any], is_data: NDArray[np.bool_]
) -> Iterator[tuple[float, int, Positions]]:
    """As `shared_values`, values of many pixels in every band, also where others are near."""
    if cube.bands < CONSTANT_BANDS:
        return
    first = stored[:, :, 0]
    constant = (stored == first[:, :, None]).all(axis=2) & is_data.all(axis=2)
    for value, count in zip(*np.unique(first[constant], return_counts=True), strict=True):
        if CONSTANT_PART <= count / first.size < 1:
            at = np.flatnonzero(constant & (first == value))
            yield float(value), int(count), _some_of(at, first.shape)


def _invalid(
    cube: HyperCube, stored: NDArray[Any], is_data: NDArray[np.bool_]
) -> list[tuple[float, int, float]]:
    """Values outside of the range that the file calls valid, where they are few.

    Many are measurements that exceed it; where most are outside it is of other units.

    Returns
    -------
    Each value, the pixels that hold it, and the part of their bands that does.
    """
    if cube.valid_range is None:
        return []
    low, high = cube.valid_range
    outside = is_data & ((stored < low) | (stored > high))
    if not outside.any() or outside.sum() * 2 > is_data.sum():
        return []
    values = np.unique(stored[outside])
    if values.size > AT_MOST:
        return []
    held = [(stored == value).sum(axis=2) for value in values]
    shares = [n[n > 0].mean() / stored.shape[2] for n in held]
    counts = [int(np.count_nonzero(n)) for n in held]
    return list(zip(values.astype(float).tolist(), counts, shares, strict=True))


def usual_of(cube: HyperCube, bands: NDArray[np.intp]) -> Usual | None:
    """Usual values of a scene in a few bands, of which `examined` has seen only a sample.

    None where it has seen every pixel, or where the sample shows nothing.
    """
    rows, columns = _steps(cube)
    if rows.step == columns.step == 1 or bands.size < 3:
        return None
    stored = cube.read(rows, columns, bands)
    is_data = cube.is_data(stored)
    spectra = stored[is_data.all(axis=2) & ~_alike(stored, is_data)]
    return Usual.of(spectra) if len(spectra) else None


def probe_bands(cube: HyperCube, among: NDArray[Any] | None = None) -> NDArray[np.intp]:
    """Bands to look at: an odd number, spread over the good ones or those given."""
    usable = np.flatnonzero(cube.good_bands) if among is None else among
    usable = usable if usable.size else np.arange(cube.bands)
    chosen = np.linspace(0, usable.size - 1, min(PROBES, usable.size)).round().astype(np.intp)
    return np.asarray(usable[chosen], np.intp)


@dataclass(frozen=True)
class Usual:
    """Values of the other pixels in a few bands.

    Attributes
    ----------
    lowest, highest : (bands,).
    spectra : (pixels, bands) some of them.
    """

    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]
    spectra: NDArray[np.float64]

    @classmethod
    def of(cls, spectra: NDArray[Any]) -> Usual:
        """Of spectra (pixels, bands), one at least."""
        low, high = (end.astype(np.float64) for end in (spectra.min(axis=0), spectra.max(axis=0)))
        some = spectra[:: -(-len(spectra) // SPECTRA)]
        return cls(low, high, some.astype(np.float64))

    @cached_property
    def ends(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Values (bands,) that all spectra lie between but for one in a hundred at each end."""
        low, high = np.quantile(self.spectra, (0.01, 0.99), axis=0, method="nearest")
        return low, high

    def is_beyond(self, value: float, part: float) -> bool:
        """Whether a value of a part of the pixels lies so far away that it is no data."""
        with np.errstate(over="ignore"):
            if value in CUSTOMARY:
                return self._is_rare(value)
            if value in HIGHEST and part < SATURATED_PART:
                return False
            far = FAR_HIGHEST if value in HIGHEST else FAR
            apart = np.maximum(self.lowest - value, value - self.highest)
            beyond = (apart > 0) & (apart > far * (self.highest - self.lowest))
        return bool(beyond.mean() >= MOST)

    def is_near(self, stored: NDArray[Any], value: float) -> NDArray[np.bool_]:
        """Where stored values (rows, columns, bands) lie near to a value."""
        low, high = self.ends
        return np.asarray(np.abs(stored.astype(np.float32) - value) <= NEAR * (high - low))

    def _is_rare(self, value: float) -> bool:
        """Whether a value lies outside of what is usual, and hardly anything near it."""
        low, high = self.ends
        near = NEAR * (high - low)
        beyond = (value < low - near) | (value > high + near)
        close = (np.abs(self.spectra - value) <= near).mean(axis=0)
        return bool((beyond & (close <= RARE)).mean() >= MOST)


def shared_values(
    stored: NDArray[Any], is_data: NDArray[np.bool_], usual: Usual | None = None
) -> list[tuple[float, int, Positions]]:
    """Values that whole pixels hold and that lie apart from those of the other pixels.

    Parameters
    ----------
    stored, is_data : (rows, columns, bands) of a few bands.
    usual : what the other pixels hold, where that is known.

    Returns
    -------
    Value, number of pixels, and some of their positions (row, column) in the window; the value
    of most pixels first.
    """
    alike = _alike(stored, is_data)
    if not alike.any():
        return []
    flat = stored.reshape(-1, stored.shape[2])
    where = np.flatnonzero(alike)
    middle = np.sort(flat[where], axis=1)[:, flat.shape[1] // 2]
    if usual is None:
        others = np.flatnonzero(~alike.ravel() & is_data.reshape(flat.shape).all(axis=1))
        if not others.size:
            return []
        usual = Usual.of(flat[others])
    values, counts = np.unique(middle, return_counts=True)
    found = []
    for i in np.argsort(counts)[::-1]:
        if usual.is_beyond(float(values[i]), counts[i] / len(flat)):
            at = where[middle == values[i]]
            found.append((float(values[i]), int(counts[i]), _some_of(at, alike.shape)))
    return found[:AT_MOST]


def _some_of(pixels: NDArray[np.intp], shape: tuple[int, ...]) -> Positions:
    """Positions (row, column) of some of the pixels, flat numbers in a window of a shape."""
    rows, columns = np.unravel_index(pixels[:: -(-pixels.size // CONFIRMED)], shape)
    return list(zip(rows.tolist(), columns.tolist(), strict=True))


def _partly_held(
    stored: NDArray[Any], is_data: NDArray[np.bool_], known: set[float]
) -> list[tuple[float, int, Positions]]:
    """As `shared_values`, numbers that programs write and that pixels hold in some of the bands.

    Detectors of several kinds do not see quite the same places, and lose single values.

    Parameters
    ----------
    known : values that whole pixels hold.
    """
    bands = stored.shape[2]
    if bands < 3 or not np.fmin.reduce(stored, axis=None) <= max(CUSTOMARY):
        return []
    found = []
    for value in CUSTOMARY:
        if value in known:
            continue
        with np.errstate(over="ignore"):  # of a type that has no number so low
            held = (stored == value) & is_data
        alive = held.mean(axis=(0, 1)) < 0.5  # a band of nothing else tells nothing of the pixels
        pixels = held[:, :, alive].any(axis=2)
        others = (is_data & ~held)[:, :, alive].all(axis=2)
        if pixels.any() and others.any():
            usual, at = Usual.of(stored[others][:, alive]), np.flatnonzero(pixels)
            near = usual.is_near(stored[:, :, alive], value) & ~held[:, :, alive]
            least = max(LEAST_PIXELS, OFTEN * int(np.count_nonzero(near.any(axis=2))))
            enough = at.size >= least
            if enough and usual.is_beyond(value, at.size / pixels.size):
                found.append((value, int(at.size), _some_of(at, pixels.shape)))
    return found


def _alike(stored: NDArray[Any], is_data: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels, (rows, columns), that hold one value in most bands."""
    bands = stored.shape[2]
    if bands >= 3:
        same = np.zeros(stored.shape[:2], np.uint8)
        for b in range(bands - 1):
            same += (stored[:, :, b] == stored[:, :, b + 1]) & is_data[:, :, b]
        alike: NDArray[np.bool_] = same >= np.ceil(MOST * (bands - 1)) - (bands > 4)
        if alike.mean() < 0.5 or np.unique(stored[:, :, 0][alike]).size <= AT_MOST:
            return alike
    # Few bands, or bands that are all the same: only values that no data has reveal a fill value.
    odd = np.isin(stored, CUSTOMARY)
    if stored.dtype.kind == "f":
        odd |= np.abs(stored) >= HUGE
    fill: NDArray[np.bool_] = (odd & is_data & (stored == stored[:, :, :1])).all(axis=2)
    return fill


def _share(cube: HyperCube, value: float, positions: Positions) -> float:
    """Part of the good bands, not only of those looked at, in which pixels hold a value."""
    bands = np.flatnonzero(cube.good_bands)
    bands = bands if bands.size else np.arange(cube.bands)
    parts = []
    for row, column in positions:
        stored = cube.read(slice(row, row + 1), slice(column, column + 1), bands)[0, 0]
        known = cube.is_data(stored)
        parts.append((stored[known] == value).mean() if known.any() else 0.0)
    return float(np.median(parts))


def _not_finite(cube: HyperCube, stored: NDArray[Any], part: float) -> list[SuspectedFill]:
    """Pixels of infinite values, and of NaN where the reader has not put it there."""
    if stored.dtype.kind != "f":
        return []
    counts = {np.inf: int(np.isinf(stored).any(axis=2).sum())}
    declared = cube.nodata is not None and np.isnan(cube.nodata)
    if not (declared or getattr(cube.source, "makes_nan", False)):
        counts[np.nan] = int(np.isnan(stored).all(axis=2).sum())
    return [
        SuspectedFill(value, max(1, round(count / part)), part < 1)
        for value, count in counts.items()
        if count
    ]


def _steps(cube: HyperCube) -> tuple[slice, slice]:
    """The whole scene, or the box of its region, where their size allows, else a sample."""
    box = extent(cube)
    height, width = (part.stop - part.start for part in box)
    pixels = height * width
    apart = cube.in_memory or cube.interleave in ("bsq", "bil")
    whole = pixels * cube.bands * cube.dtype.itemsize
    if pixels <= WHOLE_PIXELS and (apart or whole <= COSTLY_BYTES):
        return slice(box[0].start, box[0].stop, 1), slice(box[1].start, box[1].stop, 1)
    return sample_steps(cube, SAMPLE_SIDE, box)
