"""ToolContext: what tools get from the window — the document, the paint, the options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from hsi_viewer.core.geometry.shapes import Pixels
from hsi_viewer.core.labels.classes import Colour
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.stroke import Stroke
from hsi_viewer.ui.task_thread import Work
from hsi_viewer.ui.widgets.choice import Choice


class ToolContext(Protocol):
    """The surroundings of a tool."""

    @property
    def document(self) -> Document | None:
        """The open document."""

    @property
    def settings(self) -> Settings:
        """Sizes and other options."""

    def compute(self, title: str, work: Work, on_done: Callable[[Any], None]) -> None:
        """Do in a worker what takes longer than a blink, as long as the document is open."""

    @property
    def colour(self) -> Colour:
        """Colour of what is painted now; grey erases."""

    def begin(self, *, erase: bool = False) -> Stroke | None:
        """Begin a stroke in the chosen mode; None while there is no document or no class."""

    def label_area(self, size: float, covered: Callable[[], Pixels]) -> None:
        """Label the pixels that an area covers, in a box of so many, as one step."""

    def update_preview(self) -> None:
        """Ask the canvas for the preview again."""

    def option_changed(self) -> None:
        """Announce that a tool changed a setting."""

    def notify(self, text: str, level: str = "info", *choices: Choice) -> None:
        """Tell the user something; `choices` are buttons."""
