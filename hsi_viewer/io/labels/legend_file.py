"""Legends in and out: ENVI class fields (.hdr), CSV, and QGIS styles (.qml)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

from hsi_viewer.atomic import replacing, writing
from hsi_viewer.core.errors import ExportError, FormatError
from hsi_viewer.core.labels.classes import ClassLegend, Colour, LabelClass, free_colours
from hsi_viewer.io.envi import classes as envi_classes
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.envi import writer as envi_writer
from hsi_viewer.io.files.text_file import cells_of, text_of

LEGEND_FILTERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Legends", ("*.csv", "*.hdr", "*.qml")),
    ("All files", ("*",)),
)
MAX_BYTES = 16 << 20

ID_WORDS = ("id", "class_id", "classid", "value", "code", "class", "number", "nr")
NAME_WORDS = ("name", "class_name", "classname", "label", "description", "class")
COLOUR_WORDS = ("colour", "color", "hex", "rgb")
CHANNELS = (("red", "r"), ("green", "g"), ("blue", "b"))

Entry = tuple[int, str, Colour | None]


def read_legend(path: Path) -> ClassLegend:
    """Classes of a legend file; those without a colour get free ones of the palette.

    Raises
    ------
    FileError, FormatError
        if it is missing, damaged, or holds no class.
    """
    readers = {".hdr": _read_envi, ".csv": _read_csv, ".txt": _read_csv, ".qml": _read_qml}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise FormatError(f'{path}: legends are .hdr, .csv or .qml, not "{path.suffix}".')
    entries = [entry for entry in reader(path) if entry[0] != 0]
    if not entries:
        raise FormatError(f"{path} contains no class.")
    taken = {colour for _, _, colour in entries if colour is not None}
    free = free_colours(taken)
    seen: dict[int, LabelClass] = {}
    for class_id, name, colour in entries:
        try:
            made = LabelClass(class_id, name or f"Class {class_id}", colour or next(free))
        except ValueError as error:
            raise FormatError(f"{path}: {error}.") from error
        seen.setdefault(class_id, made)
    return ClassLegend(seen.values())


def write_legend(path: Path, legend: ClassLegend) -> None:
    """Write a legend by the suffix of the path: .hdr, .csv or .qml.

    Raises
    ------
    ExportError
        if the suffix is another, the path is the header of an image, or it cannot be written.
    """
    writers = {".hdr": _envi_text, ".csv": _csv_text, ".qml": qgis_style}
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise ExportError(
            f'{path}: legends are written as .hdr, .csv or .qml, not "{path.suffix}".'
        )
    with writing(path):
        if path.suffix.lower() == ".hdr" and _describes_an_image(path):
            raise ExportError(
                f"{path} is the header of an image, which the legend would overwrite; choose "
                "another name."
            )
    with replacing(path) as (new,):
        new.write_text(writer(legend), encoding="utf-8")


def _describes_an_image(path: Path) -> bool:
    try:
        return path.exists() and "samples" in envi_header.read_header(path)[0]
    except FormatError:
        return False


def _read_envi(path: Path) -> Iterable[Entry]:
    fields, _ = envi_header.read_header(path)
    names, colours = envi_classes.class_names(fields), envi_classes.class_colours(fields)
    return [(i, n, colours.get(i)) for i, n in names.items() if not n.startswith("(unused ")]


def _envi_text(legend: ClassLegend) -> str:
    names = {c.id: c.name for c in legend}
    colours = {c.id: c.colour for c in legend}
    fields = envi_writer.class_fields(names, colours, 0)
    return envi_header.format_header({"file type": "ENVI Classification", **fields})


def _read_csv(path: Path) -> Iterable[Entry]:
    text = text_of(path, MAX_BYTES)
    lines = [line for line in text.splitlines() if line.strip() and line.lstrip()[0] != "#"]
    if not lines:
        return []
    delimiter = max(",;\t", key=lines[0].count)
    rows = cells_of(path, lines, delimiter)
    head = [cell.casefold() for cell in rows[0]]
    if any(_whole(cell) is not None for cell in rows[0]):  # no line of names: id, name, r, g, b
        head = ["id", "name", *(("r", "g", "b") if len(rows[0]) > 4 else ("colour",))]
    else:
        rows = rows[1:]
    name_at = _column(head, NAME_WORDS)
    id_at = _column([h if i != name_at else "" for i, h in enumerate(head)], ID_WORDS)
    if name_at is None and id_at is None:
        raise FormatError(
            f"{path}: no column is called id or name; the first line must contain the column names."
        )
    entries: list[Entry] = []
    for number, row in enumerate(rows, 1):
        cells = dict(enumerate(row))
        class_id = number if id_at is None else _whole(cells.get(id_at, ""))
        if class_id is None:
            raise FormatError(f'{path}: "{cells.get(id_at or 0, "")}" is not a class id.')
        name = "" if name_at is None else cells.get(name_at, "")
        entries.append((class_id, name, _row_colour(head, cells)))
    return entries


def _column(head: list[str], words: Iterable[str]) -> int | None:
    return next((head.index(word) for word in words if word in head), None)


def _whole(text: str) -> int | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if value.is_integer() else None


def _row_colour(head: list[str], cells: dict[int, str]) -> Colour | None:
    at = _column(head, COLOUR_WORDS)
    if at is not None:
        return colour_of(cells.get(at, ""))
    levels = [_column(head, words) for words in CHANNELS]
    texts = [cells.get(i, "") for i in levels if i is not None]
    return colour_of(",".join(texts)) if len(texts) == 3 else None


def colour_of(text: str) -> Colour | None:
    """A colour written as #rrggbb or as three numbers 0..255; None if it is neither."""
    match = re.fullmatch(r"#?([0-9a-fA-F]{6})(?:[0-9a-fA-F]{2})?", text.strip())
    if match:
        red, green, blue = bytes.fromhex(match[1])
        return red, green, blue
    numbers = re.findall(r"\d+", text)
    if len(numbers) < 3 or any(len(n) > 3 or int(n) > 255 for n in numbers[:3]):
        return None
    return int(numbers[0]), int(numbers[1]), int(numbers[2])


