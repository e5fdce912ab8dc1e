"""Workload: what of a batch is done, how long the rest takes, and what it costs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress

from hsi_viewer.core.progress import Progress, ProgressPort
from hsi_viewer.core.time_left import TimeLeft, in_words
from hsi_viewer.io.files.identify import split_source
from hsi_viewer.io.writers.own_files import own_files
from hsi_viewer.jobs.batch.compute import TileDone
from hsi_viewer.jobs.batch.scenes import Scene

MESSAGE = "Mapping the scenes"


class Workload:
    """Counts tiles, weighs scenes by the size of their files, and reports the progress.

    Parameters
    ----------
    scenes : in their order.
    at_once : tiles that are computed at a time.
    port : takes `Progress`.

    Attributes
    ----------
    computed, kept : tiles that this call has computed, and that were there before.
    """

    def __init__(self, scenes: Sequence[Scene], at_once: int, port: ProgressPort) -> None:
        self.at_once, self._port = at_once, port
        self.computed = self.kept = 0
        self._weights = [_size(scene) for scene in scenes]
        self._whole = sum(self._weights)
        self._tiles = [1] * len(scenes)
        self._share = [0.0] * len(scenes)  # of each scene that is done or given up
        self._new = 0.0  # share of the whole that this call has computed
        self._seconds = 0.0
        self._left = TimeLeft()

    def plan(self, number: int, tiles: int) -> None:
        """A scene has so many tiles."""
        self._tiles[number] = tiles

    def keep(self, number: int, tiles: int) -> None:
        """Tiles of a scene were there before."""
        self.kept += tiles
        self._tiles[number] = max(self._tiles[number], tiles)
        self._advance(number, tiles / self._tiles[number])

    def give_up(self, number: int) -> None:
        """Nothing more is done for a scene."""
        self._advance(number, 1.0 - self._share[number])

    def done(self, number: int, tile: TileDone) -> None:
        """A tile was computed, or another call had done it."""
        if not tile.computed:
            self.keep(number, 1)
            return
        self.computed += 1
        self._seconds += tile.facts.seconds
        self._new += self._weights[number] / self._tiles[number] / self._whole
        self._advance(number, 1 / self._tiles[number])

    def _advance(self, number: int, share: float) -> None:
        self._share[number] = min(1.0, self._share[number] + share)
        done = sum(w * s for w, s in zip(self._weights, self._share, strict=True)) / self._whole
        now = time.monotonic()
        self._left.update(done, now)
        self._port.report(Progress(MESSAGE, done, self._detail(done, now)))

    def _detail(self, done: float, now: float) -> str:
        """Tiles that are done, the time left, and the processor time that the rest costs."""
        scenes = sum(share >= 1.0 for share in self._share)
        text = f"{scenes} of {len(self._share)} scenes"
        seconds = self._left.seconds(now)
        if not self._new or done >= 1.0:
            return text
        cost = self._seconds / self._new * (1.0 - done)
        if seconds is None:
            seconds = cost / self.at_once
        return f"{text}, {in_words(seconds)} ({cost / 60:.1f} min of processor time)"


def _size(scene: Scene) -> int:
    """Bytes of the files of a scene; 1 where they are not known."""
    if scene.flaw:
        return 1
    path, _ = split_source(scene.source)
    total = 0
    with suppress(OSError):
        files = [f for f in path.rglob("*") if f.is_file()] if path.is_dir() else own_files(path)
        total = sum(file.stat().st_size for file in files)
    return max(total, 1)
