"""Finds the rows, the columns and the bands among the axes of an array."""

from __future__ import annotations

from collections.abc import Collection, Sequence

# More bands than this on the last axis, and fewer on the first: the first axis is the bands.
MANY_BANDS = 1024
# Two last axes of one length, this at least, that the first has not: a square image, bands first.
SQUARE = 32
BAND_AXES = ("c", "channel", "channels", "lambda", "wl", "spectral")
BAND_ENDS = ("band", "bands", "spectral_channel", "spectral_channels")
BAND_WORDS = ("wavelength", "wvl", "frequenc")
COLUMN_AXES = ("x", "lon", "longitude", "easting", "sample", "samples", "column", "columns", "col",
               "cols", "crosstrack", "cross_track", "width")  # fmt: skip
ROW_AXES = ("y", "lat", "latitude", "northing", "line", "lines", "row", "rows", "downtrack",
            "along_track", "height")  # fmt: skip

Axes = tuple[int, int, int]


def guess_axes(
    shape: tuple[int, ...], lists: Collection[int], names: tuple[str, ...]
) -> tuple[Axes, str | None]:
    """Axes of rows, columns and bands, and a sentence about what was guessed.

    Parameters
    ----------
    shape : of an array of three axes.
    lists : lengths of the lists of wavelengths that are beside it.
    names : of the axes, where the format has them.
    """
    lower = [name.lower() for name in names]
    named = [k for k, name in enumerate(lower) if _is_band_axis(name)]
    matching = [axis for axis in range(3) if shape[axis] in lists]
    if len(names) == 3 and not named:
        named = [k for k, name in enumerate(lower) if name not in (*ROW_AXES, *COLUMN_AXES)]
    if len(named) == 1 and len(names) == 3:
        band = named[0]
    elif matching:
        band = 2 if 2 in matching else matching[0]
    elif shape[2] > MANY_BANDS >= shape[0] or shape[0] != shape[1] == shape[2] >= SQUARE:
        band = 0
    else:
        band = 2
    rows, columns = (axis for axis in range(3) if axis != band)
    if len(names) == 3 and columns_first((lower[rows], lower[columns])):
        rows, columns = columns, rows
    guess = None
    if band != 2 and not named:
        position = ("first", "second")[band]
        guess = f"The {position} axis of the array is interpreted as the bands."
    elif not named and not matching and SQUARE <= 2 * shape[0] <= min(shape[1:]) >= SQUARE:
        guess = (
            f"The last axis of the array, of {shape[2]}, is interpreted as the bands. If the first "
            f"one, of {shape[0]}, is the bands, say so in the header doctor."
        )
    return (rows, columns, band), guess


def columns_first(names: Sequence[str]) -> bool:
    """Whether the names of two axes are those of columns and rows, in this order."""
    lower = [name.lower() for name in names]
    return len(lower) == 2 and lower[0] in COLUMN_AXES and lower[1] in ROW_AXES


def _is_band_axis(name: str) -> bool:
    return name in BAND_AXES or name.endswith(BAND_ENDS) or any(word in name for word in BAND_WORDS)
