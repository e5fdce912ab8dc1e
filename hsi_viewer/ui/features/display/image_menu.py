"""ImageMenuFeature: what can be done at a pixel, by the right button or the menu key."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QMenu

from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.menu_title import add_title

if TYPE_CHECKING:
    from hsi_viewer.core.geometry.pixels import Pixel
    from hsi_viewer.session.document.document import Document
    from hsi_viewer.ui.context import Context

OF_THE_VIEW = ("view.fit", "view.map", "view.labels", "view.image", "view.legend")


class ImageMenuFeature(Feature):
    """Opens a menu at the pixel under the mouse."""

    key = "image-menu"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        context.canvas.viewport().installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Open the menu where it is asked for; a menu that was asked for by key, in the middle."""
        if not isinstance(event, QContextMenuEvent) or not self.has_scene():
            return False
        canvas = self.context.canvas
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        at = canvas.viewport().rect().center() if by_key else event.pos()
        self.open(canvas.pixel_at(at), canvas.viewport().mapToGlobal(at))
        return True

    def open(self, pixel: Pixel | None, at: QPoint) -> None:
        """Open the menu of a pixel, or of the view where there is none."""
        document = self.workspace.document
        menu = QMenu(self.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if document is not None and pixel is not None:
            self._add_pixel(menu, document, pixel)
        for command in OF_THE_VIEW:
            menu.addAction(self.context.commands.action(command))
        menu.popup(at)

    def _add_pixel(self, menu: QMenu, document: Document, pixel: Pixel) -> None:
        row, column = pixel
        place = f"row {row + 1}, column {column + 1}"
        add_title(menu, place.capitalize())
        pin = menu.addAction("&Pin the spectrum")
        pin.triggered.connect(partial(self.context.viewing.pin, row, column))
        for class_id in self._classes_at(document, row, column):
            name = document.legend.name_of(class_id).replace("&", "&&")
            choose = menu.addAction(f"&Choose the class {name}")
            choose.triggered.connect(partial(self.context.labelling.take_class, class_id))
        copy = menu.addAction("C&opy the position and values")
        copy.triggered.connect(partial(self._copy, document, row, column))
        menu.addSeparator()

    def _classes_at(self, document: Document, row: int, column: int) -> list[int]:
        """The label of a pixel and its class in the map, as far as it has them and shows them."""
        if self.context.viewing.layers.blind:
            return []
        found = [int(document.labels.ids[row, column])]
        if document.prediction is not None:
            found.append(int(document.prediction.class_map[row, column]))
        return [i for i in dict.fromkeys(found) if i and i in document.legend]

    def _copy(self, document: Document, row: int, column: int, _checked: bool = False) -> None:
        place = document.cube.georeference
        on_map = place.map_xy(row + 0.5, column + 0.5) if place is not None else None
        parts = [f"row {row + 1}", f"column {column + 1}"]
        parts += [f"x {on_map[0]:.3f}", f"y {on_map[1]:.3f}"] if on_map else []
        for class_id in self._classes_at(document, row, column):
            parts.append(document.legend.name_of(class_id))
        values = self.context.readout.values.text()
        QGuiApplication.clipboard().setText("\t".join([*parts, *([values] if values else [])]))
