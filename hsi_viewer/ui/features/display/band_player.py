"""BandPlayer: shows one good band after the other, no faster than they are drawn."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.ui.features.display.picture_controller import PictureController
from hsi_viewer.ui.scene.tiles import TileStore


class BandPlayer(QObject):
    """Plays through the bands of the image that is shown.

    Signals
    -------
    playing_changed(bool).

    Parameters
    ----------
    pictures : draws the bands.
    tiles : what of a large scene is still to be read.
    """

    playing_changed = Signal(bool)

    def __init__(self, pictures: PictureController, tiles: TileStore, parent: QObject) -> None:
        super().__init__(parent)
        self._pictures, self._tiles = pictures, tiles
        self._asked: tuple[int, ...] = ()
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._on_tick)
        self.set_speed(4)

    @property
    def playing(self) -> bool:
        """Whether the bands are played."""
        return self._clock.isActive()

    @Slot(int)
    def set_speed(self, bands_a_second: int) -> None:
        """Set the bands per second, as far as they can be drawn that fast."""
        self._clock.setInterval(round(1000 / bands_a_second))

    @Slot(bool)
    def play(self, playing: bool) -> None:
        """Start at the band that is shown, or stop."""
        if playing == self.playing:
            return
        if playing and self._pictures.composite is not None:
            self._asked = ()
            self._clock.start()
            self._on_tick()
        else:
            self._clock.stop()
        self.playing_changed.emit(self.playing)

    @Slot()
    def stop(self) -> None:
        """Stop, if it plays."""
        self.play(False)

    @Slot()
    def _on_tick(self) -> None:
        composite, picture = self._pictures.composite, self._pictures.picture
        if composite is None or picture is None:
            self.stop()
        elif self._asked and composite.bands != self._asked:
            self.stop()  # the user chose another band
        elif picture.composite is composite and self._tiles.idle:
            self._asked = (next_good_band(picture.cube, composite.bands[0]),)
            self._pictures.show_bands(self._asked, quiet=True)


def next_good_band(cube: HyperCube, band: int, *, forward: bool = True) -> int:
    """The good band after (or before) a band; after the last comes the first."""
    good = np.flatnonzero(cube.good_bands)
    if good.size == 0:
        good = np.arange(cube.bands)
    if forward:
        after = good[good > band]
        return int(after[0] if after.size else good[0])
    before = good[good < band]
    return int(before[-1] if before.size else good[-1])
