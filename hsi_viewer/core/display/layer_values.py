"""What a layer consists of, apart from the colours that it is drawn in."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.display.highlight import BelowRaster, MaskRaster
from hsi_viewer.core.display.layers import Layer
from hsi_viewer.core.display.outlines import OutlineRaster
from hsi_viewer.core.display.rasters import IdRaster, ValueRaster

Kind = Literal["classes", "values", "mask"]


class LayerValues(Struct, frozen=True, eq=False):
    """The pixels of a layer.

    Attributes
    ----------
    kind : what they are.
    values : (rows, columns); of classes uint16 ids, of values float32 with NaN where the layer is
        transparent, of a mask uint8, 1 inside.
    """

    kind: Kind
    values: NDArray[Any]


def layer_values(layer: Layer) -> LayerValues | None:
    """The pixels of a layer; None for a layer that consists of colours only.

    Values are in the unit of the layer's colour bar: a layer may be drawn from another quantity,
    as uncertainty is drawn from confidence.
    """
    raster = layer.raster
    match raster:
        case IdRaster() | OutlineRaster():
            return LayerValues("classes", raster.ids)
        case MaskRaster():
            return LayerValues("mask", raster.mask.astype(np.uint8))
        case BelowRaster():
            return LayerValues("mask", raster.below.astype(np.uint8))
        case ValueRaster() if raster.values.shape == raster.shape:
            return LayerValues("values", _physical(layer, raster))
        case _:
            return None


def _physical(layer: Layer, raster: ValueRaster) -> NDArray[np.float32]:
    values = raster.values.astype(np.float32)
    bar = layer.bar
    if bar is not None and (bar.low, bar.high) != (raster.low, raster.high):
        gain = (bar.high - bar.low) / (raster.high - raster.low)
        values = (bar.low + (values - raster.low) * gain).astype(np.float32)
    if raster.shown is not None:
        values[raster.shown == 0] = np.nan
    return values
