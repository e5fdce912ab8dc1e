"""BandsDialog: which bands are trained on, as text that is checked while it is typed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.cube.band_choice import chosen_bands, how_to_write
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.region import RegionOfInterest
from hsi_viewer.core.errors import HsiError
from hsi_viewer.ui.dialogs import accept_button, accept_or_cancel, muted
from hsi_viewer.ui.widgets.allowed import allow


class BandsDialog(QDialog):
    """Asks for ranges of bands; an empty text means all.

    Parameters
    ----------
    cube : the scene.
    text : what is chosen now.

    Attributes
    ----------
    chosen : (bands,) what is chosen; None for all.
    """

    def __init__(self, cube: HyperCube, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Bands for training")
        self._cube = cube
        self.chosen: NDArray[np.bool_] | None = None
        self.ranges = QLineEdit(text)
        self.ranges.setAccessibleName("Bands")
        self.ranges.setMinimumWidth(360)
        self.ranges.setClearButtonEnabled(True)
        self.ranges.setPlaceholderText("All good bands")
        self.ranges.textChanged.connect(self._on_text)
        self.state = muted("")
        form = QFormLayout()
        form.addRow("Bands", self.ranges)
        self.buttons = accept_or_cancel(self, "Use these bands")
        layout = QVBoxLayout(self)
        layout.addWidget(muted(how_to_write(cube)))
        layout.addLayout(form)
        layout.addWidget(self.state)
        layout.addWidget(self.buttons)
        self._on_text()

    @Slot()
    def _on_text(self) -> None:
        """Say what the text chooses, or what is wrong with it."""
        self.chosen, problem = None, ""
        try:
            if self.ranges.text().strip():
                chosen = chosen_bands(self._cube, self.ranges.text())
                RegionOfInterest(bands=chosen).of(self._cube)
                self.chosen = chosen
        except HsiError as error:
            problem = str(error)
        known = RegionOfInterest(bands=self.chosen).sentence(self._cube)
        self.state.setText(problem or known or "All good bands are used.")
        allow(accept_button(self.buttons), problem)
