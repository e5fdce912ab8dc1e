"""LabelController: the classes and the tools of the window."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QColorDialog

from hsi_viewer.core.text import counted
from hsi_viewer.session.document.added_class import AddedClass
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.label_load import Base, LabelLoad, plan_removal
from hsi_viewer.ui.features.labelling.label_files import LabelFiles
from hsi_viewer.ui.features.labelling.toolbox import Toolbox
from hsi_viewer.ui.tools.brush import MAX_SIZE
from hsi_viewer.ui.tools.catalogue import ToolName
from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.widgets.class_panel import ClassPanel

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


class LabelController(QObject):
    """Binds the class list and the tools to the document."""

    def __init__(self, context: Context, panel: ClassPanel) -> None:
        super().__init__(context)
        self.context, self.window, self._panel = context, context.window, panel
        workspace = self._workspace = context.workspace
        self.toolbox = Toolbox(workspace, context.canvas, self)
        self.toolbox.class_needed.connect(self.ask_for_class)
        self.files = LabelFiles(context, self)
        self.changes = self.toolbox.changes
        self.files.loaded.connect(self._on_loaded)
        panel.chosen.connect(self.choose_class)
        self._naming: AddedClass | None = None  # a class that was added just now
        self._typed = ""  # its name, applied once its line is closed
        panel.renamed.connect(self._on_renamed)
        panel.naming_ended.connect(self._on_naming_ended)
        panel.recolour_requested.connect(self.recolour)
        panel.visibility_changed.connect(self._on_visibility)
        panel.add_requested.connect(self.add_class)
        panel.remove_requested.connect(self.remove_class)
        panel.load_requested.connect(self.files.choose_labels)
        panel.draw_requested.connect(self.files.choose_ground_truth)
        workspace.document_changed.connect(self._on_document)

    # classes ---------------------------------------------------------------------------------

    @property
    def active_class(self) -> int | None:
        """Id of the class that tools paint."""
        return self.toolbox.active_class

    @property
    def _active(self) -> int | None:
        return self.toolbox.active_class

    @_active.setter
    def _active(self, class_id: int | None) -> None:
        self.toolbox.active_class = class_id

    @Slot(int)
    def choose_class(self, class_id: int) -> None:
        """Paint this class from now on; taking a class up means wanting to label."""
        self._active = class_id
        self._panel.select(class_id)
        if self.tool == "navigate":
            self.use_tool("brush")
        self._workspace.state_changed.emit()

    def take_class(self, class_id: int) -> None:
        """Paint this class from now on, with any tool."""
        self._active = class_id
        self._panel.select(class_id)
        self.toolbox.option_changed()
        self._workspace.state_changed.emit()

    def choose_nth_class(self, n: int) -> None:
        """Choose the n-th class of the list, from 0, if there is one."""
        document = self._workspace.document
        if document is not None and n < len(document.legend):
            self.choose_class(document.legend.classes[n].id)

    @Slot()
    def add_class(self) -> None:
        """Add a class and open its name for typing; Escape removes the class again."""
        document = self._workspace.document
        if document is None:
            return
        self._panel.end_naming()
        self.context.docking.show("classes")
        names = document.known_names()
        added = document.add_class()
        self.choose_class(added.id)
        self._naming = AddedClass(document, added.id)
        self._panel.edit_name(added.id, names)

    @Slot(bool)
    def _on_naming_ended(self, accepted: bool) -> None:
        """Name the class, or remove it again, and give the keyboard back to the canvas."""
        document, added, name = self._workspace.document, self._naming, self._typed
        self._naming, self._typed = None, ""
        if document is None or added is None:
            return
        if not accepted:
            added.withdraw()
        elif name:
            added.name(name)
            self.take_class(added.id)
        focus = QApplication.focusWidget()
        if focus is None or self._panel.isAncestorOf(focus):
            self.context.canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(int)
    def remove_class(self, class_id: int) -> None:
        """Remove a class with its labels; undo restores both."""
        document = self._workspace.document
        if document is None or class_id not in document.legend:
            return
        name, was_active = document.legend[class_id].name, self._active == class_id

        def plan(document: Document, base: Base) -> LabelLoad | None:
            return plan_removal(document, base, class_id) if base.has(class_id) else None

        def on_done(load: LabelLoad) -> None:
            if was_active and self._active is None and len(document.legend):
                self._active = document.legend.classes[0].id
                self._panel.select(self._active)
            count = load.prepared.edit.pixels.size
            if count:
                self._workspace.notify(
                    f"“{name}” and its {counted(count, 'labelled pixel')} were removed.",
                    "info",
                    self.undo_choice(),
                )
            self._workspace.state_changed.emit()

        self.changes.carry_out(f"Removing {name}", plan, on_done)

    @Slot()
    def ask_for_class(self) -> None:
        """Tell that a class is needed, with a button that adds one."""
        self._workspace.notify(
            "Choose a class first, or add one (A).",
            "warning",
            Choice("Add a class", self.add_class),
        )

    def undo_choice(self) -> Choice:
        """A button that undoes the step that a message reports, and no other."""
        document = self._workspace.document
        step = document.history.position if document is not None else None

        def undo() -> None:
            now = self._workspace.document
            if now is not document or now is None or now.history.position != step:
                self._workspace.notify(
                    "Other steps came after this one: choose the step to go back to.",
                    "info",
                    self.context.commands.choice("edit.history"),
                )
            else:
                self.context.commands.action("edit.undo").trigger()

        return Choice("Undo", undo)

    @Slot(int, str)
    def _on_renamed(self, class_id: int, name: str) -> None:
        document = self._workspace.document
        if self._naming is not None and class_id == self._naming.id:
            self._typed = name
        elif document is not None:
            document.rename_class(class_id, name)
            self._show_classes()

    @Slot(int)
    def recolour(self, class_id: int) -> None:
        """Ask for another colour of a class."""
        document = self._workspace.document
        if document is None or class_id not in document.legend:
            return
        old = document.legend[class_id]
        colour = QColorDialog.getColor(QColor(*old.colour), self.window, f"Colour of {old.name}")
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
        if name not in ("navigate", "select", "eraser") and self._active is None:
            self._take_first_class()
        self.toolbox.use(name)
        self._workspace.state_changed.emit()

    def _take_first_class(self) -> None:
        document = self._workspace.document
        if document is not None:
            classes = document.legend.classes
            self._active = classes[0].id if classes else document.add_class().id
            self._panel.select(self._active)

    @property
    def tool(self) -> ToolName:
        """The active tool."""
        return self.toolbox.name

    @property
    def brush_size(self) -> int:
        """Diameter of the brush in pixels, odd."""
        return self._workspace.settings.brush_size

    @Slot(int)
    def set_brush_size(self, size: int) -> None:
        """Set the diameter; even sizes become odd, because a brush has a middle pixel."""
        self._workspace.settings.brush_size = min(max(size | 1, 1), MAX_SIZE)
        self.toolbox.option_changed()
        self._workspace.state_changed.emit()

    @Slot()
    def _on_loaded(self) -> None:
        document = self._workspace.document
        if document is not None and self._active is None and len(document.legend):
            self._active = document.legend.classes[0].id
            self._panel.select(self._active)

    # binding ---------------------------------------------------------------------------------

    @Slot()
    def _on_document(self) -> None:
        document = cast("Document", self._workspace.document)
        self._active = None
        self._panel.show_ready(True)
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
