"""Spectral libraries: ENVI .sli, CSV, ECOSTRESS and USGS text; out as .sli, CSV and text.

Spectral Python reads ECOSTRESS and USGS collections into a database; single files of them, and
libraries with deleted values, are read here.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hsi_viewer.atomic import replacing, writing
from hsi_viewer.core.cube.metadata import possible_wavelengths
from hsi_viewer.core.cube.nodata import is_nodata
from hsi_viewer.core.errors import ExportError, FileError, FormatError
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary
from hsi_viewer.core.text import counted, one_line
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.envi.described import data_of
from hsi_viewer.io.envi.fields import describe
from hsi_viewer.io.envi.layout import layout_of, open_source
from hsi_viewer.io.envi.pairing import header_of
from hsi_viewer.io.envi.writer import pair_of, replacing_pair
from hsi_viewer.io.files.identify import magic_of, split_source, system_errors
from hsi_viewer.io.files.text_file import numbers_of, text_of
from hsi_viewer.io.files.unsupported import name_of
from hsi_viewer.io.libraries.library_table import BAND_TITLE, read_table
from hsi_viewer.io.metadata.wavelengths import to_nm
from hsi_viewer.io.registry import library_formats

# USGS marks deleted channels with -1.23e34 (splib07 user's guide).
DELETED = -1e30
MAX_TEXT_BYTES = 256 << 20

OWN_PATTERNS = ("*.sli", "*.hdr", "*.csv", "*.txt")


def library_filters() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Titles and patterns for a dialog that opens spectral libraries."""
    others = (pattern for row in library_formats() for pattern in row.patterns)
    return (
        ("Spectral libraries", tuple(dict.fromkeys((*OWN_PATTERNS, *others)))),
        ("All files", ("*",)),
    )


def read_library(path: str | Path) -> SpectralLibrary:
    """Read a spectral library or a single spectrum.

    Raises
    ------
    FileError, FormatError
        if it is missing, damaged or no library.
    """
    with system_errors(path):
        library = _read(split_source(Path(path))[0])
    nm, doubts = possible_wavelengths(library.wavelengths)
    infinite = np.isinf(library.spectra)
    if infinite.any():
        doubts = (*doubts, f"Infinite values are left out: {np.count_nonzero(infinite)}.")
    spectra = np.where(infinite, np.nan, library.spectra)
    warnings = (*library.warnings, *doubts)
    return replace(library, wavelengths=nm, spectra=spectra, warnings=warnings)


def _read(path: Path) -> SpectralLibrary:
    """The library as it is in its file."""
    magic = magic_of(path)  # says what is wrong with a file that cannot be read at all
    for row in library_formats():
        if row.library is not None and row.matches(path, magic):
            return row.library(path)
    if path.suffix.lower() in (".sli", ".hdr") or header_of(path) is not None:
        return _read_envi(path)
    text = _text(path)
    if re.search(r"^\s*X Units\s*:", text, re.MULTILINE | re.IGNORECASE):
        return _read_ecostress(path, text)
    if re.match(r"\s*(splib|USGS|\w+[ \t]+Record=)", text, re.IGNORECASE):
        return _read_usgs(path, text)
    library = read_table(path, text)
    return replace(library, spectra=_without_deleted(library.spectra))


def _text(path: Path) -> str:
    text = text_of(path, MAX_TEXT_BYTES)
    if "\0" in text[:4096] or not text.strip():
        what = name_of(magic_of(path)) or "not text"
        raise FormatError(f"{path} is {what}; supported are ENVI .sli, CSV, ECOSTRESS and USGS.")
    return text


