"""RepairController: what to do about a file that does not say clearly what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from hsi_viewer.core.cube import HyperCube
from hsi_viewer.core.errors import HsiError
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.io.container import ChoiceNeededError
from hsi_viewer.io.identify import SELF_DESCRIBED, magic_of, split_source
from hsi_viewer.io.registry import open_cube
from hsi_viewer.ui.file_dialogs import ArrayDialog, DoctorDialog, MetadataDialog
from hsi_viewer.ui.workspace import Workspace

if TYPE_CHECKING:
    from hsi_viewer.io.doctor import Diagnosis

# doctor and sidecar are imported when they are needed: they would slow the start.

BELIEVABLE = 0.5  # score from which a file without a header may be a cube at all


@dataclass(frozen=True)
class Examined:
    """A diagnosis (None: no raw file), pictures of its readings, and the error behind it."""

    diagnosis: Diagnosis | None
    thumbnails: list[NDArray[np.uint8]]
    error: Exception | None


class RepairController(QObject):
    """Asks the user and keeps the answer in the sidecar; opens the file again after it.

    Parameters
    ----------
    reopen : opens a source.
    """

    def __init__(
        self, workspace: Workspace, window: QWidget, reopen: Callable[[str], None]
    ) -> None:
        super().__init__(window)
        self._workspace, self._window, self._reopen = workspace, window, reopen

    def explain(self, source: str, error: Exception) -> None:
        """Say why a file did not open, and offer what can be done about it."""
        path, _ = split_source(source)
        if isinstance(error, ChoiceNeededError):
            self._ask_which_array(path, error)
        elif isinstance(error, HsiError) and path.is_file():
            self._examine(path, error)
        else:
            self._workspace.notify_error(error, "Opening the file")

    @Slot()
    def open_doctor(self) -> None:
        """Examine the file of the open cube."""
        document = self._workspace.document
        if document is not None and document.cube.path is not None:
            self._examine(document.cube.path, None)

    @property
    def can_examine(self) -> bool:
        """Whether the open cube comes from a raw file with a header."""
        document = self._workspace.document
        cube = document.cube if document else None
        return cube is not None and cube.path is not None and cube.format_name == "ENVI"

    @Slot()
    def edit_metadata(self) -> None:
        """Edit wavelengths, bad bands, nodata and scale of the open cube."""
        document = self._workspace.document
        if document is None:
            return
        dialog = MetadataDialog(document.cube, self._window)
        if dialog.exec():
            self._keep_metadata(document.cube, dialog.chosen())
        dialog.deleteLater()

    def _ask_which_array(self, path: Path, error: ChoiceNeededError) -> None:
        dialog = ArrayDialog(path.name, error.choices, self._window)
        if dialog.exec():
            self._keep(path, dialog.chosen())
        dialog.deleteLater()

    def _examine(self, path: Path, error: Exception | None) -> None:
        def work(token: CancelToken, port: ProgressPort) -> Examined:
            from hsi_viewer.io import doctor

            port.report(Progress(f"Examining {path.name}"))
            try:
                if magic_of(path).startswith(SELF_DESCRIBED):
                    return Examined(None, [], error)
                diagnosis = doctor.diagnose(path, token)
                pictures = [doctor.thumbnail(diagnosis, r) for r in diagnosis.readings]
            except HsiError as not_raw:
                return Examined(None, [], error or not_raw)
            return Examined(diagnosis, pictures, error)

        task = self._workspace.tasks.start(f"Examining {path.name}", work)
        task.succeeded.connect(self._on_examined)
        task.failed.connect(self._on_failed)

    @Slot(object)
    def _on_examined(self, examined: Examined) -> None:
        diagnosis = examined.diagnosis
        if examined.error is not None:
            self._workspace.notify_error(examined.error, "Opening the file")
        if diagnosis is None or not diagnosis.readings:
            return
        if diagnosis.header is None and diagnosis.readings[0].score < BELIEVABLE:
            return
        dialog = DoctorDialog(diagnosis, examined.thumbnails, self._window)
        if dialog.exec():
            from hsi_viewer.io.sidecar import RawLayout

            layout = RawLayout.of(dialog.chosen().layout)
            self._keep(diagnosis.data, {"layout": layout.model_dump()})
        dialog.deleteLater()

    def _keep(self, path: Path, fields: dict[str, Any]) -> None:
        from hsi_viewer.io import sidecar

        try:
            sidecar.edited(path, **fields)
        except HsiError as error:
            self._workspace.notify_error(error, "Writing the sidecar")
        else:
            self._reopen(str(path))

    def _keep_metadata(self, cube: HyperCube, fields: dict[str, Any]) -> None:
        if not fields:
            return
        path = cube.path
        if path is None:
            self._workspace.notify(
                f"{cube.name} is no file of yours: its metadata cannot be kept.", "warning"
            )
            return

        def work(token: CancelToken, _port: ProgressPort) -> HyperCube:
            from hsi_viewer.io import sidecar

            sidecar.edited(path, **fields)
            return open_cube(path, token).held_in_memory()

        task = self._workspace.tasks.start("Saving the metadata", work)
        task.succeeded.connect(self._on_metadata)
        task.failed.connect(self._on_failed)

    @Slot(object)
    def _on_metadata(self, cube: HyperCube) -> None:
        document = self._workspace.document
        if document is not None and document.cube.path == cube.path:
            document.set_cube(cube)
            self._workspace.notify("The metadata are kept beside the file.", "success")

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._workspace.notify_error(error, "Examining or saving")
