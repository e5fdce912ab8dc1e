"""ReliabilityDialog: whether confidence means what it says, as a diagram."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from hsi_viewer.core.assessment.reliability import Reliability
from hsi_viewer.ui.dialogs import resize_for_text
from hsi_viewer.ui.plots.axes import plain_axes, refresh_axes
from hsi_viewer.ui.theme import current_theme
from hsi_viewer.ui.wrapped_label import WrappedLabel


class ReliabilityDialog(QDialog):
    """Bars of the share that is right in each bin of confidence, against the diagonal.

    Parameters
    ----------
    found : of answers that were held out, or of test pixels.
    answers : what they are of, such as "held-out labels".
    """

    def __init__(self, found: Reliability, answers: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Reliability of the confidence")
        theme, used = current_theme(), found.counts > 0
        self.plot = pg.PlotWidget(axisItems=plain_axes(), enableMenu=False)
        self.plot.setBackground(theme["plot"])
        self.plot.setAccessibleName("Share of right answers by confidence")
        item = self.plot.getPlotItem()
        item.hideButtons()
        item.setMouseEnabled(False, False)
        item.setLabel("bottom", "Confidence")
        item.setLabel("left", "Share that is right")
        item.setRange(xRange=(0, 1), yRange=(0, 1), padding=0.02)
        refresh_axes(item)
        width = float(found.edges[1] - found.edges[0])
        centres = (found.edges[:-1] + found.edges[1:])[used] / 2
        bars = pg.BarGraphItem(
            x=centres,
            height=found.accuracy[used],
            width=0.9 * width,
            brush=theme["accent"],
            pen=pg.mkPen(None),
        )
        item.addItem(bars)
        item.plot([0, 1], [0, 1], pen=pg.mkPen(theme["muted"], style=Qt.PenStyle.DashLine))
        gaps = found.confidence[used] - found.accuracy[used]
        self.text = WrappedLabel(self._sentence(found, answers, float(found.counts[used] @ gaps)))
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(self.plot, 1)
        resize_for_text(self, 440, 420)

    @staticmethod
    def _sentence(found: Reliability, answers: str, excess: float) -> str:
        total = int(found.counts.sum())
        error = 100 * found.error
        way = "too sure" if excess > 0 else "not sure enough"
        text = f"Expected calibration error {error:.1f} points, of {total:,} {answers}."
        if not np.isnan(error) and error >= 1:
            text += f" The map is {way} by {100 * abs(excess) / total:.1f} points on average."
        return f"{text} A bar above the dashed line: more are right than the confidence says."
