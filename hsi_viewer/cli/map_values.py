"""Values of the options of class maps: classes, merges, windows, minimum sizes, and samples."""

from __future__ import annotations

import math
import re
from argparse import ArgumentTypeError

# Square metres of the units that an area may have.
AREAS = {"m2": 1.0, "m²": 1.0, "ha": 1e4, "km2": 1e6, "km²": 1e6}
# As in core; importing that would load NumPy when the program starts.
MAX_WINDOW, MAX_CLASS_ID = 255, 65535
MAX_POINTS = 10**6  # that a sample may have


def class_ids(text: str) -> tuple[int, ...]:
    """Class ids, separated by commas."""
    return tuple(_class_id(part, text) for part in text.split(","))


def merge(text: str) -> dict[int, int]:
    """Classes that become another one, as 3,4=3."""
    old, equals, new = text.partition("=")
    if not equals:
        raise ArgumentTypeError(f'classes to merge are written "3,4=3", not "{text[:40]}"')
    target = _class_id(new, text)
    return {_class_id(part, text): target for part in old.split(",")}


def window(text: str) -> int:
    """The side of a window in pixels, odd."""
    size = int(text) if re.fullmatch(r"[0-9]{1,3}", text) else 0
    if size % 2 == 0 or not 3 <= size <= MAX_WINDOW:
        raise ArgumentTypeError(
            f'a window has an odd number of pixels, 3 to {MAX_WINDOW}, not "{text[:40]}"'
        )
    return size


def corner(text: str) -> float:
    """The size of corners in pixels."""
    size = float(text) if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", text) else -1.0
    if size < 0:
        raise ArgumentTypeError(f'a size of corners is 0 to 999 pixels, not "{text[:40]}"')
    return size


def minimum(text: str) -> tuple[float, float | None]:
    """The smallest region in pixels, or 0 and square metres where a unit is given."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]+[2²]?)?", text.strip().lower())
    unit = found[2] if found else None
    value = float(found[1]) if found else 0.0
    if not found or not 0 < value < math.inf or (unit is not None and unit not in AREAS):
        raise ArgumentTypeError(
            "a minimum is a number of pixels, or an area in m2, ha or km2 (8, 400m2, 0.5ha), "
            f'not "{text[:40]}"'
        )
    return (value, None) if unit is None else (0.0, value * AREAS[unit])


def share(text: str) -> float:
    """A share between 0 and 1, neither of them."""
    value = float(text) if re.fullmatch(r"[0-9]?\.[0-9]{1,9}", text, re.ASCII) else 0.0
    if not 0 < value < 1:
        raise ArgumentTypeError(f'a share is a number between 0 and 1 (0.05), not "{text[:40]}"')
    return value


def expected(text: str) -> tuple[int | None, float]:
    """The expected accuracy of all classes (None), or of one as ID=SHARE."""
    class_id, equals, value = text.rpartition("=")
    return (_class_id(class_id, text) if equals else None), share(value)


def point_count(text: str) -> int:
    """A number of points."""
    number = int(text) if re.fullmatch(r"[0-9]{1,7}", text, re.ASCII) else 0
    if not 1 <= number <= MAX_POINTS:
        raise ArgumentTypeError(f'a number of points is from 1 to {MAX_POINTS}, not "{text[:40]}"')
    return number


def _class_id(text: str, whole: str) -> int:
    number = int(text) if re.fullmatch(r"\s*[0-9]{1,5}\s*", text, re.ASCII) else 0
    if not 1 <= number <= MAX_CLASS_ID:
        raise ArgumentTypeError(f'a class id is from 1 to {MAX_CLASS_ID}: "{whole[:40]}"')
    return number
