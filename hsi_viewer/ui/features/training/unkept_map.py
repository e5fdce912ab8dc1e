"""UnkeptMap: a class map of which nothing is on the disk, since no run of it could be written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from hsi_viewer.core.errors import FileError
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.core.progress import CancelToken, ProgressPort, TaskCancelledError
from hsi_viewer.ui.awaited import awaited
from hsi_viewer.ui.saving import ask_where, file_stem

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

TITLE = "Exporting the class map"


class UnkeptMap(QObject):
    """Remembers such a map until another is on the screen, or a file has it."""

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self._context, self._workspace = context, context.workspace
        self._prediction: Prediction | None = None

    def note(self, prediction: Prediction) -> None:
        """Note a map that could not be kept."""
        self._prediction = prediction
        self._workspace.state_changed.emit()

    def words(self) -> tuple[str, ...]:
        """What would be lost, in words."""
        document = self._workspace.document
        lost = self._prediction
        shown = lost is not None and document is not None and document.prediction is lost
        return ("the class map",) if shown else ()

    def save(self) -> bool:
        """Ask for a GeoTIFF and write the map; False if it is in no file then."""
        document, prediction = self._workspace.document, self._prediction
        if document is None or prediction is None or not self.words():
            return True
        cube, legend = document.cube, ClassLegend(document.legend.classes)
        name, kinds = f"{file_stem(cube, 'class_map')}.tif", "GeoTIFF (*.tif)"
        path = ask_where(self._workspace, self._context.window, TITLE, name, kinds)
        if path is None:
            return False

        def work(token: CancelToken, _port: ProgressPort) -> None:
            from hsi_viewer.io.labels.class_map import export_prediction

            export_prediction(prediction, legend, cube, path.parent, path.stem, ("tif",), token)

        try:
            awaited(self._workspace.tasks, TITLE, work)
        except TaskCancelledError:
            return False
        except FileError as error:
            self._workspace.notify_error(error, TITLE)
            return False
        self._prediction = None
        return True
