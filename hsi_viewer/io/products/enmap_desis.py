"""EnMAP and DESIS products: a GeoTIFF with a METADATA.XML beside it.

Layouts after the EnMAP HSI Level 1B/1C/2A product specification (EN-PCV-ICD-2009) and the DESIS
products format specification (DLR). Import this module lazily.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
from msgspec.structs import replace

from hsi_viewer.core.cube.cube import CubeSource, HyperCube
from hsi_viewer.core.cube.metadata import CubeMetadata
from hsi_viewer.core.errors import FileError, FormatError
from hsi_viewer.io.envi.image import open_envi
from hsi_viewer.io.files.composed_sources import ScaledSource
from hsi_viewer.io.rasters.geotiff import raster_metadata
from hsi_viewer.io.rasters.raster_source import RasterSource

IMAGE = re.compile(r"SPECTRAL_IMAGE(_VNIR|_SWIR)?[^.]*\.((GEO)?TIFF?|BSQ|BIL|BIP)$", re.IGNORECASE)
XML = re.compile(r"METADATA[^.]*\.XML$", re.IGNORECASE)

Band = tuple[float, float, float, float]  # wavelength, FWHM, gain, offset


def product_files(path: Path) -> tuple[Path, Path] | None:
    """Image and XML of a product, given its folder, its image or its XML; None if it is not one."""
    folder = path if path.is_dir() else path.parent
    if path.is_file() and not (IMAGE.search(path.name) or XML.search(path.name)):
        return None
    try:
        names = sorted(p for p in folder.iterdir() if p.is_file())
    except OSError as error:
        raise FileError(f"{folder} could not be listed: {error.strerror}.") from error
    images = sorted((p for p in names if IMAGE.search(p.name)), key=_swir_last)
    texts = [p for p in names if XML.search(p.name)]
    if path.is_file():
        stem = re.split(r"SPECTRAL_IMAGE|METADATA", path.name, flags=re.IGNORECASE)[0]
        images = [p for p in images if p.name.startswith(stem)]
        texts = [p for p in texts if p.name.startswith(stem)]
        images = [path] if path in images else images
    return (images[0], texts[0]) if images and texts else None


def _swir_last(image: Path) -> tuple[bool, Path]:
    found = IMAGE.search(image.name)
    return found is not None and (found[1] or "").upper() == "_SWIR", image


def _others(image: Path) -> list[str]:
    """Names of other spectral images in the folder of one."""
    found = [p.name for p in image.parent.iterdir() if IMAGE.search(p.name) and p.is_file()]
    return sorted(name for name in found if name != image.name)


def _base(image: Path, warnings: list[str]) -> tuple[CubeSource, CubeMetadata]:
    """Values of an image, and its own metadata."""
    if image.suffix.lower() in (".bsq", ".bil", ".bip"):
        cube = open_envi(image)
        warnings += cube.warnings
        return cube.source, CubeMetadata(
            good_bands=cube.good_bands,
            nodata=cube.nodata,
            georeference=cube.georeference,
            default_bands=cube.default_bands,
            band_names=cube.band_names,
            interleave=cube.interleave,
            fields=cube.metadata,
        )
    raster = RasterSource(image)
    return raster, raster_metadata(raster, warnings)


def open_product_of(path: Path) -> HyperCube:
    """Open the product of a folder, an image or an XML; errors as in `open_product`."""
    files = product_files(path)
    if files is None:
        raise FormatError(f"{path} belongs to an incomplete EnMAP or DESIS product.")
    return open_product(*files, chosen=path == files[0])


def open_product(image: Path, xml: Path, chosen: bool = True) -> HyperCube:
    """Open an EnMAP or DESIS image with the bands of its XML.

    Parameters
    ----------
    image, xml : files of the product.
    chosen : whether the image was asked for by its name; of others in the folder a warning is
        given if not.

    Raises
    ------
    FileError, FormatError
        if the image or the XML cannot be read.
    """
    try:
        # expat limits how far entities may expand, so that an XML bomb is an error
        root = ET.parse(xml).getroot()  # noqa: S314
    except (ET.ParseError, ValueError) as error:
        raise FormatError(f"{xml} is not readable XML: {error}.") from error
    except OSError as error:
        raise FileError(f"{xml} could not be read: {error.strerror}.") from error
    warnings: list[str] = []
    source, metadata = _base(image, warnings)
    if not chosen and (others := _others(image)):
        warnings.append(
            f"This is {image.name}; {', '.join(others)} beside it can be opened by name."
        )
    try:
        bands = _of_image(_bands(root), image, source.shape[2])
        background = root.findtext(".//backgroundValue")
        if metadata.nodata is None and background is not None:
            metadata = replace(metadata, nodata=float(background))
    except ValueError as error:
        raise FormatError(f"{xml} contains text where a number is expected: {error}.") from error
    mission = "EnMAP" if root.find(".//bandID") is not None else "DESIS"
    if len(bands) == source.shape[2]:
        nm, fwhm, gains, offsets = np.array(bands).T
        metadata = replace(metadata, wavelengths=nm, fwhm=fwhm, wavelength_units_in_file="nm")
        if np.ptp(gains) == 0 and gains[0] > 0 and not offsets.any():
            metadata = replace(metadata, scale=float(gains[0]))
        else:
            source = ScaledSource(source, gains, offsets, metadata.nodata)
            metadata = replace(metadata, scale=1.0, nodata=None)
            warnings.append("Each band has its own gain and offset; they are applied.")
    else:
        warnings.append(
            f"The XML describes {len(bands)} bands, the image has {source.shape[2]}; "
            "the wavelengths are not used."
        )
    kind = "ENVI" if image.suffix.lower() in (".bsq", ".bil", ".bip") else "GeoTIFF"
    metadata = replace(metadata, format_name=f"{mission} {kind}")
    return HyperCube.described(source, metadata, image.name, image, warnings)


def _of_image(bands: list[Band], image: Path, count: int) -> list[Band]:
    """Bands of one image of level 1B, which has the two detectors in two files."""
    detector = IMAGE.search(image.name)
    match (detector[1] or "").upper() if detector else "":
        case "_VNIR":
            return bands[:count]
        case "_SWIR":
            return bands[-count:]
    return bands


def _bands(root: ET.Element) -> list[Band]:
    """Wavelength, FWHM, gain and offset of each band, in the order of the image."""
    found: list[tuple[float, float, float, float, float]] = []
    for element in root.iter():
        tag = element.tag.rsplit("}", 1)[-1]
        if tag not in ("bandID", "band"):
            continue
        values = {child.tag.rsplit("}", 1)[-1].lower(): child.text for child in element}
        centre = values.get("wavelengthcenterofband")
        if centre is None:
            continue
        number = float(element.get("number") or values.get("bandnumber") or str(len(found) + 1))
        width = values.get("fwhmofband") or values.get("wavelengthwidthofband") or "nan"
        gain, offset = values.get("gainofband") or "1", values.get("offsetofband") or "0"
        nm, fwhm, gained, added = (float(text) for text in (centre, width, gain, offset))
        found.append((number, nm, fwhm, gained, added))
    return [(nm, fwhm, gain, offset) for _, nm, fwhm, gain, offset in sorted(found)]
