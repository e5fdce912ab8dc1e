"""The ENVI header: a text file of `field = value`, tolerant of what programs write.

Format: "ENVI Header Files", NV5 Geospatial documentation. Spectral Python's parser is not used:
it refuses headers without `byte order`, takes any unknown interleave for BSQ and depends on the
locale's encoding.
"""

from __future__ import annotations

import math
import os
import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.core.text import one_line, windows_text
from hsi_viewer.io.files.identify import plain_descriptor

# No header is longer; one of so many lines, fields or braces would take long to read.
MAX_HEADER_BYTES = 16 << 20
MAX_LINES, MAX_FIELDS, MAX_BRACES = 1 << 20, 1 << 16, 1 << 16
MAX_REPEATED = 100
# A command looks into a header several times: the last long one is kept.
LONG_HEADER = 1 << 18
# More than this behind a closing brace is not a forgotten line break.
LONGEST_BEHIND = 10_000
ESRI_KEYS = ("nrows", "ncols")
# A line that begins a field.
_FIELD = re.compile(r"\s*[a-z][a-z ]*=", re.IGNORECASE)
# Names of fields as some programs write them.
_OTHER_NAMES = {
    name.replace(" ", "_"): name
    for name in (
        "header offset", "file type", "data type", "byte order", "wavelength units", "band names",
        "data ignore value", "reflectance scale factor", "default bands", "map info",
        "projection info", "coordinate system string", "file compression", "class names",
        "class lookup", "spectra names", "data gain values", "data offset values",
    )
} | {"wavelengths": "wavelength"}  # fmt: skip
# Values of fields that programs write although they mean nothing.
_NOTHING = frozenset(("", "[]", "{}", "{ }", "{\n}", "None", "{None}"))
# A number in quotes or brackets, or as NumPy shows its numbers; an exponent as Fortran writes it.
_DRESSED = re.compile(
    r"""[\s"'\[(]*(?:(?:np|numpy)\.\w+\()?([-+.\d]+(?:[edED][-+]?\d+)?|true|false)["'\])\s]*""",
    re.IGNORECASE,
)
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")

DTYPES = {
    1: "u1",
    2: "i2",
    3: "i4",
    4: "f4",
    5: "f8",
    6: "c8",
    9: "c16",
    12: "u2",
    13: "u4",
    14: "i8",
    15: "u8",
}
CODES = {np.dtype(text): code for code, text in DTYPES.items()}


class EsriHeaderError(FormatError):
    """A header is ESRI's, not ENVI's.

    Attributes
    ----------
    text : of the header.
    """

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name} is an ESRI header (NROWS, NCOLS, LAYOUT), not an ENVI one.")
        self.text = text


def read_header(path: Path) -> tuple[dict[str, str], list[str]]:
    """Fields of a header by lower-case name, and sentences about oddities.

    Values in braces keep their braces, their lines joined.

    Raises
    ------
    FileError
        if the file cannot be read.
    FormatError
        if it is not an ENVI header.
    """
    try:
        size, raw = _start_of(path, MAX_HEADER_BYTES)
    except FileNotFoundError as error:
        raise FileError(f"{path} does not exist; check the name.") from error
    except OSError as error:
        raise FileError(f"{path} could not be read: {error.strerror}.") from error
    if not size:
        raise FormatError(f"{path} is empty (0 bytes); copy it again.")
    if size > MAX_HEADER_BYTES:
        raise FormatError(f"{path} is too large for a header ({size} bytes).")
    if len(raw) < LONG_HEADER:
        return parse_header(_text(raw), path.name)
    fields, warnings = _kept(raw, path.name)
    return dict(fields), list(warnings)


@lru_cache(maxsize=1)
def _kept(raw: bytes, name: str) -> tuple[dict[str, str], list[str]]:
    return parse_header(_text(raw), name)


def _text(raw: bytes) -> str:
    """Text of a header: UTF-8, UTF-16 as Windows shells write it, or that of Windows."""
    try:
        if raw.startswith(UTF_16_MARKS):
            return raw.decode("utf-16")
        return raw.removeprefix(BOM_UTF8).decode()  # the codec for this is a slow one
    except UnicodeDecodeError:
        return windows_text(raw)


def _start_of(path: Path, limit: int) -> tuple[int, bytes]:
    """Size of a file, and as much of it as the limit lets; half the time that Path.open takes."""
    descriptor, size = plain_descriptor(path)
    try:
        return size, os.read(descriptor, min(size, limit))
    finally:
        os.close(descriptor)


