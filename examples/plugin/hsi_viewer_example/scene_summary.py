"""A panel that says how large the scene is and how much of it is labelled."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from hsi_viewer.plugins import Command, Context, Feature, Panel


class SceneSummary(Feature):
    """Makes the panel when it is first seen, and follows the scene."""

    key = "scene-summary"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        context.workspace.state_changed.connect(self.refresh)

    def panels(self) -> list[Panel]:
        """One panel, on the right."""
        return [Panel(self.key, "Scene summary", self.make, "right", "notes", fill=self.refresh)]

    def make(self) -> QLabel:
        """The panel."""
        label = QLabel()
        label.setWordWrap(True)
        label.setMargin(8)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        return label

    def commands(self) -> list[Command]:
        """One command, at the end of the menu Edit."""
        return [
            Command(
                f"{self.key}.copy",
                "Copy scene summary",
                "&Edit",
                self.copy,
                icon="content-copy",
                enabled=self.has_scene,
                disabled_reason=lambda: "Open a scene first.",
            )
        ]

    def summary(self) -> str:
        """The text of the panel."""
        document = self.workspace.document
        if document is None:
            return "No scene is open."
        cube = document.cube
        return (
            f"{cube.name}: {cube.rows} x {cube.columns} pixels, {cube.bands} bands, "
            f"{document.labels.total} labelled"
        )

    @Slot()
    def refresh(self) -> None:
        """Show the summary, once somebody has seen the panel."""
        if self.made(self.key):
            self.context.docking.panel(self.key).setText(self.summary())

    @Slot()
    def copy(self) -> None:
        """Copy it."""
        QGuiApplication.clipboard().setText(self.summary())
