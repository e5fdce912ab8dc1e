"""History: the list of strokes, to jump in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.panel_feature import PanelFeature
from hsi_viewer.ui.rest_timer import RestTimer

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.features.sessions.stepping import StepController
    from hsi_viewer.ui.widgets.history_panel import HistoryPanel


class HistoryFeature(PanelFeature["HistoryPanel"]):
    """Shows the document's history while the panel is open."""

    key, title, icon, beside = "history", "History", "history", "classes"

    def __init__(self, context: Context, stepping: StepController) -> None:
        super().__init__(context)
        self._stepping = stepping
        self._soon = RestTimer(0, self.refresh, self)
        self.workspace.document_changed.connect(self._on_document)

    def make_panel(self) -> HistoryPanel:
        """The panel, connected."""
        from hsi_viewer.ui.widgets.history_panel import HistoryPanel

        panel = HistoryPanel()
        panel.chosen.connect(self._go_to)
        panel.appeared.connect(self.refresh)
        return panel

    def commands(self) -> list[Command]:
        """Edit › History."""
        return [
            Command(
                "edit.history",
                "&History",
                "&Edit",
                self.open,
                ("Ctrl+H",),
                "history",
                self.has_scene,
            )
        ]

    @Slot()
    def _on_document(self) -> None:
        document = self.workspace.document
        if document is not None:
            document.history.changed.connect(self._on_history)
        self._soon.start()

    def _on_history(self) -> None:
        self._soon.start()

    @Slot()
    def refresh(self) -> None:
        """List the steps as they are now."""
        document = self.workspace.document
        if document is not None and self.is_made and self.panel.isVisible():
            history = document.history
            start = "Before (older steps were dropped)" if history.forgot else "Start"
            self.panel.show_steps([s.title for s in history.steps], history.count, start)

    @Slot(int)
    def _go_to(self, count: int) -> None:
        self._stepping.go_to(count)

    def refresh_theme(self) -> None:
        """Draw the colours of the theme."""
        self.refresh()
