"""From wavelengths to bands, and the band triples that make false-colour pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.quiet import quiet

Triple = tuple[int, int, int]


class BandPreset(Struct, frozen=True):
    """A named triple of wavelengths (nm) for red, green and blue."""

    name: str
    wavelengths: tuple[float, float, float]


TRUE_COLOUR = BandPreset("True colour", (640.0, 550.0, 470.0))
COLOUR_INFRARED = BandPreset("Colour infrared", (860.0, 650.0, 550.0))
SHORT_WAVE_INFRARED = BandPreset("Short-wave infrared", (2200.0, 1650.0, 850.0))
PRESETS = (TRUE_COLOUR, COLOUR_INFRARED, SHORT_WAVE_INFRARED)

# A preset is offered when each of its wavelengths is at most this far from a good band.
MAX_DISTANCE_NM = 60.0

# What bands of cameras are named by that have few of them, and about where those are (nm).
COLOURS = {
    "blue": 470.0,
    "green": 550.0,
    "red": 650.0,
    "rededge": 717.0,
    "nir": 850.0,
    "nearinfrared": 850.0,
    "swir1": 1610.0,
    "swir2": 2200.0,
}
NAMED = re.compile(r"(?:(?:band|channel|b)?\d*)?(" + "|".join(COLOURS) + r")(?:band|reflectance)?")

# What first pictures are judged by: pieces of rows, and the share of noise that a band may have.
SAMPLE_ROWS, SAMPLE_COLUMNS = 16, 128
NOISY, CLEARER = 0.1, 1.5  # of the variance at least, and times the usual band's
MOSTLY_NOISE = 0.3  # it is 0.45 of white noise, as medians of squares are


def nearest_band(cube: HyperCube, wavelength: float) -> int:
    """Index of the good band nearest to a wavelength in nm.

    Raises
    ------
    ValueError
        if the cube has no wavelengths.
    """
    if cube.wavelengths is None:
        raise ValueError(f"{cube.name} has no wavelengths")
    return _nearest(cube, cube.wavelengths, wavelength)


def _nearest(cube: HyperCube, centres: NDArray[np.float64], wavelength: float) -> int:
    known = np.isfinite(centres)
    usable = known & cube.good_bands if (known & cube.good_bands).any() else known
    return int(np.argmin(np.where(usable, np.abs(centres - wavelength), np.inf)))


def _named_centres(cube: HyperCube) -> NDArray[np.float64] | None:
    """Wavelengths (nm) of bands that are named by colours, NaN of others; None without any."""
    if cube.band_names is None:
        return None
    names = (re.sub(r"[\W_]+", "", name.casefold()) for name in cube.band_names)
    found = [NAMED.fullmatch(name) for name in names]
    centres = np.array([np.nan if match is None else COLOURS[match[1]] for match in found])
    return centres if np.isfinite(centres).any() else None


def preset_bands(cube: HyperCube, preset: BandPreset) -> Triple | None:
    """Bands of a preset, or None where the cube does not reach its wavelengths."""
    centres = cube.wavelengths if cube.wavelengths is not None else _named_centres(cube)
    if centres is None:
        return None
    red, green, blue = (_nearest(cube, centres, w) for w in preset.wavelengths)
    found = centres[[red, green, blue]]
    reached = np.abs(found - np.array(preset.wavelengths)) <= MAX_DISTANCE_NM
    return (red, green, blue) if reached.all() else None


def presets_of(cube: HyperCube, own: Iterable[BandPreset] = ()) -> dict[str, Triple]:
    """Bands by the name of each preset that a cube reaches: the usual ones, then the user's."""
    found = {p.name: preset_bands(cube, p) for p in (*PRESETS, *own)}
    return {name: bands for name, bands in found.items() if bands is not None}


def matching_preset(bands: Triple, presets: Mapping[str, Triple]) -> str | None:
    """Name of the preset that shows these bands, or None."""
    return next((name for name, triple in presets.items() if triple == bands), None)


def described_bands(cube: HyperCube) -> Triple | None:
    """Bands to show first by the metadata alone: the file's default, else true colour, or None."""
    if cube.default_bands is not None and all(cube.good_bands[b] for b in cube.default_bands):
        return cube.default_bands
    return preset_bands(cube, TRUE_COLOUR)


def good_bands_near(cube: HyperCube, bands: tuple[int, ...]) -> tuple[int, ...]:
    """The same bands, each bad one replaced by the nearest good one that isn't among them yet."""
    good = np.flatnonzero(cube.good_bands).tolist()
    found = list(bands)
    for n, band in enumerate(bands):
        free = [b for b in good if b not in found]
        if not cube.good_bands[band] and free:
            found[n] = min(free, key=lambda b: abs(b - band))
    return tuple(found)


def initial_bands(cube: HyperCube) -> Triple:
    """Bands to show first: as described, else clear bands over the range, for which it reads."""
    described = described_bands(cube)
    if described is not None:
        return described
    good = np.flatnonzero(cube.good_bands)
    if good.size == 0:
        good = np.arange(cube.bands)
    good = _clear_bands(cube, good)
    low, mid, high = (int(good[round(q * (good.size - 1))]) for q in (0.15, 0.5, 0.85))
    return high, mid, low


def _clear_bands(cube: HyperCube, bands: NDArray[np.intp]) -> NDArray[np.intp]:
    """The bands that show more scene than noise; all of them where too little is known.

    Noise is what differs between neighbouring pixels, against how much the band varies at all: of
    white noise the two are equal, of a smooth scene the first is small. Judged by some short pieces
    of rows, so that of a large file little is read.
    """
    if bands.size < 5 or cube.columns < 4:
        return bands
    length = min(cube.columns, SAMPLE_COLUMNS)
    rows = np.unique(np.linspace(0, cube.rows - 1, SAMPLE_ROWS).astype(int))
    starts = np.linspace(0, cube.columns - length, rows.size).astype(int)
    pieces = [
        cube.read(slice(r, r + 1), slice(c, c + length))[0]
        for r, c in zip(rows.tolist(), starts.tolist(), strict=True)
    ]
    stored = np.stack(pieces)[:, :, bands]
    values = np.where(cube.is_data(stored), stored, np.nan).astype(np.float64)
    with quiet(RuntimeWarning):  # a band may be without any data
        values /= np.nanmax(np.abs(values), axis=(0, 1))  # squares of huge values overflow
        steps = np.diff(values, axis=1) ** 2 / 2
        ratio = np.nanmedian(steps, axis=(0, 1)) / np.nanvar(values, axis=(0, 1))
    known = np.isfinite(ratio)
    if not known.any():
        return bands
    limit = min(max(NOISY, CLEARER * float(np.median(ratio[known]))), MOSTLY_NOISE)
    clear = known & (ratio <= limit)
    return bands[clear] if clear.sum() >= 3 else bands


def band_name(cube: HyperCube, band: int) -> str:
    """Short text: wavelength or name where known, else the band number from 1."""
    if cube.wavelengths is not None and np.isfinite(cube.wavelengths[band]):
        return f"{cube.wavelengths[band]:.0f} nm"
    return cube.band_names[band] if cube.band_names is not None else f"Band {band + 1}"


def band_label(cube: HyperCube, band: int) -> str:
    """Text for lists: band number from 1, and wavelength where known."""
    if cube.wavelengths is not None and np.isfinite(cube.wavelengths[band]):
        return f"{cube.wavelengths[band]:.1f} nm · band {band + 1}"
    if cube.band_names is not None:
        return f"{cube.band_names[band]} · band {band + 1}"
    return f"band {band + 1}"
