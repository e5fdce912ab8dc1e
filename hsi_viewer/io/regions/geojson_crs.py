"""The coordinate system of a GeoJSON file, found before GDAL reads it.

GDAL fetches the address of one that is a link, wherever in the file it is, and assumes longitude
and latitude for one that it doesn't understand.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Literal

from msgspec import Struct

from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.validation import json_values, or_else
from hsi_viewer.io.files.identify import open_plain
from hsi_viewer.io.metadata.crs import crs_of

MAX_PARSED = 256 << 20  # bytes that are worth parsing for the sake of a system
MAX_NAMED = 100

PIECE = 16 << 20  # bytes looked through at once
LONGEST = 1 << 12  # of a system in the usual form
# Of small letters: one pattern of several, or of either case, takes ten times as long. A letter can
# also be written as its number.
_ANY = (re.compile(rb'"crs"'), re.compile(rb"'crs'"), re.compile(rb"\\u00[0-7]"))
_PLAIN = re.compile(
    rb'"crs"\s*:\s*\{\s*"type"\s*:\s*"name"\s*,\s*"properties"\s*:\s*'
    rb'\{\s*"name"\s*:\s*"([^"\\]{1,200})"\s*\}\s*\}'
)
_NAMES = (
    re.compile(r"urn:(?:x-)?ogc:def:crs:(EPSG|OGC|ESRI):[^:/]*:(\w+)", re.IGNORECASE),
    re.compile(r"https?://(?:www\.)?opengis\.net/def/crs/(EPSG|OGC|ESRI)/[^/]+/(\w+)", re.I),
    re.compile(r"(EPSG|ESRI|OGC):{1,2}(\w+)", re.IGNORECASE),
)


class Name(Struct, frozen=True):
    """Such as "urn:ogc:def:crs:EPSG::32632"."""

    name: str


class Named(Struct, frozen=True):
    """A coordinate system by name."""

    type: Literal["name"]
    properties: Name


class Number(Struct, frozen=True):
    """An EPSG code."""

    code: int


class Numbered(Struct, frozen=True):
    """A coordinate system by number, as files before 2008 give it."""

    type: Literal["EPSG"]
    properties: Number


class Cleaned(Struct, frozen=True):
    """A file whose system GDAL must not see.

    Attributes
    ----------
    text : the file without it.
    crs : the system of the file, as an authority and its code; None if it is not known.
    named : how the file names it, shortened; "" if it names none.
    """

    text: str
    crs: str | None
    named: str


def cleaned(path: Path) -> Cleaned | None:
    """The file without its coordinate systems; None where GDAL can be given it as it is.

    Raises
    ------
    FormatError
        if it is not JSON, or too large to find its system.
    """
    with open_plain(path) as file:
        if all(_is_known(text) for text in _mentions(file)):
            return None
        file.seek(0)
        data = file.read(MAX_PARSED + 1)
        if len(data) > MAX_PARSED:
            raise FormatError(
                f'{path}: its coordinate system ("crs") is not in the usual form; remove it, or '
                "convert the file to GeoPackage."
            )
        try:
            whole = json_values(data.decode("utf-8-sig"))
        except ValueError as error:
            raise FormatError(f"{path} is damaged: it is not JSON ({error}).") from error
    if not isinstance(whole, dict):
        raise FormatError(f"{path} is not GeoJSON: it contains no object.")
    own = [value for key, value in whole.items() if key.casefold() == "crs"]
    crs = _crs_of(own[0]) if own else "OGC:CRS84"
    try:
        named = json.dumps(own[0]) if own else ""
        named = named if len(named) <= MAX_NAMED else f"{named[:MAX_NAMED]}…"
        return Cleaned(json.dumps(_without(whole)), crs, named)
    except RecursionError as error:
        raise FormatError(f"{path} is damaged: it is nested too deeply.") from error


def _mentions(file: IO[bytes]) -> Iterator[bytes]:
    """The text from each place where a system may be named."""
    size = file.seek(0, io.SEEK_END)
    for start in range(0, size, PIECE):
        file.seek(start)
        text = file.read(PIECE + LONGEST)  # a system may lie across the end
        small = text[: PIECE + 8].lower()
        for pattern in _ANY:
            for found in pattern.finditer(small):
                yield text[found.start() : found.start() + LONGEST]


def _is_known(text: bytes) -> bool:
    plain = _PLAIN.match(text)
    return plain is not None and _code(plain[1].decode("utf-8", "replace")) is not None


def _code(name: str) -> str | None:
    """Authority and code of a system's name, if it is known."""
    for pattern in _NAMES:
        if match := pattern.fullmatch(name.strip()):
            code = f"{match[1].upper()}:{match[2]}"
            return code if crs_of(code) is not None else None
    return None


def _crs_of(value: Any) -> str | None:
    named, numbered = or_else(Named, value, None), or_else(Numbered, value, None)
    if named is not None:
        return _code(named.properties.name)
    return None if numbered is None else _code(f"EPSG:{numbered.properties.code}")


def _without(value: Any) -> Any:
    """JSON without the coordinate systems of its objects; attributes keep what is called so."""
    if isinstance(value, list):
        return [_without(item) for item in value]
    if isinstance(value, dict):
        return {
            key: item if key == "properties" else _without(item)
            for key, item in value.items()
            if key.casefold() != "crs"
        }
    return value
