"""Pixels as rows of a table (.csv): row and column, or map coordinates, and a class."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing
from hsi_viewer.core.errors import ExportError, FormatError
from hsi_viewer.core.labels.class_ids import class_ids
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.placement import Placement
from hsi_viewer.core.text import class_name
from hsi_viewer.io.files.text_file import cells_of, is_number, text_of
from hsi_viewer.io.regions.class_column import is_whole, like_class
from hsi_viewer.io.regions.grid import PIXELS, Grid
from hsi_viewer.io.regions.listed_pixels import Pair, Pixels, place_pixels
from hsi_viewer.io.regions.shapes import numbered

ROW = ("row", "line", "rows", "lines", "i", "pixel_row", "pixel_y")
COLUMN = ("column", "col", "sample", "columns", "samples", "j", "pixel_column", "pixel_x")
MAP_X = ("map_x", "mapx", "easting", "east", "e", "utm_x", "xcoord", "x_coord", "coord_x")
MAP_Y = ("map_y", "mapy", "northing", "north", "n", "utm_y", "ycoord", "y_coord", "coord_y")
LON = ("lon", "longitude", "long", "lng")
LAT = ("lat", "latitude")
NAME = ("class_name", "classname", "label_name", "name", "label", "class", "category", "type")
ID = ("class_id", "classid", "id_class", "class_nr", "label", "class", "gt", "value")
NONE = ("", "na", "n/a", "nan", "null", "none")  # of a class that is not known
UNNAMED = ("row", "column", "class")  # of a table without a line of names
POSITIONS = frozenset((*ROW, *COLUMN, *MAP_X, *MAP_Y, *LON, *LAT, "x", "y"))


def read_table(
    path: Path, grid: Grid, placement: Placement | None, class_field: str | None = None
) -> ImportedLabels:
    """Labels of the pixels that a table lists; rows and columns count from 0, unless they cannot.

    A table without a line of names is row, column, class, or the class ids of all pixels.

    Raises
    ------
    FileError, FormatError
        if it cannot be read, or a position or a class is missing.
    PlacementNeededError, LabelError
        if the pixels cannot be placed on the cube.
    """
    head, rows = _rows(path)
    if not head:
        return ImportedLabels(_all_pixels(path, rows, grid), name=path.name)
    notes: list[str] = []

    def numbers(at: int) -> NDArray[np.float64]:
        try:
            return np.array([float(row[at].replace(",", ".")) for row in rows], np.float64)
        except (ValueError, IndexError):
            raise FormatError(
                f'{path}: the column "{head[at]}" contains something other than numbers.'
            ) from None

    def pair(xs: Sequence[str], ys: Sequence[str]) -> Pair | None:
        x, y = _at(head, xs), _at(head, ys)
        return None if x is None or y is None else (numbers(x), numbers(y))

    at, mapped, degrees = pair(ROW, COLUMN), pair(MAP_X, MAP_Y), pair(LON, LAT)
    plain = pair(("x",), ("y",))
    if plain is not None and at is None and mapped is None:
        if _are_pixels(plain, grid):
            at = plain[1], plain[0]
            notes.append("x was interpreted as the column and y as the row, counted from 0.")
        else:
            mapped = plain
    elif plain is not None and mapped is None:
        mapped = plain
    if at is not None:
        first = _counts_from(at, grid, notes)
        at = np.floor(at[0]) - first + 0.5, np.floor(at[1]) - first + 0.5
    if at is None and mapped is None and degrees is None:
        raise FormatError(
            f"{path} has no columns for a position: name them row and column, x and y, or lon and "
            f"lat. It has {', '.join(head)}."
        )
    ids, names = _classes(path, head, rows, class_field, notes)
    listed = Pixels(path.name, ids, at, mapped, degrees, None, names, notes=tuple(notes))
    return place_pixels(listed, grid, placement)


def _rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """Names of the columns, and the rows; no names where numbers alone do not tell them.

    Raises
    ------
    FileError, FormatError
        if it cannot be read, or has no rows.
    """
    text = text_of(path)
    lines = [s for s in text.splitlines() if s.strip() and not s.lstrip().startswith(("#", ";"))]
    if not lines:
        raise FormatError(f"{path} has no rows.")
    delimiter = max("\t;,", key=lines[0].count)
    if delimiter not in lines[0]:
        rows = [line.split() for line in lines]
    else:
        rows = cells_of(path, lines, delimiter)
    if len(rows[0]) > len(UNNAMED) and all(map(is_number, rows[0])):
        head = []
    elif len(rows[0]) <= len(UNNAMED) and all(is_number(cell) for cell in rows[0][:2]):
        head = list(UNNAMED[: len(rows[0])])
    else:
        head, rows = [cell.strip().casefold().replace(" ", "_") for cell in rows[0]], rows[1:]
    if not rows:
        raise FormatError(f"{path} has no rows below its header line.")
    return head, rows


def _all_pixels(path: Path, rows: list[list[str]], grid: Grid) -> NDArray[np.uint16]:
    """Class ids of a table that has a row and a column for each of the scene's.

    Raises
    ------
    FormatError
        if it has another size, or something other than numbers.
    """
    if {len(row) for row in rows} != {grid.columns} or len(rows) != grid.rows:
        raise FormatError(
            f"{path} has {len(rows[0])} columns without names and {len(rows)} rows. Name the "
            "columns in a first line, as row, column and class; class ids of all pixels would be "
            f"{grid.rows} x {grid.columns} numbers."
        )
    try:
        values = np.array(rows, np.float64)
    except ValueError:
        raise FormatError(f"{path} contains something other than numbers.") from None
    return class_ids(values, str(path))


def _counts_from(at: Pair, grid: Grid, notes: list[str]) -> int:
    """The number of the first row and column: 1, where the last one would else lie outside."""
    first, last = ([end(each) for each in at] for end in (np.min, np.max))
    inside = last[0] <= grid.rows and last[1] <= grid.columns
    beyond = last[0] == grid.rows or last[1] == grid.columns
    if not (inside and min(first) >= 1):
        return 0
    if not beyond:
        notes.append(
            "Rows and columns were counted from 0; if the file counts from 1, subtract 1 in it."
        )
        return 0
    notes.append(
        "Rows and columns were counted from 1: none is 0, and the last one would lie outside."
    )
    return 1


def _at(head: Sequence[str], words: Sequence[str]) -> int | None:
    return next((head.index(word) for word in words if word in head), None)


def _are_pixels(plain: Pair, grid: Grid) -> bool:
    """Whether x and y are columns and rows: whole numbers on the cube, and no place on its map."""
    x, y = plain
    whole = bool(np.all(x == np.rint(x)) and np.all(y == np.rint(y)))
    on_cube = whole and x.min() >= 0 and y.min() >= 0
    on_cube = on_cube and x.max() < grid.columns and y.max() < grid.rows
    if grid.transform is None:
        return True
    rows, columns = grid.positions(x, y)
    on_map = (rows >= 0) & (rows < grid.rows) & (columns >= 0) & (columns < grid.columns)
    return bool(on_cube and not on_map.any())


def _classes(
    path: Path, head: list[str], rows: list[list[str]], wanted: str | None, notes: list[str]
) -> tuple[NDArray[np.uint16], dict[int, str]]:
    """Class ids and names by id; what was chosen is noted where no column is named so."""

    def texts(at: int) -> list[str]:
        cells = (class_name(row[at]) if at < len(row) else "" for row in rows)
        return ["" if cell.casefold() in NONE else cell for cell in cells]

    if wanted is not None and wanted.casefold() not in head:
        raise FormatError(f'{path} has no column "{wanted}"; it has {", ".join(head)}.')
    id_at = _at(head, ID if wanted is None else (wanted.casefold(),))
    name_at = _at(head, NAME) if wanted is None else None
    if id_at is None and name_at is None:
        chosen = like_class({n: texts(k) for k, n in enumerate(head) if n not in POSITIONS})
        name_at = None if chosen is None else head.index(chosen)
        if name_at is None:
            notes.append("No column contains a class; all pixels get the same class.")
            return np.ones(len(rows), np.uint16), {1: path.stem}
        notes.append(f'The class was read from the column "{head[name_at]}".')
    column = texts(id_at if id_at is not None else name_at or 0)
    numeric = any(column) and all(is_number(t) for t in column if t)
    if numeric and name_at not in (None, id_at) and not all(is_whole(t) for t in column if t):
        column, numeric = texts(name_at or 0), False  # measured values, beside names of classes
    if numeric:
        given = np.array([float(text or 0) for text in column])
        numbers = class_ids(given, str(path)).tolist()
        both = id_at is not None and name_at is not None and name_at != id_at
        named = texts(name_at or 0) if both else []
        pairs = {(i, n) for i, n in zip(numbers, named, strict=bool(named)) if i and n}
        if len({i for i, _ in pairs}) == len(pairs):
            return np.array(numbers, np.uint16), dict(pairs)
        column = named  # one number has several names: it is none of a class
    if "" in column:
        notes.append("Rows without a class are left out.")
    words: list[int | str] = list(dict.fromkeys(filter(None, column)))
    numbers_of = dict(zip(words, numbered(words, {})[0], strict=True))
    ids = [numbers_of.get(text, 0) for text in column]
    return np.array(ids, np.uint16), {i: str(word) for word, i in numbers_of.items()}


def write_table(path: Path, ids: NDArray[np.uint16], legend: ClassLegend, grid: Grid) -> None:
    """Write a row a labelled pixel: row and column from 0, map coordinates of its centre, class.

    Raises
    ------
    ExportError
        if nothing is labelled or the file cannot be written.
    """
    rows, columns = np.nonzero(ids)
    if rows.size == 0:
        raise ExportError(f"{path}: no pixel is labelled, so there is nothing to write.")
    a, b, c, d, e, f = grid.transform or PIXELS
    mapped = ("map_x", "map_y") if grid.transform is not None else ()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("row", "column", *mapped, "class_id", "class_name"))
    names = {int(i): legend.name_of(int(i)) for i in np.unique(ids)}
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        i, j = row + 0.5, column + 0.5
        on_map = (repr(a * j + b * i + c), repr(d * j + e * i + f)) if mapped else ()
        class_id = int(ids[row, column])
        writer.writerow((row, column, *on_map, class_id, names[class_id]))
    with replacing(path) as (new,):
        new.write_text(out.getvalue(), encoding="utf-8")
