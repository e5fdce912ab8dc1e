"""Tags of a TIFF file that lie beyond its end: GDAL reads the image without them, and is silent.

A copy that was cut off by a few bytes would have lost its place or its wavelengths.
"""

from __future__ import annotations

import struct
from pathlib import Path

MAX_IMAGES, MAX_TAGS = 1000, 4096
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8,
         17: 8, 18: 8}  # fmt: skip
NAMES = {
    33550: "its place", 33922: "its place", 34264: "its place", 34735: "its coordinate system",
    34736: "its coordinate system", 34737: "its coordinate system", 42112: "metadata of GDAL",
    42113: "its no-data value", 270: "its description",
}  # fmt: skip


def without_tags(path: Path, page: int | None = None) -> list[str]:
    """A sentence about tags of an image, numbered from 1, that are cut off; none for other files.

    Raises
    ------
    OSError
        if the file cannot be read.
    """
    try:
        lost = _beyond(path, page or 1)
    except struct.error:  # GDAL says what is wrong with it
        return []
    if not lost:
        return []
    named = ", ".join(dict.fromkeys(NAMES[tag] for tag in lost if tag in NAMES))
    return [
        f"The file is cut off, and {named or 'a part of its description'} with it: copy it again."
    ]


def _beyond(path: Path, page: int) -> list[int]:
    """Numbers of the tags whose values do not lie in the file."""
    with path.open("rb") as file:
        head = file.read(16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        if order is None:
            return []
        big = struct.unpack_from(f"{order}H", head, 2)[0] == 43
        number, count, step = ("Q", "Q", 20) if big else ("I", "H", 12)
        width = struct.calcsize(number)
        (at,) = struct.unpack_from(f"{order}{number}", head, 8 if big else 4)
        size = file.seek(0, 2)
        for _ in range(min(page, MAX_IMAGES)):
            file.seek(at)
            entries = struct.unpack(f"{order}{count}", file.read(struct.calcsize(count)))[0]
            raw = file.read(min(entries, MAX_TAGS) * step)
            at = struct.unpack(f"{order}{number}", file.read(width).ljust(width, b"\0"))[0]
    lost = []
    for start in range(0, len(raw) - step + 1, step):
        tag, kind, values, where = struct.unpack_from(f"{order}HH{number}{number}", raw, start)
        length = SIZES.get(kind, 1) * values
        if length > width and where + length > size:
            lost.append(int(tag))
    return lost
