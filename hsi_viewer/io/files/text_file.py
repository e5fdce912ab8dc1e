"""Small text files, regardless of what wrote them."""

from __future__ import annotations

import csv
import os
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.text import windows_text
from hsi_viewer.io.files.identify import open_plain

_SEPARATOR = re.compile(r'\A"?sep=.?"?[ \t]*\r?\n', re.IGNORECASE)
_END = "end of the lines"  # not a line of the file: behind a quotation mark it isn't found


def is_utf_16(raw: bytes) -> bool:
    """Whether bytes begin a text of UTF-16, as spreadsheets and shells of Windows write it."""
    return raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE))


def text_of(path: Path, max_bytes: int = 1 << 30) -> str:
    """Text of a file, UTF-8 (with or without a mark), UTF-16 with one, or that of Windows.

    Without the line by which spreadsheets tell each other the separator of a table.

    Raises
    ------
    FileError, FormatError
        if it cannot be read or is larger than such a file can be.
    """
    try:
        with open_plain(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > max_bytes:
                raise FormatError(f"{path} is too large for a text file: {size} bytes.")
            raw = file.read()
    except FileNotFoundError as error:
        raise FileError(f"{path} does not exist; check the name.") from error
    except OSError as error:
        raise FileError(f"{path} could not be read: {error.strerror}.") from error
    if is_utf_16(raw):
        text = raw.decode("utf-16", errors="replace")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = windows_text(raw)
    return _SEPARATOR.sub("", text)


def is_number(text: str) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def cells_of(path: Path, lines: list[str], delimiter: str) -> list[list[str]]:
    """Cells of the lines of a table, without the spaces around them.

    Raises
    ------
    FormatError
        if a quotation mark is never closed: all that follows would be one cell.
    """
    rows = csv.reader([*lines, _END], delimiter=delimiter, skipinitialspace=True)
    try:
        found = [[cell.strip() for cell in row] for row in rows]
    except csv.Error as error:
        raise FormatError(f"{path} is not a readable table: {error}.") from error
    if found.pop() != [_END]:
        raise FormatError(
            f"{path} is not a readable table: a quotation mark in it is never closed. Add the "
            "other one, or remove it."
        )
    return found


def numbers_of(lines: list[str], columns: tuple[int, ...] | None = None) -> NDArray[np.float64]:
    """Numbers of lines of text, (lines, columns), all of them or some; "#" begins a remark.

    Raises
    ------
    ValueError
        if there is none, a word, or a line of another length.
    """
    if not any(line.partition("#")[0].strip() for line in lines):
        raise ValueError("no numbers")
    return np.loadtxt(lines, np.float64, ndmin=2, usecols=columns)
