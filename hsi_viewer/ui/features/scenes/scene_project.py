"""SceneProject: the list of scenes as a file, saved and opened."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.core.text import counted
from hsi_viewer.session.storage.scene_project import (
    SUFFIX,
    read_scene_project,
    write_scene_project,
)
from hsi_viewer.ui.saving import ask_where, folder_link
from hsi_viewer.ui.widgets.choice import Choice

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

FILTER = f"HSI Viewer project (*{SUFFIX})"


class SceneProject(QObject):
    """Saves the list of the panel Scenes, and opens one that was saved.

    Parameters
    ----------
    paths : gives the session files of the list.
    keep : takes others in their place.
    show : brings the panel.

    Attributes
    ----------
    path : of the project that the list is of, or None.
    """

    def __init__(
        self,
        context: Context,
        paths: Callable[[], list[Path]],
        keep: Callable[[list[Path]], None],
        show: Callable[[], None],
    ) -> None:
        super().__init__(context)
        self._context, self._workspace = context, context.workspace
        self._paths, self._keep, self._show = paths, keep, show
        self._saved: list[Path] | None = None  # what is in the file, once that is known
        context.opening.project_requested.connect(self.open)

    @property
    def path(self) -> Path | None:
        """The file that the list was saved in or opened from."""
        name = self._workspace.settings.scenes_file
        return Path(name) if name else None

    @property
    def changed(self) -> bool:
        """Whether the list is another one than that of the file."""
        return self._saved is not None and self._saved != self._paths()

    def _take(self, path: Path | None, sessions: list[Path] | None) -> None:
        self._workspace.settings.scenes_file = str(path) if path is not None else ""
        self._saved = sessions

    # saving ----------------------------------------------------------------------------------

    @Slot()
    def save(self) -> None:
        """Ask where, and save the list."""
        sessions = self._paths()
        name = self.path or f"project{SUFFIX}"
        path = ask_where(
            self._workspace, self._context.window, "Save the project of scenes", name, FILTER
        )
        if path is None:
            return

        def work(_token: CancelToken, _port: ProgressPort) -> None:
            write_scene_project(path, sessions)

        def done(_nothing: None) -> None:
            self._take(path, sessions)
            self._workspace.settings.add_recent(str(path))
            self._keep(self._paths())
            scenes = counted(len(sessions), "scene")
            self._workspace.notify(
                f"Project of {scenes} saved to {path}.", "success", folder_link(path)
            )

        self._workspace.perform(
            f"Saving {path.name}", work, done, on_failed=self._on_unsaved, writes=True
        )

    def _on_unsaved(self, error: Exception) -> None:
        self._workspace.notify_error(error, "Saving the project", Choice("Save as…", self.save))

    # opening ---------------------------------------------------------------------------------

    @Slot()
    def choose(self) -> None:
        """Ask for a project, and open it."""
        name, _ = QFileDialog.getOpenFileName(
            self._context.window,
            "Open a project of scenes",
            self._workspace.settings.last_folder,
            f"{FILTER};;All files (*)",
        )
        if name:
            self.open(name)

    @Slot(str)
    def open(self, source: str) -> None:
        """List the scenes of a project in place of those that are listed now."""
        path = Path(source).expanduser().absolute()

        def work(_token: CancelToken, _port: ProgressPort) -> tuple[list[Path], int]:
            sessions = read_scene_project(path)
            return sessions, sum(not session.exists() for session in sessions)

        self._workspace.compute(
            f"Opening {path.name}",
            work,
            partial(self._on_read, path),
            key="project",
            doing="Opening the project",
        )

    def _on_read(self, path: Path, read: tuple[list[Path], int]) -> None:
        sessions, gone = read
        before, before_path, before_saved = self._paths(), self.path, self._saved
        settings = self._workspace.settings
        self._take(path, sessions)
        settings.add_recent(str(path))
        settings.last_folder = str(path.parent)
        self._keep(sessions)
        self._show()

        def back() -> None:
            self._take(before_path, before_saved)
            self._keep(before)

        other = [Choice("List the scenes before", back)] if set(before) - set(sessions) else []
        text = f"Project {path.stem}: {counted(len(sessions), 'scene')}."
        if gone:
            text += f" {counted(gone, 'session', 'was', 'were')} not found; see the panel Scenes."
        self._workspace.notify(text, "warning" if gone else "info", *other)
