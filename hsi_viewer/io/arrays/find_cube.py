"""The array of a container that is the cube."""

from __future__ import annotations

import math
import re

from msgspec.structs import replace

from hsi_viewer.core.cube.cube import CubeSource, HyperCube, check_size
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.arrays.axes import columns_first, guess_axes
from hsi_viewer.io.arrays.band_lists import list_lengths
from hsi_viewer.io.arrays.band_metadata import describe
from hsi_viewer.io.arrays.container import (
    Container,
    _check_larger,
    choice_needed,
    listing,
    without_pictures,
)
from hsi_viewer.io.files.reading import ArrayChoice, Reading

ROW_NAMES = ("nrow", "nrows", "nlines", "lines", "rows", "row", "height", "h", "nl")

COLUMN_NAMES = ("ncol", "ncols", "nsamples", "cols", "columns", "samples", "col", "width", "w",
                "ns")  # fmt: skip

# A second array of at least this part of the first one's size: the user must say which.
RIVAL = 0.5

# Names of class maps that are written to .mat here.
MAPS = ("labels", "class_map")

# A matrix with one side this many times as long as the other is a list of spectra, not an image.
LIST_RATIO = 20


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
    """Arrays that are a cube by their axes only, such as one pixel, or one line in one band."""
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
    source, metadata, more = describe(container, choice.name, source)
    metadata = replace(metadata, format_name=format_name)
    path = container.path
    return HyperCube.described(source, metadata, path.name, path, (*warnings, *more))


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
            listed = next((o for o in container.others if o.startswith(f"{name} (")), None)
            if listed is not None:
                raise FormatError(f"{path}: {listed} cannot be read as an array of numbers.")
            raise FormatError(f'{path} has no array "{name}"; it contains {listing(container)}.')
        return choice
    cubes = without_pictures(choices(container))
    _check_larger(container, cubes)
    candidates = cubes or without_pictures(_images(container)) or _slender(container)
    if not candidates:
        spectra = next((c for c in container.arrays.values() if _is_spectra(c.shape)), None)
        hint = (
            f" If {spectra.name} contains spectra, nRow and nCol must give its size."
            if spectra
            else ""
        )
        if not (container.arrays or container.others):
            raise FormatError(f"{path} contains no arrays. Save the file again.")
        possible = any(len(each.shape) in (2, 3) for each in container.arrays.values())
        advice = (
            f'Name an array to read it: "{path.name}:NAME".'
            if possible
            else "Save the cube in it as one array of numbers with the axes rows, columns, bands."
        )
        raise FormatError(
            f"{path} contains no cube (an array of 3 axes), only {listing(container)}.{hint} "
            f"{advice}"
        )
    rivals = [c for c in candidates[1:] if c.size >= RIVAL * candidates[0].size]
    if rivals or reading.ask:
        raise choice_needed(container, candidates)
    return candidates[0]


def _source(
    container: Container, choice: ArrayChoice, axes: tuple[int, int, int] | None
) -> tuple[CubeSource, list[str]]:
    """Source of an array, and sentences about what was guessed."""
    shape = choice.shape
    names = getattr(container, "dimensions", lambda name: ())(choice.name)
    if len(shape) == 2:
        unfolding = _unfolding(shape, _given_size(container))
        if unfolding is not None:
            return container.unfolded(choice.name, *unfolding), []
        source = container.source(choice.name, (1, 0, 2) if columns_first(names) else (0, 1, 2))
        return source, ["The array is a matrix; it is shown as a single band."]
    if len(shape) != 3:
        raise FormatError(
            f"{container.path}: {choice} is not a cube; a cube has 3 axes: rows, columns, bands."
        )
    guess = None
    if axes is None:
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
