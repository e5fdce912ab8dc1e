"""QuestionPanel: a question about a place, a close-up of it, and what to answer with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct
from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QFont,
    QFontMetrics,
    QIcon,
)
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.ui.cut_names import fitted
from hsi_viewer.ui.plots.axes import keep_high
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot
from hsi_viewer.ui.questions.answer_keys import Action
from hsi_viewer.ui.scene.scene_view import SceneView
from hsi_viewer.ui.widgets.region_panel import swatch
from hsi_viewer.ui.wrapped_label import WrappedLabel

PER_ROW = 3  # buttons side by side
ROOM = 8  # pixels of padding and border beside the text of a button
MARGINS = 16  # pixels beside icon, number and name of a class
PLOT_HEIGHT = 84  # pixels at least, at text of 100 %
MOST_ROWS = 10  # of the list of classes that are seen at once, where there is room


class AnswerButton(NamedTuple):
    """What a button does, its words, its key and its tip."""

    action: Action
    words: str
    key: str
    tip: str


class Asked(Struct, frozen=True):
    """What differs between panels.

    Attributes
    ----------
    place : what is asked about, in a word.
    spectrum : accessible name of the plot.
    start : words of the button that starts.
    buttons : answers other than a class.
    close_up : width and height of the close-up in pixels of the screen.
    """

    place: str
    spectrum: str
    start: str
    buttons: tuple[AnswerButton, ...]
    close_up: int


class _AnswerPush(QPushButton):
    """As narrow as its text, of any size."""

    def sizeHint(self) -> QSize:
        """Room for the text, which is the least size, too; a row shares the rest."""
        width = self.fontMetrics().horizontalAdvance(self.text()) + ROOM
        return QSize(width, super().sizeHint().height())


class QuestionPanel(QWidget):
    """Shows one place at a time; it changes nothing itself.

    Signals
    -------
    started() : questions are wanted.
    class_chosen(id) : the answer is a class.
    acted(str) : another answer, an `Action`.

    Parameters
    ----------
    canvas : gets the keys while the close-up is clicked.
    asked : what differs from other panels.

    Attributes
    ----------
    asking : all that is hidden while nothing is asked.
    """

    started = Signal()
    class_chosen = Signal(int)
    acted = Signal(str)

    def __init__(self, canvas: QWidget, asked: Asked, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.question = WrappedLabel()
        self.question.setAccessibleName("Question")
        self.close_up = SceneView()
        self.close_up.setAccessibleName(f"Close-up of the {asked.place}")
        self.close_up.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.close_up.setFocusProxy(canvas)
        self.close_up.setFixedSize(asked.close_up, asked.close_up)
        self.classes = QListWidget()
        self.classes.setAccessibleName("Classes to answer with")
        self.classes.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.classes.setIconSize(QSize(12, 12))
        self.classes.setMinimumHeight(asked.close_up)
        self.classes.setSizeAdjustPolicy(QListWidget.SizeAdjustPolicy.AdjustToContents)
        self.classes.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.classes.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.classes.setMinimumWidth(110)
        self.classes.itemClicked.connect(self._on_class)
        self.classes.viewport().installEventFilter(self)
        self.classes.verticalScrollBar().rangeChanged.connect(self._bring_likeliest)
        self._likeliest: QListWidgetItem | None = None
        self.buttons = {each.action: self._button(each) for each in asked.buttons}
        self.plot = SpectrumPlot()
        self.plot.setAccessibleName(asked.spectrum)
        self.start_button = QPushButton(asked.start)
        self.start_button.setObjectName("primary")
        self.start_button.clicked.connect(self.started)
        self.asking = QWidget()

    def _button(self, answer: AnswerButton) -> QPushButton:
        button = _AnswerPush(f"{answer.words} ({answer.key})")
        button.setToolTip(answer.tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setProperty("action", answer.action)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setStyleSheet("padding-left: 2px; padding-right: 2px;")
        button.clicked.connect(self._on_button)
        return button

    def lay_out(
        self,
        *,
        above: Sequence[QWidget] = (),
        below_answers: Sequence[QHBoxLayout] = (),
        below_plot: Sequence[QWidget] = (),
    ) -> QVBoxLayout:
        """Put all in its place, with what a panel adds; what is below comes after."""
        top = QHBoxLayout()
        top.setSpacing(6)
        top.addWidget(self.close_up, 0, Qt.AlignmentFlag.AlignTop)
        top.addWidget(self.classes, 1)
        grid = QGridLayout()
        grid.setSpacing(4)
        for n, button in enumerate(self.buttons.values()):
            grid.addWidget(button, n // PER_ROW, n % PER_ROW)
        inner = QVBoxLayout(self.asking)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(4)
        for row in (top, grid, *below_answers):
            inner.addLayout(row)
        inner.addWidget(self.plot, 2)
        for widget in below_plot:
            inner.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(4)
        for widget in (self.question, *above, self.start_button):
            layout.addWidget(widget)
        layout.addWidget(self.asking, 2)
        return layout

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Cut the names of the classes for the room that they have now."""
        if event.type() == QEvent.Type.Resize:
            self._write_names()
        return False

    def refresh_theme(self) -> None:
        """Take the colours and the text size of the theme, which the axes of the plot grow with."""
        keep_high(self.plot, PLOT_HEIGHT)
        self.plot.refresh_theme()
        self.plot.redraw()

    # what is shown ---------------------------------------------------------------------------

    def show_active(self, active: bool) -> None:
        """Show the place that is asked about, or the button that starts."""
        self.asking.setVisible(active)
        self.start_button.setVisible(not active)

    def show_question(self, text: str) -> None:
        """Show a question or message, and have a screen reader say it."""
        if text == self.question.text():
            return
        self.question.setText(text)
        self.question.setAccessibleDescription(text)
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self.question, text))

    def show_classes(self, classes: Sequence[LabelClass], likely: Sequence[int] = ()) -> None:
        """List the classes with their numbers; the likely ones (ids) are bold."""
        self._likeliest = None
        self.classes.clear()
        for number, entry in enumerate(classes, 1):
            item = QListWidgetItem(QIcon(swatch(entry)), "")
            item.setData(Qt.ItemDataRole.UserRole, entry.id)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{number}  {entry.name}")
            font = item.font()
            font.setBold(entry.id in likely)
            item.setFont(font)
            item.setToolTip(entry.name)
            self.classes.addItem(item)
            if entry.id in likely[:1]:
                self._likeliest = item
        self._write_names()
        rows = min(len(classes), MOST_ROWS) * self.classes.sizeHintForRow(0)
        wanted = rows + 2 * self.classes.frameWidth()
        self.classes.setMaximumHeight(max(wanted, self.classes.minimumHeight()))
        self._bring_likeliest()

    @Slot()
    def _bring_likeliest(self) -> None:
        """Scroll to the likeliest class, again when the list gets more or less room."""
        if self._likeliest is not None:
            self.classes.scrollToItem(self._likeliest)

    def _write_names(self) -> None:
        """Write the numbers whole, and as much of the names as there is room for."""
        items = [self.classes.item(row) for row in range(self.classes.count())]
        bold = QFont(self.classes.font())
        bold.setBold(True)
        metrics = QFontMetrics(bold)
        beside = self.classes.iconSize().width() + metrics.horizontalAdvance("00  ") + MARGINS
        width = self.classes.viewport().width() - beside
        names = fitted([item.toolTip() for item in items], metrics, width)
        for number, (item, name) in enumerate(zip(items, names, strict=True), 1):
            item.setText(f"{number}  {name}")

    # what is done ----------------------------------------------------------------------------

    @Slot(QListWidgetItem)
    def _on_class(self, item: QListWidgetItem) -> None:
        self.class_chosen.emit(item.data(Qt.ItemDataRole.UserRole))

    @Slot()
    def _on_button(self) -> None:
        self.acted.emit(self.sender().property("action"))