def parse_header(text: str, name: str) -> tuple[dict[str, str], list[str]]:
    """Fields of a header text; see `read_header`."""
    lines = _lines(text, name)
    fields: dict[str, str] = {}
    warnings: list[str] = []
    at = 1
    while at < len(lines):
        line = lines[at]
        at += 1
        key, equals, value = line.partition("=")
        if not equals or line.lstrip().startswith(";"):
            continue
        key = " ".join(key.split()).lower()
        value = value.strip()
        if not value and at < len(lines) and lines[at].lstrip().startswith("{"):
            value = lines[at].strip()
            at += 1
        if value.startswith(("{", "[")):
            if value[0] == "[":
                value = _in_braces(value, lines, at)
            try:
                value, at = _braced(value, lines, at, key, warnings)
            except FormatError as error:
                raise FormatError(f"{name}: {error}") from None
        if len(value) < 7 and value in _NOTHING:  # a long one need not be hashed
            continue
        _keep(_OTHER_NAMES.get(key, key), value, fields, warnings, name)
    return fields, warnings


def _lines(text: str, name: str) -> list[str]:
    """Lines of a header text, if it is one."""
    lines = text.lstrip().splitlines()
    if not lines or not lines[0].strip().upper().startswith("ENVI"):
        raise _no_header(text, name)
    if len(lines) > MAX_LINES:
        raise FormatError(f"{name} is too long for a header: it has {len(lines)} lines.")
    return lines


def _keep(key: str, value: str, fields: dict[str, str], warnings: list[str], name: str) -> None:
    """Add a field, or its later value, which is said once."""
    if key in fields and fields[key] != value:
        twice = f'The header gives "{key}" twice; the last one is used.'
        if twice not in warnings[-MAX_REPEATED:]:
            warnings.append(twice)
    fields[key] = value
    if max(len(fields), len(warnings)) > MAX_FIELDS:
        raise FormatError(f"{name} is too long for a header: it has over {MAX_FIELDS} fields.")


def _in_braces(value: str, lines: list[str], at: int) -> str:
    """A list in square brackets, as NumPy shows arrays, with braces; its end is set right, too.

    A value that begins with a word is left as it is.
    """
    if value[1:].lstrip()[:1].isalpha():
        return value
    for k in range(at - 1, len(lines)):
        line = lines[k].rstrip()
        if k >= at and _FIELD.match(line):
            break
        if line.endswith("]"):
            if k >= at:
                lines[k] = line[:-1] + "}"
                return "{" + value[1:]
            return "{" + value[1:-1] + "}"
    return value


def _no_header(text: str, name: str) -> FormatError:
    """An error that names what a file is instead of an ENVI header."""
    if all(re.search(rf"^\s*{key}\s+\d", text, re.MULTILINE | re.IGNORECASE) for key in ESRI_KEYS):
        return EsriHeaderError(name, text)
    if text.startswith(("\x5c\x01\x00\x00", "\x00\x00\x01\x5c")):
        kind = "an Analyze or NIfTI header, which is not supported"
    elif text.startswith(("#?RADIANCE", "#?RGBE")):
        kind = "a Radiance image, which is not supported"
    elif not text[:1000].replace("\n", "").replace("\r", "").replace("\t", "").isprintable():
        kind = "not text"
    else:
        kind = f'its first line is "{text.strip().partition(chr(10))[0].strip()[:40]}"'
        return FormatError(f'{name} is not an ENVI header: {kind} instead of "ENVI".')
    return FormatError(f"{name} is not an ENVI header: it is {kind}.")


def _braced(
    value: str, lines: list[str], at: int, key: str, warnings: list[str]
) -> tuple[str, int]:
    """Value from its opening brace to the matching closing one, over as many lines as needed.

    What is behind it on its last line is read as the next field, if it is one.
    """
    parts = [value]
    start, depth = at, value.count("{") - value.count("}")
    while depth > 0:
        if at >= len(lines):
            return _to_any_brace(value, lines, start, key, warnings)
        line = lines[at]
        at += 1
        if line.lstrip().startswith(";"):
            continue
        parts.append(line.strip())
        depth += line.count("{") - line.count("}")
    whole = "\n".join(parts)
    if whole.count("{") > MAX_BRACES:
        raise FormatError(f'the field "{key[:40]}" has too many braces; correct the header.')
    if whole.count("{") > 1 or not whole.endswith("}"):
        whole, behind = _split_behind(whole)
        if "=" in behind and len(behind) < LONGEST_BEHIND:
            lines.insert(at, behind)
    return whole, at


