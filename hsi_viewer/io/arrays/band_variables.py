"""Cubes that are stored as one variable per band: rhos_443, rhos_455, ... or Oa01_radiance, ...

So write ACOLITE, HYPSO, SeaDAS, SNAP and others (HDF5, NetCDF, Zarr).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource, HyperCube, check_size
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.io.arrays.attributes import (
    Numbers,
    attribute_number,
    attribute_text,
    attributes_of,
    in_physical_values,
)
from hsi_viewer.io.arrays.axes import COLUMN_AXES, ROW_AXES
from hsi_viewer.io.arrays.band_lists import attributes_around
from hsi_viewer.io.arrays.band_metadata import bands_of
from hsi_viewer.io.arrays.container import Container, choice_needed, without_pictures
from hsi_viewer.io.arrays.find_cube import RIVAL, choices, open_container
from hsi_viewer.io.files.composed_sources import ScaledSource, StackSource
from hsi_viewer.io.files.reading import ArrayChoice, Reading
from hsi_viewer.io.metadata.wavelengths import from_band_names, to_nm

LEAST_BANDS = 3
NUMBER = re.compile(r"\d+(?:\.\d+)?")
# One quantity of several detectors, as rhot_blue_605 and rhot_red_605.
DETECTOR = re.compile(r"_(blue|red|swir|vnir|nir|vis)(?=_)", re.IGNORECASE)
WAVELENGTH_KEYS = ("wavelength", "radiation_wavelength", "center_wavelength", "central_wavelength",
                   "centre_wavelength", "wave")  # fmt: skip
UNIT_KEYS = ("wavelength_units", "wavelength_unit", "radiation_wavelength_unit",
             "radiation_wavelength_units", "wave_units")  # fmt: skip
WIDTH_KEYS = ("fwhm", "bandwidth", "radiation_bandwidth")
# Names of bands even where nothing gives their wavelengths.
BANDS = re.compile(r"(oa|b|bands?|ch|channel)[ _]?\*a?([ _](radiance|reflectance|toa|refl|rad))?")
# Of several quantities in a file: what most people want to classify comes first.
PREFERRED = ("rhos", "surface_reflectance", "sr", "reflectance", "rrs", "rhow", "rhorc", "nlw",
             "rhot", "toa_reflectance", "lt", "radiance")  # fmt: skip


class BandVariables(Struct, frozen=True):
    """Variables of one size whose names differ by a number.

    Attributes
    ----------
    name : as it is written after the colon of "file:name".
    members : the variables in the order of the bands.
    wavelengths, fwhm : (bands,) in nm, or None.
    shape : of each variable, as the container gives it.
    dtype : of the first.
    remarks : sentences about them.
    """

    name: str
    members: tuple[str, ...]
    wavelengths: NDArray[np.float64] | None
    fwhm: NDArray[np.float64] | None
    shape: tuple[int, ...]
    dtype: str
    remarks: tuple[str, ...]

    @property
    def choice(self) -> ArrayChoice:
        """The cube that they make."""
        rows, columns = (n for n in self.shape if n > 1)
        return ArrayChoice(self.name, (rows, columns, len(self.members)), self.dtype)

    @property
    def rank(self) -> int:
        """Its place among what is preferred."""
        last = self.name.rpartition("/")[2].lower()
        return PREFERRED.index(last) if last in PREFERRED else len(PREFERRED)


def find_band_variables(container: Container) -> list[BandVariables]:
    """The cubes of a container that are stored as one variable per band, preferred ones first."""
    if not hasattr(container, "attributes"):
        return []
    found: dict[tuple[str, str], list[str]] = {}
    for name, choice in container.arrays.items():
        group, _, last = name.rpartition("/")
        if sum(n > 1 for n in choice.shape) == 2 and NUMBER.search(last):
            pattern = DETECTOR.sub("", NUMBER.sub("*", last))
            found.setdefault((group, pattern), []).append(name)
    series = (_series(container, *key, names) for key, names in found.items())
    return sorted((s for s in series if s is not None), key=lambda s: (s.rank, -s.choice.size))


def _series(
    container: Container, group: str, pattern: str, names: list[str]
) -> BandVariables | None:
    shape, count = Counter(container.arrays[name].shape for name in names).most_common(1)[0]
    members = [name for name in names if container.arrays[name].shape == shape]
    if count < LEAST_BANDS:
        return None
    attributes = [attributes_of(container, name) for name in members]
    nm, remarks = _wavelengths(members, attributes)
    if nm is None and not BANDS.fullmatch(pattern.lower()):
        return None
    keys = nm if nm is not None else [tuple(map(float, NUMBER.findall(m))) for m in members]
    order = sorted(range(len(members)), key=lambda k: keys[k])
    widths = [attribute_number(attributes[k], WIDTH_KEYS) for k in order]
    fwhm = np.array([w or 0.0 for w in widths]) if nm is not None and all(widths) else None
    if len(members) < len(names):
        left = ", ".join(name for name in names if name not in members)
        remarks.append(f"Variables of a different size are left out: {left}.")
    plain = re.sub(r"[ _.-]*\*$", "", pattern) or pattern
    return BandVariables(
        f"{group}/{plain}" if group else plain,
        tuple(members[k] for k in order),
        None if nm is None else nm[order],
        fwhm,
        shape,
        container.arrays[members[0]].dtype,
        tuple(remarks),
    )


def _wavelengths(
    members: list[str], attributes: Sequence[Mapping[str, NDArray[Any]]]
) -> tuple[NDArray[np.float64] | None, list[str]]:
    """Wavelengths (nm) out of the attributes of the variables or out of their names."""
    given = [attribute_number(each, WAVELENGTH_KEYS) for each in attributes]
    if all(value is not None and value > 0 for value in given):
        unit = attribute_text(attributes[0], UNIT_KEYS)
        nm, guess = to_nm(np.array(given, np.float64), unit or "nm")
        return nm, [guess] if guess else []
    natural = sorted(members, key=lambda m: [float(n) for n in NUMBER.findall(m)])
    named = from_band_names(tuple(name.rpartition("/")[2] for name in natural))
    if named is None:
        return None, []
    by_name = dict(zip(natural, named.tolist(), strict=True))
    nm = np.array([by_name[name] for name in members])
    return nm, ["The wavelengths come from the names of the variables."]


def open_arrays(container: Container, reading: Reading, format_name: str) -> HyperCube:
    """The cube of a container: one array of three axes, or a variable for each band.

    Raises
    ------
    ChoiceNeededError
        if several could be it.
    FormatError
        if none could, or the one that is named could not.
    """
    series = [] if reading.name in container.arrays else find_band_variables(container)
    chosen = _chosen(container, reading, series)
    if chosen is None:
        return open_container(container, reading, format_name)
    others = [] if reading.name else [s.name for s in series if s is not chosen]
    return _open(container, chosen, format_name, others)


def _chosen(
    container: Container, reading: Reading, series: list[BandVariables]
) -> BandVariables | None:
    """The variables that make the cube; None where one array does."""
    if reading.name is not None:
        name = reading.name.strip("/")
        return next((s for s in series if s.name == name), None)
    if not series:
        return None
    cubes = without_pictures(choices(container))
    if any(c.size >= RIVAL * series[0].choice.size for c in cubes) and not reading.ask:
        return None
    if not reading.ask and (len(series) == 1 or series[0].rank < series[1].rank):
        return series[0]
    raise choice_needed(container, (*(s.choice for s in series), *cubes))


def _open(
    container: Container, series: BandVariables, format_name: str, others: list[str]
) -> HyperCube:
    """The cube of variables that are its bands; others are named in a warning."""
    axes = _axes(container, series)
    sources: list[CubeSource] = []
    numbers: list[Numbers] = []
    for name in series.members:
        source, own = in_physical_values(
            attributes_around(container, name), container.source(name, axes)
        )
        sources.append(source)
        numbers.append(own)
    if any(own.valid != numbers[0].valid for own in numbers):
        numbers = [replace(own, valid=None) for own in numbers]
    if any(own != numbers[0] for own in numbers):
        sources = [_scaled(s, own) for s, own in zip(sources, numbers, strict=True)]
        numbers = [Numbers()]
    stack = StackSource(sources, [(k, 0) for k in range(len(sources))])
    check_size(stack.shape, stack.dtype, str(container.path))
    remarks = list(series.remarks)
    of_bands = CubeMetadata(series.wavelengths, series.fwhm, "nm")
    if series.wavelengths is None:
        of_bands, more = bands_of(container, series.members[0], stack.shape)
        if of_bands.wavelengths is None:
            more = more or ["The file gives no wavelengths for its bands."]
        remarks += more
    if others:
        named = ", ".join(f'"{container.path.name}:{other}"' for other in others)
        remarks.append(f"The file also contains {named}; {series.name} is shown.")
    metadata = replace(
        of_bands,
        nodata=numbers[0].nodata,
        scale=numbers[0].scale or 1.0,
        band_names=tuple(name.rpartition("/")[2] for name in series.members),
        format_name=format_name,
        fields={"array": series.members[0], "variables": f"{series.name}, one per band"},
        valid_range=numbers[0].valid,
    )
    return HyperCube.described(stack, metadata, container.path.name, container.path, remarks)


def _axes(container: Container, series: BandVariables) -> tuple[int, int, int]:
    """Axes of rows, columns and the single band."""
    rows, columns = (axis for axis, n in enumerate(series.shape) if n > 1)
    names = getattr(container, "dimensions", lambda name: ())(series.members[0])
    if len(names) == len(series.shape):
        lower = [name.lower() for name in names]
        if lower[rows] in COLUMN_AXES and lower[columns] in ROW_AXES:
            rows, columns = columns, rows
    return rows, columns, next(axis for axis in range(3) if axis not in (rows, columns))


def _scaled(source: CubeSource, own: Numbers) -> CubeSource:
    """Values of a band whose scale or nodata value isn't that of the others."""
    if replace(own, valid=None) == Numbers():
        return source
    return ScaledSource(source, own.scale or 1.0, 0.0, own.nodata)
