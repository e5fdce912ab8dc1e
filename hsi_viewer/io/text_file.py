"""Small text files, whatever wrote them."""

from __future__ import annotations

from pathlib import Path

from hsi_viewer.core.errors import FileError, FormatError


def text_of(path: Path, max_bytes: int = 1 << 30) -> str:
    """Text of a file, UTF-8 (with or without a mark) or Latin-1.

    Raises
    ------
    FileError, FormatError
        if it cannot be read or is larger than such a file can be.
    """
    try:
        if path.stat().st_size > max_bytes:
            raise FormatError(f"{path} is too large: {path.stat().st_size} bytes.")
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise FileError(f"{path} does not exist; check the name.") from error
    except OSError as error:
        raise FileError(f"{path} could not be read: {error.strerror}.") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