def _csv_text(legend: ClassLegend) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("id", "name", "red", "green", "blue"))
    writer.writerows((c.id, c.name, *c.colour) for c in legend)
    return out.getvalue()


def _read_qml(path: Path) -> Iterable[Entry]:
    """Entries of a paletted raster style, or categories of a vector style, of QGIS."""
    text = text_of(path, MAX_BYTES)
    if "<!ENTITY" in text:
        raise FormatError(
            f"{path} defines XML entities, which QGIS styles never do; it is not read."
        )
    try:
        root = ET.fromstring(text)  # noqa: S314 - no entities
    except ET.ParseError as error:
        raise FormatError(f"{path} is damaged: {error}.") from error
    palette = [
        (_whole(e.get("value", "")), e.get("label", ""), colour_of(e.get("color", "")))
        for tag in ("paletteEntry", "item")
        for e in root.iter(tag)
        if e.get("color") is not None
    ]
    entries = [(i, name, colour) for i, name, colour in palette if i is not None]
    return entries or _categories(root)


def _categories(root: ET.Element) -> list[Entry]:
    listed = (symbol for symbols in root.iter("symbols") for symbol in symbols.iter("symbol"))
    colours: dict[str | None, Colour | None] = {}
    for symbol in listed:  # a symbol holds layers, which may hold symbols of the same names
        colours.setdefault(symbol.get("name"), _symbol_colour(symbol))
    entries: list[Entry] = []
    for number, category in enumerate(root.iter("category"), 1):
        value = category.get("value", "")
        if not value:
            continue  # "all other values"
        class_id = _whole(value)
        name = category.get("label") or value
        colour = colours.get(category.get("symbol"))
        entries.append((number if class_id is None else class_id, name, colour))
    return entries


def _symbol_colour(symbol: ET.Element) -> Colour | None:
    for tag, key in (("prop", "k"), ("Option", "name")):
        for entry in symbol.iter(tag):
            if entry.get(key) in ("color", "line_color"):
                return colour_of(entry.get("v") or entry.get("value") or "")
    return None


def qgis_style(legend: Iterable[LabelClass]) -> str:
    """The style (.qml) of a class map, which QGIS loads with a raster of the same name."""
    from xml.sax.saxutils import quoteattr  # brings urllib.request and ssl to each start

    entries = "".join(
        f'        <paletteEntry value="{c.id}" color="#{bytes(c.colour).hex()}" alpha="255" '
        f"label={quoteattr(c.name)}/>\n"
        for c in legend
    )
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        '<qgis version="3.28" styleCategories="Symbology">\n  <pipe>\n'
        '    <rasterrenderer type="paletted" band="1" opacity="1" alphaBand="-1" nodataColor="">\n'
        f"      <colorPalette>\n{entries}      </colorPalette>\n"
        "    </rasterrenderer>\n  </pipe>\n</qgis>\n"
    )
