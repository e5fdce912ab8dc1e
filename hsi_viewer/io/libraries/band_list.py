"""Wavelengths of bands out of any file that lists them: a header, a table, a library, a cube."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import FormatError, HsiError
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.envi.fields import wavelengths_of
from hsi_viewer.io.envi.pairing import header_of
from hsi_viewer.io.files.text_file import cells_of, text_of
from hsi_viewer.io.libraries.library_table import AXIS, unit_in
from hsi_viewer.io.libraries.spectral_library import read_library
from hsi_viewer.io.metadata.wavelengths import are_band_numbers, plausible, to_nm
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.registry import is_identified

MAX_TEXT_BYTES = 16 << 20
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
WIDTH = re.compile(r"fwhm|width", re.IGNORECASE)
UNIT = re.compile(
    r"(?<![^\W\d_])(nm|um|µm|μm|nanomet\w+|micro(?:n|met)\w*|angstrom\w*)(?![^\W_])", re.I
)


def read_band_list(path: Path) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Wavelengths in nm, in the order of the bands, and what was assumed about them.

    Parameters
    ----------
    path : ENVI header of an image or a library, or its data; a table with a column of wavelengths
        (.csv, .txt, .spc); a text with one number a line; any cube that knows its wavelengths.

    Raises
    ------
    FileError, FormatError
        if it cannot be read or lists no wavelengths.
    """
    header = header_of(path)
    if header is not None:
        found, warnings = _of_header(header)
    elif is_identified(path):
        cube = open_cube(path)
        found, warnings = cube.wavelengths, cube.warnings
    else:
        found, warnings = _of_text(path)
    if found is None or not found.size:
        raise FormatError(f"{path} contains no wavelengths.")
    return found, tuple(w for w in warnings if "wavelength" in w.lower())


def _of_header(header: Path) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    fields, _ = envi_header.read_header(header)
    listed = fields.get("wavelength") or fields.get("band names", "")
    warnings: list[str] = []
    found, _ = wavelengths_of(fields, len(envi_header.items(listed)), warnings)
    return found, tuple(warnings)


def _of_text(path: Path) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    titled = _of_titled_column(path)
    if titled is not None:
        return titled
    text = text_of(path, MAX_TEXT_BYTES).strip()
    if "{" in text or len(text.splitlines()) == 1:
        return _of_lines(path)
    try:
        library = read_library(path)
    except HsiError:
        return _of_lines(path)
    first = library.spectra[0]
    if library.wavelengths is None and plausible(first) is not None:  # behind the band's number
        return _in_nm(first, unit_in(library.names[0]))
    return library.wavelengths, library.warnings


def _of_titled_column(
    path: Path,
) -> tuple[NDArray[np.float64] | None, tuple[str, ...]] | None:
    """The column of a table whose title speaks of wavelengths; others may hold words."""
    lines = [line for line in text_of(path, MAX_TEXT_BYTES).splitlines() if line.strip()]
    if len(lines) < 2:
        return None
    separator = max("\t;,", key=lines[0].count)
    if separator not in lines[0]:
        return None
    head, *rows = cells_of(path, lines, separator)
    at = next(
        (k for k, title in enumerate(head) if AXIS.search(title) and not WIDTH.search(title)), None
    )
    if at is None:
        return None
    cells = [row[at] if at < len(row) else "" for row in rows]
    if separator != ",":
        cells = [cell.replace(",", ".") for cell in cells]
    if not all(NUMBER.fullmatch(cell) for cell in cells):
        return None
    return _in_nm(np.array([float(cell) for cell in cells]), unit_in(head[at]))


def _of_lines(path: Path) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    """One number a line, after a title that may give the unit, or each with its unit.

    Or all of them in one line, or in braces as in a header.
    """
    lines = [line.strip(" \t,;") for line in text_of(path, MAX_TEXT_BYTES).splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    text = "\n".join(lines)
    braced = re.search(r"\{([^{}]*)\}", text)
    if braced or len(lines) == 1:
        lines = re.split(r"[,;\s]+", (braced[1] if braced else text).strip())
    title = lines[0] if lines and not NUMBER.match(lines[0]) else ""
    numbers = [NUMBER.findall(line) for line in lines[bool(title) :]]
    if any(len(found) != 1 for found in numbers):
        return None, ()
    unit = unit_in(title) or next((m[1] for line in lines[:2] if (m := UNIT.search(line))), None)
    return _in_nm(np.array([float(found[0]) for found in numbers]), unit)


def _in_nm(
    values: NDArray[np.float64], unit: str | None
) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    """Wavelengths in nm and what was assumed; None for numbers that only count the bands."""
    if are_band_numbers(values, unit):
        return None, ()
    nm, guess = to_nm(values, unit)
    return nm, (guess,) if guess else ()
