"""MetadataController: what the user knows of the open cube better than its file does."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct
from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.errors import FileError
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.io.envi.described import data_beside
from hsi_viewer.ui.features.opening.metadata_dialog import BandList, MetadataDialog
from hsi_viewer.ui.workspace import Workspace

# sidecar and readers are imported when they are needed: they would slow the start.


class Edited(Struct, frozen=True):
    """A cube with edited metadata, where they are kept, and why they could not be, or ""."""

    cube: HyperCube
    sidecar: Path | None = None
    problem: str = ""


class MetadataController(QObject):
    """Asks for wavelengths, bad bands, nodata and scale, and keeps them beside the file."""

    def __init__(self, workspace: Workspace, window: QWidget) -> None:
        super().__init__(window)
        self._workspace, self._window = workspace, window

    @Slot()
    def edit(self) -> None:
        """Edit wavelengths, bad bands, nodata and scale of the open cube."""
        document = self._workspace.document
        if document is None:
            return
        path = document.cube.path
        data = path if path is None or path.suffix.lower() != ".hdr" else data_beside(path) or path
        dialog = MetadataDialog(document.cube, self._window, data.name if data else "")
        dialog.file_wanted.connect(partial(self._ask_band_list, dialog))
        if dialog.exec():
            self.keep(document.cube, dialog.chosen())
        dialog.deleteLater()

    def _ask_band_list(self, dialog: MetadataDialog) -> None:
        folder = self._workspace.settings.last_folder
        name, _ = QFileDialog.getOpenFileName(dialog, "Wavelengths from a file", folder)
        if not name:
            return
        path = Path(name)

        def work(_token: CancelToken, _port: ProgressPort) -> BandList:
            from hsi_viewer.io.libraries.band_list import read_band_list

            nm, remarks = read_band_list(path)
            return BandList(path.name, tuple(nm.tolist()), remarks)

        task = self._workspace.tasks.start(f"Reading {path.name}", work)
        task.succeeded.connect(dialog.take_wavelengths)
        task.failed.connect(dialog.show_problem)

    def keep(self, cube: HyperCube, fields: dict[str, Any]) -> None:
        """Use edited metadata at once, and keep them beside the file where that can be."""
        if not fields:
            return

        def work(_token: CancelToken, _port: ProgressPort) -> Edited:
            from hsi_viewer.io.sidecars import sidecar

            edited = sidecar.sidecar_of(fields).applied(cube)
            if cube.path is None:
                return Edited(edited, problem=f"you don't have write permission for {cube.name}.")
            try:
                return Edited(edited, sidecar.edited(cube.path, **fields))
            except FileError as error:
                return Edited(edited, problem=str(error))

        self._workspace.perform("Saving the metadata", work, self._on_kept, writes=True)

    def _on_kept(self, done: Edited) -> None:
        document = self._workspace.document
        if document is None or document.cube.source is not done.cube.source:
            return
        document.set_cube(done.cube)
        path = done.cube.path
        if done.sidecar is None or path is None:
            self._workspace.notify(
                "The metadata apply until the scene is closed but could not be saved: "
                f"{done.problem}",
                "warning",
            )
        elif done.sidecar.parent != path.parent:
            self._workspace.notify(f"The metadata were saved {away(path, done.sidecar)}", "success")
        else:
            self._workspace.notify("The metadata were saved next to the file.", "success")


def away(path: Path, sidecar: Path) -> str:
    """Location of a choice that cannot be saved beside its file, as the end of a sentence."""
    return f"in {sidecar.parent}: the folder of {path.name} is read-only."
