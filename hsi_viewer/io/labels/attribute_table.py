"""Names and colours of classes in raster attribute tables: GDAL's, ERDAS Imagine's and ArcGIS's."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from msgspec import Struct, field

from hsi_viewer.core.errors import FileError
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.core.text import windows_text
from hsi_viewer.io.files.identify import open_plain
from hsi_viewer.io.files.text_file import text_of

MAX_BYTES = 16 << 20
# Pixels of an image that is copied to have its table.
MAX_COPIED = 1 << 26
# The usage that GDAL gives a column.
NAME, MINIMUM, MAXIMUM, VALUE, RED, GREEN, BLUE = 2, 3, 4, 5, 6, 7, 8
VALUE_WORDS = ("value", "values", "pixel_value", "pixelvalue", "class_id", "classid", "gridcode",
               "code", "dn", "id")  # fmt: skip
NAME_WORDS = ("class_names", "class_name", "classname", "names", "name", "label", "category",
              "class", "landcover", "land_cover", "legend", "description", "type")  # fmt: skip
COLOURS = ("red", "green", "blue")


class Table(Struct):
    """Columns of a table: titles, usage by GDAL (0: none), and cells as text."""

    titles: list[str]
    uses: list[int]
    are_texts: list[bool]
    rows: list[list[str]]
    first: float = 0.0
    step: float = 1.0


class Classes(Struct, frozen=True):
    """Names and colours by class id."""

    names: dict[int, str] = field(default_factory=dict)
    colours: dict[int, Colour] = field(default_factory=dict)


def classes_of(dataset: Any, path: Path, side: Path) -> Classes:
    """Classes of the first band of a raster, out of the tables in it or beside it.

    Parameters
    ----------
    dataset : of rasterio.
    path : of the raster; ArcGIS writes its table to path.vat.dbf.
    side : GDAL's file beside it (.aux.xml).
    """
    tables = [_of_xml(side), _of_dbf(path.with_name(f"{path.name}.vat.dbf"))]
    if dataset.driver == "HFA" and dataset.width * dataset.height <= MAX_COPIED:
        tables.append(_of_imagine(dataset))
    return next((_classes(table) for table in tables if table is not None), Classes())


def _classes(table: Table) -> Classes:
    ids = _ids(table)
    named = _column(table, NAME, NAME_WORDS, of_texts=True)
    levels = [
        _column(table, use, (word,)) for use, word in zip((RED, GREEN, BLUE), COLOURS, strict=True)
    ]
    names: dict[int, str] = {}
    colours: dict[int, Colour] = {}
    pairs = list(zip(ids, table.rows, strict=True))
    for class_id, row in pairs:
        if class_id is not None and named is not None and row[named].strip():
            names[class_id] = row[named].strip()
    shades = [
        (i, [_number(row[k]) for k in levels if k is not None]) for i, row in pairs if i is not None
    ]
    known = [(i, [v for v in rgb if v is not None]) for i, rgb in shades]
    known = [(i, rgb) for i, rgb in known if len(rgb) == 3]
    largest = max((max(rgb) for _, rgb in known), default=0.0)
    factor = 255.0 if largest <= 1 else 1.0
    for class_id, rgb in known:
        red, green, blue = (min(255, max(0, round(v * factor))) for v in rgb)
        if largest > 0 and (class_id in names or any(rgb)):
            colours[class_id] = red, green, blue
    return Classes(names, colours)


def _ids(table: Table) -> list[int | None]:
    """Ids of the rows: of the column of values, or by position where there is none."""
    at = _column(table, VALUE, VALUE_WORDS)
    low, high = (_by_use(table, use) for use in (MINIMUM, MAXIMUM))
    if at is None and low is not None:
        alone = high is None or all(row[low] == row[high] for row in table.rows)
        at = low if alone else None
    if at is None:
        numbers: list[float | None] = [table.first + k * table.step for k in range(len(table.rows))]
    else:
        numbers = [_number(row[at]) for row in table.rows]
    return [
        int(n) if n is not None and n.is_integer() and 0 <= n <= 65535 else None for n in numbers
    ]


def _column(
    table: Table, use: int, words: Sequence[str], of_texts: bool | None = None
) -> int | None:
    """A column by what it is for, else by its title; of names, also the first one of texts."""
    if (at := _by_use(table, use)) is not None:
        return at
    lower = [title.strip().casefold().replace(" ", "_") for title in table.titles]
    fitting = [k for k in range(len(lower)) if not of_texts or table.are_texts[k]]
    by_word = next((k for word in words for k in fitting if lower[k] == word), None)
    return next(iter(fitting), None) if by_word is None and of_texts else by_word


def _by_use(table: Table, use: int) -> int | None:
    return table.uses.index(use) if use in table.uses else None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _of_xml(side: Path) -> Table | None:
    """GDAL's table of the first band; None where there is none."""
    try:
        text = text_of(side, MAX_BYTES) if side.is_file() else ""
        if "<GDALRasterAttributeTable" not in text or "<!" in text:  # entities, which none has
            return None
        root = ET.fromstring(text)  # noqa: S314 - no entities
    except (FileError, ET.ParseError):
        return None
    bands = [band for band in root.iter("PAMRasterBand") if band.get("band", "1") == "1"]
    found = next((band.find("GDALRasterAttributeTable") for band in bands), None)
    if found is None:
        return None
    columns = list(found.iter("FieldDefn"))
    rows = [[cell.text or "" for cell in row.findall("F")] for row in found.iter("Row")]
    start, step = (_number(found.get(key) or "") for key in ("Row0Min", "BinSize"))
    return Table(
        [column.findtext("Name", "") for column in columns],
        [int(_number(column.findtext("Usage", "0")) or 0) for column in columns],
        [column.findtext("Type", "").strip() in ("2", "String") for column in columns],
        [row for row in rows if len(row) == len(columns)],
        start or 0.0,
        step or 1.0,
    )


