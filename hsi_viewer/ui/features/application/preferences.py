"""PreferencesFeature: asks for the preferences and puts them to use at once."""

from __future__ import annotations

from PySide6.QtCore import Slot

from hsi_viewer.preferences.settings import save_settings
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.application.plug_ins_page import PlugInsPage
from hsi_viewer.ui.features.application.preferences_dialog import PreferencesDialog
from hsi_viewer.ui.features.feature import Feature


class PreferencesFeature(Feature):
    """The dialog, under Edit."""

    key = "preferences"

    def commands(self) -> list[Command]:
        """Preferences, at the end of the menu."""
        return [
            Command(
                "edit.preferences",
                "P&references…",
                "&Edit",
                self.choose,
                ("Ctrl+,",),
                "cog-outline",
            )
        ]

    @Slot()
    def choose(self) -> None:
        """Open the dialog."""
        dialog = PreferencesDialog(self.workspace.settings, self.window)
        dialog.tabs.addTab(PlugInsPage(self.context.plug_ins), "Plug-ins")
        dialog.clean_requested.connect(self.context.commands.action("view.clean").trigger)
        dialog.accepted.connect(self._on_accepted)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    @Slot()
    def _on_accepted(self) -> None:
        settings, dialog = self.workspace.settings, self.sender()
        if isinstance(dialog, PreferencesDialog):
            dialog.apply_to(settings)
            if problem := save_settings(settings):
                text = f"The preferences hold until the window is closed: {problem}"
                self.workspace.notify(text, "warning")
            self.context.set_theme(settings.theme)
            self.workspace.preferences_changed.emit()
