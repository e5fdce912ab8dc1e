"""Toolbox: all tools of the image view, the active one, and what they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from PySide6.QtCore import QObject, Signal, Slot

from hsi_viewer.core.geometry.pixels import Pixel
from hsi_viewer.core.geometry.shapes import Pixels, rectangle
from hsi_viewer.core.labels.classes import UNCLASSIFIED, Colour
from hsi_viewer.core.labels.paint_mode import Paint, PaintMode, paint_for
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.session.document.document import Document
from hsi_viewer.session.document.label_load import Base, LabelLoad, plan_paint
from hsi_viewer.session.document.stroke import Stroke
from hsi_viewer.ui.label_changes import LabelChanges
from hsi_viewer.ui.scene.image_canvas import ImageCanvas
from hsi_viewer.ui.task_thread import Work
from hsi_viewer.ui.tools.brush import BrushTool, PointTool
from hsi_viewer.ui.tools.catalogue import ToolName
from hsi_viewer.ui.tools.drag_shape import EllipseTool, LineTool, RectangleTool
from hsi_viewer.ui.tools.fill import FillTool
from hsi_viewer.ui.tools.outline import LassoTool, PolygonTool
from hsi_viewer.ui.tools.select import SelectTool
from hsi_viewer.ui.tools.spectral_neighbourhood import SpectralNeighbourhood
from hsi_viewer.ui.tools.superpixel import SuperpixelTool
from hsi_viewer.ui.tools.tool import Tool
from hsi_viewer.ui.tools.wand import WandTool
from hsi_viewer.ui.widgets.choice import Choice
from hsi_viewer.ui.workspace import Workspace

GREY = (150, 150, 150)
LARGE_AREA = 500_000  # pixels that are labelled in the interface's thread: in 15 ms


class Guest(Struct, frozen=True, eq=False):
    """A tool of a command, which has the left button until its outline is closed.

    Attributes
    ----------
    title, hint, options : as of a `ToolSpec`.
    """

    tool: Tool
    title: str
    hint: str
    options: tuple[str, ...] = ()


class Toolbox(QObject):
    """The context of the tools.

    Attributes
    ----------
    guest : the tool that has the left button instead of the active one, or None.

    Signals
    -------
    changed() : another tool, another mode or another option.
    class_needed() : a stroke could not begin, because no class is chosen.
    """

    changed = Signal()
    class_needed = Signal()

    def __init__(self, workspace: Workspace, canvas: ImageCanvas, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace, self._canvas = workspace, canvas
        self.changes = LabelChanges(workspace, self)
        self._active_class: int | None = None
        self.name: ToolName = "navigate"
        self.guest: Guest | None = None
        self._mode = PaintMode.REPLACE
        self._neighbourhood = SpectralNeighbourhood(workspace, self)
        self._neighbourhood.failed.connect(self._on_failed)
        self.select = SelectTool(self)
        self.tools: dict[ToolName, Tool | None] = {
            "navigate": None,
            "select": self.select,
            "point": PointTool(self),
            "brush": BrushTool(self),
            "eraser": BrushTool(self, erase=True),
            "line": LineTool(self),
            "rectangle": RectangleTool(self),
            "ellipse": EllipseTool(self),
            "polygon": PolygonTool(self),
            "lasso": LassoTool(self),
            "fill": FillTool(self, self),
            "wand": WandTool(self, self._neighbourhood, self),
            "superpixel": SuperpixelTool(self, self._neighbourhood, self),
        }

    # the context -------------------------------------------------------------------------------

    @property
    def document(self) -> Document | None:
        """The open document."""
        return self._workspace.document

    @property
    def settings(self) -> Settings:
        """Sizes and other options."""
        return self._workspace.settings

    def compute(self, title: str, work: Work, on_done: Callable[[Any], None]) -> None:
        """Run slow work in a worker, as long as the document is open."""
        self._workspace.compute(title, work, on_done, document=self.document, key="")

    @property
    def colour(self) -> Colour:
        """Colour of what is painted now; grey erases."""
        document, active = self.document, self.active_class
        if document is None or active is None or active not in document.legend:
            return GREY
        return GREY if self._mode.erases else document.legend[active].colour

    def begin(self, *, erase: bool = False) -> Stroke | None:
        """Begin a stroke in the chosen mode; None while there is no document or no class."""
        document, paint = self.document, self._paint(erase=erase)
        return None if document is None or paint is None else Stroke(document, paint)

    def label_area(self, size: float, covered: Callable[[], Pixels]) -> None:
        """Label the pixels that an area covers, as one step; a large area by a worker.

        Parameters
        ----------
        size : pixels of a box around it.
        covered : gives the pixels, in the worker if there is one.
        """
        document, paint = self.document, self._paint()
        if document is None or paint is None:
            return
        if size <= LARGE_AREA:
            stroke = Stroke(document, paint)
            stroke.paint(covered())
            stroke.finish()
            return

        def plan(document: Document, base: Base) -> LabelLoad | None:
            there = paint.class_id == UNCLASSIFIED or base.has(paint.class_id)
            return plan_paint(document, base, paint, covered()) if there else None

        self.changes.carry_out("Labelling", plan, lambda _load: None, large=True)

    def _paint(self, *, erase: bool = False) -> Paint | None:
        document = self.document
        if document is None:
            return None
        only_one = self._mode is PaintMode.ERASE_CLASS
        mode = PaintMode.ERASE if erase and not only_one else self._mode
        paint = paint_for(mode, self.active_class, document.legend)
        if paint is None:
            self.class_needed.emit()
            return None
        if paint.class_id != UNCLASSIFIED and paint.class_id not in document.legend:
            return None
        return paint

    def label_pixel(self, pixel: Pixel | None) -> None:
        """Label one pixel in the chosen mode, as one step."""
        if pixel is None:
            self.notify(
                "Pick a pixel first: use Ctrl and the arrow keys, or click with Navigate (N)."
            )
            return
        stroke, document = self.begin(), self.document
        if stroke is not None and document is not None:
            stroke.paint(rectangle(pixel, pixel, document.labels.shape))
            stroke.finish()

    def update_preview(self) -> None:
        """Ask the canvas for the preview again."""
        self._canvas.update_preview()

    def option_changed(self) -> None:
        """Draw cursor and options again after a setting changed."""
        self._canvas.update_tool()
        self.changed.emit()

    def notify(self, text: str, level: str = "info", *choices: Choice) -> None:
        """Tell the user something; `choices` are buttons."""
        self._workspace.notify(text, level, *choices)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._workspace.notify_error(error, "Comparing spectra")

    @property
    def active_class(self) -> int | None:
        """Id of the class that is painted."""
        return self._active_class

    @active_class.setter
    def active_class(self, class_id: int | None) -> None:
        if class_id != self._active_class:
            self._active_class = class_id
            if self.current is not None:
                self.current.settings_changed()  # previews are in the colour of the class
            self.option_changed()

    # the choice ------------------------------------------------------------------------------

    @property
    def mode(self) -> PaintMode:
        """Effect of a tool on the pixels that it touches."""
        return self._mode

    def set_mode(self, mode: PaintMode) -> None:
        """Choose what happens to the pixels that a tool touches."""
        self._mode = mode
        self.option_changed()

    @property
    def current(self) -> Tool | None:
        """The tool that has the left button; None is the view."""
        return self.guest.tool if self.guest is not None else self.tools[self.name]

    def use(self, name: ToolName) -> None:
        """Make a tool active."""
        self.name, self.guest = name, None
        self._canvas.set_tool(self.tools[name])
        self.changed.emit()

    def lend(self, guest: Guest) -> None:
        """Give the left button to the tool of a command, until a tool is used again."""
        self.guest = guest
        self._canvas.set_tool(guest.tool)
        self._canvas.setFocus()
        self.changed.emit()

    def set_option(self, name: str, value: object) -> None:
        """Change a setting of a tool; "tolerance" is that of the chosen measure."""
        if name == "tolerance":
            name = f"wand_{self.settings.wand_measure}"
        if name == "brush_size":
            value = int(str(value)) | 1  # a brush has a middle pixel
        setattr(self.settings, name, value)
        if self.current is not None:
            self.current.settings_changed()
        self.option_changed()

    @property
    def waiting(self) -> bool:
        """Whether a preview waits to be accepted or dropped."""
        return self.current is not None and self.current.waiting

    def accept(self) -> None:
        """Label what the preview shows."""
        if self.current is not None:
            self.current.key("accept")
            self.update_preview()

    def resize(self, steps: int) -> None:
        """Grow or shrink the active tool, or the brush where it has no size."""
        if self.current is None or not self.current.resize(steps):
            brush = self.tools["brush"]
            if brush is not None:
                brush.resize(steps)
