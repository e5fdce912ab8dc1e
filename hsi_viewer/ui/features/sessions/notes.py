"""Notes: a page of text that is kept with the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QTimer, Slot

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature, Panel

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.widgets.notes_panel import NotesPanel

KEY, TITLE = "notes", "Notes"
REST_MS = 1500


class NotesFeature(Feature):
    """Keeps what is typed: in the session at once, on the disk when the typing rests."""

    key = "notes"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(context.sessions.keep_data)
        context.sessions.changed.connect(self.refresh)

    def panels(self) -> list[Panel]:
        """The dock Notes."""
        return [
            Panel(
                KEY,
                TITLE,
                self._make,
                "right",
                "accuracy",
                fill=self.refresh,
                icon="note-text-outline",
            )
        ]

    def _make(self) -> NotesPanel:
        from hsi_viewer.ui.widgets.notes_panel import NotesPanel

        panel = NotesPanel()
        panel.typed.connect(self._on_typed)
        return panel

    @property
    def panel(self) -> NotesPanel:
        """The page."""
        return cast("NotesPanel", self.context.docking.panel(KEY))

    def commands(self) -> list[Command]:
        """Edit › Notes."""
        return [
            Command(
                "edit.notes",
                "&Notes",
                "&Edit",
                self.open,
                (),
                "note-edit-outline",
                lambda: self.workspace.document is not None,
            )
        ]

    @Slot()
    def open(self) -> None:
        """Show the page."""
        self.show_panel(KEY)
        self.panel.text.setFocus()

    @Slot(str)
    def _on_typed(self, text: str) -> None:
        session = self.context.sessions.session
        if session is not None:
            session.notes = text
            self._rest.start()

    @Slot()
    def refresh(self) -> None:
        """Show the notes of the session."""
        session = self.context.sessions.session
        if self.made(KEY):
            self.panel.show_text(session.notes if session else "", session is not None)

    def close(self) -> None:
        """The window writes what is left itself."""
        self._rest.stop()
