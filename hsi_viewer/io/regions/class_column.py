"""Finds the class column of a table, or attribute of shapes, if no name identifies it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from hsi_viewer.io.files.text_file import is_number

# Names of what counts or measures rows and shapes.
NO_CLASS = frozenset((
    "id", "fid", "objectid", "ogc_fid", "gid", "point", "nr", "no", "number", "area", "shape_area",
    "shape_leng", "elevation", "height", "z", "accuracy", "date", "time",
))  # fmt: skip
# Names of columns of bands; and a count of codes above which they are not classes.
NUMBERED = re.compile(r"[a-z_]*\d+(?:\.\d+)?(?:_?nm)?")
MOST_CODES = 64


def like_class(columns: Mapping[str, Sequence[str]]) -> str | None:
    """The name of the column whose values look most like classes; None if none do.

    Text that repeats goes first, then whole numbers that do, then text that does not; of several
    the one with the fewest different values, if it has more than one.

    Parameters
    ----------
    columns : texts of each column by its name, "" where there is none.
    """
    kinds: tuple[dict[str, int], ...] = ({}, {}, {})
    for name, values in columns.items():
        known = [value for value in values if value]
        different = len(set(known))
        repeats = different < len(known)
        if not known:
            continue
        if not any(map(is_number, known)):
            if name.casefold() not in NO_CLASS:
                kinds[0 if repeats else 2][name] = different
        elif repeats and all(map(is_whole, known)) and _may_count(name, different, len(known)):
            kinds[1][name] = different
    found = next((kind for kind in kinds if kind), None)
    return min(found, key=lambda name: (found[name] == 1, found[name])) if found else None


def _may_count(name: str, different: int, known: int) -> bool:
    """Whether whole numbers are ids of classes, not values of a band or counts of something."""
    plain = name.casefold()
    few = different <= min(MOST_CODES, known // 2)
    return plain == "id" or (few and plain not in NO_CLASS and not NUMBERED.fullmatch(plain))


def is_whole(text: str) -> bool:
    """Whether a text is a whole number."""
    return is_number(text) and float(text).is_integer()
