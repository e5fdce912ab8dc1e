"""LabelController: classes, tools, label files and training pixels from a ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QFileDialog, QWidget

from hsi_viewer.core.classes import ClassLegend
from hsi_viewer.core.history import Step
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.io.label_file import LABEL_FILTERS, LabelFile, read_labels, write_labels
from hsi_viewer.session.document import Document
from hsi_viewer.ui.adapters.image_canvas import ImageCanvas
from hsi_viewer.ui.dialogs import DrawDialog
from hsi_viewer.ui.tools.brush import MAX_SIZE, BrushTool
from hsi_viewer.ui.widgets.class_panel import ClassPanel
from hsi_viewer.ui.workspace import Workspace

ToolName = Literal["navigate", "brush", "eraser"]


@dataclass(frozen=True)
class DrawRequest:
    """Training pixels to draw once the ground truth was read."""

    n: int
    seed: int


@dataclass(frozen=True)
class SavedLabels:
    """Which state of which document now stands in which file."""

    path: Path
    document: Document
    step: Step | None


class LabelController(QObject):
    """Binds the class list and the tools to the document."""

    def __init__(
        self, workspace: Workspace, canvas: ImageCanvas, panel: ClassPanel, window: QWidget
    ) -> None:
        super().__init__(window)
        self._workspace, self._canvas, self._panel = workspace, canvas, panel
        self._window = window
        self._active: int | None = None
        self.tool: ToolName = "navigate"
        self._tools = {
            "navigate": None,
            "brush": BrushTool(self._document, lambda: self._active, self._brush_size),
            "eraser": BrushTool(self._document, lambda: 0, self._brush_size),
        }
        self._purpose: DrawRequest | Literal["labels", "test"] = "labels"
        self.label_path: Path | None = None
        panel.chosen.connect(self.choose_class)
        panel.renamed.connect(self._on_renamed)
        panel.recolour_requested.connect(self.recolour)
        panel.visibility_changed.connect(self._on_visibility)
        panel.add_requested.connect(self.add_class)
        panel.remove_requested.connect(self.remove_class)
        panel.load_requested.connect(self.choose_labels)
        panel.draw_requested.connect(self.choose_ground_truth)
        workspace.document_changed.connect(self._on_document)

    def _document(self) -> Document | None:
        return self._workspace.document

    def _brush_size(self) -> int:
        return self._workspace.settings.brush_size

    # classes ---------------------------------------------------------------------------------

    @property
    def active_class(self) -> int | None:
        """Id of the class that the brush paints."""
        return self._active

    @Slot(int)
    def choose_class(self, class_id: int) -> None:
        """Paint this class from now on; taking a class up means wanting to label."""
        self._active = class_id
        self._panel.select(class_id)
        if self.tool == "navigate":
            self.use_tool("brush")
        self._workspace.state_changed.emit()

    def choose_nth_class(self, n: int) -> None:
        """Choose the n-th class of the list, from 0, if there is one."""
        document = self._workspace.document
        if document is not None and n < len(document.legend):
            self.choose_class(document.legend.classes[n].id)

    @Slot()
    def add_class(self) -> None:
        """Add a class and open its name for typing."""
        document = self._workspace.document
        if document is None:
            return
        known = len(document.legend)
        added = document.add_class()
        self.choose_class(added.id)
        if not document.cube.class_names.get(known + 1):
            self._panel.edit_name(added.id)

    @Slot(int)
    def remove_class(self, class_id: int) -> None:
        """Remove a class with its labels; undo brings both back."""
        document = self._workspace.document
        if document is None or class_id not in document.legend:
            return
        name, count = document.legend[class_id].name, document.labels.count(class_id)
        document.remove_class(class_id)
        if self._active == class_id:
            self._active = document.legend.classes[0].id if len(document.legend) else None
            if self._active is not None:
                self._panel.select(self._active)
        if count:
            self._workspace.notify(
                f"“{name}” and its {count:,} labelled pixels were removed. Undo brings them back."
            )
        self._workspace.state_changed.emit()

    @Slot(int, str)
    def _on_renamed(self, class_id: int, name: str) -> None:
        document = self._workspace.document
        if document is not None:
            document.rename_class(class_id, name)
            self._show_classes()

    @Slot(int)
    def recolour(self, class_id: int) -> None:
        """Ask for another colour of a class."""
        document = self._workspace.document
        if document is None or class_id not in document.legend:
            return
        old = document.legend[class_id]
        colour = QColorDialog.getColor(QColor(*old.colour), self._window, f"Colour of {old.name}")
        if colour.isValid():
            document.recolour_class(class_id, (colour.red(), colour.green(), colour.blue()))

    @Slot(int, bool)
    def _on_visibility(self, class_id: int, visible: bool) -> None:
        document = self._workspace.document
        if document is not None:
            document.show_class(class_id, visible)

    # tools -----------------------------------------------------------------------------------

    def use_tool(self, name: ToolName) -> None:
        """Make a tool active."""
        if name == "brush" and self._active is None:
            document = self._workspace.document
            if document is not None and len(document.legend):
                self._active = document.legend.classes[0].id
                self._panel.select(self._active)
            elif document is not None:
                self._active = document.add_class().id
                self._panel.select(self._active)
        self.tool = name
        self._canvas.set_tool(self._tools[name])
        self._workspace.state_changed.emit()

    @property
    def brush_size(self) -> int:
        """Diameter of the brush in pixels, odd."""
        return self._brush_size()

    @Slot(int)
    def set_brush_size(self, size: int) -> None:
        """Set the diameter; even sizes become odd, for a brush has a middle pixel."""
        self._workspace.settings.brush_size = min(max(size | 1, 1), MAX_SIZE)
        self._canvas.update_tool()
        self._workspace.state_changed.emit()

    # files -----------------------------------------------------------------------------------

    @Slot()
    def choose_labels(self) -> None:
        """Ask for a label file and take its labels."""
        source = self._ask_label_file("Load labels")
        if source:
            self.load(source, "labels")

    @Slot()
    def choose_test_pixels(self) -> None:
        """Ask for a ground truth that maps are scored on."""
        source = self._ask_label_file("Load test pixels")
        if source:
            self.load(source, "test")

    @Slot()
    def choose_ground_truth(self) -> None:
        """Ask for a ground truth, n and seed, and draw training pixels."""
        document = self._workspace.document
        if document is None:
            return
        folder = self._workspace.settings.last_folder
        dialog = DrawDialog(document.cube.ground_truth, folder, self._window)
        if dialog.exec():
            self.load(dialog.source(), DrawRequest(dialog.n(), dialog.seed()))
        dialog.deleteLater()

    def load(self, source: str, purpose: DrawRequest | Literal["labels", "test"]) -> None:
        """Read a label file in the background and use it for a purpose."""
        self._purpose = purpose

        def work(_token: CancelToken, _port: ProgressPort) -> LabelFile:
            return read_labels(source)

        task = self._workspace.tasks.start("Reading labels", work)
        task.succeeded.connect(self._on_read)
        task.failed.connect(self._on_failed)

    @Slot(object)
    def _on_read(self, labels: LabelFile) -> None:
        document = self._workspace.document
        if document is None:
            return
        try:
            if self._purpose == "labels":
                document.load_labels(labels.ids, labels.names, labels.colours)
                self._workspace.notify(f"{document.labels.total:,} labelled pixels loaded.")
            elif self._purpose == "test":
                document.set_truth(labels.ids)
                self._workspace.notify(
                    "Test pixels loaded: maps are scored on those without a label."
                )
            else:
                request = self._purpose
                document.draw_training_pixels(
                    labels.ids, request.n, request.seed, labels.names, labels.colours
                )
                self._workspace.notify(
                    f"{document.labels.total:,} training pixels drawn with seed {request.seed}; "
                    "the rest of the ground truth is scored."
                )
        except Exception as error:  # noqa: BLE001 - shown to the user
            self._on_failed(error)
            return
        if self._active is None and len(document.legend):
            self._active = document.legend.classes[0].id
            self._panel.select(self._active)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._workspace.notify_error(error, "Reading or writing labels")

    @Slot()
    def save(self) -> None:
        """Save the labels where they were saved last, or ask."""
        path = self.label_path or self._ask_where_to_save()
        if path is not None:
            self._start_saving(path)

    @Slot()
    def save_as(self) -> None:
        """Ask where to save the labels, and save them."""
        path = self._ask_where_to_save()
        if path is not None:
            self._start_saving(path)

    def save_now(self) -> bool:
        """Save before the document is left; False if the labels are not in a file then."""
        document, path = self._workspace.document, self.label_path or self._ask_where_to_save()
        if document is None or path is None:
            return False
        try:
            write_labels(path, document.labels.ids, document.legend, document.cube)
        except Exception as error:  # noqa: BLE001 - shown to the user, who stays
            self._on_failed(error)
            return False
        document.mark_saved()
        return True

    def _ask_where_to_save(self) -> Path | None:
        document = self._workspace.document
        if document is None:
            return None
        start = Path(self._workspace.settings.last_folder) / f"{document.cube.name} labels.npy"
        path, _ = QFileDialog.getSaveFileName(
            self._window,
            "Save labels",
            str(start),
            "NumPy array (*.npy);;ENVI classification (*.hdr);;MATLAB (*.mat);;GeoTIFF (*.tif)",
        )
        return Path(path) if path else None

    def _start_saving(self, path: Path) -> None:
        document = self._workspace.document
        if document is None:
            return
        ids, cube, step = document.labels.snapshot(), document.cube, document.history.position
        legend = ClassLegend(document.legend.classes)

        def work(_token: CancelToken, _port: ProgressPort) -> SavedLabels:
            write_labels(path, ids, legend, cube)
            return SavedLabels(path, document, step)

        task = self._workspace.tasks.start(f"Saving {path.name}", work)
        task.succeeded.connect(self._on_saved)
        task.failed.connect(self._on_failed)

    @Slot(object)
    def _on_saved(self, saved: SavedLabels) -> None:
        saved.document.mark_saved(saved.step)
        if saved.document is self._workspace.document:
            self.label_path = saved.path
        self._workspace.notify(f"Labels saved to {saved.path}.", "success")

    def _ask_label_file(self, title: str) -> str:
        filters = ";;".join(f"{name} ({' '.join(patterns)})" for name, patterns in LABEL_FILTERS)
        path, _ = QFileDialog.getOpenFileName(
            self._window, title, self._workspace.settings.last_folder, filters
        )
        return path

    # binding ---------------------------------------------------------------------------------

    @Slot()
    def _on_document(self) -> None:
        document = cast("Document", self._workspace.document)
        self._active, self.label_path = None, None
        document.legend.changed.connect(self._show_classes)
        document.labels.changed.connect(self._on_labels)
        self._show_classes()
        self.use_tool("navigate")

    def _counts(self, document: Document) -> dict[int, int]:
        return {c.id: document.labels.count(c.id) for c in document.legend}

    def _show_classes(self) -> None:
        document = self._workspace.document
        if document is not None:
            self._panel.show_classes(document.legend.classes, self._counts(document))
            if self._active is not None and self._active not in document.legend:
                self._active = None

    def _on_labels(self, _top: int, _left: int, _bottom: int, _right: int) -> None:
        document = self._workspace.document
        if document is not None:
            self._panel.show_counts(self._counts(document))
