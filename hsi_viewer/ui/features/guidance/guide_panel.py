"""GuidePanel: the question about a place, the classes to answer with, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QAccessibleEvent,
    QColor,
    QIcon,
    QPixmap,
)
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.labels.classes import Colour, LabelClass
from hsi_viewer.ui.plots.progress_plot import ProgressPlot
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot
from hsi_viewer.ui.scene.scene_view import SceneView
from hsi_viewer.ui.theme import icon

AREAS = (
    ("segment core", "core", "What lies inside the border of the segment"),
    ("whole segment", "segment", "All pixels around it that look alike"),
    ("only the pixel", "pixel", "The pixel in the middle"),
)
CLOSE_UP = 108  # screen pixels
# What a button does, its words and its key.
BUTTONS = (
    ("next", "Later", "Space"),
    ("skip", "Skip", "S"),
    ("no_class", "None", "X"),
    ("new_class", "New", "N"),
    ("take_back", "Undo", "U"),
    ("leave", "Stop", "Esc"),
)
TIPS = {
    "next": "Show the next place; this one comes again",
    "skip": "Never ask about this place again",
    "no_class": "None of the classes is here: kept, and never asked again",
    "new_class": "Add a class and label this place with it",
    "take_back": "Undo the last answer and ask again",
    "leave": "End the guide",
}


class GuidePanel(QWidget):
    """Shows one place at a time; it changes nothing itself.

    Signals
    -------
    started() : the guide is wanted.
    class_chosen(id) : the answer is a class.
    acted(str) : another answer; see BUTTONS.
    area_changed(str) : what an answer covers.
    """

    started = Signal()
    class_chosen = Signal(int)
    acted = Signal(str)
    area_changed = Signal(str)

    def __init__(self, canvas: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.question = QLabel()
        self.question.setWordWrap(True)
        self.question.setTextFormat(Qt.TextFormat.PlainText)
        self.question.setAccessibleName("Question")
        self.close_up = SceneView()
        self.close_up.setAccessibleName("Close-up of the place")
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
        self.plot.setAccessibleName("Spectrum of the place and mean spectra of two classes")
        self.plot.setMinimumHeight(84)
        self.legend = QLabel()
        self.legend.setWordWrap(True)
        self.legend.setObjectName("muted")
        self.area = QComboBox()
        self.area.setAccessibleName("An answer labels")
        self.area.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for words, value, tip in AREAS:
            self.area.addItem(words, value)
            self.area.setItemData(self.area.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.area.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.area.setToolTip("The pixels that an answer labels; . labels only the pixel, once")
        self.area.activated.connect(self._on_area)
        self.buttons = {name: self._button(name, words, key) for name, words, key in BUTTONS}
        self.start_button = QPushButton("Guide me (H)")
        self.start_button.setObjectName("primary")
        self.start_button.clicked.connect(self.started)
        self.progress = QLabel()
        self.progress.setWordWrap(True)
        self.progress.setTextFormat(Qt.TextFormat.PlainText)
        self.progress_plot = ProgressPlot()
        self._lay_out()
        self.refresh_theme()
        self.show_active(False)

    def _button(self, name: str, words: str, key: str) -> QPushButton:
        button = QPushButton(f"{words} ({key})")
        button.setToolTip(TIPS[name])
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
        area = QHBoxLayout()
        area.addWidget(QLabel("Answers label"))
        area.addWidget(self.area, 1)
        self.asking = QWidget()
        inner = QVBoxLayout(self.asking)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(4)
        inner.addLayout(top)
        inner.addLayout(grid)
        inner.addLayout(area)
        inner.addWidget(self.plot, 2)
        inner.addWidget(self.legend)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(4)
        layout.addWidget(self.question)
        layout.addWidget(self.start_button)
        layout.addWidget(self.asking, 2)
        layout.addWidget(self.progress)
        layout.addWidget(self.progress_plot, 1)
        layout.addStretch(0)

    def refresh_theme(self) -> None:
        """Take the colours and icons of the theme."""
        self.plot.refresh_theme()
        self.plot.redraw()
        self.progress_plot.refresh_theme()
        self.start_button.setIcon(icon("compass-outline", "accent_text"))

    # what is shown ---------------------------------------------------------------------------

    def show_active(self, active: bool) -> None:
        """Show the question, or the button that starts the guide."""
        self.asking.setVisible(active)
        self.start_button.setVisible(not active)

    def show_reason(self, reason: str | None) -> None:
        """Show why the guide cannot start; None enables its button."""
        self.start_button.setEnabled(reason is None)

    def show_question(self, text: str) -> None:
        """Show a question or message, and have a screen reader say it."""
        if text == self.question.text():
            return
        self.question.setText(text)
        self.question.setAccessibleDescription(text)
        if QAccessible.isActive():
            QAccessible.updateAccessibility(_announcement(self.question, text))

    def show_place(self, there: bool) -> None:
        """Enable what needs a place on the screen."""
        for name, button in self.buttons.items():
            button.setEnabled(there or name in ("leave", "take_back"))
        self.classes.setEnabled(there)
        self.close_up.setVisible(there)

    def show_classes(self, classes: Sequence[LabelClass], likely: Sequence[int]) -> None:
        """List the classes with their numbers; the likely ones are bold."""
        self.classes.clear()
        for number, entry in enumerate(classes, 1):
            item = QListWidgetItem(_swatch(entry.colour), f"{number}  {entry.name}")
            item.setData(Qt.ItemDataRole.UserRole, entry.id)
            font = item.font()
            font.setBold(entry.id in likely)
            item.setFont(font)
            item.setToolTip(entry.name)
            self.classes.addItem(item)
            if entry.id in likely[:1]:
                self.classes.scrollToItem(item)

    def choose_area(self, area: str) -> None:
        """Show what an answer covers."""
        self.area.setCurrentIndex(self.area.findData(area))

    # what is done ----------------------------------------------------------------------------

    @Slot(QListWidgetItem)
    def _on_class(self, item: QListWidgetItem) -> None:
        self.class_chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    @Slot()
    def _on_button(self) -> None:
        self.acted.emit(self.sender().property("action"))

    @Slot(int)
    def _on_area(self, _index: int) -> None:
        self.area_changed.emit(self.area.currentData())


def _announcement(widget: QWidget, text: str) -> QAccessibleEvent:
    return QAccessibleAnnouncementEvent(widget, text)


def _swatch(colour: Colour) -> QIcon:
    picture = QPixmap(12, 12)
    picture.fill(QColor(*colour))
    return QIcon(picture)
