"""UsedRegion: the pixels and bands of a document that are trained on and mapped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.region import TOO_FEW_INSIDE, RegionOfInterest, has_two_classes
from hsi_viewer.core.labels.history import History, LabelChange
from hsi_viewer.core.labels.label_map import LabelMap

REGION, BANDS = "region", "bands"  # names of the maps in steps and journals


def used_of(cube: HyperCube, region: RegionOfInterest) -> HyperCube:
    """What a region uses of a cube; no band is good where none of the chosen ones is."""
    used = RegionOfInterest(region.inside).of(cube)
    if region.bands is None:
        return used
    return replace(used, good_bands=cube.good_bands & region.bands, chosen=region.bands)


class UsedRegion:
    """The region of interest and the chosen bands, kept as maps, so that strokes change them.

    `changed` is emitted after either has changed.

    Parameters
    ----------
    rows, columns, bands : of the scene.
    labels : of the scene, which are trained on as far as they lie inside.

    Attributes
    ----------
    pixels : 1 inside, 0 outside; 0 everywhere stands for the whole scene.
    bands : (1, bands) 1 for chosen bands; 0 everywhere stands for all.
    """

    changed = Signal()

    def __init__(self, rows: int, columns: int, bands: int, labels: LabelMap) -> None:
        self.pixels = LabelMap(rows, columns, REGION)
        self.bands = LabelMap(1, bands, BANDS)
        self._labels = labels
        self._now: RegionOfInterest | None = None
        self._enough: bool | None = None  # whether two classes have labels inside, once counted
        self._used: dict[bool, tuple[RegionOfInterest, HyperCube, HyperCube]] = {}  # of now: True
        self.pixels.changed.connect(self._on_change)
        self.bands.changed.connect(self._on_change)
        labels.changed.connect(self._on_labels)

    @property
    def now(self) -> RegionOfInterest:
        """What is used now: the same object until it changes."""
        if self._now is None:
            inside = self.pixels.ids > 0 if self.pixels.total else None
            bands = self.bands.ids[0] > 0 if self.bands.total else None
            self._now = RegionOfInterest(inside, bands)
        return self._now

    def of(self, cube: HyperCube, region: RegionOfInterest | None = None) -> HyperCube:
        """What is used of a cube: the same object again until either changes.

        Where none of the chosen bands is good, no band is: to train on it is refused.

        Parameters
        ----------
        region : another one, that a map was made of; by default what is used now.
        """
        wanted = self.now if region is None else region
        if not wanted:
            return cube
        is_now = wanted is self.now
        known = self._used.get(is_now)
        if known is None or known[0] is not wanted or known[1] is not cube:
            known = self._used[is_now] = wanted, cube, used_of(cube, wanted)
        return known[2]

    def training_disabled_reason(self) -> str | None:
        """Reason why the labels inside are too few to train on, or None."""
        inside = self.now.inside
        if inside is None:
            return None
        if self._enough is None:
            self._enough = has_two_classes(self._labels.ids, inside)
        return None if self._enough else TOO_FEW_INSIDE

    def set_inside(self, history: History, title: str, inside: NDArray[np.bool_] | None) -> None:
        """Use only some pixels (rows, columns), or all of them, as one step."""
        wanted = np.zeros(self.pixels.shape, bool) if inside is None else inside
        edit = self.pixels.edit_to(wanted.astype(np.uint16))
        if edit.pixels.size:
            history.do(title, LabelChange(self.pixels, edit))

    def set_bands(self, history: History, title: str, chosen: NDArray[np.bool_] | None) -> None:
        """Use only some bands (bands,), or all good ones, as one step."""
        wanted = np.zeros(self.bands.shape[1], bool) if chosen is None else chosen
        edit = self.bands.edit_to(wanted[None].astype(np.uint16))
        if edit.pixels.size:
            history.do(title, LabelChange(self.bands, edit))

    def clear(self, history: History) -> None:
        """Use all pixels and all bands, as one step."""
        changes = [
            LabelChange(part, part.edit_to(np.zeros(part.shape, np.uint16)))
            for part in (self.pixels, self.bands)
            if part.total
        ]
        if changes:
            history.do("Use the whole scene", *changes)

    def _on_change(self, _top: int, _left: int, _bottom: int, _right: int) -> None:
        self._now = self._enough = None
        self.changed.emit()

    def _on_labels(self, _top: int, _left: int, _bottom: int, _right: int) -> None:
        self._enough = None
