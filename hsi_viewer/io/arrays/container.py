"""Files that hold several arrays (MATLAB, HDF5, Zarr, .npz): which is the cube, and how it lies."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource, HyperCube, check_size
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.io.arrays.axes import guess_axes
from hsi_viewer.io.arrays.band_metadata import describe, list_lengths

ROW_NAMES = ("nrow", "nrows", "nlines", "lines", "rows", "row", "height", "h", "nl")
COLUMN_NAMES = ("ncol", "ncols", "nsamples", "cols", "columns", "samples", "col", "width", "w",
                "ns")  # fmt: skip

# Names of arrays that say where pixels lie.
POSITIONS = ("lat", "lon", "lats", "lons", "nav_lat", "nav_lon", "xlat", "xlong")
# Files of programs for microscopes, by the names of their stacks of planes.
MICROSCOPES = {
    "Imaris": re.compile(r"DataSet/ResolutionLevel \d+/TimePoint \d+/Channel \d+/Data"),
    "BigDataViewer": re.compile(r"t\d+/s\d+/\d+/cells"),
}
# In the names of arrays that show what is in a file.
PICTURES = ("preview", "thumb", "quicklook", "browse", "overview", "rgb", "snapshot")
# In the name of an array: it stands in a group, a struct or a cell array.
INSIDE = re.compile(r"[./{(]")

# A second array of at least this part of the first one's size: the user must say which.
RIVAL = 0.5
# Names of class maps that are written to .mat here.
MAPS = ("labels", "class_map")
# A matrix with one side so many times as long as the other is a list of spectra, no image.
LIST_RATIO = 20


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
    ask : whether the user is to choose the array, even if there is only one.
    token : asked while a file is examined.
    """

    name: str | None = None
    axes: tuple[int, int, int] | None = None
    ask: bool = False
    token: CancelToken | None = field(default=None, compare=False)


