"""OpenController: cubes by dialog, drop, command line and recent files, read in a worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from hsi_viewer.core.band_selection import Triple, initial_bands
from hsi_viewer.core.cube import HyperCube
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.io.registry import CUBE_FILTERS, open_cube
from hsi_viewer.session.document import Document
from hsi_viewer.session.scene_picture import ScenePicture, render_scene
from hsi_viewer.ui.task_thread import Task
from hsi_viewer.ui.workspace import Workspace

SAMPLE = "sample:indian-pines"


@dataclass(frozen=True)
class OpenedCube:
    """What the worker brings: the cube and its first picture."""

    source: str
    cube: HyperCube
    picture: ScenePicture


class OpenController(QObject):
    """Opens one cube at a time.

    Signals
    -------
    opened(OpenedCube) : the document has changed and its first picture is ready.
    refused(source, error) : a source could not be opened.

    Parameters
    ----------
    may_leave : asks the user about unsaved labels and running work; False keeps the old cube.
    """

    opened = Signal(object)
    refused = Signal(str, object)

    def __init__(
        self, workspace: Workspace, window: QWidget, may_leave: Callable[[], bool]
    ) -> None:
        super().__init__(window)
        self._workspace, self._window, self._may_leave = workspace, window, may_leave
        self._task: Task | None = None
        self._source = ""

    @Slot()
    def choose(self) -> None:
        """Ask for a file and open it."""
        known = " ".join(p for _, patterns in CUBE_FILTERS for p in patterns if p != "*")
        filters = f"All cubes ({known});;" + ";;".join(
            f"{name} ({' '.join(patterns)})" for name, patterns in CUBE_FILTERS
        )
        path, _ = QFileDialog.getOpenFileName(
            self._window, "Open a hyperspectral cube", self._workspace.settings.last_folder, filters
        )
        if path:
            self.open(path)

    @Slot()
    def choose_folder(self) -> None:
        """Ask for a folder that is a cube: EnMAP, DESIS, Zarr, or one image a band."""
        path = QFileDialog.getExistingDirectory(
            self._window, "Open a folder", self._workspace.settings.last_folder
        )
        if path:
            self.open(path)

    @Slot()
    def open_sample(self) -> None:
        """Open the sample scene."""
        self.open(SAMPLE)

    def open(self, source: str) -> None:
        """Open a cube in the background; the old one stays until the new one is there."""
        if self._task is not None:
            self._task.cancel()
        self._source = source
        name = source if source.startswith(("sample:", "scene:")) else Path(source).name

        def work(token: CancelToken, port: ProgressPort) -> OpenedCube:
            port.report(Progress(f"Opening {name}"))
            cube = open_cube(source, token, port).held_in_memory()
            token.check()
            port.report(Progress(f"Drawing {name}"))
            bands: Triple = initial_bands(cube)
            return OpenedCube(source, cube, render_scene(cube, bands, token=token))

        self._task = self._workspace.tasks.start(f"Opening {name}", work)
        self._task.succeeded.connect(self._on_opened)
        self._task.failed.connect(self._on_failed)

    @Slot(object)
    def _on_opened(self, opened: OpenedCube) -> None:
        # Asked only now: a file that cannot be opened must not cost the running training.
        if self._workspace.document is not None and not self._may_leave():
            return
        settings = self._workspace.settings
        settings.add_recent(opened.source)
        if opened.cube.path is not None:
            settings.last_folder = str(opened.cube.path.parent)
        self._workspace.open_document(Document(opened.cube))
        self.opened.emit(opened)
        for warning in opened.cube.warnings:
            self._workspace.notify(f"{opened.cube.name}: {warning}", "warning")

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self.refused.emit(self._source, error)
