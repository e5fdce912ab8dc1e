"""ContrastPanel: how values become brightness — a histogram with limits to drag or to type."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QLocale, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.display.contrast import BandSample, Contrast, ContrastKind, ends
from hsi_viewer.core.display.stretch import Limits, Transfer
from hsi_viewer.ui.plots.histogram_plot import HistogramPlot
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.widgets.decimal_box import DecimalBox, DecimalValidator
from hsi_viewer.ui.widgets.display_panel import STRETCHES


class ContrastPanel(QWidget):
    """Asks for a contrast.

    Signals
    -------
    contrast_changed(Contrast, bool) : what is asked for, and whether a limit is being dragged.
    """

    contrast_changed = Signal(object, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._contrast = Contrast()
        self._limits: tuple[Limits, ...] = ()
        self._samples: tuple[BandSample, ...] = ()
        self._scale = 1.0
        self.kind = ChoiceBox()
        self.kind.setAccessibleName("Kind of stretch")
        for kind, text in STRETCHES.items():
            self.kind.addItem(text, kind)
        self.kind.activated.connect(self._on_kind)
        self.low_percent = self._percent("Lower percentile of the stretch", 0.0, 49.0)
        self.high_percent = self._percent("Upper percentile of the stretch", 51.0, 100.0)
        self.linked = QCheckBox("Same for all")
        self.linked.setAccessibleName("Use the same stretch for all bands")
        self.linked.setToolTip("One stretch for all three bands keeps the hues of the scene")
        self.linked.toggled.connect(self._on_linked)
        self.channel = ChoiceBox()
        self.channel.setAccessibleName("Band whose limits are shown")
        self.channel.addItems(["Red", "Green", "Blue"])
        self.channel.activated.connect(self._show_limits)
        self.plot = HistogramPlot()
        self.plot.setMinimumSize(80, 70)
        self.plot.dragged.connect(self._on_dragged)
        self.plot.dropped.connect(self._on_dropped)
        self.low, self.high = self._number("Black at"), self._number("White at")
        self._lay_out()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(8)
        form.setVerticalSpacing(5)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("Stretch", self.kind)
        self._percent_row = _pair(self.low_percent, self.high_percent)
        form.addRow("Between", self._percent_row)
        self._channel_row = QWidget()
        row = QHBoxLayout(self._channel_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.channel, 1)
        row.addWidget(self.linked)
        form.addRow("Band", self._channel_row)
        form.addRow("Limits", _pair(self.low, self.high))
        self._form = form
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 6)
        layout.setSpacing(5)
        layout.addLayout(form)
        layout.addWidget(self.plot, 1)

    def refresh_theme(self) -> None:
        """Take the colours of the current theme."""
        self.plot.refresh_theme()

    def show_contrast(
        self,
        contrast: Contrast,
        transfers: tuple[Transfer, ...],
        samples: tuple[BandSample, ...],
        scale: float,
    ) -> None:
        """Show the contrast of the picture on the screen.

        Parameters
        ----------
        transfers, samples : one per band; in stored values.
        scale : stored value * scale = physical value.
        """
        self._contrast, self._samples, self._scale = contrast, samples, scale
        self._limits = tuple(ends(t) for t in transfers)
        self.kind.setCurrentIndex(self.kind.findData(contrast.kind))
        self._form.setRowVisible(self._percent_row, contrast.kind == "percentile")
        several = len(samples) > 1
        self._form.setRowVisible(self._channel_row, several)
        self.channel.setEnabled(not contrast.linked)
        if not several:
            self.channel.setCurrentIndex(0)
        with QSignalBlocker(self.linked):
            self.linked.setChecked(contrast.linked)
        boxes = (self.low_percent, self.high_percent)
        for box, value in zip(boxes, contrast.percent, strict=True):
            with QSignalBlocker(box):
                box.setValue(value)
        self._show_limits()

    def showEvent(self, event: QShowEvent) -> None:
        """The panel comes to the front: draw what has changed meanwhile."""
        super().showEvent(event)
        self._show_limits()

    @Slot()
    def _show_limits(self) -> None:
        if not self._samples:
            return
        channel = self._channel()
        limits = self._limits[channel]
        for field, value in ((self.low, limits.low), (self.high, limits.high)):
            if not (field.hasFocus() and field.isModified()):
                field.setText(f"{value * self._scale:.6g}")
        dragged = self.plot.region.moving or any(e.moving for e in self.plot.region.lines)
        if self.isVisible() and not dragged:  # a panel behind others takes no time
            histograms = [s.histogram for s in self._samples]
            self.plot.show_histograms(histograms, self._scale, channel, limits)

    def _channel(self) -> int:
        return min(max(self.channel.currentIndex(), 0), len(self._samples) - 1)

    # what the user asks for ------------------------------------------------------------------

    def contrast_of_kind(self, kind: ContrastKind) -> Contrast:
        """The contrast of another kind; typed limits begin where the present ones are."""
        limits = self._limits if kind == "typed" else ()
        return replace(self._contrast, kind=kind, limits=limits)

    @Slot()
    def _on_kind(self) -> None:
        self._ask(self.contrast_of_kind(self.kind.currentData()))

    @Slot()
    def _on_percent(self) -> None:
        percent = (self.low_percent.value(), self.high_percent.value())
        self._ask(replace(self._contrast, kind="percentile", percent=percent))

    @Slot(bool)
    def _on_linked(self, linked: bool) -> None:
        limits = self._contrast.limits
        if linked and limits:
            limits = (limits[self._channel()],) * len(limits)
        self._ask(replace(self._contrast, linked=linked, limits=limits))

    @Slot(float, float)
    def _on_dragged(self, low: float, high: float) -> None:
        self._ask_limits(low, high, dragging=True)

    @Slot()
    def _on_dropped(self) -> None:
        low, high = self.plot.region.getRegion()
        self._ask_limits(float(low), float(high), dragging=False)

    @Slot()
    def _on_typed(self) -> None:
        low, ok_low = QLocale.c().toDouble(self.low.text())
        high, ok_high = QLocale.c().toDouble(self.high.text())
        for field in (self.low, self.high):
            field.setModified(False)
        if ok_low and ok_high and low < high:
            self._ask_limits(low, high, dragging=False)
        else:
            self._show_limits()

    def _ask_limits(self, low: float, high: float, *, dragging: bool) -> None:
        if not self._samples or high <= low:
            return
        asked = Limits(low / self._scale, high / self._scale)
        limits = list(self._limits)
        if self._contrast.linked:
            limits = [asked] * len(limits)
        else:
            limits[self._channel()] = asked
        if dragging or tuple(limits) != self._limits or self._contrast.kind != "typed":
            self._ask(replace(self._contrast, kind="typed", limits=tuple(limits)), dragging)

    def _ask(self, contrast: Contrast, dragging: bool = False) -> None:
        self._contrast = contrast
        if contrast.kind == "typed":
            self._limits = contrast.limits
        self.contrast_changed.emit(contrast, dragging)

    # parts -----------------------------------------------------------------------------------

    def _percent(self, name: str, low: float, high: float) -> DecimalBox:
        box = DecimalBox()
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.setRange(low, high)
        box.setDecimals(1)
        box.setSingleStep(0.5)
        box.setSuffix(" %")
        box.setKeyboardTracking(False)
        box.setMinimumWidth(64)
        box.valueChanged.connect(self._on_percent)
        return box

    def _number(self, name: str) -> QLineEdit:
        field = QLineEdit()
        field.setAccessibleName(name)
        field.setToolTip(f"{name} this value; press Enter")
        field.setValidator(DecimalValidator(field))
        field.setMinimumWidth(64)
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.editingFinished.connect(self._on_typed)
        return field


def _pair(low: QWidget, high: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(4)
    layout.addWidget(low, 1)
    layout.addWidget(QLabel("–"))
    layout.addWidget(high, 1)
    return row
