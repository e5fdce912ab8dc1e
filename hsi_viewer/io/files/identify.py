"""Identifies a source: its path, a part of it, and the first bytes that reveal the format."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.files.byte_reader import READ_ONLY

MATLAB_5 = b"MATLAB 5.0 MAT-file"
MATLAB_7 = b"MATLAB 7"
NUMPY = b"\x93NUMPY"
ZIP = b"PK\x03\x04"
PNG = b"\x89PNG\r\n\x1a\n"
HDF5 = b"\x89HDF\r\n\x1a\n"
HFA = b"EHFA_HEADER_TAG"  # ERDAS Imagine
ZARR_MARKS = (".zarray", ".zgroup", "zarr.json")  # one is in the folder of a Zarr store
NETCDF_3 = (b"CDF\x01", b"CDF\x02", b"CDF\x05")
WITHOUT_WAITING = READ_ONLY | getattr(os, "O_NONBLOCK", 0)
TIFF_MAGIC = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
ERDAS_MAGIC = (b"HEAD74", b"HEADER")
# Formats that describe themselves: no header beside them is looked for.
SELF_DESCRIBED = (
    MATLAB_5,
    MATLAB_7,
    NUMPY,
    ZIP,
    PNG,
    HFA,
    HDF5,
    *NETCDF_3,
    *TIFF_MAGIC,
    *ERDAS_MAGIC,
    b"SQLite format 3",
    b"%PDF-",
    b"<?xml",
)


LONGEST_PART = 1000  # characters of the name of an array


def split_source(source: str | Path) -> tuple[Path, str | None]:
    """Path and part of a source such as "file.npz:key"; the part is None for a plain path.

    A file that describes a Zarr store, which is all that a dialog for files shows of it, is the
    folder that it is in.
    """
    if isinstance(source, Path):
        return _store(_home(source)), None
    path = _home(Path(source))
    if os.path.exists(path):  # noqa: PTH110 - of any text
        return _store(path), None
    head, colon, part = source.rpartition(":")
    while colon and len(part) <= LONGEST_PART:  # names of arrays may have colons, too
        before = _home(Path(head))
        if part and os.path.exists(before):  # noqa: PTH110
            return _store(before), part
        head, colon, more = head.rpartition(":")
        part = f"{more}:{part}"
    return path, None


def _store(path: Path) -> Path:
    """The Zarr store of a file that describes it; else the path."""
    return path.parent if path.name in ZARR_MARKS and os.path.isfile(path) else path  # noqa: PTH113


def _home(path: Path) -> Path:
    """The path with "~" as the home folder, unless a file is called so."""
    if str(path).startswith("~") and not os.path.lexists(path):
        with suppress(RuntimeError):  # a user who has none
            return path.expanduser()
    return path


def open_plain(path: Path) -> io.FileIO:
    """Open a file to be read; see `plain_descriptor`."""
    return io.FileIO(plain_descriptor(path)[0], "rb")


def plain_descriptor(path: Path) -> tuple[int, int]:
    """Open a file to be read, without waiting for the other end of a pipe; also its size.

    Raises
    ------
    OSError
        if it cannot be opened.
    FileError
        if it is a pipe or a device, which may never end.
    """
    try:
        descriptor = os.open(path, WITHOUT_WAITING)
    except ValueError as error:  # a zero byte
        raise FileError(f"{str(path)!r} is not a possible file name.") from error
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        return descriptor, status.st_size
    os.close(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise FileError(f"{path} is a pipe or a device; copy its contents to a file first.")


def check_beside(path: Path) -> None:
    """Refuse pipes and devices of the same stem beside a file: GDAL would open and wait for them.

    Raises
    ------
    FileError
        if there is one.
    """
    stem = path.stem.casefold()
    with suppress(PermissionError, FileNotFoundError), os.scandir(path.parent) as entries:
        for entry in entries:
            if entry.name.casefold().startswith(stem):
                with suppress(OSError):  # a link that leads nowhere
                    mode = entry.stat().st_mode
                    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                        raise FileError(f"{entry.path} is a pipe or a device; remove it.")


def is_header(path: Path) -> bool:
    """Whether a file is named as the headers of raw images are."""
    return str(path)[-4:].lower() == ".hdr"  # a tenth of the time that Path.suffix takes


@contextmanager
def system_errors(source: str | Path) -> Iterator[None]:
    """Raise what the system refuses while the block runs as a FileError.

    A drive that goes away, and a folder that may not be entered, refuse any question about a file.
    """
    try:
        yield
    except OSError as error:
        raise FileError(
            f"{error.filename or source} could not be read: {error.strerror or error}. Check that "
            "its drive is still there, and that you may read it."
        ) from error


def magic_of(path: Path) -> bytes:
    """First bytes of a file; none for a folder.

    Raises
    ------
    FileError
        if the file is missing, empty or cannot be read.
    """
    try:
        with open_plain(path) as file:
            magic = file.read(1024)
    except FileNotFoundError as error:
        raise FileError(f"{path} does not exist; check the name.") from error
    except OSError as error:
        if os.path.isdir(path):  # noqa: PTH112 - not an error where it cannot be told
            return b""
        raise FileError(f"{path} could not be read: {error.strerror}.") from error
    if not magic:
        raise FormatError(f"{path} is empty (0 bytes); copy it again.")
    return magic


def is_hdf5(path: Path) -> bool:
    """Whether an HDF5 signature is at 0, 512, 1024 or 2048, where the format allows it."""
    with path.open("rb") as file:
        for at in (0, 512, 1024, 2048):
            file.seek(at)
            if file.read(len(HDF5)) == HDF5:
                return True
    return False