def kept_axes(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Axes of an array without those of length one, as far as more than three are left."""
    kept = list(range(len(shape)))
    while len(kept) > 3 and any(shape[axis] == 1 for axis in kept):
        kept.remove(next(axis for axis in kept if shape[axis] == 1))
    return tuple(kept)


def squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The lengths of the axes that are kept."""
    return tuple(shape[axis] for axis in kept_axes(shape))


def _joined(texts: list[str], limit: int = 12) -> str:
    return ", ".join(texts[:limit]) + (f" and {len(texts) - limit} more" * (len(texts) > limit))


def listing(container: Container) -> str:
    """Everything that is in a container, for a message: what stands in nothing else comes first."""
    texts = [str(choice) for choice in container.arrays.values()] + list(container.others)
    texts.sort(key=lambda text: INSIDE.search(text.partition(" (")[0]) is not None)
    return _joined(texts) or "nothing"


def choices(container: Container) -> tuple[ArrayChoice, ...]:
    """Arrays that could be the cube, largest first."""
    size = _given_size(container)
    found = [
        choice
        for choice in container.arrays.values()
        if choice.size > 0 and (_is_cube(choice.shape) or _unfolding(choice.shape, size))
    ]
    return tuple(sorted(found, key=lambda choice: -choice.size))


def _images(container: Container) -> tuple[ArrayChoice, ...]:
    """Matrices that look like an image of one band, largest first."""
    lists = list_lengths(container)
    found = [
        choice
        for choice in container.arrays.values()
        if len(choice.shape) == 2
        and min(choice.shape) > 1
        and not _is_spectra(choice.shape)
        and not lists.intersection(choice.shape)
    ]
    return tuple(sorted(found, key=lambda choice: -choice.size))


def _slender(container: Container) -> tuple[ArrayChoice, ...]:
    """Arrays that are a cube by their axes only, as of one pixel or of one line in one band."""
    maps = MAPS if "class_colours" in container.arrays else ()  # a class map of ours
    return tuple(
        choice
        for name, choice in container.arrays.items()
        if choice.size > 0 and (len(choice.shape) == 3 or name in maps)
    )


def open_container(container: Container, reading: Reading, format_name: str) -> HyperCube:
    """The cube of a container.

    Raises
    ------
    ChoiceNeededError
        if several arrays could be it.
    FormatError
        if none could, or the one that is named could not.
    """
    choice = _choose(container, reading)
    source, warnings = _source(container, choice, reading.axes)
    check_size(source.shape, source.dtype, str(container.path))
    source, fields, more = describe(container, choice.name, source)
    return HyperCube(
        source,
        name=container.path.name,
        path=container.path,
        format_name=format_name,
        warnings=(*warnings, *more),
        metadata={"array": choice.name},
        **fields,
    )


def choice_needed(container: Container, candidates: tuple[ArrayChoice, ...]) -> ChoiceNeededError:
    """The error that lists arrays to choose from."""
    names = _joined([str(choice) for choice in candidates])
    path = container.path
    return ChoiceNeededError(
        f"{path} holds several arrays that could be the cube: {names}. "
        f'Say which: "{path.name}:{candidates[0].name}".',
        candidates,
    )


def without_pictures(candidates: tuple[ArrayChoice, ...]) -> tuple[ArrayChoice, ...]:
    """Candidates without previews and lists of positions, if anything else is left."""
    cubes = tuple(c for c in candidates if not (_is_picture(c) or is_position(c.name)))
    return cubes or candidates


def _is_picture(choice: ArrayChoice) -> bool:
    """Whether an array is a preview in colours rather than a cube."""
    name = choice.name.lower()
    colours = len(choice.shape) == 3 and (choice.shape[2] in (3, 4) or choice.shape[0] in (3, 4))
    return colours and (choice.dtype == "uint8" or any(word in name for word in PICTURES))


def is_position(name: str) -> bool:
    """Whether an array is named as latitudes or longitudes are."""
    last = re.split(r"[/.]", name)[-1].lower()
    return last in POSITIONS or last.startswith(("latitude", "longitude"))


def _is_cube(shape: tuple[int, ...]) -> bool:
    return len(shape) == 3 and sum(n > 1 for n in shape) >= 2


def _is_spectra(shape: tuple[int, ...]) -> bool:
    """Whether a matrix looks like bands x pixels or pixels x bands."""
    return len(shape) == 2 and min(shape) > 1 and max(shape) >= LIST_RATIO * min(shape)


def _choose(container: Container, reading: Reading) -> ArrayChoice:
    path, name = container.path, reading.name
    if name is not None:
        plain = name.strip("/")
        spellings = (name, plain, plain.replace("/", "."))
        choice = next((container.arrays[s] for s in spellings if s in container.arrays), None)
        if choice is None:
            told = next((o for o in container.others if o.startswith(f"{name} (")), None)
            if told is not None:
                raise FormatError(f"{path}: {told} cannot be read as an array of numbers.")
            raise FormatError(f'{path} has no array "{name}"; it holds {listing(container)}.')
        return choice
    cubes = without_pictures(choices(container))
    _check_larger(container, cubes)
    candidates = cubes or without_pictures(_images(container)) or _slender(container)
    if not candidates:
        spectra = next((c for c in container.arrays.values() if _is_spectra(c.shape)), None)
        hint = (
            f" If {spectra.name} holds spectra, nRow and nCol must give its size."
            if spectra
            else ""
        )
        raise FormatError(
            f"{path} holds no cube (an array of 3 axes) but {listing(container)}.{hint} "
            f'Name an array to read it: "{path.name}:NAME".'
        )
    rivals = [c for c in candidates[1:] if c.size >= RIVAL * candidates[0].size]
    if rivals or reading.ask:
        raise choice_needed(container, candidates)
    return candidates[0]


def check_planes(container: Container) -> None:
    """Refuse to take a stack of planes of a microscope for a cube, unless it is named.

    Raises
    ------
    ChoiceNeededError
        if there is one.
    """
    for program, pattern in MICROSCOPES.items():
        stacks = [c for name, c in container.arrays.items() if pattern.fullmatch(name)]
        if stacks:
            raise ChoiceNeededError(
                f"{container.path} is a microscope image of {program}, which holds {len(stacks)} "
                f"stacks of planes and no cube; {stacks[0]} is the first. Export its channels as "
                f'OME-TIFF, or open one stack: "{container.path.name}:{stacks[0].name}".',
                tuple(stacks),
            )


def _check_larger(container: Container, cubes: tuple[ArrayChoice, ...]) -> None:
    """Refuse to take a preview, or a part, for the cube beside the larger array of more axes.

    Raises
    ------
    ChoiceNeededError
        if there is such an array.
    """
    larger = [c for c in container.arrays.values() if len(c.shape) > 3 and c.size]
    if not larger or not cubes:
        return
    first = max(larger, key=lambda choice: choice.size)
    if all(_is_picture(choice) for choice in cubes) or first.size > cubes[0].size:
        path = container.path
        raise ChoiceNeededError(
            f"{path}: {first} has {len(first.shape)} axes, as images of several times or depths "
            "do; a cube has 3: rows, columns, bands. Save one time and depth as a file of its own, "
            f'or open another array: "{path.name}:{cubes[0].name}".',
            cubes,
        )


def _source(
    container: Container, choice: ArrayChoice, axes: tuple[int, int, int] | None
) -> tuple[CubeSource, list[str]]:
    """Source of an array, and sentences about what was guessed."""
    shape = choice.shape
    if len(shape) == 2:
        unfolding = _unfolding(shape, _given_size(container))
        if unfolding is not None:
            return container.unfolded(choice.name, *unfolding), []
        source = container.source(choice.name, (0, 1, 2))
        return source, ["The array is a matrix; it is shown as one band."]
    if len(shape) != 3:
        raise FormatError(
            f"{container.path}: {choice} is no cube; a cube has 3 axes: rows, columns, bands."
        )
    guess = None
    if axes is None:
        names = getattr(container, "dimensions", lambda name: ())(choice.name)
        axes, guess = guess_axes(shape, list_lengths(container, choice.name), names)
    return container.source(choice.name, axes), [guess] if guess else []


def _given_size(container: Container) -> tuple[int, int] | None:
    """Rows and columns of the scene, when scalars of the file give them."""
    given = []
    for names in (ROW_NAMES, COLUMN_NAMES):
        match = next(
            (n for n, c in container.arrays.items() if c.size == 1 and _is_named(n, names)), None
        )
        if match is None:
            return None
        value = float(container.values(match).item())
        if not (value.is_integer() and value > 0):
            return None
        given.append(int(value))
    return given[0], given[1]


def _unfolding(shape: tuple[int, ...], size: tuple[int, int] | None) -> tuple[int, int, int] | None:
    """Rows, columns and pixel axis of a matrix that has a pixel of the scene in each column."""
    if size is None or len(shape) != 2 or min(shape) < 2 or math.prod(size) not in shape:
        return None
    return *size, 1 if shape[1] == math.prod(size) else 0


def _is_named(name: str, names: tuple[str, ...]) -> bool:
    return re.split(r"[/.]", name)[-1].lower() in names
