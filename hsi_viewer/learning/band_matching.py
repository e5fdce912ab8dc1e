"""Apply a model to a cube of another sensor or unit: resampled, rescaled, or refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.region import sampled
from hsi_viewer.core.errors import ModelError
from hsi_viewer.core.progress import Note, ProgressPort

SAME_NM = 0.5  # wavelengths this close are the same
SAMPLED = 2_000  # pixels whose values are compared, about
PART_BYTES = 128_000_000  # of values that are converted at once, which takes several copies
BEYOND_NM = 15.0  # how far a model's band may lie outside the cube's range


@dataclass(frozen=True)
class ResampledSource:
    """A cube read at other wavelengths, linear between the two nearest bands.

    Attributes
    ----------
    lower, upper : (n,) bands of the source on either side of each wanted wavelength.
    share : (n,) weight of the upper one.
    cube : whose values they are; what is no data becomes NaN.
    """

    cube: HyperCube
    lower: NDArray[np.intp]
    upper: NDArray[np.intp]
    share: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, wanted wavelengths."""
        return self.cube.rows, self.cube.columns, self.lower.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32."""
        return np.dtype(np.float32)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values at the wanted wavelengths, (rows, columns, bands) float32."""
        wanted = np.arange(self.lower.size) if bands is None else bands

        def read(some: slice) -> NDArray[np.float32]:
            low = self._values(some, columns, self.lower[wanted])
            mixed = self._values(some, columns, self.upper[wanted])
            mixed -= low
            mixed *= self.share[wanted]
            mixed += low
            return mixed

        return _by_part(read, rows, columns, wanted.size)

    def _values(self, rows: slice, columns: slice, bands: NDArray[np.intp]) -> NDArray[np.float32]:
        stored = self.cube.read(rows, columns, bands)
        with np.errstate(over="ignore"):
            values = stored.astype(np.float32)
        values[~self.cube.is_data(stored)] = np.nan
        return values


def matched(
    cube: HyperCube,
    wavelengths: NDArray[np.float64] | None,
    bands: int,
    used: NDArray[np.int64],
    port: ProgressPort | None = None,
) -> HyperCube:
    """The cube as the model's sensor would have seen it.

    Parameters
    ----------
    cube : to be mapped.
    wavelengths : (bands,) nm of the training cube, or None.
    bands : of the training cube.
    used : bands that the model looks at.
    port : takes a `Note` of what was resampled, of bands that the cube lacks, and of those that are
        marked as bad in it.

    Raises
    ------
    ModelError
        if the wavelengths do not overlap, or, without wavelengths, the numbers of bands differ.
    """
    theirs = cube.wavelengths
    if wavelengths is None or theirs is None or not np.isfinite(wavelengths[used]).any():
        if cube.bands != bands:
            raise ModelError(
                f"{cube.name} has {cube.bands} bands but the model was trained on {bands}, and "
                "without wavelengths for both they cannot be matched; train on this cube."
            )
        return _as_it_is(cube, used, port)
    same_count = cube.bands == bands
    if same_count and np.nanmax(np.abs(theirs - wavelengths)[used], initial=0.0) <= SAME_NM:
        return _as_it_is(cube, used, port)
    usable = np.flatnonzero(cube.good_bands & np.isfinite(theirs))
    order = usable[np.argsort(theirs[usable])]
    wanted, have = wavelengths[used], theirs[order]
    wanted = wanted[np.isfinite(wanted)]
    if have.size < 2 or wanted.min() < have[0] - BEYOND_NM or wanted.max() > have[-1] + BEYOND_NM:
        there = f"{have[0]:.0f}-{have[-1]:.0f} nm" if have.size else "no good band"
        raise ModelError(
            f"The model needs {wanted.min():.0f}-{wanted.max():.0f} nm, but {cube.name} covers "
            f"{there}; use a model trained on this sensor, or train on this cube."
        )
    if port is not None:
        port.report(Note(_resampled_text(cube, have, wanted)))
    above = np.clip(np.searchsorted(have, wavelengths), 1, have.size - 1)
    low, high = have[above - 1], have[above]
    share = np.clip((wavelengths - low) / np.maximum(high - low, 1e-9), 0.0, 1.0)
    source = ResampledSource(cube, order[above - 1], order[above], share.astype(np.float32))
    return replace(
        cube,
        source=source,
        wavelengths=wavelengths,
        fwhm=None,
        good_bands=np.ones(bands, bool),
        nodata=None,
        fill_values=(),
        default_bands=None,
        band_names=None,
    )


