"""Samples: the values of bands over the whole scene, kept so that no stretch reads them twice."""

from __future__ import annotations

import threading
from collections import OrderedDict

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.contrast import BandSample, sample_bands

MAX_SAMPLES = 24  # of about a megabyte each at most


class Samples:
    """Samples of the bands that were shown last; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # The cube is kept too, for its id is its own only while it lives.
        self._kept: OrderedDict[tuple[int, int], tuple[HyperCube, BandSample]] = OrderedDict()

    def of(self, cube: HyperCube, bands: tuple[int, ...]) -> tuple[BandSample, ...]:
        """One sample per band; what is missing is read, in one go."""
        found = self._known(cube, bands)
        missing = tuple(dict.fromkeys(b for b in bands if b not in found))
        if missing:
            read = dict(zip(missing, sample_bands(cube, missing), strict=True))
            self._keep(cube, read)
            found |= read
        return tuple(found[b] for b in bands)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()

    def _known(self, cube: HyperCube, bands: tuple[int, ...]) -> dict[int, BandSample]:
        with self._lock:
            known = {b: self._kept[id(cube), b] for b in bands if (id(cube), b) in self._kept}
            for band in known:
                self._kept.move_to_end((id(cube), band))
            return {b: sample for b, (_, sample) in known.items()}

    def _keep(self, cube: HyperCube, read: dict[int, BandSample]) -> None:
        with self._lock:
            for band, sample in read.items():
                self._kept[id(cube), band] = (cube, sample)
            while len(self._kept) > MAX_SAMPLES:
                self._kept.popitem(last=False)
