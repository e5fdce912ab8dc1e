"""ColourBar: what the colours of a scalar layer mean."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.display.composite import Composite
from hsi_viewer.core.display.stretch import Curve, Transfer

GREY = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


@dataclass(frozen=True)
class ColourBar:
    """Colours from the lowest value to the highest.

    Attributes
    ----------
    title : what the values are.
    colours : (n, 3) or (n, 4) bytes.
    low, high : values of the first and the last colour.
    unit : written after both, or "".
    """

    title: str
    colours: NDArray[np.uint8] = field(compare=False, repr=False)
    low: float
    high: float
    unit: str = ""

    def text(self, value: float) -> str:
        """A value as it is written at the bar."""
        return f"{value:.4g} {self.unit}".strip()


def bar_of_picture(
    composite: Composite,
    transfers: tuple[Transfer, ...],
    title: str,
    scale: float = 1.0,
    offset: float = 0.0,
) -> ColourBar | None:
    """The colours of a single band; None for three bands.

    Parameters
    ----------
    transfers : how stored values become brightness. Of a curve, which isn't straight, the ends
        are given and the colours are those of equally spaced values between them.
    scale, offset : stored value * scale + offset = physical value.
    """
    if len(composite.bands) != 1:
        return None
    table = composite.colours.table if composite.colours is not None else GREY
    transfer = transfers[0]
    if isinstance(transfer, Curve):
        low, high = transfer.knots[0], transfer.knots[-1]
        levels = np.interp(np.linspace(low, high, 256), transfer.knots, transfer.levels)
        table = table[np.rint(255 * levels).astype(np.intp)]
    else:
        low, high = transfer.low, transfer.high
    return ColourBar(title, table, low * scale + offset, high * scale + offset)
