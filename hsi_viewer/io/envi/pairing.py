"""Pairs headers and data files of ENVI and ESRI images by names, sizes and content."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Container, Iterator
from itertools import product
from pathlib import Path

from hsi_viewer.core.errors import FileError
from hsi_viewer.io.envi import header as envi_header
from hsi_viewer.io.files.identify import (
    HDF5,
    HFA,
    SELF_DESCRIBED,
    TIFF_MAGIC,
    is_hdf5,
    is_header,
    magic_of,
    open_plain,
)
from hsi_viewer.io.files.unsupported import looks_like_text, name_of

# fmt: off
DATA_SUFFIXES = (
    ".img", ".dat", ".raw", ".bsq", ".bil", ".bip", ".bin", ".cube", ".hyspex", ".sli", ".cal",
    ".rfl", ".rad", ".ref", ".envi", ".flt",
)
USUAL_SUFFIXES = ("", *DATA_SUFFIXES[:7])
# Files of other formats: what lies beside a header under these names is never its raw data.
NOT_DATA_SUFFIXES = frozenset((
    ".hdr", ".xml", ".json", ".txt", ".csv", ".ovr", ".enp", ".sta", ".png", ".jpg", ".jpeg",
    ".tfw", ".prj", ".md", ".lock", ".tmp", ".hdf5", ".h5", ".clr", ".stx", ".blw", ".bpw", ".bqw",
    ".geojson", ".gpkg", ".shp", ".shx", ".dbf", ".cpg", ".qix", ".sbn", ".sbx", ".qpj", ".kml",
    ".kmz", ".gml", ".gpx", ".fgb", ".roi", ".ilp", ".tsv", ".qml", ".qgs", ".qgz", ".sld", ".lyr",
    ".npy", ".npz", ".mat", ".nc", ".nc4", ".he5", ".zarr", ".hsiproj", ".pdf", ".zip", ".html",
    ".py", ".log", ".ini", ".yaml", ".yml", ".sed", ".sig", ".asc", ".spc", ".spectrum", ".aux",
    ".rrd", ".gif", ".bmp", ".svg", ".doc", ".docx", ".xls", ".xlsx", ".pgw", ".jgw", ".wld",
))
# fmt: on
# Types of files that GDAL reads, whose headers say more about them.
OF_GDAL = ("tiff", "erdas imagine")
# A mark of no more bytes than this can be the first pixels of a raw file by chance.
SHORT_MARK = 4
LAST_BYTES = 1024
CONTINUATION = bytes(range(0x80, 0xC0))  # of letters of several bytes in UTF-8


def header_of(path: Path) -> Path | None:
    """The header of a raw image (or the path itself, if it is one); None where none belongs to it.

    x.img.hdr belongs to x.img, and x.hdr to x and to x.img, x.dat and their like. A file of another
    name is raw data only if neither its suffix nor its content speaks for another format and the
    header has no other data.
    """
    if is_header(path):
        return path
    return next((h for h in _headers_by_name(path) if _belongs(h, path)), None)


def header_by_name(path: Path) -> Path | None:
    """A header that is named after a file, whether or not it describes it; also the path itself."""
    return path if is_header(path) else next(_headers_by_name(path), None)


def is_raw_despite_its_mark(path: Path, magic: bytes) -> bool:
    """Whether a file that begins as one of another format is, to the byte, the data of a header."""
    return magic.startswith(SELF_DESCRIBED) and is_data_to_the_byte(path)


def is_hdf5_file(path: Path, magic: bytes) -> bool:
    """Whether a file is HDF5 and not raw data that spell its signature behind their first bytes."""
    found = path.is_file() and is_hdf5(path)
    return found and (magic.startswith(HDF5) or not is_data_to_the_byte(path))


def is_data_to_the_byte(path: Path) -> bool:
    """Whether a file has the size that a header of its own gives to raw data."""
    header = header_of(path)
    if header is None:
        return False
    offset, size = _described_bytes(header)
    return size > 0 and not offset and _size_of(str(path)) == size


def may_be_raw(path: Path, magic: bytes) -> bool:
    """Whether a file that is not what its short mark says may be the raw data of a header."""
    mark = next((m for m in SELF_DESCRIBED if magic.startswith(m)), b"")
    if not 0 < len(mark) <= SHORT_MARK or (header := header_of(path)) is None:
        return False
    size = _described_bytes(header)[1]
    return 0 < size <= (_size_of(str(path)) or 0)


def unpacked_name(name: str) -> str:
    """A file name without the suffix of gzip, in small letters or capitals."""
    return name[:-3] if name[-3:].casefold() == ".gz" else name


def _headers_by_name(path: Path) -> Iterator[Path]:
    """Headers that are named after a data file, the most particular one first."""
    bare = unpacked_name(path.name)
    names = list(dict.fromkeys((f"{path.name}.hdr", f"{bare}.hdr", f"{Path(bare).stem}.hdr")))
    missing = []
    for name in names:
        if (path.parent / name).is_file():
            yield path.parent / name
        else:
            missing.append(name)
    if missing and (found := named(path.parent, tuple(missing))) is not None:
        yield found


def _belongs(header: Path, path: Path) -> bool:
    """Whether a header that is named after a file may describe it."""
    bare = unpacked_name(path.name)
    suffix = Path(bare).suffix.lower()
    is_full = header.name[:-4].casefold() in (path.name.casefold(), bare.casefold())
    if suffix in NOT_DATA_SUFFIXES:
        return is_full and not is_other_format(path)
    if _is_text_of_another_size(path, header):
        return False
    if is_full and suffix in DATA_SUFFIXES:
        return True
    others = [found for found, _ in exact_files(header, "") if Path(found) != path]
    if not others and (is_full or suffix in DATA_SUFFIXES):
        return True
    offset, size = _described_bytes(header)
    if offset < 0:  # of a TIFF file
        return magic_of(path).startswith((HFA, *TIFF_MAGIC))
    rank = _rank(str(path), size)
    if is_full or suffix in DATA_SUFFIXES:
        return rank >= max(_rank(other, size) for other in others)
    if others:
        return rank == 2
    return (rank == 2 and not offset) or not is_other_format(path)


def _is_text_of_another_size(path: Path, header: Path) -> bool:
    """Whether a file is a text, and not by chance: raw values of that look have the right size."""
    return is_text_file(path) and 0 < _described_bytes(header)[1] != _size_of(str(path))


def is_text_file(path: Path) -> bool:
    """Whether a file begins and ends as a text does; images may begin with a label of text."""
    try:
        first = magic_of(path)
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return True
        return looks_like_text(first) and looks_like_text(_last_bytes(path) or first)
    except (FileError, OSError):
        return False


def _last_bytes(path: Path) -> bytes:
    """The end of a file, from a whole letter of UTF-8 on."""
    with open_plain(path) as file:
        file.seek(-min(LAST_BYTES, os.fstat(file.fileno()).st_size), os.SEEK_END)
        return file.read(LAST_BYTES).lstrip(CONTINUATION)


def _rank(path: str, size: int) -> int:
    """How well a file fits a header: 2 to the byte, 1 if it is longer, 0 if not at all."""
    found = _size_of(path) or 0
    return 0 if size < 1 or found < size else 1 + (found == size)


def _described_bytes(header: Path) -> tuple[int, int]:
    """Offset of the values and size of the file that a header describes; 0 if that is unknown.

    The offset is -1 where the header describes a TIFF file.
    """
    try:
        fields, _ = envi_header.read_header(header)
        if fields.get("file type", "").lower().startswith(OF_GDAL):
            return -1, 0
        rows, columns, bands, code, offset, packed = (
            envi_header.whole(fields, key, header.name, default)
            for key, default in (("lines", 0), ("samples", 0), ("bands", 1), ("data type", 0),
                                 ("header offset", 0), ("file compression", 0))
        )  # fmt: skip
    except FileError:
        return 0, 0
    if packed or code not in envi_header.DTYPES or min(rows, columns, bands) < 1:
        return 0, 0
    return offset, offset + rows * columns * bands * int(envi_header.DTYPES[code][1:])


def is_other_format(path: Path) -> bool:
    """Whether the first bytes of a file speak for another format, or for a text."""
    try:
        magic = magic_of(path)
    except FileError:
        return False
    return magic.startswith(SELF_DESCRIBED) or name_of(magic) is not None


def exact_files(header: Path, interleave: str) -> Iterator[tuple[str, int]]:
    """Paths and sizes of data files that have the header's name letter by letter."""
    own = (f".{interleave}",) if interleave else ()
    suffixes = dict.fromkeys(("", *own, *DATA_SUFFIXES))  # each once
    start = str(header)[:-4]
    for packed, suffix in product(("", ".gz"), suffixes):
        path = start + suffix + packed
        if (size := _size_of(path)) is not None:
            yield path, size


