"""The files of a shapefile: whether they are whole, and in which encoding their texts are.

GDAL passes over shapes that are cut off, and takes texts for Latin-1 where nothing says otherwise.
"""

from __future__ import annotations

import codecs
import struct
from pathlib import Path

from hsi_viewer.core.errors import FormatError

HEADER = 32  # bytes: where the files say how long they are
INDEX = (100, 8)  # bytes of an index (.shx): of its header, and of a feature
MOST_TEXT = 16 << 20  # bytes of a table that are looked at for their encoding


def check_lengths(path: Path) -> None:
    """Refuse a shapefile of which a part is shorter than it says; other files pass.

    Raises
    ------
    FormatError
        for the first such part.
    """
    if path.suffix.lower() != ".shp":
        return
    for part in _parts(path):
        if part.is_file() and (promised := _promised(part)) > (found := part.stat().st_size):
            raise FormatError(
                f"{part} is cut off: {promised} bytes are expected, {found} were found. Copy all "
                "files of the shapefile again."
            )


def is_whole(path: Path) -> bool:
    """Whether shapes, index and table are as long as they say, and of one number of features."""
    shapes, index, table = _parts(path)
    count, before, record = _table(table)
    return (
        shapes.stat().st_size >= _promised(shapes) >= HEADER
        and index.stat().st_size >= _promised(index) == INDEX[0] + INDEX[1] * count
        and table.stat().st_size >= before + record * count > count  # 0 until the header is written
    )


def encoding_of(path: Path) -> str | None:
    """UTF-8 where the texts of a shapefile are that without saying so (no .cpg); else None."""
    table = next((p for p in _parts(path)[2:] if p.is_file()), None)
    if path.suffix.lower() != ".shp" or table is None or _beside(path, ".cpg").is_file():
        return None
    with table.open("rb") as file:
        file.seek(_table(table)[1])
        records = file.read(MOST_TEXT)
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(records)
    except UnicodeDecodeError:
        return None
    return None if text.isascii() else "UTF-8"


def _parts(path: Path) -> list[Path]:
    return [path, _beside(path, ".shx"), _beside(path, ".dbf")]


def _beside(path: Path, suffix: str) -> Path:
    """The part of a suffix, in small letters or in capitals."""
    capitals = path.with_suffix(suffix.upper())
    return capitals if capitals.is_file() else path.with_suffix(suffix)


def _promised(part: Path) -> int:
    """The length in bytes that a part gives in its header."""
    if part.suffix.lower() == ".dbf":
        count, before, record = _table(part)
        return before + record * count
    return 2 * int.from_bytes(_head(part)[24:28], "big")  # in words


def _table(path: Path) -> tuple[int, int, int]:
    """Records of a table, and the bytes of its header and of each."""
    count, before, record = struct.unpack_from("<IHH", _head(path), 4)
    return count, before, record


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEADER).ljust(HEADER, b"\0")