def _without_deleted(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(values < DELETED, np.nan, values)


def _real(stored: NDArray[Any]) -> NDArray[Any]:
    return np.abs(stored) if stored.dtype.kind == "c" else stored


def _read_envi(path: Path) -> SpectralLibrary:
    """ENVI: each line of the image is a spectrum."""
    header = header_of(path)
    if header is None:
        raise FormatError(f"{path}: there is no ENVI header beside it.")
    fields, warnings = envi_header.read_header(header)
    named = "spectra names" in fields  # which no image has, whatever its type is said to be
    if "spectral library" not in fields.get("file type", "").lower() and not named:
        raise FormatError(f"{header} is an image, not a spectral library.")
    layout = layout_of(fields, header.name, warnings)
    data = path if path != header else data_of(header, layout, warnings)
    source = open_source(data, layout, warnings)
    if layout.bands != 1:
        raise FormatError(f"{header}: a spectral library has one band, not {layout.bands}.")
    stored = source.read(slice(0, layout.rows, 1), slice(0, layout.columns, 1), None)[:, :, 0]
    spectra = _without_deleted(_real(stored).astype(np.float64))
    # in a library, the samples are the bands
    about = describe(fields, layout.columns, "bip", warnings)
    nodata = about.nodata
    if nodata is not None:
        spectra = np.where(is_nodata(spectra, nodata), np.nan, spectra)
    names = envi_header.items(fields.get("spectra names", ""), layout.rows)
    if len(names) != layout.rows:
        if names:
            warnings.append(
                f"The header has {counted(len(names), 'name')} for {layout.rows} spectra."
            )
        names = [f"Spectrum {k}" for k in range(1, layout.rows + 1)]
    ignored = "band names"  # one name for the one band of the file
    kept = tuple(w for w in warnings if ignored not in w)
    physical = spectra * about.scale + about.offset
    return SpectralLibrary(tuple(names), about.wavelengths, physical, data.name, kept)


def _read_ecostress(path: Path, text: str) -> SpectralLibrary:
    """ECOSTRESS and ASTER: `key: value` lines, then wavelength and value."""
    fields = dict(re.findall(r"^\s*([A-Za-z ()]+?)\s*:[ \t]*(.*)$", text, re.MULTILINE))
    lower = {key.lower(): value.strip() for key, value in fields.items()}
    table = _numbers_after(path, text, 2)
    unit = re.search(r"\(([^)]*)\)", lower.get("x units", ""))
    nm, guess = to_nm(table[:, 0], unit[1] if unit else None)
    percent = "percent" in lower.get("y units", "").lower()
    order = np.argsort(nm, kind="stable")
    values = _without_deleted(table[:, 1]) * (0.01 if percent else 1.0)
    return SpectralLibrary(
        (lower.get("name") or path.stem,),
        nm[order],
        values[order][None],
        path.name,
        (guess,) if guess else (),
    )


def _numbers_after(path: Path, text: str, columns: int) -> NDArray[np.float64]:
    """The table of numbers at the end of a text: all lines with at least that many numbers."""
    rows = []
    for line in text.splitlines():
        parts = line.replace(",", " ").split()
        if len(parts) < columns:
            continue
        try:
            rows.append([float(part) for part in parts[:columns]])
        except ValueError:
            rows.clear()  # still in the header
    if not rows:
        raise FormatError(f"{path} contains no table of {columns} columns of numbers.")
    return np.array(rows)


def _read_usgs(path: Path, text: str) -> SpectralLibrary:
    """USGS splib06 (wavelength, value, deviation) and splib07 (one value a line)."""
    first, _, rest = text.lstrip().partition("\n")
    title = re.search(r"^-{9,}[ \t\r]*\n(.*)|^title:(.*)", rest, re.MULTILINE)
    if title is not None:
        first = title[1] or title[2] or first
    name = " ".join(first.split(":", 1)[-1].split()) or path.stem
    lines = [line.split() for line in rest.splitlines() if line.strip()]
    single = [parts[0] for parts in lines if len(parts) == 1]
    if len(single) < len(lines):
        table = _numbers_after(path, rest, 2)
        nm, guess = to_nm(table[:, 0], None)
        values = _without_deleted(table[:, 1])
        return SpectralLibrary((name,), nm, values[None], path.name, (guess,) if guess else ())
    try:
        values = _without_deleted(np.array([float(v) for v in single]))
    except ValueError as error:
        raise FormatError(f"{path} is not a USGS spectrum: {error}.") from error
    nm_beside = _usgs_wavelengths(path, values.size)
    warnings = (
        () if nm_beside is not None else ("There is no file of wavelengths next to the spectrum.",)
    )
    return SpectralLibrary((name,), nm_beside, values[None], path.name, warnings)


def _usgs_wavelengths(path: Path, n: int) -> NDArray[np.float64] | None:
    """Wavelengths of a splib07 file beside, or one folder up, with as many channels."""
    for folder in (path.parent, path.parent.parent):
        for candidate in sorted(folder.glob("*[Ww]avelengths*.txt")):
            try:
                table = numbers_of(text_of(candidate, MAX_TEXT_BYTES).splitlines()[1:])
            except (ValueError, FileError):
                continue
            if table.shape in {(n, 1), (1, n)}:
                return to_nm(table.ravel(), None)[0]
    return None


def write_library(path: Path, library: SpectralLibrary) -> None:
    """Write by the suffix: .sli or .hdr (ENVI), .csv, .txt (ECOSTRESS-like, one spectrum).

    Raises
    ------
    ExportError
        if the suffix is another, or it cannot be written.
    """
    with writing(path):
        match path.suffix.lower():
            case ".sli" | ".hdr":
                _write_envi(*pair_of(path, ".sli"), library)
            case ".csv":
                _write_csv(path, library)
            case ".txt":
                _write_ecostress(path, library)
            case other:
                raise ExportError(
                    f'{path}: spectra cannot be written as "{other}"; choose .sli or .csv.'
                )


def _write_envi(header: Path, data: Path, library: SpectralLibrary) -> None:
    n, bands = library.spectra.shape
    fields = {
        "description": f"{{{envi_header.clean_name(library.name)}}}",
        "samples": str(bands),
        "lines": str(n),
        "bands": "1",
        "header offset": "0",
        "file type": "ENVI Spectral Library",
        "data type": "5",
        "interleave": "bsq",
        "byte order": "0",
        "spectra names": envi_header.braced([envi_header.clean_name(x) for x in library.names]),
    }
    if library.wavelengths is not None:
        fields["wavelength units"] = "Nanometers"
        fields["wavelength"] = envi_header.braced([repr(float(w)) for w in library.wavelengths])
    with replacing_pair(header, data) as (new_header, new_data):
        new_data.write_bytes(np.ascontiguousarray(library.spectra, "<f8").data)
        new_header.write_text(envi_header.format_header(fields), encoding="utf-8")


def _write_csv(path: Path, library: SpectralLibrary) -> None:
    first, title = library.wavelengths, "wavelength (nm)"
    if first is None:
        first, title = np.arange(1.0, library.spectra.shape[1] + 1), BAND_TITLE
    with replacing(path) as (new,), new.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([title, *map(one_line, library.names)])
        for nm, values in zip(first, library.spectra.T, strict=True):
            cells = ["" if np.isnan(v) else repr(float(v)) for v in values]
            writer.writerow([repr(float(nm)), *cells])


def _write_ecostress(path: Path, library: SpectralLibrary) -> None:
    if len(library) != 1 or library.wavelengths is None:
        raise ExportError(
            f"{path}: the text format takes a single spectrum with wavelengths; choose .sli or "
            ".csv."
        )
    known = np.isfinite(library.spectra[0]) & np.isfinite(library.wavelengths)
    if not known.any():
        raise ExportError(f"{path}: the spectrum has no value at any known wavelength.")
    head = (
        f"Name: {one_line(library.names[0])}\nSource: {one_line(library.name)}\n"
        f"Number of X Values: {np.count_nonzero(known)}\n"
        "X Units: Wavelength (nanometers)\nY Units: Value\n\n"
    )
    rows = zip(library.wavelengths[known], library.spectra[0][known], strict=True)
    with replacing(path) as (new,):
        body = "".join(f"{float(nm)!r}\t{float(v)!r}\n" for nm, v in rows)
        new.write_text(head + body, encoding="utf-8")
