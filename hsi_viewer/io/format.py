"""Format: what the table of formats knows of each, and what a package outside gives for its own."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.io.files.reading import Reading

if TYPE_CHECKING:  # not needed to open a cube
    from hsi_viewer.core.labels.label_file import LabelFile
    from hsi_viewer.core.spectra.spectral_library import SpectralLibrary

Matches = Callable[[Path, bytes], bool]
Reader = Callable[[Path, Reading], HyperCube]
LabelReader = Callable[[Path, Reading], "LabelFile"]
LibraryReader = Callable[[Path], "SpectralLibrary"]


class Format(Struct, frozen=True):
    """A row of the table of formats.

    Attributes
    ----------
    name : stable key, such as "envi".
    title : for people; rows that share one are one entry of a dialog.
    patterns : names of its files, such as "*.hdr"; none for folders.
    matches : whether a path is of the format, by its first bytes (up to 1024; none of a folder).
    open : reads the cube; raises FileError or FormatError.
    labels : reads labels; None where an image of one band is interpreted as them.
    library : reads a spectral library; None for a format that holds none.
    one_image : whether nothing in a file is named, so that "file:part" is refused.
    label_patterns : names under which labels are usually kept in it, for dialogs.
    arrays : `HyperCube.format_name` of its cubes of which another array, or order of axes, can be
        chosen.
    raw_suffixes : ends of the names of files of raw values, which may have no header.
    overrides : asked of all rows before `matches` of any: whether a path is of the format though
        its first bytes may say otherwise.
    """

    name: str
    title: str
    patterns: tuple[str, ...]
    matches: Matches
    open: Reader
    labels: LabelReader | None = None
    library: LibraryReader | None = None
    one_image: bool = False
    label_patterns: tuple[str, ...] = ()
    arrays: tuple[str, ...] = ()
    raw_suffixes: tuple[str, ...] = ()
    overrides: Matches | None = None

    def has_name(self, path: Path) -> bool:
        """Whether a path is named as files of the format are."""
        return any(fnmatchcase(path.name.lower(), p.lower()) for p in self.patterns)


def later(name: str) -> Reader:
    """A reader "package.module:function" that is imported when it is first used."""

    def read(path: Path, reading: Reading) -> HyperCube:
        module, _, function = name.partition(":")
        cube: HyperCube = getattr(import_module(module), function)(path, reading)
        return cube

    return read


def image_later(name: str) -> Reader:
    """The same of a function of the path alone, for formats that hold one image."""

    def read(path: Path, _reading: Reading) -> HyperCube:
        module, _, function = name.partition(":")
        cube: HyperCube = getattr(import_module(module), function)(path)
        return cube

    return read
