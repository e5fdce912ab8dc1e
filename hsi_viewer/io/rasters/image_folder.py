"""A folder with one image per band, in natural order of the names."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.files.composed_sources import StackSource
from hsi_viewer.io.files.gdal import RASTER_ERRORS, open_raster, why
from hsi_viewer.io.files.reading import FolderError
from hsi_viewer.io.metadata import wavelengths
from hsi_viewer.io.rasters.georeference import georeference_of
from hsi_viewer.io.rasters.mask import mask_of
from hsi_viewer.io.rasters.raster_source import (
    ImageFile,
    driver_of,
    opened_once,
    scale_of,
    type_of,
)
from hsi_viewer.io.rasters.side_tags import with_side

SUFFIXES = (".tif", ".tiff", ".png")
# Folders of products that are not read, by the ends of their names.
PRODUCTS = {
    ".safe": "a Sentinel-2 product; convert its bands to GeoTIFF with gdal_translate",
    ".sen3": "a Sentinel-3 product, which has a file for each band; join them in SNAP",
    ".data": "the data of a BEAM-DIMAP product, whose .dim file is missing",
}
MOST_NAMED = 6
NAMED = "The wavelengths come from the file names."


def band_files(folder: Path) -> list[Path]:
    """Images of a folder in natural order: b2 before b10."""
    try:
        found = [p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file()]
    except OSError as error:
        raise FileError(f"{folder} could not be listed: {error.strerror}.") from error
    return sorted(found, key=_natural)


def _natural(path: Path) -> list[tuple[int, int, str]]:
    parts = re.split(r"(\d+)", path.name.lower())
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts]


def _alike(files: list[Path]) -> tuple[list[Path], np.dtype[Any], list[str]]:
    """The images of the commonest size, a type that holds their values, and what is left out."""
    found: dict[tuple[int, int, int], list[tuple[Path, np.dtype[Any]]]] = {}
    for path in files:
        try:
            with open_raster(path, driver=driver_of(path)) as opened:
                file = with_side(opened, path)
                mask = mask_of(file)
                shape = file.height, file.width, len(mask.bands)
                kind = type_of(file, mask, file.nodata)[0]
        except RASTER_ERRORS as error:
            raise FormatError(
                f"{path} is damaged or not a readable raster: {why(error)}."
            ) from error
        except OSError as error:
            raise FileError(f"{path} could not be read: {error.strerror}.") from error
        found.setdefault(shape, []).append((path, kind))
    ranked = sorted(found.items(), key=lambda item: -len(item[1]))
    (shape, kept), others = ranked[0], ranked[1:]
    if shape[2] != 1 or (others and len(others[0][1]) == len(kept)):
        sizes = "; ".join(
            f"{images[0][0].name} has {' x '.join(map(str, size))} pixels and bands"
            for size, images in ranked[:MOST_NAMED]
        )
        raise FolderError(
            f"The images in {files[0].parent} differ in size: {sizes}. Put those that belong "
            "together in a separate folder."
        )
    left = [path.name for _, images in others for path, _ in images]
    named = ", ".join(left[:MOST_NAMED]) + f" and {len(left) - MOST_NAMED} more" * (
        len(left) > MOST_NAMED
    )
    remarks = [f"Left out because their size differs: {named}."] if left else []
    dtype = np.result_type(*(kind for _, kind in kept))
    return [path for path, _ in kept], dtype, remarks


def _wavelengths_of(names: tuple[str, ...]) -> NDArray[np.float64] | None:
    """Wavelengths in file names, behind what is the same in all of them."""
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    same = len("".join(letters[0] for letters in alike).rstrip("0123456789."))
    for shown in (names, tuple(name[same:] for name in names)):
        found = wavelengths.from_band_names(tuple(re.sub(r"[_\-]", " ", n) for n in shown))
        counted = any(name.startswith("0") for name in shown)
        if found is not None and (shown is names or (wavelengths.is_spread(found) and not counted)):
            return found
    return None


class BandFolder(NamedTuple):
    """The images of a folder, together.

    Attributes
    ----------
    files : one a band, in natural order of their names.
    first : the first of them, open.
    stack : their values.
    left_out : remarks on images of another size.
    """

    files: list[Path]
    first: Any
    stack: StackSource
    left_out: list[str]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the bands."""
        return tuple(path.stem for path in self.files)


def read_folder(folder: Path) -> BandFolder:
    """The images of a folder that belong together.

    Raises
    ------
    FileError, FormatError
        if it holds no images or the first has several bands.
    """
    files = band_files(folder)
    product = PRODUCTS.get(folder.suffix.lower())
    if product is not None and not files:
        raise FolderError(f"{folder} is {product}.")
    if not files:
        raise FolderError(
            f"{folder} is a folder without images (.tif, .png), "
            "and not an EnMAP or DESIS product or a Zarr store."
        )
    first = opened_once(files[0])
    if first.shape[2] != 1:
        raise FolderError(
            f"{files[0]} has {first.shape[2]} bands; a folder of images has one band in each file."
        )
    files, dtype, left_out = _alike(files)
    first = opened_once(files[0])
    images = [ImageFile(path, first.shape, dtype) for path in files]
    stack = StackSource(images, [(k, 0) for k in range(len(images))])
    return BandFolder(files, first, stack, left_out)


def open_folder(folder: Path) -> HyperCube:
    """Open a folder of single-band images as a cube; errors as in `read_folder`."""
    return cube_of(folder, read_folder(folder))


def cube_of(folder: Path, images: BandFolder) -> HyperCube:
    """The images of a folder as a cube."""
    nm = _wavelengths_of(images.names)
    dataset = images.first.dataset
    scale, offset = scale_of(dataset)
    metadata = CubeMetadata(
        wavelengths=nm,
        nodata=dataset.nodata,
        scale=scale,
        offset=offset,
        georeference=georeference_of(dataset),
        band_names=images.names,
        format_name="Image folder",
    )
    warnings = (*images.left_out, *(() if nm is None else (NAMED,)))
    return HyperCube.described(images.stack, metadata, folder.name, folder, warnings)
