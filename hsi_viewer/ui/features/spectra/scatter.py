"""Scatter: two bands or components against each other, tied to the image by the selection."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, cast

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from PySide6.QtCore import Slot

from hsi_viewer.analysis.scatter import (
    Channel,
    ScatterAxes,
    ScatterResult,
    pixels_inside,
    scatter,
    values_at,
)
from hsi_viewer.core.cube.band_selection import band_label, nearest_band
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.derived.derived_images import COMPONENTS, TITLES
from hsi_viewer.core.labels.classes import Colour, LabelClass
from hsi_viewer.core.labels.label_snapshot import LabelSnapshot
from hsi_viewer.core.progress import CancelToken, ProgressPort
from hsi_viewer.ui.commands.table import Command
from hsi_viewer.ui.features.panel_feature import PanelFeature
from hsi_viewer.ui.plots.scatter_plot import Points, ScatterPlot
from hsi_viewer.ui.requests import LatestRequestQueue, Response
from hsi_viewer.ui.task_thread import Task

if TYPE_CHECKING:
    from hsi_viewer.ui.context import Context
    from hsi_viewer.ui.widgets.scatter_panel import ScatterPanel

DOING = "The scatter plot"
SELECTED: Colour = (255, 0, 200)  # as on the image
RED_NM, INFRARED_NM = 660.0, 860.0


class PointsRequest(Struct, frozen=True, eq=False):
    """Groups of pixels whose values are wanted: of classes in a label map, and selected ones."""

    axes: ScatterAxes
    classes: tuple[LabelClass, ...]
    labels: LabelSnapshot | None
    selected: NDArray[np.bool_] | None


class Lassoed(Struct, frozen=True, eq=False):
    """Pixels of a lasso in the plot."""

    axes: ScatterAxes
    mask: NDArray[np.bool_]
    name: str


def _compute(request: Hashable) -> object:
    if not isinstance(request, PointsRequest):
        return None
    groups: list[tuple[str, Colour, NDArray[np.int64]]] = []
    if request.labels is not None:
        ids = request.labels.ids
        groups += [(c.name, c.colour, np.flatnonzero(ids == c.id)) for c in request.classes]
    if request.selected is not None:
        groups.append(("Selection", SELECTED, np.flatnonzero(request.selected)))
    return tuple(Points(name, c, *values_at(request.axes, p)) for name, c, p in groups)


class ScatterFeature(PanelFeature["ScatterPanel"]):
    """Draws the plot when it is looked at, and keeps it as the document is."""

    key, dock, title, icon = "scatter", "scatter-plot", "Scatter plot", "chart-scatter-plot"
    beside = "training"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._counting: Task | None = None  # also one that has failed: it isn't tried again
        self._points = LatestRequestQueue(self.workspace.tasks, "Reading pixels", _compute, self)
        self._points.response.connect(self._on_points)
        self.workspace.document_changed.connect(self._on_document)
        self.workspace.state_changed.connect(self._on_state)

    @property
    def result(self) -> ScatterResult | None:
        """The scatter plot of the open document."""
        document = self.workspace.document
        return document.results.scatter if document is not None else None

    def make_panel(self) -> ScatterPanel:
        """The panel, connected."""
        from hsi_viewer.ui.widgets.scatter_panel import ScatterPanel

        plot = ScatterPlot()
        panel = ScatterPanel(plot)
        panel.axes_changed.connect(self.start)
        panel.shown.connect(self._on_shown)
        panel.classes_toggled.connect(self._ask_points)
        panel.label_requested.connect(self._label)
        panel.mean_requested.connect(self._mean)
        panel.clear_requested.connect(self._clear)
        plot.lassoed.connect(self.select_inside)
        return panel

    @property
    def plot(self) -> ScatterPlot:
        """The plot."""
        return cast("ScatterPlot", self.panel.plot)

    @property
    def _seen(self) -> bool:
        return self.is_made and self.panel.isVisible()

    def commands(self) -> list[Command]:
        """Showing the plot, under Spectra."""
        return [
            Command(
                "spectra.scatter",
                "Sca&tter plot of two bands",
                "S&pectra",
                self.open,
                (),
                "chart-scatter-plot",
                self.has_scene,
            )
        ]

    def refresh_theme(self) -> None:
        """Draw the plot in the colours of the theme."""
        if self.is_made:
            self.plot.refresh_theme()

    # the density -----------------------------------------------------------------------------

    @Slot()
    def start(self) -> None:
        """Count the pixels of the chosen channels in the background."""
        document = self.workspace.document
        x, y = self.panel.x_axis.currentData(), self.panel.y_axis.currentData()
        if document is None or not isinstance(x, Channel) or not isinstance(y, Channel):
            return
        cube = document.cube
        images = self.result.axes.images if self.result is not None else ()

        def work(token: CancelToken, port: ProgressPort) -> ScatterResult:
            return scatter(cube, x, y, images, token, port)

        self._counting = self.workspace.compute(
            "Scatter plot", work, self._on_counted, cube=cube, doing=DOING
        )

    def _on_counted(self, result: ScatterResult) -> None:
        document = self.workspace.document
        self._counting = None
        if document is None:
            return
        document.results.scatter = result
        self.plot.show_density(
            result.density, self.panel.x_axis.currentText(), self.panel.y_axis.currentText()
        )
        self._on_selection()

    # the selection ---------------------------------------------------------------------------

    @Slot(object)
    def select_inside(self, corners: NDArray[np.float64]) -> None:
        """Select the pixels of the whole scene whose values lie in an outline."""
        if self.result is None:
            return
        axes = self.result.axes
        name = f"{self.panel.x_axis.currentText()} / {self.panel.y_axis.currentText()}"

        def work(token: CancelToken, port: ProgressPort) -> Lassoed:
            return Lassoed(axes, pixels_inside(axes, corners, token, port), name)

        self.workspace.compute(
            "Selecting pixels", work, self._on_lassoed, cube=axes.cube, doing=DOING
        )

    def _on_lassoed(self, lassoed: Lassoed) -> None:
        document = self.workspace.document
        if document is not None:
            document.selection.select(lassoed.mask, lassoed.name)

    def _on_selection(self) -> None:
        document = self.workspace.document
        if document is not None and self.is_made:
            step = self.result.step if self.result is not None else 1
            self.panel.show_selection(len(document.selection), document.selection.name, step)
            self._ask_points()

    @Slot()
    def _ask_points(self) -> None:
        """Look up the values of the selection, and of the labels if they are shown."""
        document = self.workspace.document
        if document is None or self.result is None or not self._seen:
            return
        classes: tuple[LabelClass, ...] = ()
        if self.panel.classes.isChecked():
            classes = tuple(c for c in document.legend if c.visible and document.labels.count(c.id))
        labels, mask = document.labels.snapshot() if classes else None, document.selection.mask
        if labels is not None or mask is not None:
            self._points.ask([PointsRequest(self.result.axes, classes, labels, mask)])
        else:
            self._points.ask([])
            self.plot.show_points(())

    @Slot(object)
    def _on_points(self, response: Response) -> None:
        if response.error is not None:
            self.workspace.notify_error(response.error, DOING)
        elif (
            isinstance(response.request, PointsRequest)
            and self.result is not None
            and response.request.axes is self.result.axes
            and isinstance(response.result, tuple)
        ):
            self.plot.show_points(response.result)

    @Slot()
    def _label(self) -> None:
        self.context.commands.action("select.label").trigger()

    @Slot()
    def _mean(self) -> None:
        self.context.commands.action("spectra.selection_mean").trigger()

    @Slot()
    def _clear(self) -> None:
        self.context.commands.action("select.clear").trigger()

    # the document ----------------------------------------------------------------------------

    @Slot()
    def _on_document(self) -> None:
        document = self.workspace.document
        if document is not None:
            document.selection.changed.connect(self._on_selection)
            document.labels.changed.connect(self._on_labels)
            document.legend.changed.connect(self._on_legend)
            document.cube_changed.connect(self.refresh)
        self.refresh()

    def _offer_channels(self, cube: HyperCube) -> None:
        channels: list[tuple[str, Channel]] = [
            (band_label(cube, band), Channel("band", band)) for band in range(cube.bands)
        ]
        x, y = 0, cube.bands - 1
        if cube.wavelengths is not None and np.isfinite(cube.wavelengths).any():
            x, y = nearest_band(cube, RED_NM), nearest_band(cube, INFRARED_NM)
        if cube.bands > 1:
            count = min(COMPONENTS, cube.bands)
            channels += [(f"{TITLES['pca'][:-1]} {k + 1}", Channel("pca", k)) for k in range(count)]
            channels += [(f"{TITLES['mnf']} {k + 1}", Channel("mnf", k)) for k in range(count)]
        self.panel.show_channels(channels, x, y)

    @Slot()
    def refresh(self) -> None:
        """Another cube, or other metadata: other names, nodata or scale."""
        document, self._counting = self.workspace.document, None
        if not self.is_made:
            return
        self.plot.show_density(None, "", "")
        if document is not None:
            self._offer_channels(document.cube)
        self._on_state()
        self._on_shown()

    @Slot()
    def _on_shown(self) -> None:
        if self._seen and self.result is None and self._counting is None:
            self.start()
        elif self._seen:
            self._on_selection()

    def _on_labels(self, _top: int, _left: int, _bottom: int, _right: int) -> None:
        if self.is_made and self.panel.classes.isChecked():
            self._ask_points()

    def _on_legend(self) -> None:
        if self.is_made and self.panel.classes.isChecked():
            self._ask_points()

    @Slot()
    def _on_state(self) -> None:
        if not self.is_made:
            return
        document, active = self.workspace.document, self.context.labelling.active_class
        known = document is not None and active is not None and active in document.legend
        self.panel.show_class(
            document.legend.name_of(active) if document and known and active else ""
        )
