"""CubeReference: enough about a cube to find it again and to know it when it is found."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from msgspec import Meta

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.validation import InvalidError, checked
from hsi_viewer.io.files.identify import split_source

MAX_PIXELS = 1 << 31  # labels of this many pixels fit in memory
Length = Annotated[int, Meta(ge=1)]
SAMPLED = (3, 3, 16)  # rows, columns, bands: so few that a slow disk is no matter


@dataclass(frozen=True)
class CubeReference:
    """Path of a cube, and what identifies it.

    Attributes
    ----------
    source : as it was opened: an absolute path, or "sample:..." and its like.
    name : short name.
    shape : rows, columns, bands.
    digest : of a sample of its values (see `sample_digest`), "" if it was not taken.
    relative : path from the folder of the session file, or "".
    part : which of several arrays in the file, or "".
    """

    source: str
    name: str
    shape: tuple[Length, Length, Length]
    digest: str = ""
    relative: str = ""
    part: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it lies on a disk rather than inside the application or on the net."""
        return not self.source.startswith(("sample:", "scene:"))

    def relative_to(self, folder: Path) -> str:
        """The path from a folder, or "" where there is none (another drive)."""
        if not self.is_file:
            return ""
        try:
            return Path(os.path.relpath(self.source, folder)).as_posix()
        except ValueError:
            return ""

    def locations(self, folder: Path | None) -> Iterator[str]:
        """Paths to try, the likeliest first: where it lies from the session, then as it was."""
        if folder is not None and self.is_file:
            if self.relative:
                yield os.path.normpath(folder / self.relative)  # it is shown to the user
            yield str(folder / Path(self.source).name)
        yield self.source

    def found(self, folder: Path | None = None) -> str | None:
        """The source to open: the first of the places where something is; None if nothing is."""
        for location in self.locations(folder):
            if not self.is_file or Path(location).exists():
                return self.at(location)
        return None

    def at(self, location: str) -> str:
        """The source to open when the file is at this place."""
        return f"{location}:{self.part}" if self.part else location

    def disabled_reason(self, cube: HyperCube) -> str | None:
        """Why labels of this cube do not fit another one; None if they do."""
        if cube.shape[:2] == self.shape[:2]:
            return None
        return (
            f"{cube.name} has {cube.rows} x {cube.columns} pixels, but the labels were made on "
            f"{self.name} with {self.shape[0]} x {self.shape[1]}."
        )

    def doubt(self, cube: HyperCube) -> str | None:
        """A reason to doubt that the cube is the same; None if there is none."""
        if cube.shape != self.shape:
            return f"{cube.name} now has {cube.bands} bands; it had {self.shape[2]}."
        if self.digest and sample_digest(cube) != self.digest:
            return f"The values of {cube.name} differ from those the session was made on."
        return None


def reference_to(source: str, cube: HyperCube, digest: str = "") -> CubeReference:
    """The reference to a cube that was opened from a source."""
    if source.startswith(("sample:", "scene:")):
        return CubeReference(source, cube.name, cube.shape, digest)
    path, part = split_source(source)
    return CubeReference(str(path.absolute()), cube.name, cube.shape, digest, part=part or "")


def sample_digest(cube: HyperCube) -> str:
    """SHA-256 of stored values at 3 x 3 places spread over the scene, in up to 16 bands."""
    digest = hashlib.sha256(f"{cube.shape} {cube.dtype.str}".encode())
    rows, columns, bands = (
        np.unique(np.linspace(0, size - 1, count).round().astype(int))
        for size, count in zip(cube.shape, SAMPLED, strict=True)
    )
    for row in rows.tolist():
        for column in columns.tolist():
            pixel = cube.read(slice(row, row + 1), slice(column, column + 1), bands)
            digest.update(np.ascontiguousarray(pixel).tobytes())
    return digest.hexdigest()


def reference_from_json(values: Any) -> CubeReference:
    """A reference from its JSON object.

    Raises
    ------
    FormatError
        if it is not one.
    """
    try:
        given = {"source": "", "name": "", **values} if isinstance(values, dict) else values
        reference = checked(CubeReference, given)
    except InvalidError as error:
        raise FormatError(f"The description of the cube is damaged: {error}.") from error
    if reference.shape[0] * reference.shape[1] > MAX_PIXELS:
        raise FormatError("The description of the cube is damaged: it has too many pixels.")
    return reference
