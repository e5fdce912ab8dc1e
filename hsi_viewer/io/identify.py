"""What a source is: a path, a part of it, and the first bytes that tell formats apart."""

from __future__ import annotations

from pathlib import Path

from hsi_viewer.core.errors import FileError, FormatError

MATLAB_5 = b"MATLAB 5.0 MAT-file"
MATLAB_7 = b"MATLAB 7"
NUMPY = b"\x93NUMPY"
ZIP = b"PK\x03\x04"
PNG = b"\x89PNG\r\n\x1a\n"
HDF5 = b"\x89HDF\r\n\x1a\n"
HFA = b"EHFA_HEADER_TAG"  # ERDAS Imagine
NETCDF_3 = (b"CDF\x01", b"CDF\x02", b"CDF\x05")
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
)


def split_source(source: str | Path) -> tuple[Path, str | None]:
    """Path and part of a source such as "file.npz:key"; the part is None for a plain path."""
    path = source if isinstance(source, Path) else Path(source)
    if str(path).startswith("~"):
        path = path.expanduser()
    if isinstance(source, Path) or path.exists():
        return path, None
    head, colon, part = str(source).rpartition(":")
    if colon and part and Path(head).expanduser().exists():
        return Path(head).expanduser(), part
    return path, None


def magic_of(path: Path) -> bytes:
    """First bytes of a file; none for a folder.

    Raises
    ------
    FileError
        if the file is missing, empty or cannot be read.
    """
    try:
        with path.open("rb", buffering=0) as file:
            magic = file.read(1024)
    except FileNotFoundError as error:
        raise FileError(f"{path} does not exist; check the name.") from error
    except OSError as error:
        if path.is_dir():
            return b""
        raise FileError(f"{path} could not be read: {error.strerror}.") from error
    if not magic:
        raise FormatError(f"{path} is empty (0 bytes); copy it again.")
    return magic


def is_hdf5(path: Path) -> bool:
    """Whether an HDF5 signature stands at 0, 512, 1024 or 2048, where the format allows it."""
    with path.open("rb") as file:
        for at in (0, 512, 1024, 2048):
            file.seek(at)
            if file.read(len(HDF5)) == HDF5:
                return True
    return False