def data_files(
    header: Path, interleave: str, offset: int = 0, needed: int = 0
) -> Iterator[tuple[str, int]]:
    """Paths and sizes of data files that a header can belong to by its name, likely ones first.

    The folder is listed only where none has the header's name letter by letter.

    Parameters
    ----------
    header, interleave : as they are.
    offset : bytes before the values; where there are some, another format may begin the file.
    needed : bytes with which a file is the data, however it begins.
    """
    exact = False
    for found in exact_files(header, interleave):
        exact = True
        yield found
    if exact:
        return
    suffixes = ("", *((f".{interleave}",) if interleave else ()), *DATA_SUFFIXES)
    stem = header.name[:-4]
    beside = files(header.parent)
    by_name = {p.name.casefold(): p for p in beside}
    folded = [(stem + suffix + p).casefold() for p, suffix in product(("", ".gz"), suffixes)]
    for other in [by_name[name] for name in folded if name in by_name] or [
        p
        for p in beside
        if p.stem.casefold() == stem.casefold()
        and p.suffix.lower() not in NOT_DATA_SUFFIXES
        and (offset > 0 or _size_of(str(p)) == needed or not is_other_format(p))
    ]:
        if (size := _size_of(str(other))) is not None:
            yield str(other), size


def rival_of(header: Path, data: str, size: int) -> str | None:
    """Another file of the size of a header's data under one of the usual names; None without."""
    start = str(header)[:-4]
    names = (start + suffix for suffix in USUAL_SUFFIXES)
    return next((name for name in names if name != data and _size_of(name) == size), None)


