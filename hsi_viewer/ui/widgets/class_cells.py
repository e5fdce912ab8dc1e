"""Cells of the class list: the editor of a name, and the key that chooses a class."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRectF,
    Qt,
    QTimer,
    Slot,
)
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCompleter,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from hsi_viewer.ui.cut_names import CutDelegate
from hsi_viewer.ui.theme import current_theme

PADDING = 12  # of a row of the list of names, as in the style sheet

# The list of names, or another program, has the focus for a moment: the line stays open.
ELSEWHERE = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)
Index = QModelIndex | QPersistentModelIndex


class NameDelegate(CutDelegate):
    """Edits a class name in place, and lists the names that the scene knows."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.known_names: tuple[str, ...] = ()
        self._line: QLineEdit | None = None
        self._completer: QCompleter | None = None
        self._before = ""  # the name when the line was opened

    def createEditor(
        self, parent: QWidget, _option: QStyleOptionViewItem, _index: Index
    ) -> QWidget:
        """A line, with the known names below it while nothing is typed or they match."""
        line = self._line = QLineEdit(parent)
        line.setAccessibleName("Class name")
        self._completer = None
        if self.known_names:
            completer = self._completer = QCompleter(list(self.known_names), line)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            line.setCompleter(completer)
            names = cast("QAbstractItemView", completer.popup())
            names.setMinimumWidth(self._width(names))
            names.installEventFilter(self)
            completer.activated.connect(self._on_picked)
            QTimer.singleShot(0, line, self._list_all)
        return line

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Show the present name, selected, so that typing replaces it."""
        line = cast("QLineEdit", editor)
        self._before = str(index.data() or "")
        line.setText(self._before)
        line.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """Take what was typed or picked; an empty name keeps the one of before."""
        text = cast("QLineEdit", editor).text().strip()
        if text and text != self._before:
            model.setData(index, text)

    def destroyEditor(self, editor: QWidget, index: Index) -> None:
        """Forget the line."""
        self._line = self._completer = None
        super().destroyEditor(editor, index)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter and Escape end the editing also while the list of names is open."""
        if watched is self._line:
            if isinstance(event, QFocusEvent) and event.reason() in ELSEWHERE:
                return False
            return super().eventFilter(watched, event)
        line, names = self._line, cast("QAbstractItemView", watched)
        if event.type() == QEvent.Type.Hide and line is not None:
            line.window().activateWindow()  # not every platform does, and keys would go nowhere
        if event.type() in (QEvent.Type.Show, QEvent.Type.Move):
            _keep_on_screen(names)
        if line is None or event.type() != QEvent.Type.KeyPress:
            return False
        key = cast("QKeyEvent", event).key()
        if key == Qt.Key.Key_Escape:
            self._end(QStyledItemDelegate.EndEditHint.RevertModelCache)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            chosen = names.currentIndex()
            self._on_picked(str(chosen.data()) if chosen.isValid() else line.text())
        else:
            return False
        return True

    def accept(self) -> None:
        """Take what is typed, if a name is open."""
        if self._line is not None:
            self._on_picked(self._line.text())

    @Slot()
    def _list_all(self) -> None:
        if self._line is not None and self._completer is not None and self._line.hasFocus():
            self._completer.setCompletionPrefix("")
            self._completer.complete()

    def _width(self, names: QAbstractItemView) -> int:
        """How wide the known names are, as far as the screen goes."""
        metrics, bar = names.fontMetrics(), names.verticalScrollBar().sizeHint().width()
        longest = max(metrics.horizontalAdvance(name) for name in self.known_names)
        room = names.screen().availableGeometry().width()
        return min(longest + bar + 4 * names.frameWidth() + PADDING, room)

    @Slot(str)
    def _on_picked(self, name: str) -> None:
        if self._line is not None:
            self._line.setText(name)
            self.commitData.emit(self._line)
            self._end(QStyledItemDelegate.EndEditHint.NoHint)

    def _end(self, hint: QStyledItemDelegate.EndEditHint) -> None:
        if self._line is not None:
            if self._completer is not None:
                cast("QAbstractItemView", self._completer.popup()).hide()
            self.closeEditor.emit(self._line, hint)


def _keep_on_screen(names: QWidget) -> None:
    """The list is wider than the line that it belongs to, and may begin at the screen's edge."""
    beyond = names.geometry().right() - names.screen().availableGeometry().right()
    if beyond > 0:
        names.move(names.x() - beyond, names.y())


class KeyDelegate(QStyledItemDelegate):
    """Draws the digit that chooses a class as a key of the keyboard."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """Leave the text to `paint`."""
        super().initStyleOption(option, index)
        option.text = ""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """A framed digit."""
        super().paint(painter, option, index)
        text = str(index.data() or "")
        if not text:
            return
        theme = current_theme()
        metrics = option.fontMetrics
        side = metrics.height()
        rect = QRectF(option.rect)
        cap = QRectF(0, 0, side, side)
        cap.moveCenter(rect.center())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(theme["muted"]))
        painter.setBrush(QColor(theme["panel"]))
        painter.drawRoundedRect(cap.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setPen(QColor(theme["text"]))
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()
