"""Tables of spectra as text: a column of wavelengths and one for each spectrum, or the same turned.

Separators, decimal commas, lines before the table (SED, SIG and ENVI plot files, remarks) and
columns of words are found out from the text; what fits neither way is refused.
"""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.errors import FormatError
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary
from hsi_viewer.io.files.text_file import cells_of, is_number
from hsi_viewer.io.metadata.wavelengths import (
    are_band_numbers,
    nm_per_unit,
    nm_times,
    plausible,
    to_nm,
)

GAPS = ("", "na", "nan", "n/a", "#n/a", "null", "none", "-")
REMARKS = ("#", "%", "//", "/*", "; ")
COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")
# A wavelength as the name of a column: 450, X450, R_450.5, 450nm, 450 nm
AS_NAME = re.compile(r"([A-Za-z_ ]*?)(\d+(?:\.\d+)?)\s*(?:nm|um|µm|μm)?", re.IGNORECASE)
UNIT_SIGNS = ("%", "1", "reflectance", "counts", "a.u.")
AXIS = re.compile(r"wave|wvl|^wl|lambda|(?:^|[^a-z])(?:nm|um|µm|μm)(?:$|[^a-z])", re.IGNORECASE)
HOLDS_NUMBER = re.compile(r"(?:^|[\s,;\"])[-+]?\.?\d")
SIG_NAMES = ("Reference", "Target", "Reflectance (%)")
PLOT_COLUMN = re.compile(r"Column (\d+): ([^~]*)")
SMALLEST_NM = 100.0
BAND_TITLE = "band"  # of the first column, where there are no wavelengths

Floats = NDArray[np.float64]
Row = list[str]


class _Table(Struct, frozen=True):
    """Cells of equal number a line; head is None where the first line is of numbers, too."""

    head: Row | None
    body: list[Row]


def read_table(path: Path, text: str) -> SpectralLibrary:
    """Spectra of a table.

    Raises
    ------
    FormatError
        if the text is not a table, or it is unclear where its wavelengths are.
    """
    lines = [line.strip("\r\n ") for line in text.splitlines()]
    lines = [line for line in lines if line.strip() and not line.startswith(REMARKS)]
    if lines and lines[0].startswith("ENVI Output of ROIs"):
        raise FormatError(f"{path} contains ENVI regions, not spectra; import it as labels.")
    while lines and not HOLDS_NUMBER.search(lines[-1]):
        lines.pop()  # what programs write behind the table
    if not lines:
        raise _no_table(path)
    rows = _cells(path, [line for line in lines if not PLOT_COLUMN.match(line)])
    table = _table(path, rows)
    counted = table.head is not None and table.head[0].casefold() == BAND_TITLE
    turned = None if counted else _in_rows(table)
    if turned is not None:
        names, raw, spectra, unit = turned
    else:
        columns = [_floats([row[k] for row in table.body]) for k in range(len(table.body[0]))]
        if len(columns) < 2 or any(column is None for column in columns):
            raise _no_table(path)
        numbers = [column for column in columns if column is not None]
        axis, *rest = _order(numbers, table.head)
        raw, spectra = numbers[axis], np.array([numbers[k] for k in rest])
        if table.head:
            names, unit = [table.head[k] for k in rest], unit_in(table.head[axis])
        else:
            names, unit = _plot_names(lines, len(rest)), None
    titled = turned is None and table.head is not None and AXIS.search(table.head[0])
    if not raw.size or np.isnan(raw).all() or (np.isnan(raw).any() and not titled):
        raise _no_table(path)
    nm: Floats | None
    guess: str | None
    if are_band_numbers(raw, unit) or (counted and raw.size == 1):
        nm, guess = None, "The wavelengths in the table are band numbers; they are not used."
    else:
        nm, guess = to_nm(raw, unit)
    named = tuple(name.strip() or f"Spectrum {k}" for k, name in enumerate(names, 1))
    return SpectralLibrary(named, nm, spectra, path.name, (guess,) if guess else ())


def _order(columns: list[Floats], head: Row | None) -> list[int]:
    """The column of wavelengths and then those of spectra.

    It is the first, unless that one only counts the lines and the next is named as wavelengths,
    or, without names, can be such.
    """
    every = list(range(len(columns)))
    if len(columns) > 2 and are_band_numbers(columns[0], None):
        named = head is not None and AXIS.search(head[1]) and not AXIS.search(head[0])
        if named or (head is None and plausible(columns[1]) is not None):
            return every[1:]
    return every


def _no_table(path: Path) -> FormatError:
    return FormatError(
        f"{path} is not a table of spectra: one column (or row) of wavelengths and one of numbers "
        "for each spectrum are expected."
    )


