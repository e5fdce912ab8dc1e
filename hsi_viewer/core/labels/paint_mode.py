"""Paint: what a stroke gives to pixels, and which pixels take it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from hsi_viewer.core.labels.classes import UNCLASSIFIED, LabelClass


class PaintMode(Enum):
    """How a tool changes the pixels that it touches."""

    REPLACE = "replace"
    UNLABELLED = "unlabelled"
    ERASE = "erase"
    ERASE_CLASS = "erase_class"

    @property
    def erases(self) -> bool:
        """Whether labels are removed."""
        return self in (PaintMode.ERASE, PaintMode.ERASE_CLASS)


class Paint(Struct, frozen=True):
    """The class id that pixels get, and what they may hold before.

    Attributes
    ----------
    class_id : given to the pixels; 0 erases.
    only : ids that are overwritten; None for all.
    locked : ids that are never overwritten.
    """

    class_id: int
    only: frozenset[int] | None = None
    locked: frozenset[int] = frozenset()

    @property
    def choosy(self) -> bool:
        """Whether some pixels may not take it."""
        return self.only is not None or bool(self.locked)

    def title(self, pixels: int) -> str:
        """Title of the step that gives it to a number of pixels."""
        verb = "Label" if self.class_id else "Erase"
        return f"{verb} {pixels} pixel{'s' if pixels != 1 else ''}"

    def takes(self, before: NDArray[np.uint16]) -> NDArray[np.bool_]:
        """Where pixels with these ids take the paint; the same shape."""
        taken = np.ones(before.shape, bool)
        if self.only is not None:
            taken &= np.isin(before, list(self.only))
        if self.locked:
            taken &= ~np.isin(before, list(self.locked))
        return taken


def paint_for(
    mode: PaintMode, active: int | None, classes: Iterable[LabelClass] = ()
) -> Paint | None:
    """The paint of a mode and the chosen class; None where the mode needs a class and has none."""
    locked = frozenset(c.id for c in classes if c.locked)
    if mode is PaintMode.ERASE:
        return Paint(UNCLASSIFIED, None, locked)
    if active is None:
        return None
    if mode is PaintMode.ERASE_CLASS:
        return Paint(UNCLASSIFIED, frozenset({active}), locked)
    only = frozenset({UNCLASSIFIED}) if mode is PaintMode.UNLABELLED else None
    return Paint(active, only, locked)
