"""ZIP archives from anywhere: how much they list and unpack is bounded before it is done."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from hsi_viewer.io.files.identify import plain_descriptor

# The list of contents is read at once and becomes objects of some 600 bytes an entry.
MOST_PIECE = 8 << 20
MOST_ENTRIES = 1 << 16
COPIED_BYTES = 1 << 20


class _Pieces(io.BufferedReader):
    """A file that is never read in large pieces, such as a list of contents of a gigabyte."""

    def read(self, size: int | None = -1, /) -> bytes:
        """A given number of bytes, or all that are left."""
        if size is None or size < 0 or size > MOST_PIECE:
            at = self.tell()
            left = self.seek(0, io.SEEK_END) - at
            self.seek(at)
            if min(left, size if size is not None and size >= 0 else left) > MOST_PIECE:
                raise zipfile.BadZipFile("its table of contents is too long")
        return super().read(size)


@contextmanager
def opened_archive(path: Path, most: int = MOST_ENTRIES) -> Iterator[zipfile.ZipFile]:
    """A ZIP archive with a limited number of entries.

    Raises
    ------
    zipfile.BadZipFile
        if it is damaged or lists more.
    OSError
        if it cannot be opened.
    FileError
        if it is a pipe or a device.
    """
    with (
        _Pieces(io.FileIO(plain_descriptor(path)[0], "rb")) as file,
        zipfile.ZipFile(file) as archive,
    ):
        count = len(archive.infolist())
        if count > most:
            raise zipfile.BadZipFile(f"it has {count} entries; at most {most} are read")
        yield archive


def copied(source: IO[bytes], target: IO[bytes], most: int) -> None:
    """Copy what a source yields, regardless of the size that an archive gives.

    Raises
    ------
    ValueError
        if it is more than the limit; that much is written.
    """
    left = most
    while piece := source.read(min(COPIED_BYTES, left + 1)):
        if len(piece) > left:
            raise ValueError(f"it is longer than {most} bytes")
        target.write(piece)
        left -= len(piece)
