"""Figures: any plot or view on the screen, saved as PNG, SVG, or a table of its numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyqtgraph as pg
from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QEvent,
    QIODevice,
    QObject,
    QRectF,
    Qt,
    Slot,
)
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QImage, QImageWriter, QPainter
from PySide6.QtWidgets import QGraphicsView, QMenu

from hsi_viewer.atomic import replacing
from hsi_viewer.core.display.colour_bar import ColourBar
from hsi_viewer.core.display.layers import IMAGE
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.jobs.object_table import write_table
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.legend_entries import legend_entries
from hsi_viewer.ui.menu_title import add_title
from hsi_viewer.ui.plots.curve_key import named_curves
from hsi_viewer.ui.plots.figure import Figure, LegendEntry
from hsi_viewer.ui.plots.plot_table import has_table, table_of
from hsi_viewer.ui.plots.scatter_plot import ScatterPlot
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot
from hsi_viewer.ui.saving import ask_where, file_stem, folder_link
from hsi_viewer.ui.scene.scene_view import SceneView
from hsi_viewer.ui.widgets.figure_dialog import FigureDialog, ViewChoice

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context

NO_PLACE = "the scene isn't georeferenced"


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())


class FigureFeature(Feature):
    """Saves pictures of the views of the window."""

    key = "figures"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.window.installEventFilter(self)

    def eventFilter(self, _window: QObject, event: QEvent) -> bool:
        """Open a menu where the right button is pressed on a plot, which has none of its own."""
        if not isinstance(event, QContextMenuEvent) or not self.has_scene():
            return False
        under = self.window.childAt(self.window.mapFromGlobal(event.globalPos()))
        plot = under.parent() if under is not None else None
        if not isinstance(plot, pg.PlotWidget):
            return False
        menu = QMenu(self.window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add_title(menu, plot.accessibleName())
        menu.addAction("&Export this plot…").triggered.connect(partial(self._on_export, plot))
        menu.addAction("&Copy its numbers").triggered.connect(partial(self._on_copy, plot))
        menu.popup(event.globalPos())
        return True

    def _on_export(self, plot: pg.PlotWidget, _checked: bool = False) -> None:
        self._ask(plot)

    def _on_copy(self, plot: pg.PlotWidget, _checked: bool = False) -> None:
        """Put the numbers of a plot on the clipboard, as a spreadsheet takes them."""
        rows = ("\t".join(map(str, row)) for row in table_of(plot))
        QGuiApplication.clipboard().setText("\n".join(rows))

    def commands(self) -> list[Command]:
        """One command for all views, and one for the plot of the spectra."""
        return [
            Command(
                "file.figure",
                "Export a &view or plot…",
                "&File",
                self.choose,
                ("Ctrl+Shift+E",),
                "image-outline",
                self.has_scene,
            ),
            Command(
                "spectra.figure",
                "Export the &plot…",
                "S&pectra",
                self.choose_plot,
                (),
                "image-outline",
                self.has_scene,
            ),
        ]

    def views(self) -> list[QGraphicsView]:
        """The plots and views that are on the screen, the scene first."""
        shown = [v for v in self.window.findChildren(pg.GraphicsView) if v.isVisible()]
        return sorted(shown, key=lambda v: v is not self.context.canvas)

    @Slot()
    def choose(self) -> None:
        """Ask for a view and save it."""
        self._ask(self.context.canvas)

    @Slot()
    def choose_plot(self) -> None:
        """Ask how the spectrum plot is saved."""
        self.context.docking.docks["spectrum"].show()
        self._ask(self.context.plot)

    def _ask(self, first: QGraphicsView) -> None:
        document, views = self.workspace.document, self.views()
        if document is None or not views:
            return
        index = views.index(first) if first in views else 0
        choices = [self._choice(view) for view in views]
        dialog = FigureDialog(choices, index, document.cube.name, self.window)
        if dialog.exec():
            suffix = dialog.format.currentData()
            view = views[dialog.views.currentIndex()]
            path = ask_where(
                self.workspace,
                self.window,
                "Export a view or plot",
                f"{file_stem(document.cube, view.accessibleName().lower())}.{suffix}",
                f"{suffix.upper()} (*.{suffix})",
            )
            if path is not None and path.suffix.lower() == ".csv":
                self.save_table(view, path)
            elif path is not None:
                legend = dialog.legend.isChecked()
                title, marks = dialog.title.text().strip(), dialog.with_marks
                figure = self.figure_of(view, title, legend=legend, marks=marks)
                self.save(figure, path, dialog.scale.currentData())
        dialog.deleteLater()

    def _choice(self, view: QGraphicsView) -> ViewChoice:
        name = view.accessibleName() or "View"
        lacking = "" if self.context.map_marks.possible else NO_PLACE
        return ViewChoice(name, has_table(view), lacking if isinstance(view, SceneView) else name)

    def figure_of(
        self, view: QGraphicsView, title: str, *, legend: bool = True, marks: bool = True
    ) -> Figure:
        """A view with a title, a legend and the marks of a map, as far as it has them."""
        scene = view if isinstance(view, SceneView) else None

        def draw(painter: QPainter, area: QRectF) -> None:
            if scene is not None:
                self.context.map_marks.paint_in(painter, area, scene.magnification())

        return Figure(
            view,
            title,
            self.legend_of(view) if legend else (),
            self._bar_of(scene) if legend and scene is not None else None,
            draw if marks else None,
            None if scene is None else scene.scene_area(),
        )

    def save(self, figure: Figure, path: Path, scale: float = 2.0) -> None:
        """Write a figure as its suffix says; what stood there is replaced only by a whole file."""
        # Views are drawn in this thread; compressing and writing is the worker's.
        encode: Callable[[], bytes]
        if path.suffix.lower() == ".svg":
            encode = partial(bytes, figure.svg())
        else:
            encode = partial(_png, figure.image(scale))

        def work(_token: CancelToken, _port: ProgressPort) -> Path:
            with replacing(path) as (new,):
                new.write_bytes(encode())
            return path

        self.workspace.perform(
            f"Saving {path.name}", work, self._on_saved, doing="Saving the image", writes=True
        )

    def save_table(self, view: QGraphicsView, path: Path) -> None:
        """Write the numbers that a plot shows as CSV."""
        rows = table_of(view)

        def work(_token: CancelToken, _port: ProgressPort) -> Path:
            write_table(path, rows[0], rows[1:])
            return path

        self.workspace.perform(
            f"Saving {path.name}", work, self._on_saved, doing="Saving the table", writes=True
        )

    def legend_of(self, view: QGraphicsView) -> list[LegendEntry]:
        """The curves or points of a plot, or the classes that the view of the scene shows."""
        if isinstance(view, SpectrumPlot):
            shown = [c for c in view.curves.curves if c.visible and c.colour is not None]
            return [LegendEntry(c.name, c.colour or (0, 0, 0), line=True) for c in shown]
        if isinstance(view, ScatterPlot):
            return [LegendEntry(p.name, p.colour) for p in view.points]
        if isinstance(view, SceneView):
            return self._classes_shown(view)
        if isinstance(view, pg.PlotWidget):
            return [LegendEntry(name, colour, line=True) for name, colour in named_curves(view)]
        return []

    def _classes_shown(self, view: SceneView) -> list[LegendEntry]:
        document = self.workspace.document
        if document is None:
            return []
        entries = legend_entries(document, {layer.name for layer in view.shown_layers})
        return [LegendEntry(entry.name, entry.colour) for entry in entries]

    def _bar_of(self, view: SceneView) -> ColourBar | None:
        """The colour bar of the uppermost layer of numbers; of the image, if nothing lies on it."""
        shown = view.shown_layers
        for layer in reversed(shown):
            if layer.bar is not None and (layer.name != IMAGE or not any(x.coded for x in shown)):
                return layer.bar
        return None

    def _on_saved(self, path: Path) -> None:
        self.workspace.notify(f"Saved {path}.", "success", folder_link(path))
