"""Files that hold several arrays (MATLAB, HDF5, Zarr, .npz): which is the cube, and how it lies."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube import CubeSource, HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.wavelengths import to_nm

ROW_NAMES = ("nrow", "nrows", "lines", "rows", "height")
COLUMN_NAMES = ("ncol", "ncols", "cols", "columns", "samples", "width")
WAVELENGTH_NAMES = ("wavelength", "wavelengths", "wl", "lambda", "wvl", "wave", "bandcenters")
FWHM_NAMES = ("fwhm", "fwhms", "bandwidth", "bandwidths")
GOOD_NAMES = ("bbl", "good_wavelengths", "good_bands", "goodbands")

# More bands than this on the last axis, and fewer on the first: the first axis is the bands.
MANY_BANDS = 1024
# A second array of at least this part of the first one's size: the user must say which.
RIVAL = 0.5


@dataclass(frozen=True)
class ArrayChoice:
    """An array that could be the cube.

    Attributes
    ----------
    name : as it is written after the colon of "file:name".
    shape : as the format's own programs show it.
    dtype : NumPy's name, or the format's own.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def size(self) -> int:
        """Number of values."""
        return math.prod(self.shape)

    def __str__(self) -> str:
        return f"{self.name} ({' x '.join(map(str, self.shape)) or 'scalar'} {self.dtype})"


class ChoiceNeededError(FormatError):
    """A file holds several arrays that could be the cube; `choices` lists them."""

    def __init__(self, message: str, choices: tuple[ArrayChoice, ...]) -> None:
        super().__init__(message)
        self.choices = choices


class Container(Protocol):
    """What a format gives to have its cube found."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def arrays(self) -> Mapping[str, ArrayChoice]:
        """Every numeric array by name."""

    @property
    def others(self) -> tuple[str, ...]:
        """What else is in the file, described."""

    def values(self, name: str) -> NDArray[Any]:
        """All values of a (small) array."""

    def source(self, name: str, axes: tuple[int, int, int]) -> CubeSource:
        """Lazy source of a 3-D array; axes are those of rows, columns and bands."""

    def unfolded(self, name: str, rows: int, columns: int, pixel_axis: int) -> CubeSource:
        """Lazy source of a matrix whose pixel axis runs down the columns of the scene."""


@dataclass(frozen=True)
class Reading:
    """How to read the cube of a container; what is None is guessed.

    Attributes
    ----------
    name : of the array.
    axes : axes of rows, columns, bands in the array.
    """

    name: str | None = None
    axes: tuple[int, int, int] | None = None


@dataclass
class Found:
    """A source with what its neighbours in the container say about it."""

    source: CubeSource
    name: str
    fields: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


def squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape of more than three axes without those of length one, as far as needed."""
    while len(shape) > 3 and 1 in shape:
        axis = shape.index(1)
        shape = (*shape[:axis], *shape[axis + 1 :])
    return shape


def listing(container: Container, limit: int = 12) -> str:
    """Everything that is in a container, for a message."""
    texts = [str(choice) for choice in container.arrays.values()] + list(container.others)
    more = f" and {len(texts) - limit} more" if len(texts) > limit else ""
    return (", ".join(texts[:limit]) + more) or "nothing"


def choices(container: Container) -> tuple[ArrayChoice, ...]:
    """Arrays that could be the cube, largest first."""
    found = [
        choice
        for choice in container.arrays.values()
        if choice.size > 0 and (_is_cube(choice.shape) or _size(container, choice.shape))
    ]
    return tuple(sorted(found, key=lambda choice: -choice.size))


def open_container(container: Container, reading: Reading, format_name: str) -> HyperCube:
    """The cube of a container.

    Raises
    ------
    ChoiceNeededError
        if several arrays could be it.
    FormatError
        if none could, or the one that is named could not.
    """
    choice = _choose(container, reading.name)
    found = _found(container, choice, reading.axes)
    _spectral_fields(container, found)
    return HyperCube(
        found.source,
        name=container.path.name,
        path=container.path,
        format_name=format_name,
        warnings=tuple(found.warnings),
        metadata={"array": choice.name},
        **found.fields,
    )


