"""Early maps of large scenes: a look at once, then finer where the user looks, beside training.

What a map of every pixel costs grows with the scene; a screen shows no more than some of them. The
first look sees every n-th pixel, its windows on a thinned grid, so that it costs the same for any
scene. What comes after is as right as the final map, only coarser, and where nothing is to be
painted the scene is surveyed for the final map. All of it leaves the optimiser alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import ceil, sqrt
from threading import Event
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.core.text import percent
from hsi_viewer.core.viewed import Viewed, ViewedPart
from hsi_viewer.learning.calibration import tempered
from hsi_viewer.learning.features import FloatArray
from hsi_viewer.learning.random_walker import walk
from hsi_viewer.learning.recipe import WalkerRecipe
from hsi_viewer.learning.scene_features import SceneFeatures
from hsi_viewer.learning.survey import Window, tiles
from hsi_viewer.learning.voices.ensemble import Ensemble
from hsi_viewer.learning.voices.pool import VOTE

PIXELS = 40_000  # of the first look at a scene or a part of it, about
# Pixels of a thinned grid from one that is looked at to the next: fewer read less of the scene.
ROUGHLY, FINELY = 2, 4
BLOCK = 240  # pixels a side of the thinned grid that are computed at once
PAUSE = 0.1  # seconds until the view is asked for again where all of it is painted
OFTEN = 1.0  # seconds between two maps, at least


@dataclass(frozen=True)
class Grid:
    """Where a coarse map is computed.

    Attributes
    ----------
    step : every which row and column, a multiple of `thin`.
    thin : every which row and column is read, for the windows around it.
    """

    step: int
    thin: int = 1


@dataclass(frozen=True)
class Sketch:
    """What is wanted of the maps of a large scene.

    Attributes
    ----------
    scene : its features, which are not kept.
    ensemble : the voices, without the network.
    class_ids : of the answers.
    seeds : (rows, columns) class index of each labelled pixel, -1 elsewhere.
    walker : how a map is refined; None for not at all.
    viewed : what is on the screen, if somebody looks.
    """

    scene: SceneFeatures
    ensemble: Ensemble
    class_ids: tuple[int, ...]
    seeds: NDArray[np.int64]
    walker: WalkerRecipe | None
    viewed: Viewed | None
    token: CancelToken

    def look(self, window: Window, grid: Grid) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Probabilities (n, m, classes) of each place of a grid, and where is data."""
        step, thin = grid.step, grid.thin
        scene = self.scene if thin == 1 else self.scene.thinned(thin)
        rows, columns = (range(s.start // thin, -(-s.stop // thin)) for s in window)
        parts = []
        for r in _blocks(rows, step // thin):
            line = []
            for c in _blocks(columns, step // thin):
                self.token.check()
                line.append(self.ensemble.coarsely(scene, r, c, self._guides, self.token))
            parts.append([np.concatenate(each, axis=1) for each in zip(*line, strict=True)])
        said, guide, valid = (np.concatenate(each) for each in zip(*parts, strict=True))
        if self.walker is not None:
            known = coarse_seeds(self.seeds[window], step)
            # A coarse pixel stands for many, so its own answer counts for as many.
            walker = replace(self.walker, gamma=self.walker.gamma * step**2)
            leading = np.ascontiguousarray(np.moveaxis(guide, 2, 0))
            said = walk(tempered(said, VOTE), leading, valid, known, walker, self.token)
        return said, valid

    @property
    def _guides(self) -> int:
        return 0 if self.walker is None else self.walker.guides


class Painter:
    """Paints the maps of a large scene; as a context, beside the training.

    Parameters
    ----------
    sketch : what is wanted.
    port : takes the maps.
    again : whether there is a map, which one of a part would blot out: all is looked at first.
    """

    def __init__(self, sketch: Sketch, port: ProgressPort, *, again: bool = False) -> None:
        self.sketch, self.port, self._again = sketch, port, again
        shape = sketch.seeds.shape
        self._ids, self._confidence = np.zeros(shape, np.uint16), np.zeros(shape, np.float32)
        self._whole: Window = slice(0, shape[0]), slice(0, shape[1])
        self._tiles = list(tiles(*shape))
        self._finest = dict.fromkeys(range(len(self._tiles)), max(shape))  # step that is painted
        self._survey = sketch.scene.survey
        self._looked, self._published = False, 0.0
        self._stop, self._pool = Event(), ThreadPoolExecutor(1)
        self._work: Future[None] | None = None

    def __enter__(self) -> Self:
        self.first_look()
        self._work = self._pool.submit(self._paint_on)
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._pool.shutdown()
        if self._work is not None and error[0] is None:
            self._work.result()

    def first_look(self) -> None:
        """Paint what is on the screen, or all of it if nobody looks or there is a map."""
        part = None if self._again else self._part
        window = self._whole if part is None else (part.rows, part.columns)
        self._look_at(window)
        self._looked = window == self._whole

    @property
    def _part(self) -> ViewedPart | None:
        part = None if self.sketch.viewed is None else self.sketch.viewed.part
        return None if part is None else part.within(*self.sketch.seeds.shape)

    def _look_at(self, window: Window) -> None:
        grid = rough_grid(*((s.stop - s.start) for s in window))
        self._put(window, grid)
        self._publish(f"every {grid.step} pixels")

    def _paint_on(self) -> None:
        if not self._looked and not self._stop.is_set():
            self._look_at(self._whole)
        while not self._stop.is_set():
            self.sketch.token.check()
            part = self._part
            number = self._next_tile(part)
            if number is not None and part is not None:
                self._paint(number, part)
            elif self._survey is not None and (unseen := self._survey.unseen):
                self.sketch.scene.look_at(unseen[0])
            elif self.sketch.viewed is None:
                return
            else:
                self._stop.wait(PAUSE)

    def _next_tile(self, part: ViewedPart | None) -> int | None:
        """A tile that is on the screen and painted more coarsely than it is shown."""
        if part is None:
            return None
        wanted = (
            number
            for number, tile in enumerate(self._tiles)
            if self._finest[number] > fine_grid(part.step).step and part.meets(*tile)
        )
        return next(wanted, None)

    def _paint(self, number: int, part: ViewedPart) -> None:
        grid = fine_grid(part.step)
        self._put(self._tiles[number], grid)
        self._finest[number] = grid.step
        is_done = self._next_tile(part) is None
        if is_done or time.perf_counter() - self._published >= OFTEN:
            fine = sum(s < max(self._ids.shape) for s in self._finest.values())
            self._publish(f"{percent(fine / len(self._tiles))} of the scene finely")

    def _put(self, window: Window, grid: Grid) -> None:
        """Paint a window, each pixel of the map as large as the step of the grid."""
        step = grid.step
        said, valid = self.sketch.look(window, grid)
        index = np.ix_(
            *(
                np.minimum((np.arange(s.stop - s.start) + step // 2) // step, count - 1)
                for s, count in zip(window, valid.shape, strict=True)
            )
        )
        ids = np.where(valid, np.array(self.sketch.class_ids, np.uint16)[said.argmax(axis=2)], 0)
        self._ids[window] = ids[index]
        self._confidence[window] = np.where(valid, said.max(axis=2), np.float32(0))[index]

    def _publish(self, how: str) -> None:
        refined = "" if self.sketch.walker is None else ", refined"
        self.port.report(
            Prediction(
                self._ids.copy(),
                self._confidence.copy(),
                self.sketch.class_ids,
                source=f"instant model, {how}{refined}",
                final=False,
            )
        )
        self._published = time.perf_counter()


def rough_grid(rows: int, columns: int) -> Grid:
    """The grid of a first look at so many rows and columns, of about `PIXELS`."""
    return _grid(ceil(sqrt(rows * columns / PIXELS)), ROUGHLY)


def fine_grid(step: int) -> Grid:
    """The grid of what is shown at this step, or one that is a little finer."""
    return _grid(step, FINELY)


def _grid(step: int, apart: int) -> Grid:
    thin = max(1, step // apart)
    return Grid(step - step % thin, thin)


def _blocks(places: range, step: int) -> Iterator[range]:
    """Parts of an axis, each with every step-th of its places."""
    side = max(BLOCK // step, 1) * step
    for start in range(places.start, places.stop, side):
        yield range(start, min(start + side, places.stop), step)


def coarse_seeds(seeds: NDArray[np.int64], step: int) -> NDArray[np.int64]:
    """Class index of the labels around every step-th row and column, -1 for none."""
    shape = [-(-size // step) for size in seeds.shape]
    out = np.full(shape, -1, np.int64)
    at = np.nonzero(seeds >= 0)
    near = tuple(
        np.minimum((i + step // 2) // step, size - 1) for i, size in zip(at, shape, strict=True)
    )
    out[near] = seeds[at]
    return out
