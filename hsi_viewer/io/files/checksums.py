"""Checksums of files and of the values of a cube."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hsi_viewer.core.cube.blocks import blocks
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort, SilentPort
from hsi_viewer.io.files.identify import open_plain

PIECE = 1 << 20


@dataclass(frozen=True)
class FileChecksum:
    """A file as it was.

    Attributes
    ----------
    name : of the file, or its path inside a folder.
    size : in bytes.
    sha256 : of its bytes, in hexadecimal.
    """

    name: str
    size: int
    sha256: str


def file_checksum(path: Path, name: str = "", token: CancelToken | None = None) -> FileChecksum:
    """The checksum of a file, read piece by piece.

    Parameters
    ----------
    path : of the file.
    name : to give it; by default its own.
    token : checked between pieces.

    Raises
    ------
    FileError
        if it cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with open_plain(path) as file:
            while piece := file.read(PIECE):
                if token is not None:
                    token.check()
                digest.update(piece)
                size += len(piece)
    except OSError as error:
        raise FileError(f"{path} could not be read: {error.strerror}.") from error
    return FileChecksum(name or path.name, size, digest.hexdigest())


def file_checksums(
    paths: Iterable[Path], token: CancelToken | None = None
) -> tuple[FileChecksum, ...]:
    """The checksums of files, and of all files below folders, by name.

    Raises
    ------
    FileError
        if a file cannot be read.
    """
    found = []
    for path in sorted(paths):
        if path.is_dir():
            below = sorted(p for p in path.rglob("*") if p.is_file())
            found += [file_checksum(p, p.relative_to(path).as_posix(), token) for p in below]
        else:
            found.append(file_checksum(path, token=token))
    return tuple(found)


def values_checksum(
    cube: HyperCube, token: CancelToken | None = None, port: ProgressPort | None = None
) -> str:
    """SHA-256 of size, type and stored values of a cube, the same for any file format.

    Parameters
    ----------
    cube : read block by block.
    token : checked between blocks.
    port : takes `Progress`.
    """
    port = port or SilentPort()
    kind = cube.dtype.newbyteorder("<")
    digest = hashlib.sha256(f"{cube.rows} {cube.columns} {cube.bands} {kind.str}".encode())
    for rows, columns in blocks(cube):
        if token is not None:
            token.check()
        values = np.ascontiguousarray(cube.read(rows, columns), dtype=kind)
        digest.update(values.reshape(-1).view(np.uint8).data)
        port.report(Progress("Computing the checksum of the scene", rows.stop / cube.rows))
    return digest.hexdigest()
