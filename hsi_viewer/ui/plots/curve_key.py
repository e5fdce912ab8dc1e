"""CurveKey: what the curves of a small plot are, in words beside it."""

from __future__ import annotations

from html import escape

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QWidget

from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.ui.plots.compared_spectra import NO_BREAK
from hsi_viewer.ui.wrapped_label import WrappedLabel

SHOWN_OR_HIDDEN = (QEvent.Type.ShowToParent, QEvent.Type.HideToParent)


def named_curves(plot: pg.PlotWidget) -> list[tuple[str, Colour]]:
    """Names and colours of the curves of a plot that have a name."""
    curves = (c for c in plot.getPlotItem().listDataItems() if c.name())
    colours = ((c.name(), pg.mkPen(c.opts["pen"]).color()) for c in curves)
    return [(name, (c.red(), c.green(), c.blue())) for name, c in colours]


class CurveKey(WrappedLabel):
    """Lists the curves of a plot in their colours; inside, a legend would lie over them.

    It is seen when the plot is.

    Parameters
    ----------
    plot : its curves have names.
    """

    def __init__(self, plot: pg.PlotWidget, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setObjectName("muted")
        self._plot = plot
        self.setHidden(plot.isHidden())
        plot.installEventFilter(self)

    def eventFilter(self, _plot: QObject, event: QEvent) -> bool:
        """Come and go with the plot."""
        if event.type() in SHOWN_OR_HIDDEN:
            self.setHidden(self._plot.isHidden())
        return False

    def refresh_theme(self) -> None:
        """Take the colours that the curves have now."""
        lines = (
            f'<span style="color: #{bytes(colour).hex()}">\N{BOX DRAWINGS HEAVY HORIZONTAL}</span>'
            f"{NO_BREAK}{escape(name).replace(' ', NO_BREAK)}"
            for name, colour in named_curves(self._plot)
        )
        self.setText(" &nbsp; ".join(lines))
