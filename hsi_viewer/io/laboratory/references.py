"""Finds the scans of a folder, and the white and dark references of each, by their names.

Names after what cameras write: Specim (capture/WHITEREF_x, DARKREF_x, WHITEDARKREF_x), Headwall
(whiteReference, darkReference beside raw_0), Resonon (white.bil, dark.bil, x-White Reference) and
HySpex (x_white_raw; the dark reference lies in the file itself).
"""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from hsi_viewer.core.errors import FileError
from hsi_viewer.io.envi.described import data_beside
from hsi_viewer.io.envi.pairing import DATA_SUFFIXES

Role = Literal["white", "dark", "dark of white"]

MOST_FILES = 10_000
CAPTURE = "capture"  # the folder of a Specim scan that holds the counts
# fmt: off
ROLES: dict[str, Role] = {
    "whitedark": "dark of white", "darkwhite": "dark of white", "whitedarkref": "dark of white",
    "whitedarkreference": "dark of white",
    "white": "white", "whiteref": "white", "whitereference": "white", "spectralon": "white",
    "dark": "dark", "darkref": "dark", "darkreference": "dark", "darkcurrent": "dark",
    "background": "dark",
}
# Words beside those in names of references: what they are, and words of cameras.
OF_REFERENCES = frozenset((
    "ref", "reference", "references", "current", "panel", "tile", "frame", "frames", "standard",
    "target", "calibration", "cal", "correction", "cube", "image", "raw", "for", "of", "the",
    "vnir", "nir", "swir", "mwir", "lwir", "sn", "us", "ms", "fov", "fovx", "lens", "cm", "fx",
))
# fmt: on
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


class Scan(NamedTuple):
    """Headers of a scan and of its references; None where there is none."""

    header: Path
    white: Path | None
    dark: Path | None
    dark_of_white: Path | None


def headers_of(folder: Path) -> list[Path]:
    """Headers of raw images in a folder, or in the folder of a Specim capture below it.

    Raises
    ------
    FileError
        if the folder cannot be listed.
    """
    found: list[Path] = []
    for place in (folder, folder / CAPTURE):
        try:
            if place.is_dir():
                files = islice(place.iterdir(), MOST_FILES)
                found += sorted(p for p in files if p.suffix.lower() == ".hdr" and p.is_file())
        except OSError as error:
            raise FileError(f"{place} could not be listed: {error.strerror}.") from error
    return found


def role_of(name: str, scan: str = "") -> Role | None:
    """What a file is by its name without suffix; None of a scan.

    Parameters
    ----------
    scan : name of a scan that is named in it, too.
    """
    words, of_scan = set(_words(name)), set(_words(scan))
    rest = words - of_scan
    roles = {ROLES[word] for word in rest if word in ROLES}
    others = {w for w in rest if w not in ROLES and not w.isdigit() and w not in OF_REFERENCES}
    if not roles or others or not of_scan <= words:
        return None
    return "dark of white" if {"white", "dark"} <= roles else roles.pop()


def scans_of(folder: Path) -> list[Scan]:
    """The scans of a folder that have a white reference in it, in the order of their names.

    Raises
    ------
    FileError
        if the folder cannot be listed.
    """
    headers = headers_of(folder)
    if not any(word in ROLES for path in headers for word in _words(bare_name(path))):
        return []
    found = [references_of(path, headers) for path in _plain(headers)]
    return [scan for scan in found if scan.white is not None and data_beside(scan.header)]


def references_of(header: Path, headers: list[Path] | None = None) -> Scan:
    """A scan with the references beside it; one that bears its name comes first.

    Parameters
    ----------
    header : of the scan.
    headers : those that lie beside it, if they are known.
    """
    beside = headers_of(header.parent) if headers is None else headers
    beside = [path for path in beside if path.parent == header.parent and path != header]
    scan, others = bare_name(header), [bare_name(path) for path in _plain(beside)]
    found: dict[Role, tuple[int, Path]] = {}
    for path in beside:
        name = bare_name(path)
        role = role_of(name, scan)
        is_own = role is not None
        if not is_own and not any(role_of(name, other) for other in others):
            role = role_of(name)
        shared = len(set(_words(name)) & set(_words(scan)))
        rank = shared + 1000 * is_own
        if role is not None and rank > found.get(role, (-1, path))[0]:
            found[role] = rank, path
    white, dark, dark_of_white = (
        found[role][1] if role in found else None for role in ("white", "dark", "dark of white")
    )
    return Scan(header, white, dark, dark_of_white)


def _plain(headers: list[Path]) -> list[Path]:
    """Headers whose names are not those of references."""
    names = [bare_name(path) for path in headers]
    return [
        path
        for path, name in zip(headers, names, strict=True)
        if role_of(name) is None and not any(role_of(name, n) for n in names if n != name)
    ]


def bare_name(header: Path) -> str:
    """Name without the suffixes of header and data: plant.bil.hdr is plant."""
    stem = Path(header.stem)
    return stem.stem if stem.suffix.lower() in DATA_SUFFIXES else stem.name


def _words(name: str) -> list[str]:
    """Words of a name in small letters, apart at signs, digits and capitals."""
    return [word.lower() for word in _WORD.findall(name)]
