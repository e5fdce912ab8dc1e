"""Feature: one ability of the window — its panels, its commands and what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.docking import Panel

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


__all__ = ("Feature", "Panel")


class Feature(QObject):
    """Base of all features; each overrides what it has.

    Docks, commands and menus are made from its answers right after it is made.

    Parameters
    ----------
    context : what the feature may use.

    Attributes
    ----------
    key : names the feature in session files; it never changes.
    """

    key = ""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.context, self.window = context, context.window
        self.workspace = context.workspace

    def panels(self) -> list[Panel]:
        """Docks, asked for once; their panels are made when they are first seen."""
        return []

    def made(self, key: str) -> bool:
        """Whether a panel was seen or asked for yet; what was not needs no news."""
        return key in self.context.docking.panels

    def show_panel(self, key: str) -> None:
        """Bring a panel to the front of its tabs."""
        self.context.docking.show(key)

    def commands(self) -> list[Command]:
        """Commands, asked for once."""
        return []

    def refresh_theme(self) -> None:
        """Draw icons and plots again after a change of theme."""

    def session_state(self) -> dict[str, Any]:
        """State for a session file: JSON values only; {} for nothing."""
        return {}

    def restore_session_state(self, state: dict[str, Any]) -> None:
        """Take what `session_state` gave, maybe in an older version: read it tolerantly."""

    def has_scene(self) -> bool:
        """Whether a scene is open."""
        return self.workspace.document is not None

    def has_map(self) -> bool:
        """Whether a class map is shown."""
        document = self.workspace.document
        return document is not None and document.prediction is not None

    def has_labels(self) -> bool:
        """Whether a pixel is labelled."""
        document = self.workspace.document
        return document is not None and bool(document.labels.present())

    def has_selection(self) -> bool:
        """Whether pixels are selected."""
        document = self.workspace.document
        return document is not None and document.selection.mask is not None

    def rows_above_image(self) -> list[QWidget]:
        """Rows of controls above the image, asked for once."""
        return []

    def cards(self) -> list[QWidget]:
        """Cards at the foot of the image, asked for once."""
        return []

    def overlays(self) -> list[QWidget]:
        """Widgets over the image that messages leave free, asked for once."""
        return []

    def add_bars(self) -> None:
        """Put tool bars on the window; called once there are commands."""

    def unsaved(self) -> tuple[str, ...]:
        """Unsaved work, in words."""
        return ()

    def running(self) -> str | None:
        """A running task that ends with the scene, in a word."""
        return None

    def runs_on(self) -> str | None:
        """A running task that other scenes don't stop, and closing the window does, in a word."""
        return None

    def save_now(self) -> bool:
        """Save what `unsaved` names; False if it is in no file then."""
        return True

    def leave(self, *, discard: bool) -> None:
        """The document is left; `discard`: without what was unsaved."""

    def may_leave(self) -> bool:
        """Whether the document may be left now; asked before another is opened and at the end."""
        return True

    def finish(self) -> bool:
        """Wait, with the window alive, for what has to be written; False to stay after all."""
        return True

    def close(self) -> None:
        """The window is about to close: dispose of what is not Qt's."""
