"""CommandPalette: find any command by its words; ShortcutPage: all keys on one page."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.ui.commands.table import CommandTable

ID_ROLE = Qt.ItemDataRole.UserRole


class CommandPalette(QDialog):
    """A line to type in and the commands whose words match."""

    def __init__(self, table: CommandTable, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Commands")
        self._table = table
        self.line = QLineEdit()
        self.line.setPlaceholderText("Type what you want to do")
        self.line.setClearButtonEnabled(True)
        self.line.textChanged.connect(self._filter)
        self.line.installEventFilter(self)
        self.list = QListWidget()
        self.list.itemActivated.connect(self._run)
        layout = QVBoxLayout(self)
        layout.addWidget(self.line)
        layout.addWidget(self.list)
        self.resize(460, 380)
        self._filter("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows and Enter in the line work on the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None and self.list.count():
                self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                item = self.list.currentItem()
                if item is not None:
                    self._run(item)
                return True
        return super().eventFilter(watched, event)

    @Slot(str)
    def _filter(self, text: str) -> None:
        words = text.lower().split()
        self.list.clear()
        for command in self._table.commands:
            place = command.menu.replace("&", "")
            searched = f"{place} {command.words}".lower()
            if all(w in searched for w in words) and self._table.action(command.id).isEnabled():
                keys = f"    {command.keys}" if command.keys else ""
                item = QListWidgetItem(f"{place} › {command.words}{keys}")
                item.setData(ID_ROLE, command.id)
                self.list.addItem(item)
        self.list.setCurrentRow(0)

    @Slot(QListWidgetItem)
    def _run(self, item: QListWidgetItem) -> None:
        action = self._table.action(item.data(ID_ROLE))
        self.close()
        action.trigger()


class ShortcutPage(QDialog):
    """Every command with its keys."""

    def __init__(self, table: CommandTable, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keyboard shortcuts")
        rows = [
            (c.menu.replace("&", ""), c.words.rstrip("…"), c.keys)
            for c in table.commands
            if c.shortcuts
        ]
        rows += [
            ("Image", "Zoom at the cursor", "Wheel"),
            ("Image", "Pan", "Middle drag, Space + drag, arrows"),
            ("Image", "Fit the scene", "Double click (navigate tool)"),
            ("Image", "Pin the spectrum", "Click (navigate tool)"),
        ]
        grid = QTableWidget(len(rows), 3)
        grid.setHorizontalHeaderLabels(["Where", "What", "Keys"])
        grid.verticalHeader().hide()
        grid.setShowGrid(False)
        grid.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        for r, row in enumerate(rows):
            for c, text in enumerate(row):
                grid.setItem(r, c, QTableWidgetItem(text))
        grid.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        grid.resizeColumnToContents(0)
        grid.resizeColumnToContents(2)
        layout = QVBoxLayout(self)
        layout.addWidget(grid)
        self.resize(560, 560)
