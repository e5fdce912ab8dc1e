"""Lists with one entry per band: arrays, columns, cells, structs and attributes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.io.arrays.attributes import NODATA_KEYS, attributes_above, attributes_of

if TYPE_CHECKING:
    from hsi_viewer.io.arrays.container import Container
    from hsi_viewer.io.files.reading import ArrayChoice

# As names are compared: in small letters, without marks between words.
WAVELENGTHS = ("wl", "wls", "lambda", "lambdas", "wvl", "wvls", "wave", "waves", "wavlen",
               "wavelen", "bandcenter", "bandcenters", "bandcentre", "bandcentres")  # fmt: skip
FWHMS = ("fwhm", "fwhms", "bandwidth", "bandwidths")
GOOD = ("bbl", "goodwavelengths", "goodbands")
# Lists of these names are wavelengths if their values may be.
BANDS = ("band", "bands")
UNIT_KEYS = ("wavelength_units", "wavelength_unit", "wavelengths_units", "wave_units")
UNITS = tuple(key.replace("_", "") for key in UNIT_KEYS)
# Of one detector, the columns see wavelengths that differ by no more than this part of their range.
MOST_SMILE = 0.05
MOST_VALUES = 1 << 24
# An element of a cell array, or a field of an element of an array of structs.
ELEMENT = re.compile(r"(?P<cells>.+)\{(?P<cell>\d+)\}|(?P<structs>.+)\((?P<struct>\d+)\)\.(\w+)")


class BandList(Struct, frozen=True):
    """A list with one entry per band.

    Attributes
    ----------
    name : of the array.
    values : (bands,) as stored; the means over the columns where these differ.
    spread : the most by which columns differ.
    """

    name: str
    values: NDArray[Any]
    spread: float = 0.0


def lists_of_bands(
    container: Container, array: str, shape: tuple[int, int, int]
) -> Iterator[BandList]:
    """Lists in a file with an entry for each band of a cube, those nearest to its array first.

    Parameters
    ----------
    container : the file.
    array : name of the cube's array.
    shape : of the cube, (rows, columns, bands).
    """
    rows, columns, bands = shape
    elements = {n: v for n, v in _elements(container).items() if len(v) == bands > 1}
    lists = {n for n, c in container.arrays.items() if c.size == bands == max(c.shape, default=1)}
    matrices = {
        name
        for name, choice in container.arrays.items()
        if sorted(_sides(choice)) in (sorted((bands, rows)), sorted((bands, columns)))
    }
    names = [name for name in (*container.arrays, *elements) if _is_of_bands(name)]
    for name in sorted(names, key=lambda name: -_shared_groups(name, array)):
        if name in lists:
            yield BandList(name, container.values(name).ravel())
        elif name in elements:
            values = [container.values(member).item() for member in elements[name]]
            yield BandList(name, np.array(values))
        elif name in matrices and (found := _of_columns(container, name, bands)) is not None:
            yield found


def list_lengths(container: Container, array: str | None = None) -> set[int]:
    """Lengths of the lists of wavelengths in a file, and among the attributes of an array."""
    beside = set()
    for name, choice in container.arrays.items():
        if is_wavelengths(name):
            sides = _sides(choice)
            if len(sides) == 1:
                beside.add(sides[0])
            elif len(sides) == 2:
                beside |= {n for n in sides if _of_columns(container, name, n) is not None}
    elements = {len(v) for name, v in _elements(container).items() if is_wavelengths(name)}
    attributes = {} if array is None else attributes_around(container, array)
    own = {value.size for key, value in attributes.items() if is_wavelengths(key)}
    return (beside | elements | own) - {0, 1}


def attributes_around(container: Container, array: str) -> dict[str, NDArray[Any]]:
    """Attributes of an array; what describes its bands, also of its groups and of the file."""
    found = attributes_of(container, array)
    for above in attributes_above(container, array):
        declared = any(key in found for key in NODATA_KEYS)
        for key, value in above.items():
            describes = _is_of_bands(key) or plain(key) in (*UNITS, "bandnames")
            if describes or (key in NODATA_KEYS and not declared):
                found.setdefault(key, value)
    return {
        UNIT_KEYS[0] if plain(key) in UNITS else key: _entries(value)
        if _is_of_bands(key)
        else value
        for key, value in found.items()
    }


def _entries(value: NDArray[Any]) -> NDArray[Any]:
    """A list; where it is one text, as in the header of an ENVI file, the entries of that."""
    if value.size != 1 or value.dtype.kind not in "SUO":
        return value
    text = texts_of(value)[0].strip().strip("{}[]()")
    return np.array([entry.strip() for entry in text.split(",")]) if "," in text else value


def texts_of(values: NDArray[Any]) -> list[str]:
    """The entries of a list as texts."""
    return [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v) for v in values]


def as_numbers(values: NDArray[Any]) -> NDArray[Any]:
    """Numbers of a list that has them as texts; others as they are."""
    if values.dtype.kind not in "SUO":
        return values
    try:
        return np.array([float(text) for text in texts_of(values)])
    except ValueError:
        return values


def _sides(choice: ArrayChoice) -> list[int]:
    """Lengths of the axes that are longer than one."""
    return [n for n in choice.shape if n > 1]


def _of_columns(container: Container, name: str, bands: int) -> BandList | None:
    """The mean over the columns of a matrix of bands and columns; None if it is anything else."""
    choice = container.arrays[name]
    if choice.size > MOST_VALUES:
        return None
    matrix = np.squeeze(container.values(name)).astype(np.float64)
    candidates = [m for m in (matrix, matrix.T) if len(m) == bands]
    finite = [m for m in candidates if np.isfinite(m).any(axis=1).all()]
    if not finite:
        return None
    # of a square one, columns that differ less are the columns
    spreads = [float((np.nanmax(m, axis=1) - np.nanmin(m, axis=1)).max()) for m in finite]
    best = int(np.argmin(spreads))
    mean: NDArray[np.float64] = np.nanmean(finite[best], axis=1)
    if is_wavelengths(name) and spreads[best] > MOST_SMILE * np.ptp(mean):
        return None
    return BandList(name, mean, spreads[best])


def _elements(container: Container) -> Mapping[str, list[str]]:
    """Single numbers in the cells or structs of an array, in order, by the name of their list."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, choice in container.arrays.items():
        match = ELEMENT.fullmatch(name) if choice.size == 1 else None
        if match is not None:
            list_name = match["cells"] or f"{match['structs']}.{match[5]}"
            if int(match["cell"] or match["struct"]) == len(found[list_name]) + 1:
                found[list_name].append(name)
    return found


def _shared_groups(name: str, other: str) -> int:
    """Number of groups or structs that two arrays have in common."""
    pairs = zip(re.split(r"[/.]", name), re.split(r"[/.]", other), strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def _is_of_bands(name: str) -> bool:
    return is_wavelengths(name) or plain(name) in (*FWHMS, *GOOD, *BANDS)


def plain(name: str) -> str:
    """The last part of a name in small letters, without marks."""
    last = re.split(r"[/.]", name)[-1].lower()
    return re.sub(r"[^a-z0-9]", "", last)


def is_wavelengths(name: str) -> bool:
    """Whether a list of this name is one of wavelengths."""
    word = plain(name)
    if word in GOOD or "unit" in word:
        return False
    return word in WAVELENGTHS or (
        word.startswith("wavelength") or word.endswith(("wavelength", "wavelengths"))
    )
