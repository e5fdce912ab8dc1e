"""ENVI images: a raw file and a text header."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube import HyperCube
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io import envi_classes, envi_header, wavelengths
from hsi_viewer.io.byte_reader import GZIP, DeflatedReader, FileReader
from hsi_viewer.io.map_info import georeference
from hsi_viewer.io.raw_source import ORDERS, RawSource

GZIP_MAGIC = b"\x1f\x8b"

# fmt: off
DATA_SUFFIXES = (
    ".img", ".dat", ".raw", ".bsq", ".bil", ".bip", ".bin", ".cube", ".hyspex", ".sli", ".cal",
    ".rfl", ".rad", ".ref", ".envi",
)
NOT_DATA_SUFFIXES = (
    ".hdr", ".xml", ".json", ".txt", ".csv", ".ovr", ".enp", ".sta", ".png", ".jpg", ".jpeg",
    ".tfw", ".prj", ".md", ".lock", ".tmp", ".hdf5", ".h5",
)

# Fields that become attributes of HyperCube; all others are kept as metadata.
USED_FIELDS = frozenset((
    "samples", "lines", "bands", "header offset", "data type", "interleave", "byte order",
    "file type", "wavelength", "wavelength units", "fwhm", "bbl", "data ignore value",
    "reflectance scale factor", "default bands", "map info", "projection info",
    "coordinate system string", "band names", "file compression", "class names", "classes",
    "class lookup",
))
# fmt: on


@dataclass(frozen=True)
class Layout:
    """How the raw values of an ENVI file lie on disk."""

    rows: int
    columns: int
    bands: int
    dtype: np.dtype[Any]
    interleave: str
    offset: int
    compressed: bool

    @property
    def data_bytes(self) -> int:
        """Bytes of all values, without the offset."""
        return self.rows * self.columns * self.bands * self.dtype.itemsize


def header_of(path: Path) -> Path | None:
    """The header that belongs to a data file (or the path itself, if it is one)."""
    if path.suffix.lower() == ".hdr":
        return path
    if path.suffix.lower() in NOT_DATA_SUFFIXES:
        return named(path.parent, (f"{path.name}.hdr",))
    bare = path.name.removesuffix(".gz")
    return named(path.parent, (f"{path.name}.hdr", f"{bare}.hdr", f"{Path(bare).stem}.hdr"))


def data_beside(header: Path) -> Path | None:
    """A data file that belongs to a header by its name, whatever the header says."""
    found = next(_data_files(header, ""), None)
    return None if found is None else Path(found)


def data_of(header: Path, layout: Layout) -> Path:
    """The data file that belongs to a header.

    Raises
    ------
    FileError
        if there is none.
    """
    needed = 0 if layout.compressed else layout.offset + layout.data_bytes
    first = None
    for found in _data_files(header, layout.interleave):
        if os.stat(found).st_size >= needed:  # noqa: PTH116 - no Path yet
            return Path(found)
        first = first or found
    if first is None:
        stem = header.stem
        raise FileError(
            f"{header}: the data file of this header is not there. Looked for {stem} and "
            f"{stem}.img, .dat, .raw, .{layout.interleave} and others beside it; "
            "put the data file into the same folder."
        )
    return Path(first)


def _data_files(header: Path, interleave: str) -> Iterator[str]:
    """Paths of data files that a header can belong to by its name, likely ones first.

    The folder is listed only where none has the header's name letter by letter.
    """
    stem = header.name[: -len(header.suffix)]
    suffixes = ("", *((f".{interleave}",) if interleave else ()), *DATA_SUFFIXES)
    start = str(header)[: -len(header.suffix)]
    exact = False
    for packed, suffix in product(("", ".gz"), suffixes):
        # A third of the time that Path.is_file takes, which is felt with twenty names.
        if os.path.isfile(path := start + suffix + packed):  # noqa: PTH113
            exact = True
            yield path
    if exact:
        return
    beside = _files(header.parent)
    by_name = {p.name.casefold(): p for p in beside}
    folded = [(stem + suffix + p).casefold() for p, suffix in product(("", ".gz"), suffixes)]
    yield from [str(by_name[name]) for name in folded if name in by_name] or [
        str(p)
        for p in beside
        if p.stem.casefold() == stem.casefold() and p.suffix.lower() not in NOT_DATA_SUFFIXES
    ]


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(p for p in folder.iterdir() if p.is_file())
    except OSError as error:
        raise FileError(f"{folder} could not be listed: {error.strerror}.") from error


def named(folder: Path, names: tuple[str, ...]) -> Path | None:
    """First file with one of the names, exactly or in another case."""
    for name in names:
        if (folder / name).is_file():
            return folder / name
    by_name = {p.name.casefold(): p for p in _files(folder)}
    return next((by_name[n.casefold()] for n in names if n.casefold() in by_name), None)


def layout_of(fields: Mapping[str, str], name: str, warnings: list[str]) -> Layout:
    """Size, type and order of the values.

    Raises
    ------
    FormatError
        if the header does not say it or says what cannot be.
    """
    size = {}
    for key in ("lines", "samples", "bands"):
        size[key] = envi_header.whole(fields, key, name, default=1 if key == "bands" else None)
        if size[key] < 1:
            raise FormatError(f'{name}: "{key} = {size[key]}" must be at least 1.')
    offset = envi_header.whole(fields, "header offset", name, default=0)
    if offset < 0:
        raise FormatError(f'{name}: "header offset = {offset}" must not be negative.')
    dtype = _dtype_of(fields, name, warnings)
    interleave = _interleave_of(fields, name, size["bands"])
    for key in ("major frame offsets", "minor frame offsets"):
        if any(part not in ("0", "") for part in envi_header.items(fields.get(key, ""))):
            raise FormatError(f'{name}: "{key}" other than 0 is not supported.')
    compressed = envi_header.whole(fields, "file compression", name, default=0) != 0
    return Layout(
        size["lines"], size["samples"], size["bands"], dtype, interleave, offset, compressed
    )


def _dtype_of(fields: Mapping[str, str], name: str, warnings: list[str]) -> np.dtype[Any]:
    code = envi_header.whole(fields, "data type", name)
    if code not in envi_header.DTYPES:
        known = ", ".join(str(c) for c in envi_header.DTYPES)
        raise FormatError(f'{name}: "data type = {code}" is none of {known}; correct the header.')
    if "byte order" not in fields:
        warnings.append("The header gives no byte order; little-endian (0) is assumed.")
    order = envi_header.whole(fields, "byte order", name, default=0)
    if order not in (0, 1):
        raise FormatError(f'{name}: "byte order = {order}" is neither 0 nor 1; correct the header.')
    return np.dtype(envi_header.DTYPES[code]).newbyteorder(">" if order else "<")


def _interleave_of(fields: Mapping[str, str], name: str, bands: int) -> str:
    if "interleave" not in fields and bands == 1:
        return "bsq"
    interleave = fields.get("interleave", "").partition(";")[0].strip().lower()
    if interleave not in ORDERS:
        raise FormatError(
            f'{name}: "interleave = {interleave}" is none of bsq, bil and bip; correct the header.'
        )
    return interleave


def open_source(data: Path, layout: Layout, warnings: list[str]) -> RawSource:
    """The values of a data file, after its size was checked.

    Raises
    ------
    FileError, FormatError
        if it cannot be opened or is shorter than the header says.
    """
    shape = layout.rows, layout.columns, layout.bands
    order = ORDERS[layout.interleave]
    reader = FileReader(data)
    expected, found = layout.offset + layout.data_bytes, reader.size
    may_be_packed = layout.compressed or data.suffix.lower() == ".gz"
    if may_be_packed and reader.read_bytes(0, 2) == GZIP_MAGIC:
        inflated = DeflatedReader(reader, 0, found, expected, GZIP)
        return RawSource(inflated, shape, layout.dtype, order, layout.offset)
    if found < expected:
        raise FormatError(
            f"{data} is too short: its header says {layout.rows} rows x {layout.columns} columns x "
            f"{layout.bands} bands of {layout.dtype.name} after {layout.offset} bytes, which makes "
            f"{expected} bytes expected, but {found} bytes were found. "
            "Copy the file again or correct the header."
        )
    if found > expected:
        warnings.append(
            f"The data file has {found} bytes where the header needs {expected}; "
            "the rest is not read."
        )
    return RawSource(reader, shape, layout.dtype, order, layout.offset)


def open_envi(path: Path, layout: Layout | None = None) -> HyperCube:
    """Open an ENVI image by its header or by its data file.

    Parameters
    ----------
    path : header or data file.
    layout : overrules what the header says, or takes the place of a missing header.

    Raises
    ------
    FileError, FormatError
        if a file is missing, short, or not what the header says.
    """
    header = header_of(path)
    fields: dict[str, str] = {}
    warnings: list[str] = []
    if header is not None:
        fields, warnings = envi_header.read_header(header)
    elif layout is None:
        raise FormatError(f"{path}: there is no ENVI header ({path.name}.hdr) beside it.")
    if "spectral library" in fields.get("file type", "").lower() and layout is None:
        raise FormatError(
            f"{header} is a spectral library, not an image; open it as a spectral library."
        )
    if layout is None and "tiff" in fields.get("file type", "").lower():
        return _open_tiff_of(path)
    if layout is None:
        layout = layout_of(fields, header.name if header else path.name, warnings)
    data = path if path != header else data_of(header, layout)
    source = open_source(data, layout, warnings)
    return HyperCube(source, path=path, **describe(fields, layout, data, warnings))


def _open_tiff_of(header: Path) -> HyperCube:
    """The TIFF file that a header says it describes."""
    from hsi_viewer.io.geotiff import open_geotiff

    stem = header.name[: -len(header.suffix)]
    found = named(header.parent, (stem, f"{stem}.tif", f"{stem}.tiff"))
    if found is None or found == header:
        raise FileError(f"{header} describes a TIFF file, but there is no {stem}.tif beside it.")
    return open_geotiff(found)


def describe(
    fields: Mapping[str, str], layout: Layout, data: Path, warnings: list[str]
) -> dict[str, Any]:
    """Metadata of a cube, as keyword arguments of HyperCube."""
    n = layout.bands
    nm, unit = _wavelengths(fields, n, warnings)
    fwhm = _numbers(fields, "fwhm", n, warnings)
    if fwhm is not None:
        fwhm = fwhm * _fwhm_factor(fields, nm)
    bbl = _numbers(fields, "bbl", n, warnings)
    good = np.ones(n, bool) if bbl is None else bbl != 0
    return {
        "name": data.name.removesuffix(".gz"),
        "wavelengths": nm,
        "fwhm": fwhm,
        "good_bands": good,
        "nodata": _number(fields, "data ignore value", warnings),
        **_scale(fields, n, warnings),
        "georeference": georeference(
            fields.get("map info"),
            fields.get("coordinate system string"),
            fields.get("projection info"),
        ),
        "default_bands": _default_bands(fields, n, warnings),
        "band_names": _band_names(fields, n, warnings),
        "format_name": "ENVI",
        "interleave": layout.interleave,
        "wavelength_units_in_file": unit,
        "class_names": envi_classes.class_names(fields),
        "warnings": tuple(warnings),
        "metadata": {k: v for k, v in fields.items() if k not in USED_FIELDS},
    }


def _numbers(
    fields: Mapping[str, str], key: str, n: int, warnings: list[str]
) -> NDArray[np.float64] | None:
    """A list of one number a band; None, with a warning, if it is not that."""
    if key not in fields:
        return None
    try:
        values = envi_header.numbers(fields[key])
    except ValueError:
        warnings.append(f'"{key}" in the header holds what is no number; it is not used.')
        return None
    if values.size != n:
        if values.size:
            warnings.append(
                f'"{key}" in the header has {values.size} entries for {n} bands; it is not used.'
            )
        return None
    return values


def _number(fields: Mapping[str, str], key: str, warnings: list[str]) -> float | None:
    text = fields.get(key, "").strip().strip("{}").strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        warnings.append(f'"{key} = {text[:40]}" in the header is no number; it is not used.')
        return None


def _scale(fields: Mapping[str, str], n: int, warnings: list[str]) -> dict[str, float]:
    """Scale, and the offset that comes with a gain where all bands have the same ones."""
    factor = _number(fields, "reflectance scale factor", warnings)
    if factor is None:
        return _gain_and_offset(fields, n) if "data offset values" in fields else {"scale": 1.0}
    if not (factor > 0 and math.isfinite(factor)):
        warnings.append(f"The reflectance scale factor {factor:g} is not positive; it is not used.")
        return {"scale": 1.0}
    return {"scale": 1.0 / factor}


def _gain_and_offset(fields: Mapping[str, str], n: int) -> dict[str, float]:
    said: list[str] = []
    gains, offsets = (_numbers(fields, f"data {w} values", n, said) for w in ("gain", "offset"))
    if gains is None or offsets is None or (gains != gains[0]).any() or gains[0] <= 0:
        return {"scale": 1.0}
    if not offsets.any() or (offsets != offsets[0]).any():
        return {"scale": 1.0}
    return {"scale": float(gains[0]), "offset": float(offsets[0])}


def _wavelengths(
    fields: Mapping[str, str], n: int, warnings: list[str]
) -> tuple[NDArray[np.float64] | None, str | None]:
    """Wavelengths in nm and the unit as written."""
    unit = fields.get("wavelength units")
    said: list[str] = []
    values = _numbers(fields, "wavelength", n, said)
    each = None
    if values is None:
        each = wavelengths.with_units(envi_header.items(fields.get("wavelength", "")))
        warnings += said if each is None else []
    if each is not None and each.size == n:
        nm = each
    elif values is not None:
        nm, guess = wavelengths.to_nm(values, unit)
        if guess:
            warnings.append(guess)
    else:
        names = envi_header.items(fields.get("band names", ""))
        found = wavelengths.from_band_names(tuple(names)) if len(names) == n else None
        if found is None:
            return None, unit
        nm = found
        warnings.append("The wavelengths are taken from the band names.")
    steps = nm[1:] - nm[:-1]
    if not (steps > 0).all():
        if (steps == 0).any():
            warnings.append("Several bands have the same wavelength.")
        if (steps < 0).any():
            warnings.append("The wavelengths do not ascend everywhere.")
    return nm, unit


def _fwhm_factor(fields: Mapping[str, str], nm: NDArray[np.float64] | None) -> float:
    """FWHM stands in the unit of the wavelengths, given or guessed."""
    factor = wavelengths.nm_per_unit(fields.get("wavelength units", ""))
    if factor is not None:
        return factor
    try:
        raw = envi_header.numbers(fields.get("wavelength", ""))
    except ValueError:
        return 1.0
    known = nm is not None and raw.size == nm.size and raw.size > 0 and raw[0] != 0
    return float(nm[0] / raw[0]) if known and nm is not None else 1.0


def _default_bands(
    fields: Mapping[str, str], n: int, warnings: list[str]
) -> tuple[int, int, int] | None:
    """Bands to show, from 0; one band counts for all three channels."""
    if "default bands" not in fields:
        return None
    try:
        chosen = [int(v) - 1 for v in envi_header.numbers(fields["default bands"])]
    except (ValueError, OverflowError):
        chosen = [-1]
    if len(chosen) == 1:
        chosen *= 3
    if len(chosen) != 3 or not all(0 <= b < n for b in chosen):
        warnings.append("The default bands of the header are not three of its bands.")
        return None
    return chosen[0], chosen[1], chosen[2]


def _band_names(fields: Mapping[str, str], n: int, warnings: list[str]) -> tuple[str, ...] | None:
    if "band names" not in fields:
        return None
    names = envi_header.items(fields["band names"])
    if len(names) != n:
        warnings.append(f"The header has {len(names)} band names for {n} bands; they are not used.")
        return None
    return tuple(names)
