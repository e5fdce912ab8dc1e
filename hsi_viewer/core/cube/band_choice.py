"""Chosen bands: from what a user writes, such as "400-900, 1000-1300", to bands of a cube."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import SettingError

PART = re.compile(
    r"(?P<band>b|bands?\s)?\s*(?P<low>\d{1,9}(?:\.\d{1,9})?)"
    r"(?:\s*[-–]\s*(?P<high>\d{1,9}(?:\.\d{1,9})?))?\s*(?P<unit>nm|um|µm|μm)?",
    re.IGNORECASE,
)
NM_OF_MICROMETRE = 1000.0
NEAR = 1e-6  # of a wavelength: what is written is rounded


def chosen_bands(cube: HyperCube, choice: str | Sequence[int] | NDArray[Any]) -> NDArray[np.bool_]:
    """Which bands (bands,) a choice names.

    Parameters
    ----------
    cube : the scene.
    choice : ranges with both ends, separated by commas. Numbers without a unit are wavelengths in
        nm where the scene has wavelengths, else numbers of bands from 1; "0.4-0.9 um" and
        "bands 1-50" say which. Or indices from 0, or a mask (bands,).

    Raises
    ------
    SettingError
        if it cannot be read, or a range of it names no band of the scene.
    """
    if not isinstance(choice, str):
        return _of_indices(cube, np.asarray(choice))
    chosen = np.zeros(cube.bands, bool)
    parts = [part.strip() for part in choice.replace(";", ",").split(",")]
    as_bands = False
    for part in (part for part in parts if part):
        found = PART.fullmatch(part)
        if found is None:
            raise SettingError(f'The bands "{part[:40]}" cannot be read. {how_to_write(cube)}')
        as_bands = (as_bands and found["unit"] is None) or found["band"] is not None
        chosen |= _named(cube, part, found, as_bands)
    if not chosen.any():
        raise SettingError(f"No bands are chosen. {how_to_write(cube)}")
    return chosen


def how_to_write(cube: HyperCube) -> str:
    """What a choice of bands of this cube is written like."""
    few, most = max(2, cube.bands // 2), cube.bands
    numbers = f"1-{few}, {most}" if most > 2 else "1"
    if cube.wavelengths is None or not np.isfinite(cube.wavelengths).any():
        return f'Write numbers of bands from 1, as "{numbers}".'
    low, high = np.nanmin(cube.wavelengths), np.nanmax(cube.wavelengths)
    middle = (low + high) / 2
    return (
        f'Write wavelengths in nm, as "{low:.0f}-{middle:.0f}", or numbers of bands from 1, as '
        f'"bands {numbers}".'
    )


def _named(cube: HyperCube, part: str, found: re.Match[str], as_bands: bool) -> NDArray[np.bool_]:
    """The bands of one range."""
    low = float(found["low"])
    high = low if found["high"] is None else float(found["high"])
    if low > high:
        raise SettingError(f'The range "{part}" is reversed. Write the lower end first.')
    nm = cube.wavelengths
    if as_bands or (nm is None and found["unit"] is None):
        if not (low.is_integer() and high.is_integer() and low >= 1 and high <= cube.bands):
            raise SettingError(
                f'"{part}": {cube.name} has the bands 1 to {cube.bands}'
                f"{' and no wavelengths' if nm is None else ''}. {how_to_write(cube)}"
            )
        numbers = np.arange(1, cube.bands + 1)
        return np.asarray((numbers >= low) & (numbers <= high))
    if nm is None:
        raise SettingError(f'"{part}": {cube.name} has no wavelengths. Write numbers of bands.')
    if found["unit"] is not None and found["unit"].lower() != "nm":
        low, high = low * NM_OF_MICROMETRE, high * NM_OF_MICROMETRE
    if low == high:  # one wavelength is its nearest band
        chosen = np.zeros(cube.bands, bool)
        apart = np.abs(np.where(np.isfinite(nm), nm, np.inf) - low)
        chosen[int(np.argmin(apart))] = np.nanmin(nm) <= low <= np.nanmax(nm)
    else:
        chosen = np.asarray((nm >= low * (1 - NEAR)) & (nm <= high * (1 + NEAR)))
    if not chosen.any():
        raise SettingError(
            f'No band lies in "{part}": {cube.name} covers {np.nanmin(nm):g} to '
            f"{np.nanmax(nm):g} nm. {how_to_write(cube)}"
        )
    return chosen


def _of_indices(cube: HyperCube, indices: NDArray[Any]) -> NDArray[np.bool_]:
    if indices.dtype == bool and indices.shape == (cube.bands,):
        return indices.copy()
    whole = indices.dtype.kind in "iu" and indices.ndim == 1 and indices.size > 0
    if not whole or indices.min() < 0 or indices.max() >= cube.bands:
        raise SettingError(
            f"Chosen bands are indices from 0 to {cube.bands - 1}, or text such as "
            '"400-900, 1000-1300".'
        )
    chosen = np.zeros(cube.bands, bool)
    chosen[indices] = True
    return chosen


def written(chosen: NDArray[np.bool_]) -> str:
    """Chosen bands (bands,) as text that `chosen_bands` reads, such as "bands 1-50, 60"."""
    ends = np.flatnonzero(np.diff(np.concatenate([[0], chosen.astype(np.int8), [0]])))
    runs = zip(ends[::2] + 1, ends[1::2], strict=True)
    parts = [f"{first}" if first == last else f"{first}-{last}" for first, last in runs]
    return f"bands {', '.join(parts)}" if parts else ""