def _as_it_is(cube: HyperCube, used: NDArray[np.int64], port: ProgressPort | None) -> HyperCube:
    """A cube that has the model's bands; those of them that are bad there are noted."""
    bad = int(np.count_nonzero(~cube.good_bands[used]))
    if bad and port is not None:
        port.report(
            Note(
                f"{bad} of the {used.size} bands that the model uses are marked as bad in "
                f"{cube.name}; their values count all the same."
            )
        )
    return cube


class UsedBands(Protocol):
    """The bands that a model looks at, and their usual values in its training cube."""

    @property
    def bands(self) -> NDArray[np.int64]:
        """(n,) indices."""

    @property
    def centre(self) -> NDArray[Any]:
        """(n,) stored values."""


def in_units(cube: HyperCube, units: tuple[float, float], used: UsedBands) -> HyperCube:
    """The cube with its values as the training cube stored them.

    One product of a sensor stores whole numbers with a scale, the next reflectance. A file may
    have lost its scale, so the values are converted only where that brings them nearer to the
    usual ones of the training cube.

    Parameters
    ----------
    cube : of the bands of the model.
    units : scale and offset of the training cube.
    used : bands to be compared.
    """
    scale, offset = units
    gain, shift = cube.scale / scale, (cube.offset - offset) / scale
    if gain == 1.0 and shift == 0.0:
        return cube
    stored = sampled(cube, SAMPLED, used.bands)
    values = np.where(cube.is_data(stored), stored, np.nan).astype(np.float64)
    known = np.isfinite(values).any(axis=(0, 1))
    if not known.any():
        return cube
    usual, theirs = np.nanmedian(values[:, :, known], axis=(0, 1)), used.centre[known]
    as_stored = np.median(np.abs(usual - theirs))
    if np.median(np.abs(usual * gain + shift - theirs)) >= as_stored:
        return cube
    return replace(
        cube,
        source=RescaledSource(cube, gain, shift),
        nodata=None,
        fill_values=(),
        scale=scale,
        offset=offset,
    )


@dataclass(frozen=True)
class RescaledSource:
    """Stored values times a gain plus a shift, as 32-bit numbers; NaN where there is no data.

    Attributes
    ----------
    cube : whose values they are.
    gain, shift : one for all bands or (bands,).
    """

    cube: HyperCube
    gain: float | NDArray[np.float64]
    shift: float | NDArray[np.float64]

    makes_nan = True

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, columns, bands."""
        return self.cube.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32."""
        return np.dtype(np.float32)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window, (rows, columns, bands)."""
        chosen = slice(None) if bands is None else bands
        gain, shift = (np.broadcast_to(v, self.cube.bands)[chosen] for v in (self.gain, self.shift))

        def read(some: slice) -> NDArray[np.float32]:
            stored = self.cube.read(some, columns, bands)
            values = stored.astype(np.float64)
            values *= gain
            values += shift
            values[~self.cube.is_data(stored)] = np.nan
            return values.astype(np.float32)

        return _by_part(read, rows, columns, gain.size)


def _by_part(
    read: Callable[[slice], NDArray[np.float32]], rows: slice, columns: slice, bands: int
) -> NDArray[np.float32]:
    """What is read of some rows, a part of them after the other where they are many."""
    places, across = (range(p.start, p.stop, p.step or 1) for p in (rows, columns))
    count = max(1, PART_BYTES // max(1, len(across) * bands * 4))
    parts = [places[start : start + count] for start in range(0, len(places), count)]
    some, *others = parts or [places]
    first = read(slice(some.start, some.stop, some.step))
    if not others:
        return first
    # In the order of the first in memory: how products round depends on it.
    out = np.empty_like(first, shape=(len(places), *first.shape[1:]))
    out[: len(some)] = first
    for number, part in enumerate(others, 1):
        out[number * count :][: len(part)] = read(slice(part.start, part.stop, part.step))
    return out


def _resampled_text(cube: HyperCube, have: NDArray[np.float64], wanted: NDArray[np.float64]) -> str:
    """What the user should know of a cube that is resampled.

    Parameters
    ----------
    cube : the scene.
    have : (n,) ascending wavelengths of its usable bands.
    wanted : (m,) those that the model looks at.
    """
    after = np.clip(np.searchsorted(have, wanted), 1, have.size - 1)
    apart = np.minimum(np.abs(wanted - have[after - 1]), np.abs(wanted - have[after]))
    far = max(BEYOND_NM, float(np.median(np.diff(have))))
    lacking = wanted[apart > far]
    text = (
        f"{cube.name} has other bands than the model was trained on: they were resampled to its "
        f"{wanted.size} wavelengths."
    )
    if lacking.size:
        text += (
            f" {lacking.size} of these, from {lacking.min():.0f} to {lacking.max():.0f} nm, are "
            f"more than {far:.0f} nm from any band of the scene, so the map is less sure."
        )
    return text
