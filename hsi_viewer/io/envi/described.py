"""ENVI headers together with the data that they describe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.envi.layout import Layout, layout_of
from hsi_viewer.io.envi.pairing import (
    DATA_SUFFIXES,
    OF_GDAL,
    data_files,
    header_of,
    is_text_file,
    named,
    rival_of,
    unpacked_name,
)

# Kinds of "file type" whose values do not lie in one raw file.
NOT_RAW = ("envi meta", "envi virtual", "hdf", "nitf", "netcdf", "jpeg", "png", "bsb", "mrsid")


def data_beside(header: Path) -> Path | None:
    """The data file of a header; one that has its name, if the header is wrong."""
    try:
        return described(header).data
    except FileError:
        found = (Path(path) for path, _ in data_files(header, ""))
        return next((path for path in found if not is_text_file(path)), None)


def header_finds_data(header: Path, data: Path, new: Path | None = None) -> bool:
    """Whether data beside a header are found for it regardless of other files there.

    Parameters
    ----------
    header, data : as they are, or will be.
    new : a file that will be there, too.
    """
    packed = data.name[len(unpacked_name(data.name)) :]
    suffixes = ("", ".bsq", ".bil", ".bip", *DATA_SUFFIXES)
    names = [header.stem + suffix + gz for gz in {"": "", packed: packed} for suffix in suffixes]
    before = names[: names.index(data.name)] if data.name in names else names
    others = [header.with_name(name) for name in before if name != data.name]
    return not any(other == new or other.is_file() for other in others)


def data_of(header: Path, layout: Layout, warnings: list[str]) -> Path:
    """The data file that belongs to a header; of several of the right size the likeliest.

    Raises
    ------
    FileError
        if there is none.
    """
    needed = 0 if layout.compressed else layout.offset + layout.data_bytes
    fitting = first = None
    for found, size in data_files(header, layout.interleave, layout.offset, needed):
        if size == needed:
            if (other := rival_of(header, found, size)) is not None:
                name, also = Path(found).name, Path(other).name
                warnings.append(
                    f"{name} and {also} both have the size that {header.name} gives; {name} is "
                    "read. Open the other by its own name."
                )
            return Path(found)
        if needed and is_text_file(Path(found)):
            continue
        if size > needed:
            fitting = fitting or found
        first = first or found
    if first is None:
        stem = header.stem
        raise FileError(
            f"{header}: the data file of this header is missing. Looked for {stem} and "
            f"{stem}.img, .dat, .raw, .{layout.interleave} and others beside it; put the data "
            "file into the same folder."
        )
    return Path(fitting or first)


class Described(NamedTuple):
    """A header and the file of its values, which is not open yet.

    Without a layout the values lie in a TIFF file.
    """

    fields: Mapping[str, str]
    layout: Layout | None
    data: Path
    warnings: list[str]


def described(path: Path, layout: Layout | None = None) -> Described:
    """Read the header of an image and find its data; parameters and errors as in `open_envi`."""
    header = header_of(path)
    fields: dict[str, str] = {}
    warnings: list[str] = []
    if header is not None:
        try:
            fields, warnings = envi_header.read_header(header)
        except envi_header.EsriHeaderError:
            if layout is None:
                raise
    if layout is None:
        if header is None:
            raise FormatError(f"{path}: there is no ENVI header ({path.name}.hdr) beside it.")
        kind = fields.get("file type", "").lower()
        if kind.startswith(OF_GDAL):
            return Described(fields, None, _tiff_of(path, header), warnings)
        _check_kind(kind, header)
        layout = layout_of(fields, header.name, warnings)
        data = path if path != header else data_of(header, layout, warnings)
        if kind == "pci" or "read procedures" in fields:
            _check_procedures(fields, header, layout, data, warnings)
        return Described(fields, layout, data, warnings)
    data = path if path != header else data_of(header, layout, warnings)
    return Described(fields, layout, data, warnings)


def _check_kind(kind: str, header: Path) -> None:
    """Refuse headers of what is not a raw image."""
    if "spectral library" in kind:
        raise FormatError(
            f"{header} is a spectral library, not an image: open a scene first, then the library."
        )
    if kind.startswith(NOT_RAW):
        raise FormatError(
            f'{header}: "file type = {kind}" is not a raw image: its values are in other files. '
            "Open those, or save it as ENVI Standard."
        )


def _check_procedures(
    fields: Mapping[str, str], header: Path, layout: Layout, data: Path, warnings: list[str]
) -> None:
    """Refuse values that only procedures of ENVI can read: lines may be filled up, or lie apart."""
    kind = envi_header.word(fields.get("file type", "")) or "ENVI"
    named = ", ".join(envi_header.items(fields.get("read procedures", "")))
    found = f'"file type = {kind}"' + (f", read procedures {named}" * bool(named))
    size, expected = data.stat().st_size, layout.offset + layout.data_bytes
    if layout.compressed or size != expected:
        raise FormatError(
            f"{header}: {found}: only ENVI can read values stored in this way ({size} bytes where "
            f"the size in the header gives {expected}). Save the image as ENVI Standard, or "
            "convert it with gdal_translate."
        )
    warnings.append(
        f"The header gives {found}; the values are read as raw, because their size fits."
    )


def _tiff_of(path: Path, header: Path) -> Path:
    """The TIFF file that a header describes."""
    stem = header.name[: -len(header.suffix)]
    names = stem, f"{stem}.tif", f"{stem}.tiff", f"{stem}.img"
    tiff = path if path != header else named(header.parent, names)
    if tiff is None:
        raise FileError(
            f"{header}: the TIFF file of this header is missing; put it into the same folder."
        )
    return tiff