def _is_cube(shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 and sum(n > 1 for n in shape) >= 2


def _choose(container: Container, name: str | None) -> ArrayChoice:
    path = container.path
    if name is not None:
        plain = name.strip("/")
        spellings = (name, plain, plain.replace("/", "."))
        choice = next((container.arrays[s] for s in spellings if s in container.arrays), None)
        if choice is None:
            raise FormatError(f'{path} has no array "{name}"; it holds {listing(container)}.')
        return choice
    candidates = choices(container)
    if not candidates:
        raise FormatError(
            f"{path} holds no cube (an array of 3 axes) but {listing(container)}. "
            f'Name an array to read it: "{path.name}:NAME".'
        )
    rivals = [c for c in candidates[1:] if c.size >= RIVAL * candidates[0].size]
    if rivals:
        names = ", ".join(map(str, candidates))
        raise ChoiceNeededError(
            f"{path} holds several arrays that could be the cube: {names}. "
            f'Say which: "{path.name}:{candidates[0].name}".',
            candidates,
        )
    return candidates[0]


def _found(container: Container, choice: ArrayChoice, axes: tuple[int, int, int] | None) -> Found:
    shape = choice.shape
    warnings: list[str] = []
    if len(shape) == 2:
        size = _size(container, shape)
        if size is None:
            source = container.source(choice.name, (0, 1, 2))
            warnings.append("The array is a matrix; it is shown as one band.")
        else:
            source = container.unfolded(choice.name, *size)
        return Found(source, choice.name, warnings=warnings)
    if len(shape) != 3:
        raise FormatError(
            f"{container.path}: {choice} is no cube; a cube has 3 axes: rows, columns, bands."
        )
    if axes is None:
        axes, guess = _guess_axes(container, shape)
        if guess:
            warnings.append(guess)
    return Found(container.source(choice.name, axes), choice.name, warnings=warnings)


def _guess_axes(
    container: Container, shape: tuple[int, ...]
) -> tuple[tuple[int, int, int], str | None]:
    """Axes of rows, columns, bands: by the length of a list of wavelengths, else by size."""
    lengths = {
        choice.size
        for name, choice in container.arrays.items()
        if _is_named(name, WAVELENGTH_NAMES) and choice.size == max(choice.shape, default=0)
    }
    matching = [axis for axis in range(3) if shape[axis] in lengths]
    if len(matching) == 1:
        band = matching[0]
    elif shape[2] > MANY_BANDS >= shape[0]:
        band = 0
    else:
        band = 2
    rows, columns = (axis for axis in range(3) if axis != band)
    guess = None
    if band != 2:
        place = ("first", "second")[band]
        guess = f"The {place} axis of the array is taken for the bands."
    return (rows, columns, band), guess


def _size(container: Container, shape: tuple[int, ...]) -> tuple[int, int, int] | None:
    """Rows, columns and pixel axis of a matrix, when sibling scalars give the size."""
    if len(shape) != 2 or min(shape) < 2:
        return None
    given = []
    for names in (ROW_NAMES, COLUMN_NAMES):
        match = next(
            (n for n, c in container.arrays.items() if _is_named(n, names) and c.size == 1), None
        )
        if match is None:
            return None
        value = float(container.values(match).item())
        if not (value.is_integer() and value > 0):
            return None
        given.append(int(value))
    rows, columns = given
    if rows * columns not in shape:
        return None
    return rows, columns, 1 if shape[1] == rows * columns else 0


def _is_named(name: str, names: tuple[str, ...]) -> bool:
    last = name.rsplit("/", 1)[-1].rsplit(".", 1)[-1].lower()
    return last in names or (names is WAVELENGTH_NAMES and last.startswith("wavelength"))


def _spectral_fields(container: Container, found: Found) -> None:
    """Wavelengths, FWHM and good bands out of lists that have one entry a band."""
    bands = found.source.shape[2]

    given = getattr(container, "attributes", None)
    unit: str | None = None

    def named(names: tuple[str, ...], use: Callable[[NDArray[Any]], None]) -> None:
        nonlocal unit
        for name, choice in container.arrays.items():
            one_axis = choice.size == max(choice.shape, default=0)
            if choice.size == bands > 1 and one_axis and _is_named(name, names):
                unit = None if given is None else _unit(given(name))
                use(container.values(name).ravel())
                return

    def take_wavelengths(values: NDArray[Any], said: str | None = None) -> None:
        nm, guess = to_nm(values.astype(np.float64), said or unit)
        found.fields["wavelengths"] = nm
        if said or unit:
            found.fields["wavelength_units_in_file"] = said or unit
        if guess:
            found.warnings.append(guess)

    def take_fwhm(values: NDArray[Any]) -> None:
        nm = found.fields.get("wavelengths")
        fwhm = values.astype(np.float64)
        micrometres = nm is not None and np.nanmax(fwhm) < 1 < np.nanmax(nm) / 1000
        found.fields["fwhm"] = fwhm * (1e3 if micrometres else 1.0)

    def take_good(values: NDArray[Any]) -> None:
        found.fields["good_bands"] = np.asarray(values) != 0

    named(WAVELENGTH_NAMES, take_wavelengths)
    named(FWHM_NAMES, take_fwhm)
    named(GOOD_NAMES, take_good)
    _scalars(container, found)
    given_here = {} if given is None else {k.lower(): v for k, v in given(found.name).items()}
    _attributes(given_here, found)
    _attribute_lists(given_here, found, take_wavelengths)


def _unit(attributes: Mapping[str, Any]) -> str | None:
    """The unit that the attributes of a list give."""
    lower = {key.lower(): value for key, value in attributes.items()}
    value = np.asarray(lower.get("units", lower.get("unit", ""))).ravel()
    text = value[0] if value.size else ""
    return (text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)) or None


