"""ExportController: writes maps and spectra in the background and says where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from hsi_viewer.core.labels.class_match import renumbered_prediction
from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.progress import CancelToken, Progress, ProgressPort
from hsi_viewer.jobs.export_layers import write_layer
from hsi_viewer.session.document.document import Document
from hsi_viewer.ui.features.exporting.export_dialog import ExportDialog
from hsi_viewer.ui.features.exporting.layer_list import LayerChoice, layer_choices
from hsi_viewer.ui.features.exporting.layers_dialog import LayersDialog
from hsi_viewer.ui.saving import ask_where, exported, file_stem, folder_link, saving_folder

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


class ExportController(QObject):
    """Exports the map that is on the screen, and the pinned spectra."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._context, self._workspace, self._window = context, context.workspace, context.window

    @Slot()
    def choose(self) -> None:
        """Ask for folder, name and formats, and export."""
        document = self._workspace.document
        if document is None or document.prediction is None:
            return
        dialog = ExportDialog(
            str(saving_folder(self._workspace)),
            document.cube.georeference is not None,
            self._window,
            file_stem(document.cube, self._run_word(document), "classes"),
            [c.id for c in document.legend],
            keep_gaps=document.ids_given,
            probabilities=document.prediction.probabilities is not None,
            scene=document.cube.path,
        )
        if dialog.exec():
            directory, formats = dialog.chosen()
            self.export(directory, formats, dialog.stem(), dialog.numbering())
        dialog.deleteLater()

    def _run_word(self, document: Document) -> str:
        run, prediction = self._context.sessions.known_run, document.prediction
        if prediction is not None and not prediction.final:
            return "early"
        return f"run{run}" if run is not None else ""

    def export(
        self,
        directory: Path,
        formats: tuple[str, ...],
        stem: str = "class_map",
        numbering: Mapping[int, int] | None = None,
    ) -> None:
        """Write the map; what stood there before is replaced only by a whole file.

        Parameters
        ----------
        stem : of the names of the files.
        numbering : other ids for some of the classes.
        """
        document = self._workspace.document
        if document is None or document.prediction is None:
            return
        prediction, cube = document.prediction, document.cube
        legend, numbers = ClassLegend(document.legend.classes), dict(numbering or {})

        def work(token: CancelToken, port: ProgressPort) -> list[Path]:
            from hsi_viewer.io.labels.class_map import export_prediction

            port.report(Progress(f"Exporting to {directory}"))
            written = export_prediction(
                renumbered_prediction(prediction, numbers),
                ClassLegend(replace(c, id=numbers.get(c.id, c.id)) for c in legend),
                cube,
                directory,
                stem,
                formats=formats,
                token=token,
            )
            return list(written.values())

        self._workspace.perform(
            "Exporting the class map", work, self._on_written, doing="Exporting", writes=True
        )

    @Slot()
    def choose_layers(self) -> None:
        """Ask for layers, a folder and a format, and export."""
        document = self._workspace.document
        if document is None:
            return
        viewing = self._context.viewing
        dialog = LayersDialog(
            layer_choices(document, viewing.layers, viewing.derived_images),
            str(saving_folder(self._workspace)),
            file_stem(document.cube, self._run_word(document)),
            self._window,
            georeferenced=document.cube.georeference is not None,
            scene=document.cube.path,
        )
        if dialog.exec():
            self.export_layers(dialog.chosen())
        dialog.deleteLater()

    def export_layers(self, chosen: Sequence[tuple[LayerChoice, Path]]) -> None:
        """Write each layer to its file, .tif or .hdr."""
        document = self._workspace.document
        if document is None or not chosen:
            return
        scene = document.cube

        def work(token: CancelToken, port: ProgressPort) -> list[Path]:
            written: list[Path] = []
            for choice, path in chosen:
                written += write_layer(choice.make(), path, scene, token, port)
            return written

        self._workspace.perform(
            "Exporting layers", work, self._on_written, doing="Exporting", writes=True
        )

    @Slot()
    def choose_spectra(self) -> None:
        """Ask for a file and save the pinned spectra."""
        library = self._context.viewing.pinned_library()
        if library is None:
            return
        document = self._workspace.document
        name = file_stem(document.cube, "spectra") if document is not None else "spectra"
        path = ask_where(
            self._workspace,
            self._window,
            "Save the spectra",
            f"{name}.csv",
            "CSV (*.csv);;ENVI spectral library (*.sli);;Text, one spectrum (*.txt)",
        )
        if path is None:
            return

        def work(_token: CancelToken, port: ProgressPort) -> list[Path]:
            from hsi_viewer.io.libraries.spectral_library import write_library

            port.report(Progress(f"Saving {path.name}"))
            write_library(path, library)
            return [path]

        self._workspace.perform(
            "Saving the spectra", work, self._on_written, doing="Exporting", writes=True
        )

    def _on_written(self, files: list[Path]) -> None:
        self._workspace.notify(exported(files), "success", folder_link(files[0]))
