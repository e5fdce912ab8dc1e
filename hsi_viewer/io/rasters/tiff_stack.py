"""TIFF files of many images: which of them are the bands of a cube, and where their values lie.

tifffile knows how ImageJ, OME, cameras and NumPy's users lay out stacks. GDAL, which reads the
images of all other files, walks through all that are before one to get at it, and takes the first
image of a large ImageJ stack for the only one. Import this module lazily.
"""

from __future__ import annotations

import logging
import math
import re
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from tifffile import TiffFile

from hsi_viewer.core.cube.cube import CubeSource
from hsi_viewer.io.files.byte_reader import FileReader
from hsi_viewer.io.files.composed_sources import StackSource
from hsi_viewer.io.files.raw_source import ORDERS, RawSource
from hsi_viewer.io.rasters.raster_source import ImageFile, RasterSource

PLANES, ROWS, COLUMNS = 0, 1, 2  # axes of a stack as it is stored
AS_STORED = (ROWS, COLUMNS, PLANES)
# A picture for people has no more; with fewer bands than this it comes before others.
PREVIEW_SAMPLES = 4
# It would write to the terminal what it finds odd in a file.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)
MAX_DESCRIPTION = 4 << 20
CHANNEL = re.compile(r"<Channel\b[^<>]*?\bName=\"([^\"<>]*)\"")
OF_OME = {axis: rf'\bSize{axis}="(\d+)"' for axis in "TZC"}
OF_IMAGEJ = {"T": r"\bframes=(\d+)", "Z": r"\bslices=(\d+)", "C": r"\bchannels=(\d+)"}


class Stack(Struct, frozen=True):
    """Images of one size and one band each.

    Attributes
    ----------
    shape : planes, rows, columns.
    dtype : of the stored values, with their byte order.
    numbers : of the images in the file, from 1; one alone where the others have none.
    offsets : where each plane begins, if its values lie there as they are; else None.
    axes, lengths : what the planes count, as tifffile names it, and how many there are of each.
    images : in the file, those that are not of the stack included.
    names : of the planes, or none.
    """

    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    numbers: tuple[int, ...]
    offsets: tuple[int, ...] | None
    axes: str
    lengths: tuple[int, ...]
    images: int
    names: tuple[str, ...] = ()

    def remarks(self) -> list[str]:
        """Assumptions, in sentences."""
        planes, found = self.shape[PLANES], []
        if self.images > planes:
            found.append(
                f"The file contains {self.images} images; the {planes} of the same size are "
                f"the bands."
            )
        if len(self.axes) > 1:
            each = " x ".join(f"{n} {a}" for a, n in zip(self.axes, self.lengths, strict=True))
            found.append(f"The planes ({each}) are interpreted as bands, one after the other.")
        elif self.axes == "Q":  # an array of any three axes
            found.append(
                f"The {planes} images of the file are interpreted as bands; choose another order "
                "of the axes in the header doctor."
            )
        return found


def find_stack(path: Path) -> Stack | None:
    """The largest stack in a TIFF file, or None if there is none or it is not understood.

    A description is believed only as far as the file goes: tifffile's own series are
    built of it before that is known.
    """
    try:
        # of OME only what is in this file: it can name others
        with TiffFile(path, _multifile=False) as file:
            pages = _pages(file)
            first = pages[0]
            words = str(first.description)[:MAX_DESCRIPTION]
            stack = _of_imagej(file, pages, words) or _of_alike(file, pages)
            if stack is None or (1 not in stack.numbers and not _is_preview(first, stack)):
                return None
            planes = stack.shape[PLANES]
            axes, lengths = _counted(words, planes)
            return replace(stack, axes=axes, lengths=lengths, names=_names(file, words, planes))
    except Exception:  # noqa: BLE001 - of a damaged file anything can come; GDAL says what it is
        return None


def _pages(file: TiffFile) -> list[Any]:
    """The images of a file, in its order.

    Raises
    ------
    ValueError
        if their list leads in a circle: tifffile would follow it for good.
    """
    found: dict[int, Any] = {}
    for page in file.pages:
        if page.offset in found:
            raise ValueError("the list of images leads in a circle")
        found[page.offset] = page
    return list(found.values())


def _counted(words: str, planes: int) -> tuple[str, tuple[int, ...]]:
    """Axes that planes count, slowest first, if described; "Q" for any three axes."""
    for patterns in (OF_OME, OF_IMAGEJ):
        found = {axis: re.search(pattern, words) for axis, pattern in patterns.items()}
        lengths = {axis: int(m[1]) for axis, m in found.items() if m and len(m[1]) < 8}
        several = {axis: n for axis, n in lengths.items() if n > 1}
        if several and math.prod(several.values()) == planes:
            return "".join(several), tuple(several.values())
    return ("Q" if words.lstrip().startswith('{"shape"') else "I"), (planes,)


def _is_preview(page: Any, stack: Stack) -> bool:
    return bool(page.samplesperpixel <= PREVIEW_SAMPLES < stack.shape[PLANES])


def _of_imagej(file: TiffFile, pages: list[Any], words: str) -> Stack | None:
    """A stack of ImageJ's of more than 4 GB: one image to TIFF, behind which the others lie."""
    found = re.search(r"^images=(\d{1,7})$", words, re.MULTILINE)
    if not words.startswith("ImageJ=") or found is None or len(pages) > 1:
        return None
    (page,) = pages
    return _stack(file, pages, page, int(found[1]), 1, page.dataoffsets[0])


