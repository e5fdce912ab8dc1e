"""Figures: any plot or view that is on the screen, saved as PNG or SVG with its legend."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pyqtgraph as pg
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Slot
from PySide6.QtGui import QImage, QImageWriter
from PySide6.QtWidgets import QGraphicsView

from hsi_viewer.atomic import replacing
from hsi_viewer.core.display.layers import CLASS_MAP, GROUND_TRUTH, LABELS
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.feature import Feature
from hsi_viewer.ui.plots.figure import Figure, LegendEntry
from hsi_viewer.ui.plots.scatter_plot import ScatterPlot
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot
from hsi_viewer.ui.saving import ask_where, file_stem, folder_link
from hsi_viewer.ui.scene.scene_view import SceneView
from hsi_viewer.ui.widgets.figure_dialog import FigureDialog


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())


class FigureFeature(Feature):
    """Saves pictures of the views of the window."""

    key = "figures"

    def commands(self) -> list[Command]:
        """One command for all views, and one for the plot of the spectra."""
        return [
            Command(
                "file.figure",
                "Save a view as an &image…",
                "&File",
                self.choose,
                ("Ctrl+Shift+E",),
                "image-outline",
                self._has_document,
            ),
            Command(
                "spectra.figure",
                "Save the plot as an &image…",
                "S&pectra",
                self.choose_plot,
                (),
                "image-outline",
                self._has_document,
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
        names = [v.accessibleName() or "View" for v in views]
        index = views.index(first) if first in views else 0
        dialog = FigureDialog(names, index, document.cube.name, self.window)
        if dialog.exec():
            suffix = dialog.format.currentData()
            view = views[dialog.views.currentIndex()]
            name = file_stem(document.cube, view.accessibleName().lower())
            path = ask_where(
                self.workspace,
                self.window,
                "Save as an image",
                f"{name}.{suffix}",
                f"{suffix.upper()} (*.{suffix})",
            )
            if path is not None:
                legend = self.legend_of(view) if dialog.legend.isChecked() else []
                figure = Figure(view, dialog.title.text().strip(), legend)
                self.save(figure, path, dialog.scale.currentData())
        dialog.deleteLater()

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
            f"Saving {path.name}", work, self._on_saved, doing="Saving the image"
        )

    def legend_of(self, view: QGraphicsView) -> list[LegendEntry]:
        """The curves or points of a plot, or the classes that the view of the scene shows."""
        if isinstance(view, SpectrumPlot):
            shown = [c for c in view.curves.curves if c.visible and c.colour is not None]
            return [LegendEntry(c.name, c.colour or (0, 0, 0), line=True) for c in shown]
        if isinstance(view, ScatterPlot):
            return [LegendEntry(p.name, p.colour) for p in view.points]
        if isinstance(view, SceneView):
            return self._classes_shown()
        return []

    def _classes_shown(self) -> list[LegendEntry]:
        document, layers = self.workspace.document, self.context.viewing.layers
        if document is None:
            return []
        seen = {n for n in (LABELS, CLASS_MAP, GROUND_TRUTH) if n in layers and layers[n].visible}
        present: set[int] = set()
        if LABELS in seen:
            present.update(document.labels.present())
        if CLASS_MAP in seen and document.prediction is not None:
            present.update(document.prediction.class_ids)
        if GROUND_TRUTH in seen and document.truth is not None:
            present.update(c.id for c in document.legend)
        return [
            LegendEntry(c.name, c.colour) for c in document.legend if c.id in present and c.visible
        ]

    def _has_document(self) -> bool:
        return self.workspace.document is not None

    def _on_saved(self, path: Path) -> None:
        self.workspace.notify(f"Saved {path}.", "success", folder_link(path))
