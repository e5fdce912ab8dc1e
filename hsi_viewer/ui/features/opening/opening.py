"""OpenController: cubes by dialog, drop, command line and recent files, read in a worker."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from hsi_viewer.core.cube.band_selection import Triple, initial_bands
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.fill_values import examined
from hsi_viewer.core.cube.real_values import real_valued
from hsi_viewer.core.display.composite import Composite
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.io import registry
from hsi_viewer.io.files.identify import split_source
from hsi_viewer.io.opening import open_cube
from hsi_viewer.rendering.overview import with_overview
from hsi_viewer.rendering.scene_picture import first_picture, is_large
from hsi_viewer.session.document.document import Document
from hsi_viewer.ui.features.opening.open_dialog import OpenDialog
from hsi_viewer.ui.features.opening.remedies import array_choices
from hsi_viewer.ui.file_filters import cube_filters
from hsi_viewer.ui.late_painting import LatePainting
from hsi_viewer.ui.opened_cube import OpenedCube, Prepare
from hsi_viewer.ui.task_thread import Task
from hsi_viewer.ui.workspace import Workspace

SAMPLE = "sample:indian-pines"
SESSION_PATTERN, PROJECT_PATTERN = "*.hsiproj", "*.hsiscenes"


class OpenController(QObject):
    """Opens one cube at a time.

    Signals
    -------
    began() : a source is being read, in the place of what was being read.
    read() : a source could be read; its picture is being drawn.
    opened(OpenedCube) : the document has changed and its first picture is ready.
    refused(source, error) : a source could not be opened.
    session_requested(path), project_requested(path) : the source is a session file or a project,
        which are opened elsewhere.
    kept(OpenedCube) : the user stayed with the old document; what was prepared is not wanted.
    labels_found(source) : the source has class ids of the open scene's size, it seems; it is
        opened only when it is asked for again.
    ended() : nothing is handed over any more of what was being read.

    Parameters
    ----------
    may_leave : asks the user about unsaved labels and running work; False keeps the old cube.
    painting : paints the window once everything has changed.

    Attributes
    ----------
    prepare : called in the worker with each new document, its source, the token and the port,
        before anybody looks at the document.
    """

    began = Signal()
    read = Signal()
    opened = Signal(object)
    refused = Signal(str, object)
    session_requested = Signal(str)
    project_requested = Signal(str)
    kept = Signal(object)
    labels_found = Signal(str)
    ended = Signal()

    def __init__(
        self,
        workspace: Workspace,
        window: QWidget,
        may_leave: Callable[[], bool],
        painting: LatePainting,
    ) -> None:
        super().__init__(window)
        self._workspace, self._window, self._may_leave = workspace, window, may_leave
        self._painting = painting
        self._task: Task | None = None
        self._source, self._as_scene = "", False
        self.prepare: Prepare = lambda _document, _source, _token, _port: None

    @Slot()
    def choose(self) -> None:
        """Ask for a file and open it."""
        filters = cube_filters(
            "Cubes, sessions and projects",
            ("HSI Viewer sessions", (SESSION_PATTERN,)),
            ("HSI Viewer projects", (PROJECT_PATTERN,)),
        )
        dialog = OpenDialog(
            self._window, "Open a hyperspectral cube", self._workspace.settings.last_folder, filters
        )
        accepted, source = dialog.exec(), dialog.source
        dialog.deleteLater()
        if accepted and source:
            self.open(source)

    @Slot()
    def choose_folder(self) -> None:
        """Ask for a folder that is a cube: EnMAP, DESIS, Zarr, or one image per band."""
        path = QFileDialog.getExistingDirectory(
            self._window, "Open a folder", self._workspace.settings.last_folder
        )
        if path:
            self.open(path)

    @Slot()
    def open_sample(self) -> None:
        """Open the sample scene."""
        self.open(SAMPLE)

    def open(self, source: str, prepare: Prepare | None = None, as_scene: bool = False) -> None:
        """Open a cube in the background; the old one stays until the new one is ready.

        Parameters
        ----------
        source : of the cube, or a session file.
        prepare : in the place of `self.prepare`.
        as_scene : even if it looks like the labels of the open scene.
        """
        if source.lower().endswith(SESSION_PATTERN[1:]):
            self.session_requested.emit(source)
            return
        if source.lower().endswith(PROJECT_PATTERN[1:]):
            self.project_requested.emit(source)
            return
        self._source, self._as_scene = source, as_scene or prepare is not None
        prepare = prepare or self.prepare
        if self._task is not None:
            self._task.cancel()
        name = source if source.startswith(("sample:", "scene:")) else Path(source).name

        def work(token: CancelToken, port: ProgressPort) -> OpenedCube:
            port.report(Progress(f"Opening {name}"))
            cube = real_valued(open_cube(source, token, port)).held_in_memory()
            if cube.in_memory:  # of others, the picture comes first
                cube = examined(cube)
            if is_large(cube):
                cube = with_overview(cube)
            token.check()
            port.report(Progress(f"Drawing {name}"))
            port.report(cube)
            bands: Triple = initial_bands(cube)
            picture = first_picture(cube, Composite(bands), token)
            document = Document(cube)
            prepared = prepare(document, source, token, port)
            return OpenedCube(source, cube, picture, document, prepared)

        self._task = self._workspace.perform(
            f"Opening {name}", work, self._on_opened, on_failed=self._on_failed, urgent=True
        )
        self._task.reported.connect(self._on_report)
        self._task.ended.connect(self.ended)
        self.began.emit()

    @Slot(object)
    def _on_report(self, item: object) -> None:
        if isinstance(item, HyperCube):
            self._painting.begin()
            self.read.emit()

    def _may_be_labels(self, cube: HyperCube) -> bool:
        """Whether a cube has one band of whole numbers and the size of the open scene."""
        document = self._workspace.document
        if document is None or document.cube.path == cube.path:
            return False
        whole = cube.bands == 1 and cube.dtype.kind in "iu"
        return whole and cube.shape[:2] == document.cube.shape[:2] and document.cube.bands > 1

    def _on_opened(self, opened: OpenedCube) -> None:
        if not self._as_scene and self._may_be_labels(opened.cube):
            self.kept.emit(opened)
            array = opened.cube.metadata.get("array", "")
            part = f":{array}" if array and split_source(opened.source)[1] is None else ""
            self.labels_found.emit(f"{opened.source}{part}")
            return
        # Asked only now: a file that cannot be opened must not cost the running training.
        if self._workspace.document is not None and not self._may_leave():
            self.kept.emit(opened)
            return
        settings = self._workspace.settings
        settings.add_recent(opened.source)
        if opened.cube.path is not None:
            settings.last_folder = str(opened.cube.path.parent)
        self._painting.begin()
        self._workspace.open_document(opened.document)
        self.opened.emit(opened)
        for problem in registry.problems():
            self._workspace.notify(problem, "warning")
        asked = {s.sentence for s in opened.cube.suspected if isfinite(s.value)}
        for warning in (w for w in opened.cube.warnings if w not in asked):
            path = opened.cube.path
            named = array_choices(warning, path, self.open) if path is not None else ()
            self._workspace.notify(f"{opened.cube.name}: {warning}", "warning", *named)

    def _on_failed(self, error: Exception) -> None:
        for problem in registry.problems():
            self._workspace.notify(problem, "warning")
        self.refused.emit(self._source, error)