def _size_of(path: str) -> int | None:
    """Size of a file; None of what is none. A third of the time that Path takes for it."""
    if not os.access(path, os.F_OK):  # half the time of an exception
        return None
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def files(folder: Path) -> list[Path]:
    """Files of a folder by name.

    Raises
    ------
    FileError
        if it cannot be listed.
    """
    try:
        return _listed(folder)
    except OSError as error:
        raise FileError(f"{folder} could not be listed: {error.strerror}.") from error


def named(folder: Path, names: tuple[str, ...]) -> Path | None:
    """First file with one of the names, exactly or in another case."""
    for name in names:
        if (folder / name).is_file():
            return folder / name
    wanted = [name.casefold() for name in names]
    try:
        by_name = {p.name.casefold(): p for p in _listed(folder, wanted)}
    except OSError:  # a folder whose files may be read, but not listed
        return None
    return next((by_name[name] for name in wanted if name in by_name), None)


def _listed(folder: Path, wanted: Container[str] | None = None) -> list[Path]:
    """Files of a folder by name, or those whose names without case are wanted.

    The list of a folder tells what is a file: to ask for each takes long in a large folder.
    """
    with os.scandir(folder) as entries:
        found = sorted(
            entry.name
            for entry in entries
            if (wanted is None or entry.name.casefold() in wanted) and _is_file(entry)
        )
    return [folder / name for name in found]


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link that leads in circles, or where nobody may look
        return False
