"""Notes: a page of text that is kept with the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.panel_feature import PanelFeature
from hsi_viewer.ui.rest_timer import RestTimer

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.widgets.notes_panel import NotesPanel

REST_MS = 1500


class NotesFeature(PanelFeature["NotesPanel"]):
    """Keeps what is typed: in the session at once, on the disk when the typing rests."""

    key, title, icon, beside = "notes", "Notes", "note-text-outline", "accuracy"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._rest = RestTimer(REST_MS, context.sessions.keep_data, self)
        context.sessions.changed.connect(self.refresh)

    def make_panel(self) -> NotesPanel:
        """The panel, connected."""
        from hsi_viewer.ui.widgets.notes_panel import NotesPanel

        panel = NotesPanel()
        panel.typed.connect(self._on_typed)
        return panel

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
                self.has_scene,
            )
        ]

    @Slot()
    def open(self) -> None:
        """Show the page."""
        super().open()
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
        if self.is_made:
            self.panel.show_text(session.notes if session else "", session is not None)

    def close(self) -> None:
        """The window writes what is left itself."""
        self._rest.stop()
