"""SpectrumPlot: the live spectrum under the cursor and the pinned ones."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from hsi_viewer.core.cube import HyperCube
from hsi_viewer.ui.theme import current_theme

PIN_COLOURS: tuple[tuple[int, int, int], ...] = (
    (230, 100, 0),
    (0, 140, 100),
    (190, 90, 160),
    (0, 110, 190),
    (170, 150, 0),
    (90, 60, 170),
    (120, 80, 40),
    (0, 160, 190),
)


class SpectrumPlot(pg.PlotWidget):
    """Spectra over wavelength (or band number); bad bands and missing values are gaps."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Spectrum plot")
        item = self.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setClipToView(True)
        self._legend = item.addLegend(offset=(-6, 6), labelTextSize="8pt", verSpacing=-4)
        self._live = pg.PlotDataItem(connect="finite", skipFiniteCheck=False)
        self._live.setZValue(20)
        item.addItem(self._live)
        self._lines = [pg.InfiniteLine(angle=90, movable=False) for _ in range(3)]
        for line in self._lines:
            line.setZValue(-10)
            line.hide()
            item.addItem(line)
        self._pins: list[pg.PlotDataItem] = []
        self._x: NDArray[np.float64] | None = None
        self._good: NDArray[np.bool_] | None = None
        self._range: tuple[float, float] | None = None
        self.refresh_theme()

    def refresh_theme(self) -> None:
        """Take the colours of the current theme."""
        theme = current_theme()
        self.setBackground(theme["plot"])
        item = self.getPlotItem()
        for side in ("left", "bottom"):
            axis = item.getAxis(side)
            axis.setPen(theme["border"])
            axis.setTextPen(theme["muted"])
            axis.enableAutoSIPrefix(False)
        self._legend.setLabelTextColor(theme["text"])
        self._live.setPen(pg.mkPen(theme["text"], width=1.6))
        for line, name in zip(self._lines, ("red", "green", "blue"), strict=True):
            line.setPen(pg.mkPen(theme[name], width=1.2, style=Qt.PenStyle.DashLine))

    def show_cube(self, cube: HyperCube) -> None:
        """Prepare the axes for a cube and take all curves away."""
        self.clear_pins()
        self._live.clear()
        in_nm = cube.wavelengths is not None
        self._x = (
            cube.wavelengths
            if cube.wavelengths is not None
            else np.arange(1, cube.bands + 1, dtype=np.float64)
        )
        self._good = cube.good_bands
        item = self.getPlotItem()
        item.setLabel("bottom", "Wavelength (nm)" if in_nm else "Band")
        item.setLabel("left", "Reflectance" if cube.scale != 1.0 else "Value")
        finite = self._x[np.isfinite(self._x)]
        if finite.size:
            item.setXRange(float(finite.min()), float(finite.max()), padding=0.02)
        item.disableAutoRange()
        self._range = None

    def show_live(self, spectrum: NDArray[np.float64] | None) -> None:
        """Draw the spectrum under the cursor; None takes it away."""
        if spectrum is None:
            self._live.clear()
        else:
            values = self._gapped(spectrum)
            self._live.setData(self._x, values)
            self._make_room(values)

    def add_pin(self, spectrum: NDArray[np.float64], name: str) -> tuple[int, int, int]:
        """Keep a spectrum and return the colour that it got."""
        colour = PIN_COLOURS[len(self._pins) % len(PIN_COLOURS)]
        values = self._gapped(spectrum)
        self._make_room(values)
        curve = pg.PlotDataItem(
            self._x,
            values,
            pen=pg.mkPen(QColor(*colour), width=1.8),
            connect="finite",
            name=name,
        )
        self.getPlotItem().addItem(curve)
        self._pins.append(curve)
        return colour

    def clear_pins(self) -> None:
        """Take the pinned spectra away."""
        for curve in self._pins:
            self.getPlotItem().removeItem(curve)
        self._pins = []

    def mark_bands(self, bands: tuple[int, int, int]) -> None:
        """Draw lines at the bands that are shown as red, green and blue."""
        if self._x is None:
            return
        for line, band in zip(self._lines, bands, strict=True):
            line.setVisible(bool(np.isfinite(self._x[band])))
            if np.isfinite(self._x[band]):
                line.setValue(float(self._x[band]))

    def live_values(self) -> tuple[NDArray[np.float64] | None, NDArray[np.float64] | None]:
        """X and y of the live curve as they are drawn."""
        x, y = self._live.getOriginalDataset()
        return x, y

    def pinned(self) -> int:
        """Number of pinned spectra."""
        return len(self._pins)

    def _make_room(self, values: NDArray[np.float64]) -> None:
        """Widen the y axis to hold a spectrum; it never narrows, so that spectra compare."""
        finite = values[np.isfinite(values)]
        if not finite.size:
            return
        low, high = float(finite.min()), float(finite.max())
        if self._range is not None:
            low, high = min(low, self._range[0]), max(high, self._range[1])
        if (low, high) != self._range:
            self._range = (low, high)
            self.getPlotItem().setYRange(low, high if high > low else low + 1.0, padding=0.05)

    def _gapped(self, spectrum: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(self._good, spectrum, np.nan) if self._good is not None else spectrum
