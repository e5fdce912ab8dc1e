"""ToolOptions: the slim row above the image with the options of the active tool."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLayout,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QWidget,
)

from hsi_viewer.core.labels.paint_mode import PaintMode
from hsi_viewer.ui.theme import icon
from hsi_viewer.ui.widgets.choice_box import ChoiceBox
from hsi_viewer.ui.widgets.decimal_box import DecimalBox

MODES = (
    (PaintMode.REPLACE, "Replace labels"),
    (PaintMode.UNLABELLED, "Unlabelled only"),
    (PaintMode.ERASE, "Erase all"),
    (PaintMode.ERASE_CLASS, "Erase class"),
)


class ToolOptions(QWidget):
    """Shows the options that the active tool has; it changes nothing itself.

    Signals
    -------
    mode_chosen(PaintMode).
    option_changed(name, value) : `name` is a field of the settings.
    accept_requested(), drop_requested() : of a preview.
    """

    mode_chosen = Signal(object)
    option_changed = Signal(str, object)
    accept_requested = Signal()
    drop_requested = Signal()

    def __init__(self, max_size: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filling = False
        self._groups: dict[str, list[QWidget]] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 2, 8, 1)
        self._row.setSpacing(6)
        self.mode = self._combo("mode", "How labels change", MODES)
        self.brush_size = self._spin("size", "brush_size", "Brush size", 1, max_size, "size ", 2)
        self.brush_size.setToolTip("Width in pixels ( [ and ], or Ctrl and the wheel )")
        self.square = self._check("shape", "brush_square", "Square", "A square brush")
        self.smooth = self._check(
            "smooth", "smooth_outlines", "Smooth", "Round the corners of the outline"
        )
        self.fill_by = self._combo(
            "fill",
            "What is filled",
            (("labels", "Region of one label"), ("map", "Region of the map")),
        )
        self.measure = self._combo(
            "wand",
            "Similarity by spectral angle, or by distance between components",
            (("angle", "Angle"), ("distance", "Distance")),
        )
        self.tolerance = DecimalBox()
        self.tolerance.setDecimals(3)
        self.tolerance.setKeyboardTracking(False)  # else it is rewritten between two digits
        self.tolerance.setPrefix("up to ")
        self._add("wand", self.tolerance, "Tolerance")
        self.tolerance.setToolTip("Drag right or left on the image, or use [ and ]")
        self.tolerance.valueChanged.connect(self._on_tolerance)
        self.connected = self._check(
            "wand", "wand_connected", "Connected", "Contiguous pixels only"
        )
        self.segment = self._spin(
            "segment", "segment_size", "Superpixel size", 9, 2500, "about ", 10
        )
        self.segment.setToolTip("Pixels in a superpixel ( [ and ] )")
        self.accept, self.drop = QToolButton(), QToolButton()
        self.accept.clicked.connect(self.accept_requested)
        self.drop.clicked.connect(self.drop_requested)
        self._add("accept", self.accept, "Label what the preview shows (Enter)")
        self._add("accept", self.drop, "Discard the preview (Escape)")
        self.hint = ElidedLabel()
        self.hint.setObjectName("muted")
        self._row.addWidget(self.hint, 1)
        for box, field in ((self.fill_by, "fill_by"), (self.measure, "wand_measure")):
            box.setProperty("field", field)
            box.activated.connect(self._on_choice)
        self.mode.activated.connect(self._on_mode)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.refresh_theme()

    def sizeHint(self) -> QSize:
        """As high with any tool, so that choosing one doesn't move the image."""
        every = (w for group in self._groups.values() for w in group)
        highest = max(w.sizeHint().height() for w in every)
        margins = self._row.contentsMargins()
        return QSize(0, highest + margins.top() + margins.bottom())

    def minimumSizeHint(self) -> QSize:
        """The same."""
        return self.sizeHint()

    def show_tool(self, title: str, hint: str, groups: Iterable[str]) -> None:
        """Show the options of a tool: those of the named groups."""
        self.hint.setText(f"{title}: {hint[:1].lower()}{hint[1:]}")
        self.hint.setToolTip(hint)
        shown = set(groups)
        for name, widgets in self._groups.items():
            for widget in widgets:
                widget.setVisible(name in shown)

    def show_values(self, mode: PaintMode, values: dict[str, object], tolerance: float) -> None:
        """Show the options as they are.

        Parameters
        ----------
        values : by field of the settings.
        tolerance : of the chosen measure.
        """
        self._filling = True
        self.mode.setCurrentIndex(self.mode.findData(mode))
        self.brush_size.setValue(int(str(values["brush_size"])))
        self.segment.setValue(int(str(values["segment_size"])))
        self.square.setChecked(bool(values["brush_square"]))
        self.smooth.setChecked(bool(values["smooth_outlines"]))
        self.connected.setChecked(bool(values["wand_connected"]))
        self.fill_by.setCurrentIndex(self.fill_by.findData(values["fill_by"]))
        self.measure.setCurrentIndex(self.measure.findData(values["wand_measure"]))
        angle = values["wand_measure"] == "angle"
        self.tolerance.setRange(0.001, 2.0 if angle else 20.0)
        self.tolerance.setSuffix(" rad" if angle else "")
        self.tolerance.setSingleStep(0.005 if angle else 0.05)
        self.tolerance.setValue(tolerance)
        self._filling = False

    def refresh_theme(self) -> None:
        """Draw the icons in the colours of the theme."""
        self.accept.setIcon(icon("check"))
        self.drop.setIcon(icon("close"))

    def _add(self, group: str, widget: QWidget, name: str) -> None:
        widget.setAccessibleName(name)
        if not widget.toolTip():
            widget.setToolTip(name)
        widget.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._groups.setdefault(group, []).append(widget)
        self._row.addWidget(widget)

    def _combo(self, group: str, name: str, items: Iterable[tuple[object, str]]) -> QComboBox:
        box = ChoiceBox()
        for data, text in items:
            box.addItem(text, data)
        self._add(group, box, name)
        return box

    def _check(self, group: str, field: str, text: str, name: str) -> QCheckBox:
        box = QCheckBox(text)
        box.setProperty("field", field)
        self._add(group, box, name)
        box.toggled.connect(self._on_value)
        return box

    def _spin(
        self, group: str, field: str, name: str, low: int, high: int, prefix: str, step: int
    ) -> QSpinBox:
        box = QSpinBox()
        box.setRange(low, high)
        box.setSingleStep(step)
        box.setPrefix(prefix)
        box.setSuffix(" px")
        box.setKeyboardTracking(False)
        box.setProperty("field", field)
        self._add(group, box, name)
        box.valueChanged.connect(self._on_value)
        return box

    @Slot(bool)
    @Slot(int)
    def _on_value(self, value: object) -> None:
        if not self._filling:
            self.option_changed.emit(self.sender().property("field"), value)

    @Slot(int)
    def _on_choice(self, _index: int) -> None:
        box = self.sender()
        if isinstance(box, QComboBox):
            self.option_changed.emit(box.property("field"), box.currentData())

    @Slot(int)
    def _on_mode(self, _index: int) -> None:
        self.mode_chosen.emit(self.mode.currentData())

    @Slot(float)
    def _on_tolerance(self, value: float) -> None:
        if not self._filling:
            self.option_changed.emit("tolerance", value)


class ElidedLabel(QLabel):
    """One line that ends in "…" where there is no room for it; it takes what room is left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw as much as fits."""
        room = self.contentsRect()
        elided = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, room.width()
        )
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignVCenter), elided)
        painter.end()
