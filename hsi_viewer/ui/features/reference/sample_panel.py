"""SamplePanel: the reference point that is asked about, the classes to answer with, progress."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot
from hsi_viewer.ui.scene.scene_view import SceneView
from hsi_viewer.ui.widgets.region_panel import swatch

CLOSE_UP = 132  # screen pixels
# What a button does, its words, its key and its tip.
BUTTONS = (
    ("skip", "Unsure", "S", "You can't tell the class of this point: kept, and reported"),
    ("no_class", "None", "X", "None of the classes is here: the map is wrong at this point"),
    ("next", "Later", "Space", "Show the next point; this one comes again"),
    ("take_back", "Undo", "U", "Take the last answer back and ask again"),
    ("leave", "Stop", "Esc", "Stop labelling; go on whenever you like"),
)


class SamplePanel(QWidget):
    """Shows one point at a time; it changes nothing itself.

    Signals
    -------
    started(), drawn(), exported() : labelling, another sample or a file is wanted.
    class_chosen(id) : the answer is a class.
    acted(str) : another answer; see BUTTONS.
    """

    started = Signal()
    drawn = Signal()
    exported = Signal()
    class_chosen = Signal(int)
    acted = Signal(str)

    def __init__(self, canvas: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.question = QLabel()
        self.question.setWordWrap(True)
        self.question.setTextFormat(Qt.TextFormat.PlainText)
        self.question.setAccessibleName("Question")
        self.close_up = SceneView()
        self.close_up.setAccessibleName("Close-up of the point")
        self.close_up.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.close_up.setFocusProxy(canvas)
        self.close_up.setFixedSize(CLOSE_UP, CLOSE_UP)
        self.classes = QListWidget()
        self.classes.setAccessibleName("Classes to answer with")
        self.classes.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.classes.setIconSize(QSize(12, 12))
        self.classes.setFixedHeight(CLOSE_UP)
        self.classes.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.classes.setMinimumWidth(110)
        self.classes.itemClicked.connect(self._on_class)
        self.plot = SpectrumPlot()
        self.plot.setAccessibleName("Spectrum of the point")
        self.plot.setMinimumHeight(84)
        self.bar = QProgressBar()
        self.bar.setAccessibleName("Labelled points")
        self.bar.setFormat("%v of %m points")
        self.start_button = QPushButton("Label the points")
        self.start_button.setObjectName("primary")
        self.start_button.clicked.connect(self.started)
        self.draw_button = QPushButton("Draw a sample…")
        self.draw_button.clicked.connect(self.drawn)
        self.export_button = QPushButton("Export…")
        self.export_button.setToolTip("Save the points, to label them elsewhere or to keep them")
        self.export_button.clicked.connect(self.exported)
        self.buttons = {name: self._button(name, *rest) for name, *rest in BUTTONS}
        self._lay_out()
        self.refresh_theme()
        self.show_active(False)

    def _button(self, name: str, words: str, key: str, tip: str) -> QPushButton:
        button = QPushButton(f"{words} ({key})")
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setProperty("action", name)
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        button.setMinimumWidth(button.fontMetrics().horizontalAdvance(button.text()) + 8)
        button.setStyleSheet("padding-left: 2px; padding-right: 2px;")
        button.clicked.connect(self._on_button)
        return button

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.close_up, 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.classes, 1)
        grid = QGridLayout()
        grid.setSpacing(4)
        for n, button in enumerate(self.buttons.values()):
            grid.addWidget(button, n // 3, n % 3)
        self.asking = QWidget()
        inner = QVBoxLayout(self.asking)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(4)
        inner.addLayout(top)
        inner.addLayout(grid)
        inner.addWidget(self.plot, 2)
        row = QHBoxLayout()
        row.addWidget(self.draw_button)
        row.addWidget(self.export_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(4)
        layout.addWidget(self.question)
        layout.addWidget(self.bar)
        layout.addWidget(self.start_button)
        layout.addWidget(self.asking, 2)
        layout.addLayout(row)
        layout.addStretch(0)

    def refresh_theme(self) -> None:
        """Take the colours of the theme."""
        self.plot.refresh_theme()
        self.plot.redraw()

    # what is shown ---------------------------------------------------------------------------

    def show_active(self, active: bool) -> None:
        """Show the point that is asked about, or what can be started."""
        self.asking.setVisible(active)
        self.start_button.setVisible(not active)

    def show_state(self, *, can_draw: bool, done: int, total: int) -> None:
        """Enable what can be done, and show how many points have an answer."""
        self.draw_button.setEnabled(can_draw)
        self.export_button.setEnabled(total > 0)
        self.start_button.setEnabled(done < total)
        self.bar.setVisible(total > 0)
        self.bar.setMaximum(max(total, 1))
        self.bar.setValue(done)
        self.buttons["take_back"].setEnabled(done > 0)

    def show_question(self, text: str) -> None:
        """Show a question or message."""
        self.question.setText(text)
        self.question.setAccessibleDescription(text)

    def show_classes(self, classes: Sequence[LabelClass]) -> None:
        """List the classes with their numbers."""
        self.classes.clear()
        for number, entry in enumerate(classes, 1):
            item = QListWidgetItem(QIcon(swatch(entry)), f"{number}  {entry.name}")
            item.setData(Qt.ItemDataRole.UserRole, entry.id)
            item.setToolTip(entry.name)
            self.classes.addItem(item)

    # what is done ----------------------------------------------------------------------------

    @Slot(QListWidgetItem)
    def _on_class(self, item: QListWidgetItem) -> None:
        self.class_chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    @Slot()
    def _on_button(self) -> None:
        self.acted.emit(self.sender().property("action"))
