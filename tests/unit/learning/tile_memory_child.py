"""One tile of few bands and one of many, in a process of its own; prints its peaks, as JSON."""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.training import TrainingConfig
from hsi_viewer.learning import by_tile
from hsi_viewer.learning.tile_mapper import MapSettings, TileMapper
from hsi_viewer.learning.trainer import fit
from tests.unit.learning.made import SMALL, made_scene

SIDE = 192


class Repeated:
    """A scene of three by three tiles, as large as needed: a small one again and again."""

    def __init__(self, values: NDArray[Any]) -> None:
        self._values, self.dtype = values, values.dtype
        self.shape = (3 * SIDE, 3 * SIDE, values.shape[2])

    def read(self, rows: slice, columns: slice, bands: NDArray[np.intp] | None) -> NDArray[Any]:
        """Values of a window."""
        r, c, b = (np.arange(size) for size in self.shape)
        there = r[rows] % len(self._values), c[columns] % self._values.shape[1]
        return self._values[np.ix_(*there, b if bands is None else bands)]


def peak_of_a_tile(bands: int) -> float:
    """MB that this process has taken at most, once the tile in the middle is mapped, refined."""
    cube, truth = made_scene(60, 60, bands)
    labels = np.where(np.arange(60) % 9 == 0, truth, 0).astype(np.uint16)
    model = fit(
        cube,
        labels,
        TrainingConfig(device="cpu", voices="surroundings", refine=False),
        recipe=SMALL,
    )
    scene = HyperCube(Repeated(cube.read()), name="made")
    mapper = TileMapper(model, scene, MapSettings("full", side=SIDE))
    assert mapper.tile(4).class_map.shape == (SIDE, SIDE)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    torch.set_num_threads(1)
    by_tile.HELD_BYTES = 0  # a window of a tile of usual size would be too large, too
    sys.stdout.write(json.dumps([peak_of_a_tile(int(bands)) for bands in sys.argv[1:]]))
