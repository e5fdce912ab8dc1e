"""ShortcutPage: every command with its keys, which can be changed here."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.ui.commands.key_map import portable, readable
from hsi_viewer.ui.commands.table import CommandTable
from hsi_viewer.ui.dialogs import resize_for_text
from hsi_viewer.ui.wrapped_label import WrappedLabel

ID_ROLE = Qt.ItemDataRole.UserRole
OTHER = "Other"  # commands that are in no menu
MOUSE = (
    ("Zoom at the cursor", "Wheel"),
    ("Pan", "Middle drag, Space + drag, arrows"),
    ("Fit the scene", "Double-click (navigate tool)"),
    ("Pin the spectrum", "Click (navigate tool)"),
)


class ShortcutPage(QDialog):
    """The keys of all commands, to be searched, changed and reset.

    Signals
    -------
    changed() : the key map was changed and is in use.
    """

    changed = Signal()

    def __init__(self, table: CommandTable, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keyboard shortcuts")
        self._table = table
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search commands and keys")
        self.search.setAccessibleName("Search commands and keys")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Commands and their keys")
        self.tree.setHeaderLabels(["What", "Keys"])
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.currentItemChanged.connect(self._on_chosen)
        self.prompt = QLabel("&New keys")
        self.keys = QKeySequenceEdit()
        self.keys.setMaximumSequenceLength(1)
        self.keys.setAccessibleName("New keys of the chosen command")
        self.keys.setToolTip("Click here, then press the keys")
        self.keys.keySequenceChanged.connect(self._on_pressed)
        self.prompt.setBuddy(self.keys)
        self.take = QPushButton("&Take it")
        self.take.setToolTip("Reassign the keys to this command")
        self.take.clicked.connect(self._assign)
        self.remove = QPushButton("&Remove")
        self.remove.setToolTip("Remove the keys of this command")
        self.remove.clicked.connect(self._remove)
        self.reset = QPushButton("Re&set")
        self.reset.setToolTip("Reset the keys of this command")
        self.reset.clicked.connect(self._reset)
        self.message = WrappedLabel()
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.reset_all = self.buttons.addButton("Reset &all", QDialogButtonBox.ButtonRole.ResetRole)
        self.reset_all.clicked.connect(self._reset_all)
        self.buttons.rejected.connect(self.reject)
        row = QHBoxLayout()
        row.addWidget(self.prompt)
        row.addWidget(self.keys, 1)
        for button in (self.take, self.remove, self.reset):
            button.setAutoDefault(False)
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.tree, 1)
        layout.addLayout(row)
        layout.addWidget(self.message)
        layout.addWidget(self.buttons)
        resize_for_text(self, 620, 600)
        self._items = self._fill()
        self._show_keys()
        self._on_chosen()

    def choose(self, command_id: str) -> None:
        """Choose a command of the list."""
        self.tree.setCurrentItem(self._items[command_id])

    def _fill(self) -> dict[str, QTreeWidgetItem]:
        groups: dict[str, QTreeWidgetItem] = {}
        items = {}
        for command in self._table.commands:
            path = self._table.path(command.id) or OTHER
            if path not in groups:
                groups[path] = self._group(path)
            item = QTreeWidgetItem(groups[path], [command.words.rstrip("…"), ""])
            item.setData(0, ID_ROLE, command.id)
            items[command.id] = item
        mouse = self._group("Mouse, on the image")
        for what, how in MOUSE:
            QTreeWidgetItem(mouse, [what, how])
        self.tree.expandAll()
        return items

    def _group(self, title: str) -> QTreeWidgetItem:
        group = QTreeWidgetItem(self.tree, [title])
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        bold = QFont(self.font())
        bold.setBold(True)
        group.setFont(0, bold)
        group.setToolTip(0, title)
        return group

    def _show_keys(self) -> None:
        for command_id, item in self._items.items():
            changed = self._table.key_map.is_changed(command_id)
            item.setText(1, self._table.keys(command_id))
            font = QFont(self.font())
            font.setItalic(changed)
            item.setFont(1, font)
            item.setToolTip(1, "Changed by you" if changed else "")

    @property
    def _chosen(self) -> str | None:
        item = self.tree.currentItem()
        return item.data(0, ID_ROLE) if item is not None else None

    @Slot(str)
    def _filter(self, text: str) -> None:
        words = text.lower().split()
        for n in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(n)
            if group is None:
                continue
            shown = 0
            for k in range(group.childCount()):
                item = cast("QTreeWidgetItem", group.child(k))
                searched = f"{group.text(0)} {item.text(0)} {item.text(1)}".lower()
                item.setHidden(not all(w in searched for w in words))
                shown += not item.isHidden()
            group.setHidden(not shown)

    @Slot()
    def _on_chosen(self) -> None:
        chosen = self._chosen
        self.keys.setEnabled(chosen is not None)
        self.remove.setEnabled(chosen is not None and bool(self._table.keys(chosen)))
        self.reset.setEnabled(chosen is not None and self._table.key_map.is_changed(chosen))
        self.keys.clear()
        self.take.hide()
        self.message.setText("Choose a command, then press its new keys." if not chosen else "")

    @Slot(QKeySequence)
    def _on_pressed(self, keys: QKeySequence) -> None:
        """Take free keys at once; ask before keys are taken from another command."""
        chosen, pressed = self._chosen, portable(keys.toString())
        self.take.hide()
        if chosen is None or not pressed:
            return
        reason = self._table.key_map.disabled_reason(pressed)
        owner = self._table.key_map.owner(pressed)
        if reason is not None:
            self.message.setText(reason)
        elif owner is None:
            self._assign()
        elif owner == chosen:
            self.message.setText(f"{readable([pressed])} already starts this command.")
        else:
            self.message.setText(
                f"{readable([pressed])} starts “{self._words(owner)}”. Reassign it, or press "
                "other keys."
            )
            self.take.show()

    @Slot()
    def _assign(self) -> None:
        chosen, pressed = self._chosen, portable(self.keys.keySequence().toString())
        if chosen is not None:
            loser = self._table.key_map.owner(pressed)
            self._table.key_map.assign(chosen, pressed)
            message = f"{readable([pressed])} now starts “{self._words(chosen)}”."
            if loser is not None:
                left = self._table.key_map.keys(loser)
                message += f" “{self._words(loser)}” has {readable(left) or 'no keys'} now."
            self._apply(message)

    @Slot()
    def _remove(self) -> None:
        if self._chosen is not None:
            self._table.key_map.clear(self._chosen)
            self._apply(f"“{self._words(self._chosen)}” has no keys now.")

    @Slot()
    def _reset(self) -> None:
        if self._chosen is not None:
            self._table.key_map.reset(self._chosen)
            self._apply(f"“{self._words(self._chosen)}” has its default keys again.")

    @Slot()
    def _reset_all(self) -> None:
        self._table.key_map.reset_all()
        self._apply("All shortcuts were reset.")

    def _apply(self, message: str) -> None:
        self._table.refresh_keys()
        self._show_keys()
        self._on_chosen()
        self.message.setText(message)
        self.changed.emit()

    def _words(self, command_id: str) -> str:
        return self._items[command_id].text(0)
