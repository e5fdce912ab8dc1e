"""Plots of spectra on the screen and in figures that other programs read."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.ui.plots.figure import Figure
from hsi_viewer.ui.plots.plot_table import table_of
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot

NM = np.linspace(400, 2400, 21)


@pytest.fixture
def plot(qtbot) -> SpectrumPlot:
    made = SpectrumPlot()
    qtbot.addWidget(made)
    made.resize(500, 250)
    made.show()
    return made


def cube(bands: int, wavelengths=None) -> HyperCube:
    values = np.random.default_rng(1).random((3, 4, bands), np.float32)
    return HyperCube.from_array(values, wavelengths)


def drawn_on(plot: SpectrumPlot, scene: HyperCube) -> None:
    plot.show_cube(scene)
    plot.redraw()
    plot.add_pin(scene.spectrum(1, 1), "row 2 col 2")


def numbers(plot: SpectrumPlot) -> list[str]:
    """What is written along the axis."""
    axis = plot.getPlotItem().getAxis("bottom")
    low, high = axis.range
    levels = axis.tickValues(low, high, axis.width())
    return [text for step, at in levels[:1] for text in axis.tickStrings(at, 1, step)]


def test_numbers_of_the_axis_are_those_of_bands(plot):
    drawn_on(plot, cube(1))
    assert numbers(plot) == ["1"]
    drawn_on(plot, cube(156))
    assert numbers(plot) == ["50", "100", "150"]
    drawn_on(plot, cube(1, np.array([550.0])))
    plot.set_unit("um")
    low, high = plot.getPlotItem().getAxis("bottom").range
    assert 0.53 < low < 0.55 < high < 0.57


def points(shape: ET.Element) -> np.ndarray:
    """The points of a path, (2, n)."""
    pairs = re.findall(r"([-\d.e+]+),([-\d.e+]+)", shape.attrib["d"])
    return np.array(pairs, float).T


def test_curves_in_a_drawing_are_where_and_as_thin_as_on_the_screen_in_every_program(plot):
    drawn_on(plot, cube(21, NM))
    plot.getPlotItem().setYRange(0.4, 0.6, padding=0)  # the rest is cut
    svg = Figure(plot).svg()
    assert b"vector-effect" not in svg
    box = plot.viewportTransform().mapRect(plot.getPlotItem().vb.sceneBoundingRect())
    drawing = ET.fromstring(svg)  # noqa: S314 - our own
    (curve,) = (s for s in drawing.iter() if s.get("d", "").count("L") == 20)
    assert curve.get("clip-path")
    x, y = points(curve)
    low, high = plot.getPlotItem().viewRange()[0]
    np.testing.assert_allclose(x, box.left() + (NM - low) / (high - low) * box.width(), atol=1.5)
    values = plot.curves.curves[0].values
    np.testing.assert_allclose(y, box.bottom() - (values - 0.4) / 0.2 * box.height(), atol=1.5)


def test_a_figure_has_the_curves_of_its_legend_alone(plot):
    scene = cube(21, NM)
    plot.show_cube(scene)
    plot.show_live(scene.spectrum(0, 0))
    assert table_of(plot)[0] == ["wavelength_nm", "under the cursor"]
    drawn_on(plot, scene)
    before = Figure(plot).image(1.0)
    plot.show_live(np.full(21, scene.spectrum(1, 1).mean()))  # where the mouse happened to be
    assert Figure(plot).image(1.0) == before
    assert plot._live.isVisible()
    assert table_of(plot)[0] == ["wavelength_nm", "row 2 col 2"]
