"""SceneGrid: one, two or four views of a scene with one zoom, place and cursor."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from hsi_viewer.core.display.layers import CLASS_MAP, GROUND_TRUTH, IMAGE, UNCERTAINTY
from hsi_viewer.core.display.outlines import OutlineRaster
from hsi_viewer.ui.event_errors import reports_errors
from hsi_viewer.ui.scene.map_legend import MapLegend
from hsi_viewer.ui.scene.scene_view import Mark, SceneView
from hsi_viewer.ui.scene.tiles import TileStore
from hsi_viewer.ui.widgets.choice_box import ChoiceBox

FIRST = (CLASS_MAP, GROUND_TRUTH, UNCERTAINTY)  # what the second to fourth view show at first
MARGIN = 8


@reports_errors
class LinkedView(SceneView):
    """A view of one layer, which is chosen in a list in its corner."""

    def __init__(self, store: TileStore, layer: str, number: int) -> None:
        super().__init__()
        self.setAccessibleName(f"Scene, view {number}")
        self._layers = store.layers
        self.choice = ChoiceBox(self.viewport())
        self.choice.setAccessibleName(f"Layer of view {number}")
        self.choice.setCursor(Qt.CursorShape.ArrowCursor)
        self.choice.move(MARGIN, MARGIN)
        self.choice.currentTextChanged.connect(self._on_choice)
        self.hint = QLabel(self.viewport())
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.viewport().installEventFilter(self)
        self.legend = MapLegend(self.viewport(), (1.0, 1.0))
        self._layer = layer
        self.show_layers(store)
        self._layers.changed.connect(self._offer)
        self._offer()

    @property
    def layer(self) -> str:
        """The layer that is shown."""
        return self._layer

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the hint in the middle."""
        if event.type() == QEvent.Type.Resize and watched is self.viewport():
            self.hint.setGeometry(self.viewport().rect())
        return False

    def _offer(self) -> None:
        with QSignalBlocker(self.choice):
            self.choice.clear()
            self.choice.addItems(self._layers.names[::-1])
            if self._layer not in self._layers:
                self._layer = self._layers.names[0]
            self.choice.setCurrentText(self._layer)
        self.choice.adjustSize()
        self._show()

    @Slot(str)
    def _on_choice(self, name: str) -> None:
        self._layer = name
        self._show()

    def _show(self) -> None:
        raster = self._layers[self._layer].raster
        empty = raster is None
        self.hint.setText(f"There is no {self._layer.lower()} yet." if empty else "")
        outlines = isinstance(raster, OutlineRaster)  # they mean little without the image
        self.show_only((IMAGE, self._layer) if outlines else (self._layer,))
        self.legend.show_bar(None if empty else self._layers[self._layer].bar)


class SceneGrid(QWidget):
    """The canvas, and further views beside it.

    Parameters
    ----------
    canvas : the main view, which the others follow and are followed by.
    """

    def __init__(self, canvas: SceneView, store: TileStore) -> None:
        super().__init__()
        self._canvas, self._store = canvas, store
        self.views: list[SceneView] = [canvas]
        self._following = False
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(3)
        self._layout.addWidget(canvas, 0, 0)
        canvas.view_changed.connect(self._on_view)
        canvas.hovered.connect(self._on_hover)
        canvas.left.connect(self._on_left)
        canvas.scene_shown.connect(self._on_scene)
        canvas.marked.connect(self._on_marks)

    def set_number(self, number: int) -> None:
        """Show 1, 2 or 4 views."""
        while len(self.views) > number:
            view = self.views.pop()
            view.detach()
            self._layout.removeWidget(view)
            view.hide()
            view.deleteLater()
        while len(self.views) < number:
            self._add(len(self.views))
        for part in (0, 1):
            self._layout.setRowStretch(part, int(number > 2 or part == 0))
            self._layout.setColumnStretch(part, int(number > part))
        self._on_left()

    def set_background(self, colour: str) -> None:
        """Draw views in the colour of the theme where there is no scene."""
        for view in self.views[1:]:
            view.setBackground(colour)

    def _add(self, index: int) -> None:
        view = LinkedView(self._store, FIRST[index - 1], index + 1)
        view.show_scene(*self._canvas.shape)
        view.set_marks(self._canvas.drawn_marks)
        view.view_changed.connect(self._on_view)
        view.hovered.connect(self._canvas.hovered)
        view.left.connect(self._canvas.left)
        view.clicked.connect(self._canvas.clicked)
        self.views.append(view)
        self._layout.addWidget(view, *divmod(index, 2))
        view.follow(self._canvas)

    @Slot()
    def _on_view(self) -> None:
        """One view was moved: the others follow."""
        moved = self.sender()
        if self._following or not isinstance(moved, SceneView):
            return
        self._following = True
        for view in self.views:
            if view is not moved:
                view.follow(moved)
        self._following = False

    @Slot(int, int)
    def _on_hover(self, row: int, column: int) -> None:
        for view in self.views:
            view.show_cursor(None if view.underMouse() else (row, column))

    @Slot()
    def _on_left(self) -> None:
        for view in self.views:
            view.show_cursor(None)

    @Slot(int, int)
    def _on_scene(self, rows: int, columns: int) -> None:
        for view in self.views[1:]:
            view.show_scene(rows, columns)

    @Slot(list)
    def _on_marks(self, marks: list[Mark]) -> None:
        for view in self.views[1:]:
            view.set_marks(marks)
