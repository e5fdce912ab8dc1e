"""WhyPanel: why a pixel has its class — bands, voices and training pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.assessment.confusion_table import TextTable
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.explanation import BandGroup, Explanation
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.ui.plots.axes import WholeAxis, keep_high, plain_axes, refresh_axes
from hsi_viewer.ui.plots.compared_spectra import show_compared
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot
from hsi_viewer.ui.theme import current_theme
from hsi_viewer.ui.widgets.copy_table import CopyTable
from hsi_viewer.ui.widgets.table_filling import filled_at_once
from hsi_viewer.ui.wrapped_label import WrappedLabel

PICK = "Click a pixel with Navigate (N) to see why the map gives it its class."
HEADS = {
    "bands": ("Bands", "Effect", "Without"),
    "voices": ("Voice", "Weight", "Says", "%"),
    "nearest": ("Class", "Row", "Column", "Distance"),
}
WIDE = {"bands": (0,), "voices": (0, 2), "nearest": (0,)}  # columns that share the room
TIPS = {
    "Effect": "Log-odds of the class less those without these bands: above 0 they speak for it",
    "Without": "Probability of the class if these bands told nothing, in percent",
    "Weight": "Part of the voice in the answer; 0 for one that isn't heard on this scene",
    "Says": "The class that the voice finds most likely by itself",
    "%": "Its probability",
    "Distance": "In what the model sees; 1 is the mean distance between two training pixels",
}


class _Plots(QWidget):
    """Plots below a text that wraps: as low as they may be, and not as high as they would be."""

    def hasHeightForWidth(self) -> bool:
        """Else the tabs would take the height that is wanted for the least one."""
        return False


PLOT_HEIGHT, EFFECTS_HEIGHT = 84, 48  # pixels at least, at text of 100 %


class WhyPanel(QWidget):
    """Shows an explanation; it computes nothing itself.

    Signals
    -------
    shown() : the panel came to the front.
    pixel_chosen(row, column) : a training pixel should be shown on the image.
    """

    shown = Signal()
    pixel_chosen = Signal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.found: Explanation | None = None
        self._name_of: Callable[[int], str] = str
        self._cube: HyperCube | None = None
        self.title, self.note, self.words = WrappedLabel(), WrappedLabel(), WrappedLabel()
        self.note.setObjectName("muted")
        self.plot = SpectrumPlot()
        self.plot.setAccessibleName("Spectrum of the pixel and mean spectra of classes")
        self._axis = WholeAxis("bottom")
        self.effects = pg.PlotWidget(axisItems=plain_axes(self._axis), enableMenu=False)
        self.effects.setAccessibleName("Effect of each group of bands on the class")
        self.effects.setToolTip("Bands that speak for the class, above 0, and against it")
        item = self.effects.getPlotItem()
        item.hideButtons()
        item.setMouseEnabled(False, False)
        self._bars: pg.BarGraphItem | None = None
        self.tables = {
            "bands": CopyTable("Effect of each group of bands", lambda: self._copied("bands")),
            "voices": CopyTable("What each voice says", lambda: self._copied("voices")),
            "nearest": CopyTable("Nearest training pixels", lambda: self._copied("nearest")),
        }
        self.tables["nearest"].setToolTip(
            "Click a row, or press Enter on it, to show the pixel. Ctrl+C copies the whole table"
        )
        self.tables["nearest"].cellClicked.connect(self._on_chosen)
        self.tables["nearest"].cellActivated.connect(self._on_chosen)
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName("Explanation")
        self.tabs.setObjectName("tight")
        for (key, table), title in zip(
            self.tables.items(), ("Bands", "Voices", "Nearest"), strict=True
        ):
            table.verticalHeader().hide()
            self.tabs.addTab(table, title)
            head = HEADS[key]
            table.setColumnCount(len(head))
            table.setHorizontalHeaderLabels(list(head))
            for column, name in enumerate(head):
                header = table.horizontalHeaderItem(column)
                if header is not None:
                    header.setToolTip(TIPS.get(name, ""))
            sizes = table.horizontalHeader()
            sizes.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
            for wide in WIDE[key]:
                sizes.setSectionResizeMode(wide, QHeaderView.ResizeMode.Stretch)
        plots = _Plots()
        above = QVBoxLayout(plots)
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(2)
        above.addWidget(self.words)
        above.addWidget(self.plot, 3)
        above.addWidget(self.effects, 2)
        self.tabs.insertTab(0, plots, "Spectrum")
        self.tabs.setCurrentIndex(0)
        self.tabs.setUsesScrollButtons(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 6)
        layout.addWidget(self.title)
        layout.addWidget(self.note)
        layout.addWidget(self.tabs, 1)
        layout.addStretch(0)  # takes the room while there is nothing to explain
        self.refresh_theme()
        self.show_message(PICK)

    def showEvent(self, event: QShowEvent) -> None:
        """Announce it: what was not seen was not computed."""
        super().showEvent(event)
        self.shown.emit()

    def refresh_theme(self) -> None:
        """Take the colours of the current theme."""
        theme = current_theme()
        keep_high(self.plot, PLOT_HEIGHT)
        keep_high(self.effects, EFFECTS_HEIGHT)
        self.plot.refresh_theme()
        self.plot.redraw()
        self.effects.setBackground(theme["plot"])
        refresh_axes(self.effects.getPlotItem())
        if self.found is not None:
            self._draw_effects(self.found.groups)

    def show_message(self, text: str) -> None:
        """Say why there is no explanation."""
        self.found = None
        self.title.setText(text)
        self.note.hide()
        self.tabs.hide()

    def show_explanation(
        self, found: Explanation, cube: HyperCube, legend: ClassLegend, note: str
    ) -> None:
        """Show why a pixel has its class.

        Parameters
        ----------
        cube : the scene.
        legend : names and colours of the classes.
        note : what else to know, in words; "" for nothing.
        """
        self.found, self._name_of = found, legend.name_of
        sure = float(found.probabilities[found.class_ids.index(found.class_id)])
        self.title.setText(
            f"{legend.name_of(found.class_id)}, {100 * sure:.0f} % at row {found.row + 1}, "
            f"column {found.column + 1}"
        )
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.tabs.show()
        if self._cube is not cube:
            self._cube = cube
            self.plot.show_cube(cube)
        order = np.argsort(-found.probabilities, kind="stable")
        likely = [found.class_id, *(found.class_ids[k] for k in order)]
        some = list(dict.fromkeys(likely))[:3]
        show_compared(self.plot, self.words, found.spectrum, some, found.class_means, legend)
        self._draw_effects(found.groups)
        for key, table in self.tables.items():
            _fill(table, self.rows(key))

    def rows(self, key: str) -> list[tuple[str, ...]]:
        """The rows of a table as text."""
        found, name = self.found, self._name_of
        if found is None:
            return []
        if key == "bands":
            groups = sorted(found.groups, key=lambda g: -abs(g.effect))
            return [(g.title, f"{g.effect:+.2f}", f"{100 * g.without:.1f}") for g in groups]
        if key == "voices":
            return [
                (
                    v.title,
                    f"{v.weight:.2f}",
                    name(found.class_ids[int(v.probabilities.argmax())]),
                    f"{100 * float(v.probabilities.max()):.0f}",
                )
                for v in found.voices
            ]
        return [
            (name(p.class_id), str(p.row + 1), str(p.column + 1), f"{p.distance:.3f}")
            for p in found.nearest
        ]

    def _copied(self, key: str) -> str:
        found = self.found
        if found is None:
            return ""
        head, rows = HEADS[key], self.rows(key)
        if key == "voices":  # and what each says of every class
            head = (*head, *(self._name_of(i) for i in found.class_ids))
            rows = [
                (*row, *(f"{100 * float(p):.2f}" for p in voice.probabilities))
                for row, voice in zip(rows, found.voices, strict=True)
            ]
        return TextTable(self.title.text(), head, tuple(rows)).tabs()

    def _draw_effects(self, groups: Sequence[BandGroup]) -> None:
        """Bars over the axis of the spectrum, in the colours of right and wrong."""
        theme, item, cube = current_theme(), self.effects.getPlotItem(), self._cube
        if self._bars is not None:
            item.removeItem(self._bars)
        waves = None if cube is None else cube.wavelengths
        ends = []
        for group in groups:
            at = np.array(group.bands, float) + 1
            if waves is not None and group.bands[-1] < waves.size:
                own = waves[list(group.bands)]
                at = own[np.isfinite(own)] if np.isfinite(own).any() else at
            ends.append((float(at.min()), float(at.max())))
        low, high = np.array(ends).T
        apart = np.diff(np.unique((low + high) / 2))
        widths = np.maximum(high - low, 0.8 * apart.min() if apart.size else 1.0)
        effects = np.array([g.effect for g in groups])
        self._bars = pg.BarGraphItem(
            x=(low + high) / 2,
            width=widths,
            height=effects,
            brushes=[theme["accent" if e >= 0 else "red"] for e in effects],
            pen=pg.mkPen(None),
        )
        item.addItem(self._bars)

    @Slot(int, int)
    def _on_chosen(self, row: int, _column: int) -> None:
        if self.found is not None and row < len(self.found.nearest):
            near = self.found.nearest[row]
            self.pixel_chosen.emit(near.row, near.column)


def _fill(table: CopyTable, rows: Sequence[Sequence[str]]) -> None:
    with filled_at_once(table):
        table.setRowCount(len(rows))
        for r, cells in enumerate(rows):
            for c, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if c and (text[:1].isdigit() or text[:1] in "+-"):
                    item.setTextAlignment(
                        Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    )
                table.setItem(r, c, item)
