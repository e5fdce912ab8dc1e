"""LabelFiles: labels, regions and ground truth from files, and labels to files."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.labels.classes import ClassLegend
from hsi_viewer.core.labels.history import Step
from hsi_viewer.core.labels.imported_labels import ImportedLabels
from hsi_viewer.core.labels.placement import Placement, PlacementNeededError
from hsi_viewer.core.labels.sampling import Draw
from hsi_viewer.core.progress import CancelToken, ProgressPort, TaskCancelledError
from hsi_viewer.core.text import counted
from hsi_viewer.io.files.reading import ChoiceNeededError
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.label_load import base_of, carry_out
from hsi_viewer.ui.array_dialog import ask_array
from hsi_viewer.ui.awaited import awaited
from hsi_viewer.ui.features.labelling.draw_dialog import DrawDialog
from hsi_viewer.ui.features.labelling.label_placement import placement_choice, previews
from hsi_viewer.ui.features.labelling.label_use import Import, Imported, LabelUse, Purpose, use_of
from hsi_viewer.ui.saving import ask_where, file_stem, folder_link
from hsi_viewer.ui.widgets.choice import Choice

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

OFFER = "import"
DOING = "Reading or writing labels"


class SavedLabels(Struct, frozen=True):
    """The state of a document that a file contains."""

    path: Path
    document: Document
    step: Step | None


class LabelFiles(QObject):
    """Reads and writes labels in the background.

    Signals
    -------
    loaded() : labels or classes came from a file.

    Attributes
    ----------
    label_path : where the labels were saved last, or None.
    """

    loaded = Signal()

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self.context, self.window = context, context.window
        self._workspace = context.workspace
        workspace = context.workspace
        self.label_path: Path | None = None
        workspace.document_changed.connect(self._on_document)

    # in --------------------------------------------------------------------------------------

    @Slot()
    def choose_labels(self) -> None:
        """Ask for labels or regions, and import them."""
        source = self._ask("Import labels or regions")
        if source:
            self.take(source)

    def take(self, path: str | Path) -> None:
        """Import labels or regions; ask what to do with existing labels, if any."""
        source, document = str(path), self._workspace.document
        if document is None:
            return
        if not document.labels.total:
            self.load(source, "labels")
            return
        self.context.offers.offer(
            OFFER,
            f"{counted(document.labels.total, 'pixel', 'is', 'are')} already labelled. Replace "
            f"{'it' if document.labels.total == 1 else 'them'} with {Path(source).name}?",
            (
                Choice("Replace them", partial(self.load, source, "labels")),
                Choice("Keep existing, add new", partial(self.load, source, "add"), primary=True),
                Choice("Cancel", lambda: None, escape=True),
            ),
            "label-multiple-outline",
        )

    @Slot()
    def choose_test_pixels(self) -> None:
        """Ask for a ground truth that maps are scored on."""
        source = self._ask("Load ground truth for scoring")
        if source:
            self.load(source, "test")

    @Slot()
    def choose_ground_truth(self) -> None:
        """Ask for a ground truth and how to draw from it, and draw training pixels."""
        document = self._workspace.document
        if document is None:
            return
        folder = self._workspace.settings.last_folder
        has_truth = document.truth is not None
        dialog = DrawDialog(document.cube.ground_truth, folder, self.window, has_truth=has_truth)
        if dialog.exec():
            self.load(dialog.source(), dialog.draw())
        dialog.deleteLater()

    def load(self, source: str, purpose: Purpose, placement: Placement | None = None) -> None:
        """Read a file in the background and use it for a purpose.

        Parameters
        ----------
        source : file, as `import_regions` takes it; "" for the ground truth that is loaded.
        purpose : "labels" replaces all, "add" labels what is unlabelled, "test" is scored only,
            a Draw labels some of it and scores the rest.
        placement : how a file of another grid is laid on the cube, once the user has said.
        """
        document = self._workspace.document
        if document is None:
            return
        self.context.offers.withdraw(OFFER)  # a question about another file
        request = Import(document, source, purpose, placement)
        cube, truth, base = document.cube, document.truth, base_of(document)
        picture = self.context.viewing.picture
        image = picture.raster if picture is not None else None

        def work(token: CancelToken, _port: ProgressPort) -> Imported:
            from hsi_viewer.io.regions.import_export import import_regions  # slow to import

            labels = ImportedLabels(truth) if not source and truth is not None else None
            try:
                labels = labels or import_regions(source, cube, placement)
            except PlacementNeededError as needed:
                shown = previews(source, cube, needed.options, image)
                return Imported(request, needed, previews=shown)
            except ChoiceNeededError as needed:
                return Imported(request, needed)
            return Imported(request, labels, use_of(request, labels, base, token))

        self._workspace.compute(
            "Reading labels", work, self._on_read, document=document, key="", doing=DOING
        )

    def _on_read(self, imported: Imported) -> None:
        request, labels = imported.request, imported.labels
        if isinstance(labels, PlacementNeededError):
            self._ask_placement(request, labels, imported.previews)
            return
        if isinstance(labels, ChoiceNeededError):
            self._ask_which(request, labels)
            return
        text = self._carry_out(request, imported.use) if imported.use is not None else None
        if text is None:
            self._use_again(request, labels)
            return
        notes = " ".join(labels.notes)
        self._workspace.notify(f"{text} {notes}".strip())
        for doubt in imported.use.doubts if imported.use is not None else ():
            self._workspace.notify(doubt, "warning")
        self.loaded.emit()

    def _use_again(self, request: Import, labels: ImportedLabels) -> None:
        """Labels or classes have changed meanwhile: compute the change again."""
        base = base_of(request.document)

        def work(token: CancelToken, _port: ProgressPort) -> Imported:
            return Imported(request, labels, use_of(request, labels, base, token))

        self._workspace.compute(
            "Placing labels", work, self._on_read, document=request.document, key="", doing=DOING
        )

    def _carry_out(self, request: Import, use: LabelUse) -> str | None:
        """Use labels that are ready; None if the document has changed since."""
        document, purpose = request.document, request.purpose
        if use.load is not None and not carry_out(document, use.load):
            return None
        document.ids_loaded = document.ids_loaded or use.load is not None
        if use.truth is not None:
            document.set_truth(use.truth, use.truth_ids)
        if purpose == "test":
            return "Ground truth loaded: maps are scored on its pixels that you have not labelled."
        if isinstance(purpose, Draw):
            note = use.split.note(document.legend.name_of) if use.split is not None else None
            return (
                f"{document.labels.total:,} training pixels drawn ({purpose}); {use.scored:,} "
                f"others are test pixels.{f' {note}' if note else ''}{_left_out(use.empty)}"
            )
        if purpose == "add":
            return f"{counted(use.added, 'pixel')} labelled."
        return f"{counted(document.labels.total, 'labelled pixel')} loaded."

    def _ask_placement(
        self,
        request: Import,
        needed: PlacementNeededError,
        shown: Mapping[Placement, NDArray[np.uint8]],
    ) -> None:
        """Explain that a file is of another grid, and show what can be done with it.

        Only map coordinates say where labels belong; else not to import them is the safe choice.
        """
        choices = [
            placement_choice(
                option,
                partial(self.load, request.source, request.purpose, option),
                shown.get(option),
                safe=option == "georeference",
            )
            for option in needed.options
        ]
        safe = "georeference" not in needed.options
        choices.append(Choice("Don't import", lambda: None, primary=safe, escape=True))
        self.context.offers.offer(OFFER, str(needed), choices, "image-size-select-small")

    def _ask_which(self, request: Import, needed: ChoiceNeededError) -> None:
        """Ask which array of a file has the labels."""
        shape = request.document.labels.shape
        name = ask_array(self.window, request.source, needed.choices, shape, "the label map")
        if name:
            source = f"{request.source}:{name}"
            self.load(source, request.purpose, request.placement)

    def _ask(self, title: str) -> str:
        from hsi_viewer.io.regions.import_export import import_filters

        everything = " ".join(
            dict.fromkeys(p for _, patterns in import_filters() for p in patterns)
        )
        filters = [f"All labels and regions ({everything})"]
        filters += [f"{name} ({' '.join(patterns)})" for name, patterns in import_filters()]
        folder = self._workspace.settings.last_folder
        path, _ = QFileDialog.getOpenFileName(self.window, title, folder, ";;".join(filters))
        return path

    # out -------------------------------------------------------------------------------------

    @Slot()
    def choose_export(self) -> None:
        """Ask where to export the labels as regions."""
        from hsi_viewer.io.regions.import_export import EXPORT_FILTERS

        filters = [f"{name} ({' '.join(patterns)})" for name, patterns in EXPORT_FILTERS]
        path = self._ask_where("Export labels as regions", "labels.gpkg", ";;".join(filters))
        if path is not None:
            self.export(path)

    def export(self, path: Path) -> None:
        """Write the labels by the suffix of the path, in the background."""
        document = self._workspace.document
        if document is None:
            return
        labels, cube = document.labels.snapshot(), document.cube
        legend = ClassLegend(document.legend.classes)

        def work(_token: CancelToken, _port: ProgressPort) -> tuple[Path, str]:
            from hsi_viewer.io.regions.import_export import export_regions

            notes = export_regions(path, labels.ids, legend, cube)
            return path, " ".join((f"Labels exported to {path}.", *notes))

        self._workspace.perform(
            f"Exporting {path.name}", work, self._on_exported, doing=DOING, writes=True
        )

    def _on_exported(self, exported: tuple[Path, str]) -> None:
        path, text = exported
        self._workspace.notify(text, "success", folder_link(path))

    @Slot()
    def save(self) -> None:
        """Save the labels where they were saved last, or ask."""
        path = self.label_path or self._ask_where_to_save()
        if path is not None:
            self.save_to(path)

    @Slot()
    def save_as(self) -> None:
        """Ask where to save the labels, and save them."""
        path = self._ask_where_to_save()
        if path is not None:
            self.save_to(path)

    def save_now(self, path: Path) -> bool:
        """Save before the document closes; False if the labels are not in a file afterwards."""
        from hsi_viewer.io.labels.label_writer import write_labels

        document = self._workspace.document
        if document is None:
            return False
        labels, cube, step = document.labels.snapshot(), document.cube, document.history.position
        legend = ClassLegend(document.legend.classes)

        def work(_token: CancelToken, _port: ProgressPort) -> None:
            write_labels(path, labels.ids, legend, cube)

        try:
            awaited(self._workspace.tasks, f"Saving {path.name}", work)
        except TaskCancelledError:
            return False
        except Exception as error:  # noqa: BLE001 - shown to the user, who stays
            self._on_unsaved(error)
            return False
        document.mark_saved(step)
        return True

    def save_to(self, path: Path) -> None:
        """Save the labels in a file, in the background."""
        document = self._workspace.document
        if document is None:
            return
        labels, cube, step = document.labels.snapshot(), document.cube, document.history.position
        legend = ClassLegend(document.legend.classes)

        def work(_token: CancelToken, _port: ProgressPort) -> SavedLabels:
            from hsi_viewer.io.labels.label_writer import write_labels

            write_labels(path, labels.ids, legend, cube)
            return SavedLabels(path, document, step)

        self._workspace.perform(
            f"Saving {path.name}", work, self._on_saved, on_failed=self._on_unsaved, writes=True
        )

    def _on_unsaved(self, error: Exception) -> None:
        self._workspace.notify_error(error, DOING, Choice("Save labels as…", self.save_as))

    def _on_saved(self, saved: SavedLabels) -> None:
        saved.document.mark_saved(saved.step)
        if saved.document is self._workspace.document:
            self.label_path = saved.path
        message = f"Labels saved to {saved.path}."
        if saved.path.suffix.lower() == ".npy" and len(saved.document.legend):
            message += (
                " It contains class ids only: save a session or a legend to keep names and colours."
            )
        self._workspace.notify(message, "success", folder_link(saved.path))

    def _ask_where_to_save(self) -> Path | None:
        kinds = "NumPy array (*.npy);;ENVI classification (*.hdr);;MATLAB (*.mat);;GeoTIFF (*.tif)"
        return self._ask_where("Save labels", "labels.npy", kinds)

    def _ask_where(self, title: str, name: str, filters: str) -> Path | None:
        document = self._workspace.document
        if document is None:
            return None
        suggested = f"{file_stem(document.cube)}_{name}"
        return ask_where(self._workspace, self.window, title, suggested, filters)

    @Slot()
    def _on_document(self) -> None:
        self.label_path = None
        self.context.offers.withdraw(OFFER)


def _left_out(pixels: int) -> str:
    """A sentence about pixels of a ground truth where the scene has no data; "" for none."""
    if not pixels:
        return ""
    return f" {counted(pixels, 'pixel', 'without data was', 'without data were')} left out."