def _cells(path: Path, lines: list[str]) -> list[Row]:
    """Cells of the lines, by the separator of the last one; points for decimal commas."""
    last = lines[-1] if lines else ""
    separator = next((s for s in "\t;" if s in last), "," if "," in last else None)
    words = last.split()
    if separator == "," and len(words) > 1 and all(COMMA.fullmatch(word) for word in words):
        separator = None
    if separator is None:
        rows = [line.split() for line in lines]
    else:
        rows = cells_of(path, lines, separator)
    if separator != "," and any(COMMA.fullmatch(cell) for cell in rows[-1] if rows):
        rows = [[c.replace(",", ".") if COMMA.fullmatch(c) else c for c in row] for row in rows]
    return rows


def _table(path: Path, rows: list[Row]) -> _Table:
    """The lines of equal length at the end; those before must be no numbers."""
    width = len(rows[-1]) if rows else 0
    block = list(takewhile(lambda row: len(row) == width, reversed(rows)))[::-1]
    before = rows[: len(rows) - len(block)]
    if width < 2 or any(_floats(row) is not None and len(row) > 1 for row in before):
        raise FormatError(f"{path} is not a table of spectra: its lines have different lengths.")
    if before and len(before[-1]) == width - 1 > 1 and all(map(AS_NAME.fullmatch, before[-1])):
        block.insert(0, ["", *before[-1]])  # R gives the names of the lines no title
    kept = [k for k in range(width) if any(row[k] for row in block)]
    block = [[row[k] for k in kept] for row in block]
    text_above = [k for k, row in enumerate(block) if not any(is_number(c) for c in row)]
    if text_above:  # the last line of words is the head
        at = text_above[-1]
        if at - 1 in text_above and _units(block[at]):
            names, (unit, *_) = block[at - 1], block[at]
            block[at] = [f"{names[0]} ({unit.strip('[]() ')})", *names[1:]]
        block = block[at:]
    head = block[0] if _floats(block[0]) is None or not block[0][0] else None
    body = block if head is None else block[1:]
    if not body:
        raise _no_table(path)
    return _Table(head, body)


def _in_rows(table: _Table) -> tuple[Row, Floats, Floats, str | None] | None:
    """Names, wavelengths, spectra and unit of a table with a spectrum per line, else None."""
    if table.head is None:
        return None
    found = [AS_NAME.fullmatch(cell) for cell in table.head]
    behind = len(list(takewhile(lambda match: match is None, reversed(found))))
    end = len(found) - behind
    first = end - len(list(takewhile(bool, reversed(found[:end]))))
    marked = [m for m in found[first:end] if m]
    nm = np.array([float(m[2]) for m in marked])
    values = [_floats(row[first:end]) for row in table.body]
    words = [row[0] for row in table.body]
    others = [*range(first), *range(end, len(found))]
    if not others or nm.size < 2 or any(row is None for row in values):
        return None
    prefixed = {m[1] for m in marked} != {""}
    if prefixed and (len({m[1] for m in marked}) > 1 or nm[0] < SMALLEST_NM):
        return None  # names that end in numbers
    named_axis = bool(AXIS.search(table.head[0]))
    numbers = _floats(words) if named_axis else None
    if numbers is not None and (prefixed or nm[0] < SMALLEST_NM or plausible(numbers) is not None):
        return None
    if not (np.diff(nm) > 0).all() and not (np.diff(nm) < 0).all():
        return None
    column = next((k for k in others if _floats([r[k] for r in table.body]) is None), others[0])
    names = [row[column] for row in table.body]
    last = table.head[end - 1].lower()
    unit = "um" if last.endswith(("um", "µm", "μm")) else "nm" if last.endswith("nm") else None
    return names, nm, np.array([row for row in values if row is not None]), unit


def _plot_names(lines: list[str], count: int) -> Row:
    """Names in the lines before the table of an ENVI plot, "Column 2: grass~~1"; those of SIG."""
    if count == len(SIG_NAMES) and "data=" in lines:
        return list(SIG_NAMES)
    found = {int(m[1]): m[2] for m in map(PLOT_COLUMN.match, lines) if m}
    return [found.get(k + 1, f"Spectrum {k}") for k in range(1, count + 1)]


def unit_in(title: str) -> str | None:
    """A unit of length in the title of a column: "wavelength (nm)", "nm", "wl_um"."""
    inside = re.search(r"[\[(]([^\])]*)[\])]", title)
    if inside:
        return inside[1]
    words = re.split(r"[\s_]+", title)
    words = [word for word in words if len(word) > 1 or word in "Åå"]  # "wl a" is not a unit
    return next((w for w in words if nm_per_unit(w) or nm_times(w)), None)


def _units(cells: Row) -> bool:
    """Whether a line gives the units of its columns."""
    return nm_per_unit(cells[0]) is not None and all(
        cell.strip("[]()").lower() in (*GAPS, *UNIT_SIGNS) for cell in cells[1:]
    )


def _floats(cells: Row) -> Floats | None:
    """Numbers of cells, NaN for gaps; None if a cell holds words."""
    try:
        return np.array([float("nan") if c.lower() in GAPS else float(c) for c in cells])
    except ValueError:
        return None
