"""SpectrumPlot: the live spectrum under the cursor and the kept ones, as they are or treated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainterPath
from PySide6.QtWidgets import QGraphicsPathItem, QWidget

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.spectra.curves import Curve, CurveSet
from hsi_viewer.core.spectra.spectrum import WATER_WINDOWS, Treatment, joined, runs
from hsi_viewer.ui.event_errors import reports_errors
from hsi_viewer.ui.plots.axes import WholeAxis, plain_axes, refresh_axes
from hsi_viewer.ui.rest_timer import RestTimer
from hsi_viewer.ui.theme import current_theme

Floats = NDArray[np.float64]
AxisUnit = Literal["nm", "um", "band"]
Spread = Literal["none", "deviation", "percentiles"]

AXIS_LABELS: dict[AxisUnit, str] = {
    "nm": "Wavelength (nm)",
    "um": "Wavelength (µm)",
    "band": "Band",
}
POINT_SIZE = 6
# Beside the only wavelength, or the outermost band: no band 0 is on the axis.
LEAST_ROOM: dict[AxisUnit, float] = {"nm": 10.0, "um": 0.01, "band": 0.5}
VIEW_LABELS = {
    "continuum": "Continuum removed",
    "first": "First derivative",
    "second": "Second derivative",
}


@reports_errors
class SpectrumPlot(pg.PlotWidget):
    """Spectra over wavelength or band number; bad bands and missing values are gaps.

    Signals
    -------
    bands_dragged(bands) : the line of a shown band was dragged to another good band.

    Attributes
    ----------
    curves : the kept spectra; the plot follows its changes.
    """

    bands_dragged = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        self._axis = WholeAxis("bottom")
        super().__init__(parent, axisItems=plain_axes(self._axis), enableMenu=False)
        self.setAccessibleName("Spectrum plot")
        item = self.getPlotItem()
        item.hideButtons()
        item.layout.setContentsMargins(0, 8, 8, 0)  # half of the outermost numbers of the axes
        item.setClipToView(True)
        self._live = pg.PlotDataItem(connect="finite", skipFiniteCheck=False, antialias=True)
        self._live_points = pg.ScatterPlotItem(size=POINT_SIZE, pen=None)
        for part in (self._live, self._live_points):
            part.setZValue(20)
            item.addItem(part)
        self._lines = [pg.InfiniteLine(angle=90, movable=True) for _ in range(3)]
        self._water = [pg.LinearRegionItem(movable=False) for _ in WATER_WINDOWS]
        for line, name in zip(self._lines, ("red", "green", "blue"), strict=True):
            line.setZValue(-10)
            line.setToolTip(f"Shown as {name}; drag it to another band")
            line.sigDragged.connect(self._on_line_dragged)
            line.sigPositionChangeFinished.connect(self._on_line_dropped)
        for region in self._water:
            region.setZValue(-30)
        for part in (*self._lines, *self._water):
            part.hide()
            item.addItem(part)
        self.curves = CurveSet()
        self.curves.changed.connect(self._draw)
        self._drawn: list[pg.GraphicsObject | QGraphicsPathItem] = []
        self._cube: HyperCube | None = None
        self._bands: tuple[int, ...] = ()
        self._spectrum: Floats | None = None
        self._range: tuple[float, float] | None = None
        self.treatment = Treatment()
        self.unit: AxisUnit = "nm"
        self.spread: Spread = "none"
        self.water_shown = True
        self._soon = RestTimer(0, self.redraw, self)
        self.refresh_theme()

    def refresh_theme(self) -> None:
        """Take the colours of the current theme."""
        theme = current_theme()
        self.setBackground(theme["plot"])
        refresh_axes(self.getPlotItem())
        self._live.setPen(pg.mkPen(theme["text"], width=1.6))
        self._live_points.setBrush(theme["text"])
        for line, name in zip(self._lines, ("red", "green", "blue"), strict=True):
            line.setPen(pg.mkPen(theme[name], width=1.2, style=Qt.PenStyle.DashLine))
            line.setHoverPen(pg.mkPen(theme[name], width=2.4))
        shade = QColor(theme["grid"])
        shade.setAlpha(45)
        for region in self._water:
            region.setBrush(shade)
            for edge in region.lines:
                edge.setPen(pg.mkPen(None))

    # what is shown ---------------------------------------------------------------------------

    def show_cube(self, cube: HyperCube) -> None:
        """Remove all curves, and prepare the axes for a cube once the event loop has a moment."""
        self._cube, self._bands, self._spectrum = cube, (), None
        self.curves.clear()
        self._soon.start()

    def show_live(self, spectrum: Floats | None) -> None:
        """Draw the spectrum under the cursor; None removes it."""
        self._spectrum = spectrum
        if spectrum is None or self._cube is None:
            self._live.clear()
            self._live_points.clear()
        else:
            x, values = self.x_values(), self.treated(spectrum)
            self._live.setData(x, values, connect=self._joined(values))
            alone = self._alone(values)
            self._live_points.setData(x[alone], values[alone])
            self._make_room(values)

    def add_pin(self, spectrum: Floats, name: str, position: tuple[int, int] | None = None) -> None:
        """Keep the spectrum of a pixel; one that is kept already becomes the picked one."""
        known = self.curves.pin_of(position) if position is not None else None
        if known is None:
            self.curves.add(Curve(name, spectrum, "pin", position=position))
        else:
            self.curves.take_up(known.id)

    def clear_pins(self) -> None:
        """Remove the pinned spectra."""
        self.curves.clear("pin")

    def pinned(self) -> int:
        """Number of pinned spectra."""
        return len(self.curves.of("pin"))

    def mark_bands(self, bands: tuple[int, ...]) -> None:
        """Draw lines at the bands that are shown as red, green and blue; or at one; or at none."""
        self._bands = bands
        x = self.x_values()
        for channel, line in enumerate(self._lines):
            known = channel < len(bands) and bands[channel] < x.size
            position = float(x[bands[channel]]) if known else float("nan")
            line.setVisible(bool(np.isfinite(position)))
            if np.isfinite(position):
                line.setValue(position)

    @Slot(object)
    def _on_line_dragged(self, line: pg.InfiniteLine) -> None:
        channel = self._lines.index(line)
        if self._cube is None or channel >= len(self._bands):
            return
        distance = np.abs(self.x_values() - line.value())
        usable = np.isfinite(distance) & (self._cube.good_bands | ~self._cube.good_bands.any())
        if not usable.any():
            return
        band = int(np.argmin(np.where(usable, distance, np.inf)))
        if band != self._bands[channel]:
            bands = (*self._bands[:channel], band, *self._bands[channel + 1 :])
            self._bands = bands
            self.bands_dragged.emit(bands)

    @Slot(object)
    def _on_line_dropped(self, _line: pg.InfiniteLine) -> None:
        self.mark_bands(self._bands)

    @contextmanager
    def without_live(self) -> Iterator[None]:
        """Hide the spectrum under the cursor for a figure, which lists the kept ones alone."""
        hidden = self._kept_shown()
        for part in (self._live, self._live_points):
            part.setVisible(not hidden)
        yield
        for part in (self._live, self._live_points):
            part.setVisible(True)

    def _kept_shown(self) -> bool:
        return any(curve.visible for curve in self.curves.curves)

    def live_values(self) -> tuple[Floats | None, Floats | None]:
        """X and y of the live curve as they are drawn."""
        x, y = self._live.getOriginalDataset()
        return x, y

    # how it is shown -------------------------------------------------------------------------

    def set_treatment(self, treatment: Treatment) -> None:
        """Smooth, derive or normalise all spectra from now on."""
        self.treatment = treatment
        self.redraw()

    def set_unit(self, unit: AxisUnit) -> None:
        """Write nm, um or band numbers along the axis; bands where no wavelengths are known."""
        self.unit = unit
        self.redraw()

    def set_spread(self, spread: Spread) -> None:
        """Shade how far the pixels of regions and classes lie around their mean."""
        self.spread = spread
        self.redraw()

    def show_water(self, shown: bool) -> None:
        """Shade the windows where water vapour takes the light."""
        self.water_shown = shown
        self.redraw()

    @property
    def drawn_unit(self) -> AxisUnit:
        """The unit of the axis as it is drawn."""
        known = self._cube is not None and self._cube.wavelengths is not None
        return self.unit if known else "band"

    def x_values(self) -> Floats:
        """Position of each band along the axis, (bands,)."""
        if self._cube is None:
            return np.zeros(0)
        numbers = np.arange(1, self._cube.bands + 1, dtype=np.float64)
        nm = self._cube.wavelengths
        if nm is None or self.unit == "band":
            return numbers
        return nm / 1000.0 if self.unit == "um" else nm

    def treated(self, spectrum: Floats) -> Floats:
        """A spectrum as it is drawn, (bands,)."""
        return self.treatment.apply(self._nm(), self._gapped(spectrum))

    @Slot()
    def redraw(self) -> None:
        """Draw everything again and fit the axes."""
        if self._cube is None:
            return
        item = self.getPlotItem()
        item.setLabel("bottom", AXIS_LABELS[self.drawn_unit])
        self._axis.whole = self.drawn_unit == "band"
        item.setLabel("left", self._value_label(self._cube))
        for side in ("bottom", "left"):  # pyqtgraph leaves a new label where the old one began
            item.getAxis(side).resizeEvent()
        self._draw_water()
        self.mark_bands(self._bands)
        self.fit()

    def fit_live(self, spectrum: Floats | None) -> None:
        """Draw the spectrum under the cursor with all others, and show all of them."""
        self._spectrum = spectrum
        self.fit()

    def fit(self) -> None:
        """Show all bands and all values."""
        item = self.getPlotItem()
        x = self.x_values()
        finite = x[np.isfinite(x)]
        if finite.size:
            low, high = float(finite.min()), float(finite.max())
            room = LEAST_ROOM[self.drawn_unit]
            if self.drawn_unit != "band":
                room = 0.02 * (high - low) or room
            item.setXRange(low - room, high + room, padding=0)
        item.disableAutoRange()
        self._range = None
        self._draw()
        self.show_live(self._spectrum)
        if self._range is None:  # nothing is drawn yet: not the range of the scene before
            item.setYRange(0.0, 1.0)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show all bands and all values again."""
        self.fit()
        event.accept()

    # drawing ---------------------------------------------------------------------------------

    def _value_label(self, cube: HyperCube) -> str:
        label = "Reflectance" if cube.scale != 1.0 else "Value"
        if self.treatment.view in VIEW_LABELS:
            label = VIEW_LABELS[self.treatment.view]
            if self.treatment.view != "continuum":
                unit = "nm" if cube.wavelengths is not None else "band"
                label += f" (per {unit})" if self.treatment.view == "first" else f" (per {unit}²)"
        return f"{label}, normalised" if self.treatment.normalisation != "none" else label

    def _draw_water(self) -> None:
        nm = self._cube.wavelengths if self._cube is not None else None
        for region, (low, high) in zip(self._water, WATER_WINDOWS, strict=True):
            reached = nm is not None and np.nanmin(nm) < high and np.nanmax(nm) > low
            region.setVisible(bool(self.water_shown and reached))
            if reached and nm is not None:
                order = np.argsort(nm)
                edges = np.interp([low, high], nm[order], self.x_values()[order])
                if self.unit != "band":
                    edges = np.array([low, high]) / (1000.0 if self.unit == "um" else 1.0)
                region.setRegion(edges.tolist())

    def _draw(self) -> None:
        """Draw the kept curves again."""
        item = self.getPlotItem()
        for old in self._drawn:
            item.removeItem(old)
        self._drawn = []
        if self._cube is None:
            return
        picked = self.curves.picked
        shown = [c for c in self.curves.curves if c.visible]
        for curve in shown:
            values = self.treated(curve.values)
            self._make_room(values)
            self._draw_spread(curve)
            wide = curve is picked and len(shown) > 1
            line = Qt.PenStyle.DashLine if curve.kind == "library" else Qt.PenStyle.SolidLine
            pen = pg.mkPen(QColor(*(curve.colour or ())), width=2.6 if wide else 1.6, style=line)
            plotted = pg.PlotDataItem(
                self.x_values(), values, pen=pen, connect=self._joined(values), antialias=True
            )
            item.addItem(plotted)
            self._drawn.append(plotted)
            alone = self._alone(values)
            if alone.any():
                points = pg.ScatterPlotItem(size=POINT_SIZE, pen=None, brush=pen.color())
                points.setData(self.x_values()[alone], values[alone])
                item.addItem(points)
                self._drawn.append(points)

    def _draw_spread(self, curve: Curve) -> None:
        """Shade around a mean; only of values as they are, for else it means nothing."""
        statistics = curve.statistics
        if statistics is None or self.spread == "none" or not self.treatment.plain:
            return
        if self.spread == "deviation":
            pairs = [(statistics.mean - statistics.std, statistics.mean + statistics.std)]
        else:
            n = len(statistics.levels)
            rows = statistics.percentiles
            pairs = [(rows[k], rows[n - 1 - k]) for k in range(n // 2)]
        colour = QColor(*(curve.colour or ()))
        colour.setAlpha(45)
        for low, high in pairs:
            area = QGraphicsPathItem(self._area(self._gapped(low), self._gapped(high)))
            area.setPen(pg.mkPen(None))
            area.setBrush(colour)
            area.setZValue(-5)
            self.getPlotItem().addItem(area)
            self._drawn.append(area)
            self._make_room(self._gapped(low))
            self._make_room(self._gapped(high))

    def _area(self, low: Floats, high: Floats) -> QPainterPath:
        path, x = QPainterPath(), self.x_values()
        for run in runs(self._nm(), low + high):
            outline_x = np.concatenate([x[run], x[run][::-1]]).tolist()
            outline_y = np.concatenate([low[run], high[run][::-1]]).tolist()
            path.moveTo(outline_x[0], outline_y[0])
            for px, py in zip(outline_x[1:], outline_y[1:], strict=True):
                path.lineTo(px, py)
            path.closeSubpath()
        return path

    def _make_room(self, values: Floats) -> None:
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

    def _nm(self) -> Floats:
        """Wavelengths, or band numbers where there are none: the axis of formulas."""
        if self._cube is not None and self._cube.wavelengths is not None:
            return self._cube.wavelengths
        return np.arange(1, (self._cube.bands if self._cube else 0) + 1, dtype=np.float64)

    def _joined(self, values: Floats) -> NDArray[np.int32]:
        return joined(self._nm(), values).astype(np.int32)

    def _alone(self, values: Floats) -> NDArray[np.bool_]:
        """Bands between gaps, of which no line can be drawn."""
        together = joined(self._nm(), values)
        known = np.isfinite(self._nm()) & np.isfinite(values)
        return known & ~together & ~np.roll(together, 1)  # the last is never together

    def _gapped(self, spectrum: Floats) -> Floats:
        return np.where(self._cube.good_bands, spectrum, np.nan) if self._cube else spectrum
