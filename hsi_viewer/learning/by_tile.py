"""ByTile: how a model maps one window of a scene, from that window and what lies around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.progress import CancelToken
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.predictor import DenseOutput
from hsi_viewer.learning.random_walker import Walker, squared_distances, usual_mean
from hsi_viewer.learning.recipe import WalkerRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.survey import Window, tiles_inside

OVERLAP = 64  # pixels that the walker looks beyond a window; labels and edges reach about 30
SCALE_TILES, SCALE_SIDE = 16, 160  # of the scene, in which the usual edge is measured
MARGIN = 16  # pixels around the features that the models look at, at most
HELD_BYTES = 600_000_000  # of a window that is read once; of a larger one, parts are read again


@dataclass(frozen=True)
class ByTile:
    """A model on a scene, window by window.

    Attributes
    ----------
    scene : bands and features of the cube; none are kept.
    raw : (scene, window, token) -> what the model says of a window.
    walker : that refines it; None for no refinement.
    votes : what the walker averages, made of probabilities.
    final : the probabilities of the map, made of those refined or raw.
    source : what makes the map, for people.
    seeds : (rows, columns) of a window -> class index of each labelled pixel there, -1 elsewhere;
        None where no label is known.
    """

    scene: SceneFeatures
    raw: Callable[[SceneFeatures, Window, CancelToken], DenseOutput]
    walker: WalkerRecipe | None
    votes: Callable[[FloatArray], FloatArray]
    final: Callable[[FloatArray], FloatArray]
    source: str
    seeds: Callable[[Window], NDArray[np.int64]] | None = None

    def usual_edge(self, token: CancelToken) -> float | None:
        """Usual squared distance of neighbours, from some tiles; None where nothing is refined."""
        if self.walker is None:
            return None
        windows = tiles_inside(self.scene.cube, SCALE_SIDE)
        found: list[FloatArray] = []
        for r, c in windows[:: -(-len(windows) // SCALE_TILES)]:
            token.check()
            guide, valid = self.scene.guide_at(r, c, self.walker.guides)
            down, right = squared_distances(guide)
            found += [down[valid[1:] & valid[:-1]], right[valid[:, 1:] & valid[:, :-1]]]
        return usual_mean(*found)

    def mapped(self, window: Window, edge: float | None, token: CancelToken) -> DenseOutput:
        """The map of a window.

        Parameters
        ----------
        window : rows and columns.
        edge : as of `usual_edge`.
        token : checked often.
        """
        wide = _around(window, 0 if self.walker is None else OVERLAP, self.scene.cube)
        raw, guide = self._seen(wide, token)
        inner = tuple(
            slice(w.start - o.start, w.stop - o.start) for w, o in zip(window, wide, strict=True)
        )
        if self.walker is not None and guide is not None:
            seeds = np.full(raw.valid.shape, -1) if self.seeds is None else self.seeds(wide)
            with Walker(*guide, seeds, self.walker, token, edge) as walker:
                # One in the place of the other: of many classes, each is large.
                raw = replace(raw, probabilities=self.votes(raw.probabilities))
                refined = walker.refined(raw.probabilities, overwrite=True)
                raw = replace(raw, probabilities=refined)
        return DenseOutput(
            self.final(raw.probabilities[inner]),
            raw.disagreement[inner],
            raw.valid[inner],
            None if raw.far is None else raw.far[inner],
        )

    def _seen(
        self, wide: Window, token: CancelToken
    ) -> tuple[DenseOutput, tuple[FloatArray, NDArray[np.bool_]] | None]:
        """What the model says of a window, and the walker's guide; no values stay in memory."""
        cube = self.scene.cube
        held = _held(cube, _around(wide, self.scene.features.reach + MARGIN, cube), self.scene)
        scene = self.scene.with_cube(held)
        raw = self.raw(scene, wide, token)
        return raw, None if self.walker is None else scene.guide_at(*wide, self.walker.guides)


def _around(window: Window, margin: int, cube: HyperCube) -> Window:
    """A window and a margin, within the scene."""
    rows, columns = (
        slice(max(0, part.start - margin), min(size, part.stop + margin))
        for part, size in zip(window, (cube.rows, cube.columns), strict=True)
    )
    return rows, columns


def _held(cube: HyperCube, window: Window, scene: SceneFeatures) -> HyperCube:
    """The cube with the bands in use of a window in memory, if they are not too many."""
    bands = scene.features.bands
    rows, columns = (part.stop - part.start for part in window)
    if cube.in_memory or rows * columns * bands.size * cube.dtype.itemsize > HELD_BYTES:
        return cube
    return replace(cube, source=_HeldSource(cube, window, bands))


class _HeldSource:
    """A cube of which a window was read."""

    def __init__(self, cube: HyperCube, window: Window, bands: NDArray[np.int64]) -> None:
        self._source, self._window, self._bands = cube.source, window, bands
        self.shape, self.dtype = cube.shape, cube.dtype
        self._values = cube.read(*window, bands)

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window, of those in memory if they are among them."""
        parts = (rows, columns)
        within = all(
            w.start <= p.start and p.stop <= w.stop and p.step in (None, 1)
            for p, w in zip(parts, self._window, strict=True)
        )
        if not within or bands is None or not np.isin(bands, self._bands).all():
            return self._source.read(rows, columns, bands)
        down, across = (
            slice(p.start - w.start, p.stop - w.start)
            for p, w in zip(parts, self._window, strict=True)
        )
        values = self._values[down, across]
        if np.array_equal(bands, self._bands):
            return values.copy()
        order = np.argsort(self._bands)
        return values[:, :, order[np.searchsorted(self._bands, bands, sorter=order)]]
