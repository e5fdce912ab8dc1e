"""Pixels of a raster without data: its alpha channel or mask, separate from the bands.

Import this module lazily: it needs rasterio.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.windows import Window

from hsi_viewer.io.rasters.tags import FWHM, WAVELENGTH, RasterTags

# An alpha channel is looked at in this many places of this many pixels a side.
WINDOWS, SIDE = 4, 128
# This share of it is fully opaque or transparent; a fourth band of bytes is called alpha, too.
CLEAR = 0.9
OPAQUE = (1.0, 255.0, 65535.0)
COMPARED = 3  # other bands


class Mask(NamedTuple):
    """The mask of a raster, beside its bands.

    Attributes
    ----------
    bands : numbers of its bands, from 1, without the alpha channel.
    alpha : number of the alpha channel; 0 for a mask of the file; None for neither.
    remarks : sentences about it.
    dtype : of the alpha channel or mask.
    """

    bands: tuple[int, ...]
    alpha: int | None
    remarks: tuple[str, ...]
    dtype: str = "uint8"


def mask_of(dataset: Any) -> Mask:
    """The bands of an open raster, and the alpha channel or mask that marks where they have data.

    Raises
    ------
    RASTER_ERRORS
        if the alpha channel cannot be read.
    """
    bands = tuple(range(1, dataset.count + 1))
    uses = zip(bands, dataset.colorinterp, strict=True)
    marked = [band for band, use in uses if use == ColorInterp.alpha]
    if marked and len(bands) > 1:
        if _is_alpha(dataset, marked[0]):
            rest = tuple(band for band in bands if band not in marked)
            remark = (
                f"Band {marked[0]} is an alpha channel: it is left out, and pixels where it is 0 "
                "have no data."
            )
            return Mask(rest, marked[0], (remark,), dataset.dtypes[marked[0] - 1])
        remark = (
            f"Band {marked[0]} is marked as an alpha channel but its values are not those of one; "
            "it is kept as a band."
        )
        return Mask(bands, None, (remark,))
    flags = dataset.mask_flag_enums[0]
    if MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags:
        return Mask(bands, 0, ("Pixels outside the file's mask have no data.",))
    return Mask(bands, None, ())


def _is_alpha(dataset: Any, band: int) -> bool:
    """Whether a band has the values of an alpha channel, as the others have not, and no other name.

    A file of four masks is called a picture with its alpha channel, too.
    """
    name = dataset.descriptions[band - 1] or ""
    tags = RasterTags(dataset, (band,)).bands[0]
    if (name and "alpha" not in name.casefold()) or any(key in tags for key in WAVELENGTH + FWHM):
        return False
    sample = _sample(dataset, band)
    top = float(sample.max())
    largest = np.iinfo(sample.dtype).max if sample.dtype.kind in "iu" else 1.0
    clear = np.mean((sample == 0) | (sample == top))
    if top not in (*OPAQUE, float(largest)) or clear < CLEAR:
        return False
    others = [other for other in range(1, dataset.count + 1) if other != band][:COMPARED]
    return any(not np.isin(_sample(dataset, other), (0, top)).all() for other in others)


def _sample(dataset: Any, band: int) -> Any:
    """Values of a band at places spread over the scene."""
    parts = []
    for y in np.linspace(0, max(0, dataset.height - SIDE), WINDOWS).astype(int):
        for x in np.linspace(0, max(0, dataset.width - SIDE), WINDOWS).astype(int):
            size = min(SIDE, dataset.width), min(SIDE, dataset.height)
            parts.append(dataset.read(band, window=Window(int(x), int(y), *size)).ravel())
    return np.concatenate(parts)


def masked_type(dtype: np.dtype[Any], nodata: float | None) -> tuple[np.dtype[Any], float]:
    """A type that holds the values of a raster and what marks a pixel without data, and that mark.

    It is the nodata value of the raster where it has one, else NaN.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        if nodata is not None and np.float64(nodata).astype(dtype) == nodata:
            return dtype, float(nodata)
    return np.result_type(dtype, np.float32), float("nan")
