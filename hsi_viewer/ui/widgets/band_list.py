"""BandList: a list of the bands of a cube, with wavelengths; bad bands are grey."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QWidget

from hsi_viewer.core.cube.band_selection import band_label
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.ui.widgets.choice_box import ChoiceBox


def bands_to_list(cube: HyperCube) -> tuple[list[str], list[int]]:
    """The labels of all bands of a cube, and the numbers of its bad ones."""
    marks = np.where(cube.good_bands, "", " · bad").tolist()
    labels = [band_label(cube, band) + mark for band, mark in enumerate(marks)]
    return labels, np.flatnonzero(~cube.good_bands).tolist()


class BandList(ChoiceBox):
    """Asks for one band; `currentIndex` is its 0-based number.

    Parameters
    ----------
    name : read out to those who do not see it, e.g. "Red band".
    """

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMaxVisibleItems(24)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)

    def show_bands(self, labels: Sequence[str], bad: Sequence[int]) -> None:
        """List the bands of a cube, without telling anybody; `bad` are the numbers of grey ones."""
        with QSignalBlocker(self):
            self.clear()
            self.addItems(labels)
            grey, tip = self.palette().placeholderText(), "Marked as bad"
            for band in bad:
                self.setItemData(band, grey, Qt.ItemDataRole.ForegroundRole)
                self.setItemData(band, tip, Qt.ItemDataRole.ToolTipRole)

    def show_band(self, band: int) -> None:
        """Show which band is chosen, without telling anybody."""
        with QSignalBlocker(self):
            self.setCurrentIndex(band)
