"""A folder with one image a band, in natural order of the names."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.files.composed_sources import StackSource
from hsi_viewer.io.metadata import wavelengths
from hsi_viewer.io.products import hyperion
from hsi_viewer.io.rasters.raster_source import ImageFile, _opened

SUFFIXES = (".tif", ".tiff", ".png")
# Files that are images of their own, to be named when the folder is none.
OF_THEIR_OWN = (".hdr", ".mat", ".h5", ".he5", ".hdf5", ".nc", ".npy", ".npz", ".lan")
# Folders of products that are not read, by the ends of their names.
PRODUCTS = {
    ".safe": "a Sentinel-2 product; make a GeoTIFF of its bands with gdal_translate",
    ".sen3": "a Sentinel-3 product, which has a file for each band; join them in SNAP",
    ".data": "a BEAM-DIMAP product, which has an ENVI image for each band",
}
MOST_NAMED, MOST_LOOKED_AT = 6, 10_000
NAMED = "The wavelengths are taken from the file names."


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


def _to_open(folder: Path) -> str:
    """A sentence that names images of their own in a folder or in one below, if there are any.

    A folder below that holds pictures counts as one.
    """
    found: list[str] = []
    for pattern in ("*", "*/*"):
        with suppress(OSError):
            for path in sorted(islice(folder.glob(pattern), MOST_LOOKED_AT)):
                own = path.suffix.lower() in OF_THEIR_OWN
                if own or (path.parent != folder and path.suffix.lower() in SUFFIXES):
                    found.append(str((path if own else path.parent).relative_to(folder)))
    found = list(dict.fromkeys(found))
    if not found:
        return ""
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return f" Open an image in it: {', '.join(found[:MOST_NAMED])}{more}."


def _alike(files: list[Path]) -> tuple[list[Path], np.dtype[Any], list[str]]:
    """The images of the commonest size, a type that holds their values, and what is left out."""
    from rasterio.errors import RasterioError

    from hsi_viewer.io.files.gdal import open_raster, why
    from hsi_viewer.io.rasters.mask import mask_of
    from hsi_viewer.io.rasters.raster_source import driver_of, type_of

    found: dict[tuple[int, int, int], list[tuple[Path, np.dtype[Any]]]] = {}
    for path in files:
        try:
            with open_raster(path, driver=driver_of(path)) as file:
                mask = mask_of(file)
                shape = file.height, file.width, len(mask.bands)
                kind = type_of(file, mask)[0]
        except (RasterioError, OSError) as error:
            raise FormatError(f"{path} is damaged or no readable raster: {why(error)}.") from error
        found.setdefault(shape, []).append((path, kind))
    ranked = sorted(found.items(), key=lambda item: -len(item[1]))
    (shape, kept), others = ranked[0], ranked[1:]
    if shape[2] != 1 or (others and len(others[0][1]) == len(kept)):
        sizes = "; ".join(
            f"{images[0][0].name} has {' x '.join(map(str, size))} pixels and bands"
            for size, images in ranked[:MOST_NAMED]
        )
        raise FormatError(
            f"The images of {files[0].parent} differ: {sizes}. Put those that belong together in a "
            f"folder of their own.{_to_open(files[0].parent)}"
        )
    left = [path.name for _, images in others for path, _ in images]
    named = ", ".join(left[:MOST_NAMED]) + f" and {len(left) - MOST_NAMED} more" * (
        len(left) > MOST_NAMED
    )
    told = [f"Left out, for they are of another size: {named}."] if left else []
    dtype = np.result_type(*(kind for _, kind in kept))
    return [path for path, _ in kept], dtype, told


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


def open_folder(folder: Path) -> HyperCube:
    """Open a folder of single-band images as a cube.

    Raises
    ------
    FileError, FormatError
        if it holds no images or the first is no single band.
    """
    from hsi_viewer.io.files.gdal import georeference_of
    from hsi_viewer.io.rasters.raster_source import scale_of

    files = band_files(folder)
    product = PRODUCTS.get(folder.suffix.lower())
    if product is not None and not files:
        raise FormatError(f"{folder} is {product}.{_to_open(folder)}")
    if not files:
        raise FormatError(
            f"{folder} is a folder without images (.tif, .png); "
            f"nor is it an EnMAP or DESIS product or a Zarr store.{_to_open(folder)}"
        )
    first = _opened(files[0], None, files[0].stat().st_mtime_ns)
    if first.shape[2] != 1:
        raise FormatError(
            f"{files[0]} has {first.shape[2]} bands; a folder of images has one band in each file."
            f"{_to_open(folder)}"
        )
    files, dtype, left_out = _alike(files)
    first = _opened(files[0], None, files[0].stat().st_mtime_ns)
    images = [ImageFile(path, first.shape, dtype) for path in files]
    names = tuple(path.stem for path in files)
    stack = StackSource(images, [(k, 0) for k in range(len(images))])
    if (numbers := hyperion.band_numbers(files)) is not None:
        radiance, metadata, said = hyperion.described(stack, numbers, folder)
        metadata = replace(metadata, band_names=names, georeference=georeference_of(first.dataset))
        return HyperCube.described(radiance, metadata, folder.name, folder, (*left_out, *said))
    nm = _wavelengths_of(names)
    scale, offset = scale_of(first.dataset)
    metadata = CubeMetadata(
        wavelengths=nm,
        nodata=first.dataset.nodata,
        scale=scale,
        offset=offset,
        georeference=georeference_of(first.dataset),
        band_names=names,
        format_name="Image folder",
    )
    warnings = (*left_out, *(() if nm is None else (NAMED,)))
    return HyperCube.described(stack, metadata, folder.name, folder, warnings)
