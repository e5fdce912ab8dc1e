"""CurveSet: the spectra that are kept to look at — pixels, regions, classes, library spectra."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any, Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from psygnal import Signal

from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.core.spectra.band_statistics import BandStatistics
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary

CurveKind = Literal["pin", "region", "class", "library"]

COLOURS: tuple[Colour, ...] = (
    (230, 100, 0),
    (0, 140, 100),
    (190, 90, 160),
    (0, 110, 190),
    (170, 150, 0),
    (90, 60, 170),
    (120, 80, 40),
    (0, 160, 190),
)


class Curve(Struct, frozen=True, eq=False):
    """One kept spectrum.

    Attributes
    ----------
    name : as the user reads it.
    values : (bands,) physical values on the bands of the cube, NaN where missing.
    kind : where it comes from.
    colour : RGB; it is given one where None.
    position : (row, column) of a pixel, or None.
    statistics : of the pixels that `values` is the mean of, or None.
    class_id : of the class whose mean it is; 0 for none. It follows the class's colour.
    visible : whether it is drawn.
    id : given by the set.
    """

    name: str
    values: NDArray[np.float64]
    kind: CurveKind = "pin"
    colour: Colour | None = None
    position: tuple[int, int] | None = None
    statistics: BandStatistics | None = None
    class_id: int = 0
    visible: bool = True
    id: int = 0

    @property
    def origin(self) -> str:
        """Its origin, in words."""
        if self.position is not None:
            return f"row {self.position[0] + 1} col {self.position[1] + 1}"
        if self.statistics is not None:
            return f"mean of {self.statistics.count} pixels"  # a comma would part names in .sli
        return "library" if self.kind == "library" else ""


class CurveSet:
    """Curves in the order they came; `changed` is emitted after every change.

    The picked curve is the one that maps, matches and libraries start from.
    """

    changed = Signal()

    def __init__(self) -> None:
        self._curves: tuple[Curve, ...] = ()
        self._ids = count(1)
        self._picked: int | None = None

    @property
    def curves(self) -> tuple[Curve, ...]:
        """All curves."""
        return self._curves

    def of(self, kind: CurveKind) -> tuple[Curve, ...]:
        """The curves of a kind."""
        return tuple(c for c in self._curves if c.kind == kind)

    @property
    def picked(self) -> Curve | None:
        """The curve that was chosen, else the last one of a pixel, region or class; or None."""
        for curve in self._curves:
            if curve.id == self._picked:
                return curve
        own = [c for c in self._curves if c.kind != "library"]
        return own[-1] if own else None

    def pick(self, curve_id: int | None) -> None:
        """Choose a curve."""
        if curve_id != self._picked:
            self._picked = curve_id
            self.changed.emit()

    def add(self, *curves: Curve) -> tuple[Curve, ...]:
        """Keep curves and return them with their ids and colours; a new one is the picked one."""
        added: list[Curve] = []
        for curve in curves:
            colour = curve.colour or self._free_colour([*self._curves, *added])
            added.append(replace(curve, id=next(self._ids), colour=colour))
        self._curves = (*self._curves, *added)
        if any(c.kind != "library" for c in added):
            self._picked = None
        self.changed.emit()
        return tuple(added)

    def pin_of(self, position: tuple[int, int]) -> Curve | None:
        """The kept spectrum of a pixel (row, column), or None."""
        return next((c for c in self.of("pin") if c.position == position), None)

    def put(self, kind: CurveKind, curves: Iterable[Curve]) -> None:
        """Keep curves in place of all others of their kind."""
        self._curves = tuple(c for c in self._curves if c.kind != kind)
        self.add(*curves)

    def change(self, curve_id: int, **fields: Any) -> None:
        """Give a curve another name, colour or visibility."""
        self._curves = tuple(replace(c, **fields) if c.id == curve_id else c for c in self._curves)
        self.changed.emit()

    def take_up(self, curve_id: int) -> None:
        """Draw a curve that is kept already, as the picked one."""
        self._picked = curve_id
        self.change(curve_id, visible=True)

    def remove(self, ids: Iterable[int]) -> None:
        """Remove curves."""
        gone = set(ids)
        self._keep(tuple(c for c in self._curves if c.id not in gone))

    def clear(self, kind: CurveKind | None = None) -> None:
        """Remove the curves of a kind, or all."""
        self._keep(tuple(c for c in self._curves if kind is not None and c.kind != kind))

    def _keep(self, curves: tuple[Curve, ...]) -> None:
        if len(curves) != len(self._curves):
            self._curves = curves
            self.changed.emit()

    @staticmethod
    def _free_colour(curves: list[Curve]) -> Colour:
        """The colour that is used least, the first of them."""
        used = [c.colour for c in curves]
        return min(COLOURS, key=used.count)


def curve_library(
    curves: Iterable[Curve], wavelengths: NDArray[np.float64] | None, name: str
) -> SpectralLibrary:
    """Curves as a library; names carry where a spectrum comes from, and none comes twice.

    Parameters
    ----------
    wavelengths : (bands,) nm, or None.
    """
    names: list[str] = []
    values = []
    for curve in curves:
        origin = curve.origin if curve.kind != "library" else ""
        text = f"{curve.name} ({origin})" if origin and origin != curve.name else curve.name
        again = sum(n == text or n.startswith(f"{text} #") for n in names)
        names.append(f"{text} #{again + 1}" if again else text)
        values.append(curve.values)
    return SpectralLibrary(tuple(names), wavelengths, np.array(values), name)
