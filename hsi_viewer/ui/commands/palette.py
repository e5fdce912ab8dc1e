"""CommandPalette: find any command by its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.ui.commands.synonyms import matches, nearest, place
from hsi_viewer.ui.commands.table import Command, CommandTable

ID_ROLE = Qt.ItemDataRole.UserRole


class CommandPalette(QDialog):
    """A line to type in and the commands whose words match.

    Parameters
    ----------
    more : what else is in menus, such as recent files: its words, and what does it.
    """

    def __init__(
        self,
        table: CommandTable,
        parent: QWidget,
        more: Mapping[str, Callable[[], object]] | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Commands")
        self._table, self._more = table, dict(more or {})
        self.line = QLineEdit()
        self.line.setPlaceholderText("Type a command")
        self.line.setAccessibleName("Command")
        self.line.setClearButtonEnabled(True)
        self.line.textChanged.connect(self._filter)
        self.line.installEventFilter(self)
        self.list = QListWidget()
        self.list.setAccessibleName("Matching commands")
        self.list.setWordWrap(True)  # a reason is read whole
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemActivated.connect(self._run)
        layout = QVBoxLayout(self)
        layout.addWidget(self.line)
        layout.addWidget(self.list)
        self.resize(560, 400)
        self._filter("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows and Enter in the line work on the list."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None and self.list.count():
                self._step(step)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                item = self.list.currentItem()
                if item is not None and item.data(ID_ROLE):
                    self._run(item)
                return True
        return super().eventFilter(watched, event)

    @Slot(str)
    def _filter(self, text: str) -> None:
        """List what fits: by its own words first, then by synonyms; what can't be done last.

        Of those that fit alike, the words as they were typed come before the same words apart, and
        nearer synonyms before others.
        """
        self.list.clear()
        titles = {c.id: self._title(c) for c in self._table.commands}
        titles |= {title: title for title in self._more}
        ranks = {i: matches(text, title) for i, title in titles.items()}
        found = [i for i, rank in ranks.items() if rank]
        if not found:
            likely = set(nearest(text, titles.values()))
            found = [i for i, title in titles.items() if title in likely]
            self._add_note(f"Nothing found for “{text.strip()}”." + (" Nearest:" if found else ""))
        whole = " ".join(text.casefold().split())

        def order(command_id: str) -> tuple[bool, int, bool, int]:
            title = titles[command_id]
            disabled = command_id not in self._more and not self._action(command_id).isEnabled()
            apart = whole not in title.casefold()
            return disabled, -ranks[command_id], apart, place(whole, title)

        found.sort(key=order)
        for command_id in found:
            self._add(command_id, titles[command_id])
        first = next((row for row in range(self.list.count()) if self._can_run(row)), -1)
        self.list.setCurrentRow(first)

    def _title(self, command: Command) -> str:
        """Its menus and its words, or the words alone: it is in no menu then."""
        return " › ".join(filter(None, (self._table.path(command.id), command.words)))

    def _action(self, command_id: str) -> QAction:
        return self._table.action(command_id)

    def _add(self, command_id: str, title: str) -> None:
        item = QListWidgetItem(title)
        item.setData(ID_ROLE, command_id)
        if command_id not in self._more:
            self._describe(item, command_id)
        self.list.addItem(item)

    def _describe(self, item: QListWidgetItem, command_id: str) -> None:
        """Add the keys of a command, whether it is on, and why it can't be done."""
        keys, action = self._table.keys(command_id), self._action(command_id)
        item.setText(item.text() + (f"    {keys}" if keys else ""))
        if not action.isEnabled():
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            reason = self._table.disabled_reason(command_id)
            item.setText(item.text() + (f"    — {reason}" if reason else ""))
            item.setToolTip(reason)
        elif action.isCheckable() and action.isChecked():
            item.setText(f"{item.text()}    ✓")

    def _add_note(self, text: str) -> None:
        item = QListWidgetItem(text)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        self.list.addItem(item)

    def _can_run(self, row: int) -> bool:
        return bool(self.list.item(row).flags() & Qt.ItemFlag.ItemIsEnabled)

    def _step(self, step: int) -> None:
        """Go to the next command that can be done."""
        rows = [row for row in range(self.list.count()) if self._can_run(row)]
        if rows:
            here = rows.index(self.list.currentRow()) if self.list.currentRow() in rows else -1
            self.list.setCurrentRow(rows[(here + step) % len(rows)])

    @Slot(QListWidgetItem)
    def _run(self, item: QListWidgetItem) -> None:
        command_id = item.data(ID_ROLE)
        if not command_id:
            return
        run = self._more.get(command_id) or self._action(command_id).trigger
        self.close()
        run()
