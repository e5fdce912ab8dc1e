"""Files that hold several arrays (MATLAB, HDF5, Zarr, .npz): which is the cube, and how it lies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import CubeSource
from hsi_viewer.io.files.reading import ArrayChoice, ChoiceNeededError

# Names of arrays that give the positions of pixels.
POSITIONS = ("lat", "lon", "lats", "lons", "nav_lat", "nav_lon", "xlat", "xlong")
# Files of programs for microscopes, by the names of their stacks of planes.
MICROSCOPES = {
    "Imaris": re.compile(r"DataSet/ResolutionLevel \d+/TimePoint \d+/Channel \d+/Data"),
    "BigDataViewer": re.compile(r"t\d+/s\d+/\d+/cells"),
}
# In the names of arrays that show what is in a file.
PICTURES = ("preview", "thumb", "quicklook", "browse", "overview", "rgb", "snapshot")
# In the name of an array: it is in a group, a struct or a cell array.
INSIDE = re.compile(r"[./{(]")


class Container(Protocol):
    """The arrays of a file, as the search for its cube needs them."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def arrays(self) -> Mapping[str, ArrayChoice]:
        """Every numeric array by name."""

    @property
    def others(self) -> tuple[str, ...]:
        """Descriptions of the other contents of the file."""

    def values(self, name: str) -> NDArray[Any]:
        """All values of a (small) array."""

    def source(self, name: str, axes: tuple[int, int, int]) -> CubeSource:
        """Lazy source of a 3-D array; axes are those of rows, columns and bands."""

    def unfolded(self, name: str, rows: int, columns: int, pixel_axis: int) -> CubeSource:
        """Lazy source of a matrix whose pixel axis runs down the columns of the scene."""


def is_usable(dtype: np.dtype[Any] | None, shape: tuple[int, ...]) -> bool:
    """Whether an array is numbers; complex ones may be an image, but no wavelengths or sizes."""
    if dtype is None or dtype.kind not in "biufc":
        return False
    return dtype.kind != "c" or sum(n > 1 for n in shape) > 1


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
    """Everything that is in a container, for a message: what is in nothing else comes first."""
    texts = [str(choice) for choice in container.arrays.values()] + list(container.others)
    texts.sort(key=lambda text: INSIDE.search(text.partition(" (")[0]) is not None)
    return _joined(texts) or "nothing"


def choice_needed(container: Container, candidates: tuple[ArrayChoice, ...]) -> ChoiceNeededError:
    """The error that lists arrays to choose from."""
    names = _joined([str(choice) for choice in candidates])
    path = container.path
    return ChoiceNeededError(
        f"{path} contains several arrays that could be the cube: {names}. "
        f'Name one of them: "{path.name}:{candidates[0].name}".',
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
            reason = (
                f"{container.path} is a microscope image from {program}, which contains "
                f"{len(stacks)} stacks of planes but no cube; {stacks[0]} is the first. Export "
                "its channels as OME-TIFF, or open one stack"
            )
            named = f'{reason}: "{container.path.name}:{stacks[0].name}".'
            raise ChoiceNeededError(named, tuple(stacks), f"{reason}.")


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
        reason = (
            f"{path}: {first} has {len(first.shape)} axes, like an image series over time or "
            "depth; a cube has 3: rows, columns, bands. Save one time and depth as a separate "
            "file, or open another array"
        )
        raise ChoiceNeededError(f'{reason}: "{path.name}:{cubes[0].name}".', cubes, f"{reason}.")
