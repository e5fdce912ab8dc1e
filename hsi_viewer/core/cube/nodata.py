"""No data: which stored values a declared number stands for, and values that nobody declared."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

FEWEST_DIGITS = 6  # a number of fewer is meant as it is, as -9999.5 is
EXACT, LARGEST = 2.0**53, 2.0**65  # floats have whole numbers as far as the one, integers the other
WHOLE = re.compile(r"\s*([-+]?\d+)(?:\.0*)?\s*")
HUGE, FEWEST_OF_HUGE = 1e30, 2  # -3.4e38 stands for the lowest 32-bit number, -3.402823466e38


class SuspectedFill(Struct, frozen=True):
    """An undeclared value that seems to stand for no data.

    Attributes
    ----------
    value : as it is stored; NaN or infinite for all that is not finite.
    pixels : how many hold it in every band, or nearly.
    sampled : whether only some of the pixels were looked at, so that the number is an estimate.
    partly : whether most of them hold it in some of the bands alone, of which some were looked at.
    kept : whether it is data until somebody says otherwise, as other pixels have values near it.
    """

    value: float
    pixels: int
    sampled: bool = False
    partly: bool = False
    kept: bool = False

    @property
    def sentence(self) -> str:
        """A sentence about it."""
        one = self.pixels == 1
        count = f"{'About ' if self.sampled else ''}{self.pixels:,} pixel{'' if one else 's'}"
        verb = "holds" if one else "hold"
        if not np.isfinite(self.value):
            kind = "NaN" if np.isnan(self.value) else "infinite values"
            return f"{count} {verb} {kind}: treated as no data."
        where = "in some bands" if self.partly else "in every band"
        return f"{count} {verb} {number_text(self.value)} {where}: no data?"


def number_text(value: float) -> str:
    """A number as people write it: -9999, 1e+20, -3.40282e+38."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.6g}"


def can_hold(dtype: np.dtype[Any], value: float) -> bool:
    """Whether a type has a value: headers of unsigned files ask for -9999, too."""
    if dtype.kind in "iu":
        ends = np.iinfo(dtype)
        return float(value).is_integer() and float(ends.min) <= value <= float(ends.max)
    if dtype.kind == "b":
        return value in (0, 1)
    largest = np.finfo(dtype).max
    if abs(value) <= float(largest) or not np.isfinite(value):
        return True
    return bool(is_nodata(np.array([-largest, largest]), value).any())


def without_effect(nodata: float, dtype: np.dtype[Any]) -> str:
    """A sentence about a declared no-data value that values of a type never have."""
    text = f"{nodata:.10g}".replace("nan", "NaN")
    return f"The no-data value {text} has no effect: values of type {dtype.name} are never {text}."


def is_nodata(stored: NDArray[Any], nodata: float) -> NDArray[np.bool_]:
    """Where stored values are the declared one, to the digits that it was declared with.

    A header gives -3.402823e+38 for the lowest 32-bit number, which is -3.4028234663852886e+38.
    Other numbers are compared in the type of the stored ones: 0.1 is the 32-bit number next to it.
    An `int` stands for itself among integers, also where a `float` would be its neighbours, too.
    """
    if isinstance(nodata, int) and stored.dtype.kind in "iu":
        exactly: NDArray[np.bool_] = stored == nodata
        return exactly
    span = _rounded_span(float(nodata)) if stored.dtype.kind in "fc" else None
    with np.errstate(over="ignore"):  # -1.8e308 in the header of a float32 file
        if span is None:
            same: NDArray[np.bool_] = stored == float(nodata)
            return same
        return (stored >= span[0]) & (stored <= span[1])


def exact_number(text: str) -> float:
    """The number that a text gives; a whole one that a float would round is an `int`.

    In the notation with an exponent it has been rounded before.

    Raises
    ------
    ValueError
        if it is not a number.
    """
    value = float(text)
    whole = EXACT < abs(value) < LARGEST and WHOLE.fullmatch(text)
    return int(whole[1]) if whole else value


@lru_cache(maxsize=64)
def _rounded_span(nodata: float) -> tuple[float, float] | None:
    """Numbers that are written as this one, where it may have been rounded; else None.

    The shortest text of a double has the digits that it was read from; a number that was never
    rounded, as a binary one of an attribute, has so many that it stands for itself alone.
    """
    if np.isnan(nodata):
        return None
    if np.isinf(nodata):  # -1.79769313486232e+308, in 15 digits, is beyond the lowest number
        lowest = 1.79769313486e308
        return (-sys.float_info.max, -lowest) if nodata < 0 else (lowest, sys.float_info.max)
    written = Decimal(repr(nodata)).normalize()
    digits, exponent = len(written.as_tuple().digits), int(written.as_tuple().exponent)
    is_long = digits >= FEWEST_DIGITS and (exponent < 0 or abs(nodata) >= 1e15)
    if not (is_long or (abs(nodata) >= HUGE and digits >= FEWEST_OF_HUGE)):
        return None
    half = Decimal((0, (5,), exponent - 1))
    return float(written - half), float(written + half)
