"""From a source that a user named to a cube: identified by content, then by name."""

from __future__ import annotations

from pathlib import Path

from hsi_viewer.core.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.io import sample

CUBE_FILTERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ENVI images", ("*.hdr", "*.img", "*.dat", "*.raw", "*.bsq", "*.bil", "*.bip")),
    ("MATLAB files", ("*.mat",)),
    ("NumPy arrays", ("*.npy", "*.npz")),
    ("All files", ("*",)),
)

SUPPORTED = "ENVI (.hdr with its data), MATLAB 5 (.mat) and NumPy (.npy, .npz)"


def split_source(source: str | Path) -> tuple[Path, str | None]:
    """Path and part of a source such as "file.npz:key"; the part is None for a plain path."""
    path = Path(source).expanduser()
    if path.exists() or isinstance(source, Path):
        return path, None
    head, colon, part = str(source).rpartition(":")
    if colon and part and Path(head).expanduser().is_file():
        return Path(head).expanduser(), part
    return path, None


def magic_of(path: Path) -> bytes:
    """First bytes of a file.

    Raises
    ------
    FileError
        if the file is missing, empty or cannot be read.
    """
    if not path.exists():
        raise FileError(f"{path} does not exist; check the name.")
    try:
        with path.open("rb") as file:
            magic = file.read(1024)
    except OSError as error:
        raise FileError(f"{path} could not be read: {error.strerror}.") from error
    if not magic:
        raise FormatError(f"{path} is empty (0 bytes); copy it again.")
    return magic


def open_cube(
    source: str | Path, token: CancelToken | None = None, port: ProgressPort | None = None
) -> HyperCube:
    """Open a cube: values stay on disk until a window is read.

    Parameters
    ----------
    source : path of a file, "file.npz:key", "file.mat:variable" or "sample:indian-pines".
    token : asked between steps.
    port : told what is being done.

    Raises
    ------
    FileError, FormatError
        if it is missing, damaged or no cube.
    """
    if token is not None:
        token.check()
    if port is not None:
        port.report(Progress(f"Opening {source}"))
    cube = _open(source)
    if token is not None:
        token.check()
    return cube


def _open(source: str | Path) -> HyperCube:
    if str(source) == sample.SAMPLE:
        return sample.open_sample()
    path, part = split_source(source)
    magic = magic_of(path)
    if magic.startswith(b"\x93NUMPY"):
        from hsi_viewer.io.numpy_file import open_npy

        return open_npy(path)
    if magic.startswith(b"PK\x03\x04") and path.suffix.lower() == ".npz":
        from hsi_viewer.io.numpy_file import open_npz

        return open_npz(path, part)
    if magic.startswith(b"MATLAB 5.0 MAT-file"):
        from hsi_viewer.io.mat import open_mat

        return open_mat(path, part)
    from hsi_viewer.io.envi import header_of, open_envi

    if header_of(path) is not None:
        return open_envi(path)
    raise FormatError(f"{path} is no cube that can be read. Supported are {SUPPORTED}.")
