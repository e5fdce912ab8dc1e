"""What a plot shows as a table, for CSV files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QGraphicsView

from hsi_viewer.ui.plots.histogram_plot import HistogramPlot
from hsi_viewer.ui.plots.scatter_plot import ScatterPlot
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot

Row = Sequence[Any]
UNITS = {"nm": "wavelength_nm", "um": "wavelength_um", "band": "band"}


def has_table(view: QGraphicsView) -> bool:
    """Whether a view is a plot, and not a picture of the scene."""
    return isinstance(view, pg.PlotWidget)


def table_of(view: QGraphicsView) -> list[Row]:
    """The numbers that a plot shows, the first row with the names of the columns.

    Spectra have a column for each kept curve as it is drawn, or for the one under the cursor. A
    scatter plot has its density cell by cell, then its points by class. Any other plot has a row
    for each point of its curves.
    """
    if isinstance(view, SpectrumPlot):
        return _spectra(view)
    if isinstance(view, HistogramPlot):
        return _histograms(view)
    if isinstance(view, ScatterPlot):
        return list(_scatter(view))
    return list(_curves(view))


def _spectra(plot: SpectrumPlot) -> list[Row]:
    curves = [c for c in plot.curves.curves if c.visible]
    names, values = [c.name for c in curves], [plot.treated(c.values) for c in curves]
    live = plot.live_values()[1]
    if not curves and live is not None and live.size:
        names, values = ["under the cursor"], [live]
    columns = [plot.x_values(), *values]
    head = [UNITS[plot.drawn_unit], *names]
    return [head, *zip(*(column.tolist() for column in columns), strict=True)]


def _histograms(plot: HistogramPlot) -> list[Row]:
    rows: list[Row] = [["channel", "from", "to", "pixels"]]
    for name, edges, counts in plot.shown():
        rows += zip(
            [name] * counts.size,
            edges[:-1].tolist(),
            edges[1:].tolist(),
            counts.tolist(),
            strict=True,
        )
    return rows


def _scatter(plot: ScatterPlot) -> Iterator[Row]:
    x_name, y_name = plot.axis_names()
    yield ["points", x_name, y_name, "pixels"]
    if plot.density is not None:
        counts = plot.density.counts
        y, x = (
            low + (np.arange(n) + 0.5) * (high - low) / n
            for n, (low, high) in zip(counts.shape, (plot.density.y, plot.density.x), strict=True)
        )
        for row, column in zip(*np.nonzero(counts), strict=True):
            yield ["density", float(x[column]), float(y[row]), int(counts[row, column])]
    for group in plot.points:
        for px, py in zip(group.x.tolist(), group.y.tolist(), strict=True):
            yield [group.name, px, py, 1]


def _curves(view: QGraphicsView) -> Iterator[Row]:
    item = view.getPlotItem()  # type: ignore[attr-defined]
    x_name, y_name = (item.getAxis(side).labelText for side in ("bottom", "left"))
    yield ["curve", x_name or "x", y_name or "y"]
    for number, curve in enumerate(item.listDataItems(), start=1):
        x, y = curve.getData()
        if x is None or y is None:
            continue
        for px, py in zip(np.asarray(x).tolist(), np.asarray(y).tolist(), strict=False):
            yield [curve.name() or f"curve {number}", px, py]
