"""StartFeature: the window before the first scene — ways to open one, and nothing that is dead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot

from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.ui.features.feature import Feature

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

IN_MEMORY = ("sample:", "scene:")


def still_there(sources: list[str]) -> list[str]:
    """Those that name a file or folder that exists, or a scene that comes with the application."""
    return [s for s in sources if s.startswith(IN_MEMORY) or _exists(s)]


def _exists(source: str) -> bool:
    """Whether the file is there; of "file.mat:name" the file."""
    try:
        return Path(source).exists() or Path(source.rpartition(":")[0] or source).exists()
    except (OSError, ValueError):
        return False


class StartFeature(Feature):
    """Offers ways to open a scene, and keeps the panels closed until there is one."""

    key = "start"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        context.welcome.recent_requested.connect(self._open)
        # Room for the panels is made while the picture is drawn, not when it comes.
        context.opening.read.connect(context.docking.resume)
        self.workspace.document_changed.connect(context.docking.resume)

    def add_bars(self) -> None:
        """List what was open before: the disk may be slow, so a worker looks."""
        recent = list(self.workspace.settings.recent_files)

        def work(_token: CancelToken, _port: ProgressPort) -> list[str]:
            return still_there(recent)

        if recent:
            self.workspace.perform(
                "Looking for recent scenes", work, self.context.welcome.show_recent, quiet=True
            )

    @Slot(str)
    def _open(self, source: str) -> None:
        self.context.opening.open(source)