def _split_behind(text: str) -> tuple[str, str]:
    """A value that begins with a brace up to the matching one, and what follows."""
    depth = 0
    for match in re.finditer(r"[{}]", text):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return text[: match.end()], text[match.end() :].strip()
    return text, ""


def _to_any_brace(
    value: str, lines: list[str], at: int, key: str, warnings: list[str]
) -> tuple[str, int]:
    """A value with a brace too many: it ends with the first line that ends with one.

    Raises
    ------
    FormatError
        if the next field begins before, or another value had been so.
    """
    message = "The braces of a field do not match:"
    parts = [value]
    while not parts[-1].endswith("}"):
        if at >= len(lines) or _FIELD.match(lines[at]):
            raise FormatError(f'the field "{key}" has no closing brace; correct the header.')
        parts.append(lines[at].strip())
        at += 1
    if any(warning.startswith(message) for warning in warnings):
        raise FormatError("the braces of its fields do not match; correct the header.")
    warnings.append(f'{message} "{key}" is read up to the end of a line.')
    return "\n".join(parts), at


def items(value: str, expected: int = 0) -> list[str]:
    """Entries of a braced list; the empty one that a trailing comma leaves is dropped.

    Where commas make another number of entries than is expected and lines make that, an entry is
    a line: names may hold commas, or stand without any between them.
    """
    body = value.strip()
    body = body.removeprefix("{").removesuffix("}")
    parts = [part.strip() for part in " ".join(body.split()).split(",")]
    if parts and not parts[-1]:
        parts.pop()
    if expected > 1 and len(parts) != expected:
        lines = [line.strip().rstrip(",") for line in body.splitlines() if line.strip()]
        return lines if len(lines) == expected else parts
    return parts


def numbers(value: str) -> NDArray[np.float64]:
    """Entries of a list of numbers, separated by commas or white space.

    Between semicolons a comma is the decimal one, as spreadsheets of some languages write it.

    Raises
    ------
    ValueError
        if an entry is not a number.
    """
    body = value.strip(" {}\r\n\t")
    if ";" in body:
        body = body.replace(",", ".").replace(";", ",")
    try:
        values = np.fromstring(body, np.float64, sep=",")  # without a string for each number
        if values.size == body.rstrip(", \n").count(",") + 1:
            return values
    except ValueError:
        pass
    parts = body.rstrip(",").split(",")
    if len(parts) == 1:
        parts = parts[0].split()
    try:
        return np.array(parts, np.float64)
    except ValueError:
        return np.array([_undressed(part) for part in parts])


def _undressed(text: str) -> float:
    """A number without what programs put around it.

    Raises
    ------
    ValueError
        if it is not one.
    """
    match = _DRESSED.fullmatch(text)
    if match is None:
        raise ValueError(text)
    word = match[1].lower()
    return float(word == "true") if word in ("true", "false") else float(word.replace("d", "e"))


def word(value: str) -> str:
    """A plain value without a remark behind it, braces or quotes."""
    return value.partition(";")[0].partition("#")[0].strip(' {}"')


def whole(fields: Mapping[str, str], key: str, name: str, default: int | None = None) -> int:
    """A field that holds one whole number.

    Raises
    ------
    FormatError
        if it is missing without a default, or is not a whole number.
    """
    text = fields.get(key)
    if not text:
        if default is None:
            raise FormatError(f'{name}: the header has no "{key}"; add it.')
        return default
    try:
        return int(text)
    except ValueError:
        text = word(text)
    try:
        number = float(text.partition("(")[0].rstrip(", "))
    except ValueError:
        number = math.nan
    if not number.is_integer():
        raise FormatError(f'{name}: "{key} = {text[:40]}" is not a whole number.')
    return int(number)


def format_header(fields: Mapping[str, str]) -> str:
    """Text of a header with fields in the order given."""
    return "ENVI\n" + "".join(f"{key} = {value}\n" for key, value in fields.items())


def braced(entries: list[str]) -> str:
    """A list as a braced value, a few entries per line."""
    lines = [", ".join(entries[i : i + 8]) for i in range(0, len(entries), 8)]
    return "{\n " + ",\n ".join(lines) + "}"


def clean_name(text: str) -> str:
    """A name that the header's list syntax can hold.

    That is without commas, braces, control characters, and semicolons in front, which would make a
    remark of its line.
    """
    plain = text.translate({ord("{"): "(", ord("}"): ")", ord(","): ";"})
    return one_line(plain).lstrip("; ") or "-"