def _of_imagine(dataset: Any) -> Table | None:
    """The table within an ERDAS Imagine file, which GDAL writes beside a copy of it."""
    from hsi_viewer.io.files.gdal import RASTER_ERRORS, copy_as_tiff

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.tif"
        try:
            copy_as_tiff(dataset, copy)
        except (*RASTER_ERRORS, OSError):
            return None
        return _of_xml(copy.with_name("copy.tif.aux.xml"))


def _of_dbf(path: Path) -> Table | None:
    """ArcGIS's table in a dBASE file; None where there is none that can be read."""
    if not path.is_file():
        return None
    try:
        with open_plain(path) as file:
            raw = file.read(MAX_BYTES)
    except (FileError, OSError):
        return None
    count, start, length = (
        int.from_bytes(raw[a:b], "little") for a, b in ((4, 8), (8, 10), (10, 12))
    )
    heads = [raw[k : k + 32] for k in range(32, start - 1, 32)]
    heads = [head for head in heads if len(head) == 32 and head[0] != 0x0D]
    widths = [head[16] for head in heads]
    if not heads or not length or sum(widths) + 1 != length:
        return None
    records = [raw[start + k * length :][:length] for k in range(min(count, len(raw) // length))]
    ends = [1 + sum(widths[:k]) for k in range(len(widths) + 1)]
    rows = [
        [_text(record[a:b]) for a, b in pairwise(ends)]
        for record in records
        if len(record) == length and record[:1] != b"*"
    ]
    titles = [_text(head[:11].partition(b"\0")[0]) for head in heads]
    return Table(titles, [0] * len(heads), [head[11:12] == b"C" for head in heads], rows)


def _text(raw: bytes) -> str:
    try:
        return raw.decode().strip(" \0")
    except UnicodeDecodeError:
        return windows_text(raw).strip(" \0")
