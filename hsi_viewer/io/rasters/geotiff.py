"""GeoTIFF, BigTIFF and PNG through rasterio, with the spectral tags that programs write.

Import this module lazily.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray
from rasterio.enums import ColorInterp

from hsi_viewer.core.cube.cube import CubeSource, HyperCube, is_scale
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.core.errors import FormatError
from hsi_viewer.io.envi.companion_header import completed
from hsi_viewer.io.files.composed_sources import ScaledSource
from hsi_viewer.io.files.gdal import RASTER_ERRORS, page_shapes, path_of, why
from hsi_viewer.io.files.reading import ArrayChoice, ChoiceNeededError, Reading
from hsi_viewer.io.metadata.wavelengths import from_band_names
from hsi_viewer.io.rasters.cut_tags import without_tags
from hsi_viewer.io.rasters.georeference import georeference_of
from hsi_viewer.io.rasters.raster_source import RasterSource, _interleave
from hsi_viewer.io.rasters.tags import RasterTags, spectral_metadata

FORMAT_NAMES = {"GTiff": "GeoTIFF", "HFA": "ERDAS Imagine", "PNG": "PNG"}

# The images of a file together, as a choice of the user's; the format of such a cube.
STACK, STACK_FORMAT = "images", "TIFF stack"
ANY = Reading()


def open_geotiff(path: Path, reading: Reading = ANY) -> HyperCube:
    """Open a raster file.

    Parameters
    ----------
    path : the file.
    reading : its name is the number of an image in a TIFF file of several, from 1; without one,
        those of the same kind are the bands of a cube, or else the first is shown.

    Raises
    ------
    ChoiceNeededError
        if it is asked for, and the order of the axes of a stack can be chosen.
    FormatError
        if GDAL cannot read it.
    """
    try:
        return _open(path, reading)
    except UnicodeDecodeError as error:  # rasterio decodes every tag
        raise FormatError(f"{path} is damaged: its text tags are not text ({error}).") from error
    except RASTER_ERRORS as error:
        raise FormatError(f"{path} is damaged: {why(error)}. Copy it again.") from error


def _open(path: Path, reading: Reading) -> HyperCube:
    first = RasterSource(path)
    pages = page_shapes(first.dataset)
    part = None if reading.name == STACK else reading.name
    warnings: list[str] = []
    if part is None and (len(pages) > 1 or _is_imagej(first.dataset)):
        cube = _open_stack(path, first, reading, warnings)
        if cube is not None:
            return cube
    if part is not None:
        first = _chosen_page(path, part, len(pages))
    metadata = raster_metadata(first, warnings)
    source: CubeSource = first
    apart = _nodata_of(first)
    if _differ(first) or apart is not None:
        one = metadata.scale, metadata.offset
        gains, offsets = _scales_of(first) if _differ(first) else one
        source = ScaledSource(first, gains, offsets, apart or metadata.nodata)
        metadata = replace(metadata, nodata=None, scale=1.0, offset=0.0)
        what = "Scale or offset differs" if _differ(first) else "The no-data value differs"
        warnings.append(f"{what} from band to band; each has been applied to the values.")
    if part is None and len(pages) > 1:
        sizes = ", ".join(" x ".join(map(str, page)) for page in pages[:8])
        warnings.append(
            f"The file contains {len(pages)} images ({sizes}); the first is shown. Open the others "
            f"as {path.name}:2 and so on."
        )
    metadata = completed(metadata, path, source.shape, warnings)
    return HyperCube.described(source, metadata, path.name, path, warnings)


def _is_imagej(dataset: Any) -> bool:
    return str(dataset.tags().get("TIFFTAG_IMAGEDESCRIPTION", "")).startswith("ImageJ=")


def _open_stack(
    path: Path, first: RasterSource, reading: Reading, warnings: list[str]
) -> HyperCube | None:
    """A cube of the images of a file that are of the same kind; None if there are none."""
    from hsi_viewer.io.rasters.tiff_stack import AS_STORED, find_stack, stack_source

    stack = find_stack(path)
    if stack is None:
        return None
    if reading.ask:
        choice = ArrayChoice(STACK, stack.shape, stack.dtype.name)
        raise ChoiceNeededError(f"{path.name} contains {choice}.", (choice,))
    axes = reading.axes or AS_STORED
    source = stack_source(path, stack, axes)
    if source is None:
        return None
    own = first if 1 in stack.numbers else RasterSource(path, stack.numbers[0])
    as_stored = axes == AS_STORED
    names = (stack.names or None) if as_stored else None
    metadata = raster_metadata(own, warnings)
    # the metadata of the first image's only band don't apply to a stack
    metadata = replace(
        metadata,
        wavelengths=from_band_names(names) if names else None,
        fwhm=None,
        good_bands=None,
        band_names=names,
        default_bands=None,
        georeference=metadata.georeference if as_stored else None,
        interleave="bsq" if as_stored else None,
        format_name=STACK_FORMAT,
    )
    if reading.axes is None:
        warnings += stack.remarks()
    metadata = completed(metadata, path, source.shape, warnings)
    return HyperCube.described(source, metadata, path.name, path, warnings)


def image_of(path: Path, part: str | None) -> RasterSource:
    """The first image of a file, or the one of a number.

    Raises
    ------
    FormatError
        if there is none of that number.
    """
    first = RasterSource(path)
    return first if part is None else _chosen_page(path, part, len(page_shapes(first.dataset)))


def _chosen_page(path: Path, part: str, pages: int) -> RasterSource:
    if not part.isdecimal() or not 1 <= int(part) <= max(1, pages):
        raise FormatError(
            f'{path} has no image "{part}"; it contains {max(1, pages)}, numbered from 1.'
        )
    return RasterSource(path, int(part) if pages else None)


def raster_metadata(source: RasterSource, warnings: list[str]) -> CubeMetadata:
    """Metadata of an open raster."""
    dataset = source.dataset
    tags = RasterTags(dataset, source.mask.bands)
    described = dataset.descriptions
    names = tags.names(tuple(described[band - 1] for band in source.mask.bands))
    whole = {**dataset.tags(ns="ENVI"), **dataset.tags()}
    warnings += source.mask.remarks
    if dataset.driver == "GTiff":
        warnings += without_tags(path_of(dataset), source.page)
    beside = path_of(dataset).with_name(path_of(dataset).name + ".msk").is_file()
    if beside and source.mask.alpha is None:  # GDAL is not let at it: see open_raster
        warnings.append("The file has a mask of pixels without data; it is not applied.")
    nodata, georeference = source.nodata, georeference_of(dataset, warnings)
    scale, offset = _scale(source, tags, warnings)
    spectral = spectral_metadata(tags, names, warnings)
    colours = _marked_colours(source) if spectral.wavelengths is None else None
    return replace(
        spectral,
        nodata=tags.number("dataignorevalue") if nodata is None else nodata,
        scale=scale,
        offset=offset,
        georeference=georeference,
        default_bands=tags.default_bands() or colours,
        band_names=names,
        format_name=FORMAT_NAMES[dataset.driver],
        interleave=_interleave(dataset),
        fields={k: str(v) for k, v in whole.items()},
    )


def _marked_colours(source: RasterSource) -> tuple[int, int, int] | None:
    """The bands, from 0, that are marked as red, green and blue, as those of a photograph are."""
    try:
        marks = source.dataset.colorinterp  # which rasterio asks of every band each time
    except RASTER_ERRORS:  # of something else in the file or beside it
        return None
    uses = [marks[band - 1] for band in source.mask.bands]
    wanted = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
    if any(uses.count(use) != 1 for use in wanted):
        return None
    red, green, blue = (uses.index(use) for use in wanted)
    return red, green, blue


def _scales_of(source: RasterSource) -> tuple[list[float], list[float]]:
    """Scales and offsets of the bands."""
    given = source.dataset.scales, source.dataset.offsets
    scales, offsets = ([float(each[band - 1]) for band in source.mask.bands] for each in given)
    return scales, offsets


def _nodata_of(source: RasterSource) -> list[float | None] | None:
    """The no-data value of each band; None where all have the same, or a mask."""
    values = [source.dataset.nodatavals[band - 1] for band in source.mask.bands]
    alike = len(set(map(str, values))) <= 1
    return None if alike or source.mask.alpha is not None else values


def _differ(source: RasterSource) -> bool:
    """Whether the bands have scales or offsets of their own, all of which can be applied."""
    both = np.array(_scales_of(source))
    return not _alike(both) and bool(np.isfinite(both).all() and both[0].all())


def _alike(both: NDArray[np.float64]) -> bool:
    return bool((both == both[:, :1]).all())


def _scale(source: RasterSource, tags: RasterTags, warnings: list[str]) -> tuple[float, float]:
    """Scale and offset, where all bands have the same ones."""
    scale, offset = (each[0] for each in _scales_of(source))
    if _differ(source):
        return 1.0, 0.0  # they are applied
    if not _alike(np.array(_scales_of(source))):
        warnings.append(
            "Scale or offset differs from band to band, and some scales are 0 or not numbers: none "
            "is applied, the values are as stored."
        )
        return 1.0, 0.0
    if not (is_scale(scale) and math.isfinite(offset)):
        warnings.append(f"The scale {scale:g} is not positive; it is not applied.")
    elif scale != 1.0 or offset:
        return scale, offset
    factor = tags.number("reflectancescalefactor")
    return 1.0 / factor if factor is not None and is_scale(factor) else 1.0, 0.0
