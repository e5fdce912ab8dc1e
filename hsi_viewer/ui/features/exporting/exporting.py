"""ExportController: writes maps and spectra in the background and says where they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.core.spectra.spectral_library import SpectralLibrary
from hsi_viewer.ui.dialogs import ExportDialog
from hsi_viewer.ui.workspace import Workspace


class ExportController(QObject):
    """Exports the map that is on the screen, and the pinned spectra.

    Parameters
    ----------
    spectra : gives the pinned spectra, or None.
    """

    def __init__(
        self, workspace: Workspace, window: QWidget, spectra: Callable[[], SpectralLibrary | None]
    ) -> None:
        super().__init__(window)
        self._workspace, self._window, self._spectra = workspace, window, spectra

    @Slot()
    def choose(self) -> None:
        """Ask for folder and formats, and export."""
        document = self._workspace.document
        if document is None or document.prediction is None:
            return
        folder = self._workspace.settings.last_folder or str(Path.home())
        georeferenced = document.cube.georeference is not None
        dialog = ExportDialog(str(Path(folder) / "export"), georeferenced, self._window)
        if dialog.exec():
            directory, formats = dialog.chosen()
            self.export(directory, formats)
        dialog.deleteLater()

    def export(self, directory: Path, formats: tuple[str, ...]) -> None:
        """Write the map; what stood there before is replaced only by a whole file."""
        document = self._workspace.document
        if document is None or document.prediction is None:
            return
        prediction, cube = document.prediction, document.cube
        legend = ClassLegend(document.legend.classes)

        def work(token: CancelToken, port: ProgressPort) -> list[Path]:
            from hsi_viewer.io.labels.class_map import export_prediction

            port.report(Progress(f"Exporting to {directory}"))
            written = export_prediction(
                prediction, legend, cube, directory, formats=formats, token=token
            )
            return list(written.values())

        self._workspace.perform(
            "Exporting the class map", work, self._on_written, doing="Exporting"
        )

    @Slot()
    def choose_spectra(self) -> None:
        """Ask for a file and save the pinned spectra."""
        library = self._spectra()
        if library is None:
            return
        start = Path(self._workspace.settings.last_folder) / f"{library.name} spectra.csv"
        name, _ = QFileDialog.getSaveFileName(
            self._window,
            "Save the spectra",
            str(start),
            "CSV (*.csv);;ENVI spectral library (*.sli);;Text, one spectrum (*.txt)",
        )
        if not name:
            return
        path = Path(name)

        def work(_token: CancelToken, port: ProgressPort) -> list[Path]:
            from hsi_viewer.io.libraries.spectral_library import write_library

            port.report(Progress(f"Saving {path.name}"))
            write_library(path, library)
            return [path]

        self._workspace.perform("Saving the spectra", work, self._on_written, doing="Exporting")

    def _on_written(self, files: list[Path]) -> None:
        names = ", ".join(sorted({f.name for f in files}))
        self._workspace.notify(f"Exported to {files[0].parent}: {names}", "success")
