"""MapMarksFeature: degrees under the cursor, scale bar and north arrow of georeferenced scenes."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import TYPE_CHECKING, cast

from msgspec import Struct
from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from hsi_viewer.analysis.geographic import ScaleAndNorth, degrees, degrees_text, scale_and_north
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.requests import LatestRequestQueue, Response
from hsi_viewer.ui.scene.map_marks import MapMarks

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context


class _Position(Struct, frozen=True):
    """A pixel whose latitude and longitude are wanted."""

    georeference: Georeference
    row: int
    column: int


def _degrees_of(request: Hashable) -> str:
    at = cast("_Position", request)
    found = degrees(at.georeference, [(at.row + 0.5, at.column + 0.5)])
    return degrees_text(*found[0]) if found else ""


def _find_scale_and_north(
    cube: HyperCube, _token: CancelToken, _port: ProgressPort
) -> ScaleAndNorth | None:
    known = cube.georeference
    return scale_and_north(known, cube.rows, cube.columns) if known else None


class MapMarksFeature(Feature):
    """Asks a worker where things lie, for the library that knows takes long to import."""

    key = "map-overlay"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.marks = context.map_marks = MapMarks(context.canvas)
        self._shown = True
        self._at: _Position | None = None
        self._ground: ScaleAndNorth | None = None
        self._queue = LatestRequestQueue(
            self.workspace.tasks, "Computing longitude and latitude", _degrees_of, self
        )
        self._queue.response.connect(self._on_degrees)
        self.workspace.document_changed.connect(self._on_document)
        context.canvas.hovered.connect(self._on_hover)
        context.canvas.left.connect(self._on_left)

    def overlays(self) -> list[QWidget]:
        """The marks."""
        return [self.marks]

    def commands(self) -> list[Command]:
        """Show or hide the marks."""
        return [
            Command(
                "view.marks",
                "Scale &bar and north arrow",
                "&View",
                self.show_marks,
                (),
                "compass-outline",
                lambda: self._ground is not None,
                lambda: "This scene isn't georeferenced.",
                checked=lambda: self._shown and self._ground is not None,
            )
        ]

    def show_marks(self, shown: bool) -> None:
        """Show or hide scale bar and north arrow."""
        self._shown = shown
        self.marks.set_wanted(shown)
        self.workspace.state_changed.emit()

    @Slot()
    def _on_document(self) -> None:
        self._at = None
        self._take(None)
        document = self.workspace.document
        if document is not None:
            document.cube_changed.connect(self._find)
            self._find()

    def _find(self) -> None:
        document = self.workspace.document
        if document is None or document.cube.georeference is None:
            return
        self.workspace.compute(
            "Locating the scene",
            partial(_find_scale_and_north, document.cube),
            self._take,
            cube=document.cube,
            on_failed=self._on_not_found,
            quiet=True,
            patient=True,
        )

    def _on_not_found(self, _error: Exception) -> None:
        """Without scale bar and north arrow; the log has the reason."""

    def _take(self, ground: ScaleAndNorth | None) -> None:
        self._ground = ground
        self.marks.show_ground(ground)
        self.workspace.state_changed.emit()

    @Slot(int, int)
    def _on_hover(self, row: int, column: int) -> None:
        document = self.workspace.document
        if document is None or self._ground is None or document.cube.georeference is None:
            return
        if self.context.canvas.is_drawing:
            return
        self._at = _Position(document.cube.georeference, row, column)
        self._queue.ask((self._at,))

    @Slot()
    def _on_left(self) -> None:
        self._at = None
        self.context.readout.show_degrees("")

    @Slot(object)
    def _on_degrees(self, response: Response) -> None:
        if response.request == self._at and response.error is None:
            self.context.readout.show_degrees(str(response.result))