def _scalars(container: Container, found: Found) -> None:
    """Single numbers beside the cube."""
    for name, use in (
        ("nodata", "nodata"),
        ("scale_factor", "scale"),
        ("add_offset", "offset"),
    ):
        if name in container.arrays and container.arrays[name].size == 1:
            value = float(container.values(name).item())
            if use != "scale" or value > 0:
                found.fields[use] = value


def _attributes(attributes: Mapping[str, Any], found: Found) -> None:
    """What the attributes of the array itself say (HDF5, NetCDF, Zarr)."""

    def number(*keys: str) -> float | None:
        for key in keys:
            value = np.asarray(attributes.get(key, ())).ravel()
            if value.size == 1 and value.dtype.kind in "biuf":
                return float(value[0])
        return None

    nodata = number("_fillvalue", "missing_value", "data_ignore_value", "nodata", "fill_value")
    if nodata is not None:
        found.fields["nodata"] = nodata
    offset = number("add_offset")
    if offset is not None:
        found.fields["offset"] = offset
    scale = number("scale_factor", "scale")
    if scale is not None and scale > 0:
        # products write either the factor or its inverse (NEON: 10000)
        found.fields["scale"] = scale if scale <= 1 else 1.0 / scale


def _attribute_lists(
    attributes: Mapping[str, Any], found: Found, take_wavelengths: Callable[..., None]
) -> None:
    """Lists with one entry a band among the attributes of the array."""

    def listed(names: tuple[str, ...], kinds: str) -> NDArray[Any] | None:
        for key in names:
            values = np.asarray(attributes.get(key, ())).ravel()
            if values.size == found.source.shape[2] > 1 and values.dtype.kind in kinds:
                return values
        return None

    nm, fwhm, good = (listed(n, "biuf") for n in (WAVELENGTH_NAMES, FWHM_NAMES, GOOD_NAMES))
    if nm is not None and "wavelengths" not in found.fields:
        take_wavelengths(nm, attributes.get("wavelength_units"))
    if fwhm is not None:
        found.fields.setdefault("fwhm", fwhm.astype(np.float64))
    if good is not None:
        found.fields.setdefault("good_bands", good != 0)
    if (names := listed(("band_names",), "U")) is not None:
        found.fields["band_names"] = tuple(map(str, names))
