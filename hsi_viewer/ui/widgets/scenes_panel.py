"""ScenesPanel: the sessions of several scenes, which one is open, and one model of all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from hsi_viewer.ui.widgets.allowed import allow
from hsi_viewer.ui.widgets.name_room import NameRoom
from hsi_viewer.ui.widgets.row_table import RowTable
from hsi_viewer.ui.widgets.scene_row import SceneRow
from hsi_viewer.ui.widgets.sign_button import SignButton
from hsi_viewer.ui.widgets.table_filling import filled_at_once
from hsi_viewer.ui.wrapped_label import WrappedLabel

HEADERS = ("Scene", "Labels", "Classes", "Map")
LABELS, CLASSES, MAP = range(1, 4)
EMPTY = (
    "Save the session of each scene (Ctrl+S), add the files here, and train one model on the "
    "labels of all of them. Double-click a scene to open it."
)


class ScenesPanel(QWidget):
    """The list of scenes and what can be done with them.

    Signals
    -------
    add_requested(), open_requested(Path), remove_requested(Path), train_requested().
    project_open_requested(), project_save_requested() : a file that lists the scenes.
    shown() : the panel came into view, so what it shows may be out of date.
    """

    add_requested = Signal()
    open_requested = Signal(object)
    remove_requested = Signal(object)
    train_requested = Signal()
    project_open_requested = Signal()
    project_save_requested = Signal()
    shown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[SceneRow, ...] = ()
        self.table = RowTable("Scenes", HEADERS)
        self.table.setMinimumHeight(110)
        self._room = NameRoom(self.table, (LABELS,), (MAP, CLASSES))
        self.table.itemSelectionChanged.connect(self._on_selection)
        self.table.itemActivated.connect(self._on_open)
        self.hint = WrappedLabel(EMPTY)
        self.hint.setObjectName("muted")
        self.add_button = SignButton("Add sessions…", "plus", self.add_requested)
        self.open_button = SignButton("Open", "folder-open-outline", self._on_open)
        self.remove_button = SignButton("Remove", "minus", self._on_remove)
        self.train_button = SignButton(
            "Train on all…", "play-box-multiple-outline", self.train_requested
        )
        self.project_button = SignButton(
            "Open project…", "folder-multiple-outline", self.project_open_requested
        )
        self.save_button = SignButton("Save…", "content-save-outline", self.project_save_requested)
        self.save_button.setAccessibleName("Save the project")
        self.save_button.setToolTip("Save the list of scenes as a project")
        self.project = WrappedLabel()
        self.project.hide()
        rows = (QHBoxLayout(), QHBoxLayout(), QHBoxLayout())
        for index, button in enumerate(self._buttons()):
            rows[index // 2].addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 6)
        layout.addWidget(self.project)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.hint)
        for row in rows:
            layout.addLayout(row)
        self._on_selection()

    def _buttons(self) -> tuple[SignButton, ...]:
        return (
            *(self.add_button, self.open_button, self.remove_button, self.train_button),
            *(self.project_button, self.save_button),
        )

    def refresh_theme(self) -> None:
        """Draw the icons in the colours of the theme."""
        for button in self._buttons():
            button.refresh_theme()

    def show_scenes(self, rows: Sequence[SceneRow], open_now: Path | None) -> None:
        """List sessions, the open one in bold."""
        chosen = self.chosen()
        self._rows = tuple(rows)
        with filled_at_once(self.table):
            self.table.setRowCount(len(self._rows))
            for r, row in enumerate(self._rows):
                name = f"{row.scene} (not found)" if row.missing else row.scene
                texts = (name, f"{row.labels:,}", str(row.classes), "yes" if row.has_map else "")
                if row.problem:
                    texts = (row.scene, "?", "?", "?")
                for c, text in enumerate(texts):
                    item = QTableWidgetItem(text)
                    item.setToolTip(row.remark)
                    if c:
                        item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                    if row.path == open_now:
                        font = QFont(self.table.font())
                        font.setBold(True)
                        item.setFont(font)
                        item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{text}, open")
                    self.table.setItem(r, c, item)
                if row.path == chosen:
                    self.table.selectRow(r)
        self._room.share()
        self._on_selection()

    def show_project(self, path: Path | None, *, changed: bool) -> None:
        """Show which project the list is, and whether it is another one by now."""
        self.project.setVisible(path is not None)
        if path is not None:
            self.project.setText(f"Project {path.stem}{' (changed)' if changed else ''}")
            self.project.setToolTip(str(path))

    def show_result(self, text: str) -> None:
        """Say what the last training on all scenes gave."""
        self.hint.setText(text)

    def chosen(self) -> Path | None:
        """The session that is selected."""
        rows = {index.row() for index in self.table.selectedIndexes()}
        return next((self._rows[r].path for r in rows if r < len(self._rows)), None)

    def showEvent(self, event: QShowEvent) -> None:
        """Announce that the panel is visible."""
        super().showEvent(event)
        self.shown.emit()

    @Slot()
    def _on_selection(self) -> None:
        reason = "" if self.chosen() is not None else "Choose a session in the list"
        allow(self.open_button, reason)
        allow(self.remove_button, reason)
        allow(self.save_button, "" if self._rows else "Add the sessions of scenes")
        usable = sum(row.usable for row in self._rows)
        allow(self.train_button, "" if usable > 1 else "Add the sessions of two labelled scenes")

    @Slot()
    def _on_open(self) -> None:
        if (path := self.chosen()) is not None:
            self.open_requested.emit(path)

    @Slot()
    def _on_remove(self) -> None:
        if (path := self.chosen()) is not None:
            self.remove_requested.emit(path)
