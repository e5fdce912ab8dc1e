"""SessionList: unsaved or discarded work, one row each, and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.session.storage.recoverable_sessions import RecoverableSession
from hsi_viewer.ui.dialogs import muted

TITLES = ("Scene", "Last change", "Contents")
WORK_ROLE = Qt.ItemDataRole.UserRole


class SessionList(QDialog):
    """Lists work; what is asked of a row is left to the caller.

    Signals
    -------
    asked(action, RecoverableSession) : a button was pressed, or a row double-clicked.

    Parameters
    ----------
    title, about : of the window, and a sentence below the list.
    rows : texts of each row, a sentence about it, and the work itself.
    actions : buttons; double-clicking a row presses the first.
    """

    asked = Signal(str, object)

    def __init__(
        self,
        title: str,
        about: str,
        rows: Sequence[tuple[tuple[str, str, str], str, RecoverableSession]],
        actions: Sequence[str],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._first = actions[0]
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(title)
        self.tree.setHeaderLabels(TITLES)
        self.tree.setRootIsDecorated(False)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.tree.header()
        for column in (0, 1):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        for texts, sentence, work in rows:
            item = QTreeWidgetItem(list(texts))
            item.setData(0, WORK_ROLE, work)
            for column in range(len(texts)):
                item.setToolTip(column, sentence)
            self.tree.addTopLevelItem(item)
        first = self.tree.topLevelItem(0)
        if first is not None:
            self.tree.setCurrentItem(first)
        self.tree.itemDoubleClicked.connect(self._on_first)
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        box.rejected.connect(self.reject)
        self.buttons = [
            box.addButton(action, QDialogButtonBox.ButtonRole.ActionRole) for action in actions
        ]
        for button in self.buttons:
            button.clicked.connect(self._on_button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.tree)
        layout.addWidget(muted(about))
        layout.addWidget(box)
        self.resize(66 * self.fontMetrics().averageCharWidth(), 300)

    def remove(self, work: RecoverableSession) -> None:
        """Remove the row of some work; the list closes when none is left."""
        for number in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(number)
            if item is not None and item.data(0, WORK_ROLE) is work:
                self.tree.takeTopLevelItem(number)
                break
        if not self.tree.topLevelItemCount():
            self.accept()

    @Slot()
    def _on_button(self) -> None:
        button = self.sender()
        self._ask(next(b.text() for b in self.buttons if b is button))

    @Slot()
    def _on_first(self) -> None:
        self._ask(self._first)

    def _ask(self, action: str) -> None:
        item = self.tree.currentItem()
        if item is not None:
            self.asked.emit(action, item.data(0, WORK_ROLE))
