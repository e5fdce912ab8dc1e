"""A folder of scenes: those of its files, and of the folders in it, that a model can map."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError, HsiError
from hsi_viewer.io import registry
from hsi_viewer.io.envi.described import data_beside
from hsi_viewer.io.files.identify import is_header, magic_of, split_source
from hsi_viewer.io.files.reading import ChoiceNeededError
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.rasters.image_folder import SUFFIXES

# The format of every folder that is of no other.
PLAIN = "image-folder"
MOST_NAMED = 6
COLOURS = 4  # bands of a picture at most, one of which may be its opacity


def scenes_of(source: str) -> tuple[list[str], list[str]]:
    """The scenes that a source stands for, and notes about what is left out.

    A file stands for itself, and so does a folder that is a scene, such as a Zarr store, a product
    or one image per band. Another folder stands for the scenes that lie directly in it, by name.

    Raises
    ------
    FileError, FormatError
        if a folder can't be listed or contains no scene.
    """
    path, part = split_source(source)
    if part is not None or not path.is_dir() or _is_format(path):
        return [source], []
    entries = list(_entries(path))
    if _has_bands(path):  # of which the scene is made, unless there is one beside them
        beside = [entry for entry in entries if entry.suffix.lower() not in SUFFIXES]
        if all(_reason_against(entry) for entry in beside):
            return [source], []
    reasons = {entry: _reason_against(entry) for entry in entries}
    left_out = [f"{entry.name} ({reason})" for entry, reason in reasons.items() if reason]
    named = ", ".join(left_out[:MOST_NAMED])
    named += f" and {len(left_out) - MOST_NAMED} more" * (len(left_out) > MOST_NAMED)
    scenes = [str(entry) for entry, reason in reasons.items() if not reason]
    if not scenes:
        found = f", only {named}" if left_out else ""
        raise FormatError(
            f"{path} contains no scene that can be opened{found}. Name scenes, or a folder that "
            "they lie directly in."
        )
    return scenes, [f"{path}: left out: {named}."] if left_out else []


def _has_bands(folder: Path) -> bool:
    """Whether a folder has one image per band."""
    try:
        open_cube(folder)
    except HsiError:
        return False
    return True


def _is_format(folder: Path) -> bool:
    """Whether a folder is of a format of its own."""
    row = registry.format_of(folder, b"")
    return row is not None and row.name != PLAIN


def _entries(folder: Path) -> Iterator[Path]:
    """Files and folders that could be scenes, by name; data without those that describe them."""
    try:
        found = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise FileError(f"{folder} could not be listed: {error.strerror}.") from error
    described = {data_beside(path) for path in found if is_header(path) and path.is_file()}
    described |= {path.with_suffix(".data") for path in found if path.suffix.lower() == ".dim"}
    for path in found:
        if path not in described and (_is_format(path) if path.is_dir() else _is_known(path)):
            yield path


def _is_known(path: Path) -> bool:
    """Whether a file is of a format that is read, as far as can be told."""
    try:
        return registry.format_of(path, magic_of(path)) is not None
    except HsiError:  # the reason is given where it is opened
        return any(row.has_name(path) for row in registry.formats())


def _reason_against(path: Path) -> str | None:
    """Why a file or folder is not a scene to be mapped; None if it is one."""
    try:
        cube = open_cube(path)
    except ChoiceNeededError:
        return "several arrays: name one"
    except HsiError as error:
        return str(error).removeprefix(f"{path} ").rstrip(".")
    if cube.bands == 1:
        return "a single band"
    return "a picture" if _is_picture(cube) else None


def _is_picture(cube: HyperCube) -> bool:
    """Whether a cube is a picture in colours rather than a scene."""
    return cube.bands <= COLOURS and cube.dtype.name == "uint8" and cube.wavelengths is None