def _of_alike(file: TiffFile, images: list[Any]) -> Stack | None:
    """A stack of the largest number of similar images, with or without others between them."""
    groups: dict[Any, list[Any]] = {}
    for page in images:
        key: Any = page.keyframe
        kind = key.shape, key.dtype, key.samplesperpixel
        groups.setdefault(kind, []).append(page)
    pages = max(groups.values(), key=len)
    return _stack(file, pages, pages[0].keyframe, len(pages), len(images), None)


def _stack(
    file: TiffFile,
    pages: list[Any],
    key: Any,
    planes: int,
    images: int,
    start: int | None,
) -> Stack | None:
    if key.samplesperpixel != 1 or key.dtype is None or key.ndim != 2 or planes < 2:
        return None
    dtype, raw = np.dtype(key.dtype).newbyteorder(file.byteorder), True
    if dtype.kind == "b":  # of one bit, which GDAL makes a byte of
        dtype, raw = np.dtype(np.uint8), False
    if dtype.kind not in "iufc":
        return None
    rows, columns = key.shape
    offsets = None
    if start is not None:
        size = rows * columns * dtype.itemsize
        if not raw or key.compression != 1 or start + planes * size > file.filehandle.size:
            return None
        offsets = tuple(int(start) + k * size for k in range(planes))
    elif raw and len(pages) == planes:
        offsets = _offsets(file, pages, rows * columns * dtype.itemsize)
    return Stack(
        (planes, rows, columns),
        dtype,
        tuple(int(page.index) + 1 for page in pages),
        offsets,
        "I",
        (planes,),
        max(planes, images),
    )


def _offsets(file: TiffFile, pages: list[Any], size: int) -> tuple[int, ...] | None:
    """Offsets of the images, if their values are stored uncompressed."""
    found = []
    for page in pages:
        key: Any = page.keyframe
        if key.compression != 1 or key.is_tiled or key.fillorder != 1:
            return None
        starts, counts = page.dataoffsets, page.databytecounts
        ends = [a + n for a, n in zip(starts, counts, strict=True)]
        if sum(counts) != size or any(a != b for a, b in zip(starts[1:], ends, strict=False)):
            return None
        if not 0 < starts[0] <= file.filehandle.size - size:
            return None
        found.append(int(starts[0]))
    return tuple(found)


def _names(file: TiffFile, words: str, planes: int) -> tuple[str, ...]:
    """Names of the channels of OME, or the labels of ImageJ, one a plane."""
    found = [unescape(name) for name in CHANNEL.findall(words)]
    if not found and words.startswith("ImageJ="):
        found = [str(label) for label in (file.imagej_metadata or {}).get("Labels") or ()]
    return tuple(found) if len(found) == planes else ()


def stack_source(path: Path, stack: Stack, axes: tuple[int, int, int]) -> CubeSource | None:
    """Values of a stack.

    Parameters
    ----------
    path : of the file.
    stack : in it.
    axes : of the stored ones (planes, rows, columns), those of rows, columns and bands.

    Returns
    -------
    CubeSource
        or None if not all of its planes are images of the file.
    """
    planes, rows, columns = stack.shape
    lengths = stack.shape[axes[0]], stack.shape[axes[1]], stack.shape[axes[2]]
    one = (rows, columns, 1)
    if stack.offsets is not None:
        size = rows * columns * stack.dtype.itemsize
        first, reader = stack.offsets[0], FileReader(path)
        if all(at == first + k * size for k, at in enumerate(stack.offsets)):
            order = axes.index(0), axes.index(1), axes.index(2)
            return RawSource(reader, lengths, stack.dtype, order, first)
        raw = [RawSource(reader, one, stack.dtype, ORDERS["bsq"], at) for at in stack.offsets]
        return _turned(StackSource(raw, [(k, 0) for k in range(planes)]), axes)
    if len(stack.numbers) != planes:
        return None
    native = RasterSource(path, stack.numbers[0]).dtype  # GDAL's, which has no half floats
    images = [ImageFile(path, one, native, number) for number in stack.numbers]
    return _turned(StackSource(images, [(k, 0) for k in range(planes)]), axes)


def _turned(source: CubeSource, axes: tuple[int, int, int]) -> CubeSource:
    return source if axes == AS_STORED else TurnedSource(source, axes)


class TurnedSource:
    """A stack of planes with another order of its axes.

    Parameters
    ----------
    source : rows, columns and bands as the planes are stored.
    axes : of the stored ones (planes, rows, columns), those of rows, columns and bands.
    """

    def __init__(self, source: CubeSource, axes: tuple[int, int, int]) -> None:
        rows, columns, planes = source.shape
        stored = (planes, rows, columns)
        self._source, self._axes = source, axes
        self.shape = stored[axes[0]], stored[axes[1]], stored[axes[2]]
        self.dtype: np.dtype[Any] = source.dtype

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Stored values of a window, (rows, columns, bands)."""
        wanted = np.arange(self.shape[2])[... if bands is None else bands]
        if not wanted.size:
            r, c = (len(range(s.start, s.stop, s.step)) for s in (rows, columns))
            return np.empty((r, c, 0), self.dtype)
        low = int(wanted.min())
        parts = dict(
            zip(self._axes, (rows, columns, slice(low, int(wanted.max()) + 1, 1)), strict=True)
        )
        planes = np.arange(self._source.shape[2])[parts[PLANES]]
        stored = self._source.read(parts[ROWS], parts[COLUMNS], planes).transpose(2, 0, 1)
        window: NDArray[Any] = stored.transpose(self._axes)[:, :, wanted - low]
        return window
