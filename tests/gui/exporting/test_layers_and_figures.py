"""Layers as georeferenced images, views with legend and scale bar, plots as tables."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import rasterio
from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QStyle, QWidget

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.display.composite import Composite
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.io.opening import open_cube
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.ui.features.exporting.layer_list import LayerChoice, layer_choices
from hsi_viewer.ui.features.exporting.layers_dialog import SAVE, LayersDialog
from hsi_viewer.ui.plots.figure import Figure, LegendEntry
from hsi_viewer.ui.plots.spectrum_plot import SpectrumPlot
from hsi_viewer.ui.scene.map_marks import HEIGHT, MARGIN
from hsi_viewer.ui.theme import apply_theme
from hsi_viewer.ui.widgets.figure_dialog import FigureDialog, ViewChoice

ENTER = Qt.Key.Key_Return
CTRL_ALT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
PLACE = (5.0, 0.0, 4e5, 0.0, -5.0, 5.8e6)


def scene(folder, epsg: int | None):
    """A scene of 20 x 24 pixels with a map, opened from a file."""
    from rasterio.crs import CRS

    rng = np.random.default_rng(2)
    known = Georeference(PLACE, CRS.from_epsg(epsg).to_wkt()) if epsg else None
    cube = HyperCube.from_array(
        rng.uniform(0.1, 0.9, (20, 24, 6)).astype(np.float32),
        wavelengths=np.linspace(450, 900, 6),
        georeference=known,
    )
    write_cube(cube, folder / "field.hdr")
    return str(folder / "field.hdr")


@pytest.fixture
def mapped(driver, tmp_path):
    driver.open(scene(tmp_path, 32633))
    driver.type("a", "one", ENTER, "a", "two", ENTER)
    driver.stroke((2, 2), (2, 6))
    driver.trigger("tool.navigate")
    rng = np.random.default_rng(1)
    shares = rng.dirichlet((1.0, 1.0), (20, 24)).astype(np.float32)
    class_map = (shares.argmax(axis=2) + 1).astype(np.uint16)
    class_map[0, 0] = 0
    confidence = np.where(class_map > 0, shares.max(axis=2), 0).astype(np.float32)
    driver.document.set_prediction(Prediction(class_map, confidence, (1, 2), shares, source="m"))
    return driver


def answer(kind, press, then=None) -> None:
    """Wait for a dialog of a kind, then use it."""
    dialog = QApplication.activeModalWidget()
    if not isinstance(dialog, kind):
        QTimer.singleShot(0, lambda: answer(kind, press, then))
        return
    press(dialog)


def test_layers_views_and_plots_are_exported(mapped, tmp_path, monkeypatch):
    every_layer_with_place_and_names(mapped, tmp_path)
    views_and_plots(mapped, tmp_path, monkeypatch)
    (tmp_path / "lab").mkdir()
    without_a_place(mapped, tmp_path / "lab", monkeypatch)


def every_layer_with_place_and_names(driver, tmp_path) -> None:
    """GeoTIFF and ENVI, each layer in a file of its own."""
    document = driver.document
    driver.click(5, 5)
    driver.trigger("spectra.angle")
    driver.trigger("image.pca")
    driver.settle()
    titles: list[str] = []

    def export(dialog: LayersDialog, suffix: str = ".tif", *wanted: str) -> None:
        rows = [dialog.list.item(n) for n in range(dialog.list.count())]
        titles[:] = [row.text().split("   ")[0] for row in rows]
        for row in rows:
            title = row.text().split("   ")[0]
            chosen = not wanted or title in wanted
            row.setCheckState(Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)
        dialog.format.setCurrentIndex(dialog.format.findData(suffix))
        driver.click_on(dialog.buttons.button(SAVE))

    QTimer.singleShot(0, lambda: answer(LayersDialog, export))
    driver.type("e", modifier=CTRL_ALT)
    driver.settle()
    assert titles == [
        *("Labels", "Within the angle", "Spectral angle", "Uncertainty"),
        *("Class map", "Confidence", "Probabilities", "Picture", "Principal components"),
    ]
    prediction, known = document.prediction, document.results.angle_map
    with rasterio.open(tmp_path / "field_uncertainty.tif") as file:
        assert file.crs.to_epsg() == 32633
        assert tuple(file.transform)[:6] == PLACE
        assert file.descriptions == ("Uncertainty",)
        values = file.read(1)
        np.testing.assert_allclose(values[1:], 1 - prediction.confidence[1:], atol=1e-6)
        assert np.isnan(values[0, 0])
        assert np.isnan(file.nodata)
    with rasterio.open(tmp_path / "field_probabilities.tif") as file:
        assert file.descriptions == ("one", "two")
        np.testing.assert_array_equal(file.read(2), prediction.probabilities[:, :, 1])
    with rasterio.open(tmp_path / "field_spectral_angle.tif") as file:
        np.testing.assert_allclose(file.read(1), known.angles, rtol=1e-6)
        assert file.descriptions[0].startswith("Angle to row 6 col 6")
    with rasterio.open(tmp_path / "field_within_the_angle.tif") as file:
        step = driver.window.panel("spectral-angle").step
        np.testing.assert_array_equal(file.read(1), known.within(step))
    with rasterio.open(tmp_path / "field_class_map.tif") as file:
        np.testing.assert_array_equal(file.read(1), prediction.class_map)
        assert file.colormap(1)[1][:3] == document.legend[1].colour
    with rasterio.open(tmp_path / "field_picture.tif") as file:
        shown = driver.canvas.picture.image
        np.testing.assert_array_equal(file.read(), np.moveaxis(shown, 2, 0))
    assert open_cube(str(tmp_path / "field_principal_components.tif")).band_names == (
        driver.window.context.viewing.derived_images[0].band_names
    )
    # as ENVI images, and only what is chosen
    QTimer.singleShot(0, lambda: answer(LayersDialog, lambda d: export(d, ".hdr", "Confidence")))
    driver.trigger("file.export_layers")
    driver.settle()
    made = open_cube(str(tmp_path / "field_confidence.hdr"))
    assert made.band_names == ("Confidence",)
    assert made.georeference.transform == PLACE
    assert {p.name for p in tmp_path.glob("*.hdr")} == {"field.hdr", "field_confidence.hdr"}
    # a map without probabilities says why they cannot be had, and the scene is never replaced
    document.set_prediction(Prediction(prediction.class_map, prediction.confidence, (1, 2)))
    reasons: list[str] = []

    def look(dialog: LayersDialog) -> None:
        items = [dialog.list.item(n) for n in range(dialog.list.count())]
        reasons.extend(i.text() for i in items if not i.flags() & Qt.ItemFlag.ItemIsEnabled)
        dialog.reject()

    QTimer.singleShot(0, lambda: answer(LayersDialog, look))
    driver.trigger("file.export_layers")
    assert reasons == ["Probabilities   (not kept with a run: train again)"]


def save_view(driver, path, monkeypatch, name: str, kind: str, seen=None) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))

    def press(dialog: FigureDialog) -> None:
        dialog.views.setCurrentIndex(dialog.views.findText(name))
        dialog.format.setCurrentIndex(dialog.format.findData(kind))
        if seen is not None:
            seen.append((dialog.marks.isEnabled(), dialog.marks.isChecked(), dialog.marks.text()))
        save = QDialogButtonBox.StandardButton.Save
        driver.click_on(dialog.findChild(QDialogButtonBox).button(save))

    QTimer.singleShot(0, lambda: answer(FigureDialog, press))
    driver.trigger("file.figure")
    driver.settle()


def views_and_plots(driver, tmp_path, monkeypatch) -> None:
    """Views have a legend and a scale bar, and plots become tables."""
    driver.qtbot.waitUntil(lambda: driver.window.context.map_marks.possible)
    driver.window.context.viewing.layers.show(False, "Spectral angle")  # which lies above
    driver.trigger("view.map")  # hidden by the derived image, which lies below it
    save_view(driver, tmp_path / "view.svg", monkeypatch, "Scene", "svg")
    text = (tmp_path / "view.svg").read_text(encoding="utf-8")
    assert ">one<" in text
    assert ">two<" in text
    driver.trigger("view.uncertainty")
    save_view(driver, tmp_path / "doubt.svg", monkeypatch, "Scene", "svg")
    text = (tmp_path / "doubt.svg").read_text(encoding="utf-8")
    assert ">Uncertainty<" in text
    # the marks of the scene lie over the picture, where they are on the screen
    figures = driver.window.feature("figures")
    plain, marked = (figures.figure_of(driver.canvas, "", marks=marks) for marks in (False, True))
    for one, other in ((plain.image(1.0), marked.image(1.0)), (drawn(plain, 1), drawn(marked, 1))):
        changed = difference(one, other)
        rows, columns = np.nonzero(changed)
        assert rows.min() > changed.shape[0] - 80
        assert columns.max() < 260
        after_arrow = MARGIN + HEIGHT + 1  # where the scale bar begins
        assert changed[:, :after_arrow].sum() > 200
        assert changed[:, after_arrow:].sum() > 200
    # numbers of the plots
    save_view(driver, tmp_path / "spectra.csv", monkeypatch, "Spectrum", "csv")
    with (tmp_path / "spectra.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][:2] == ["wavelength_nm", "row 6 col 6"]
    got = np.array(rows[1:], float)
    np.testing.assert_allclose(got[:, 0], driver.document.cube.wavelengths)
    np.testing.assert_allclose(got[:, 1], driver.document.cube.spectrum(5, 5))


def test_a_kept_band_is_exported_as_numbers(driver, tmp_path):
    driver.open(scene(tmp_path, None))
    context = driver.window.context
    context.viewing.show_composite(Composite((2,)))
    driver.qtbot.waitUntil(lambda: context.viewing.picture.bands == (2, 2, 2))
    driver.trigger("image.keep")
    document = driver.document
    choice = next(c for c in layer_choices(document, context.viewing.layers, ()) if c.shown)
    assert choice.about == "numbers, no data as NaN"
    written, cube = choice.make().image, document.cube
    values = cube.physical(cube.read(bands=[2]))
    np.testing.assert_array_equal(written.read(), values.astype(np.float32))


def test_what_a_format_lacks_is_neither_ticked_nor_without_a_reason(qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = FigureDialog([ViewChoice("Plot", is_plot=True)], 0, "field", parent)
    for kind, drawn in (("svg", True), ("csv", False), ("png", True)):
        dialog.format.setCurrentIndex(dialog.format.findData(kind))
        assert dialog.legend.isChecked() == dialog.legend.isEnabled() == drawn
        greyed = (w for w in (dialog.scale, dialog.title, dialog.legend) if not w.isEnabled())
        assert all(w.toolTip() for w in greyed)


def difference(one: QImage, other: QImage) -> np.ndarray:
    """(rows, columns), True where two pictures differ."""
    a, b = (
        np.frombuffer(i.constBits(), np.uint8).reshape(i.height(), i.bytesPerLine()).copy()
        for i in (one, other)
    )
    return (a != b).reshape(one.height(), -1, 4).any(axis=2)[:, : one.width()]


def without_a_place(driver, tmp_path, monkeypatch) -> None:
    """There is no scale bar then, and the dialog says why."""
    driver.document.mark_saved()
    driver.open(scene(tmp_path, None))
    seen: list[tuple[bool, bool, str]] = []
    save_view(driver, tmp_path / "view.png", monkeypatch, "Scene", "png", seen)
    why = "(the scene isn't georeferenced)"
    assert seen == [(False, False, f"With a scale bar and a north arrow   {why}")]
    area = driver.canvas.scene_area()  # the empty margins beside it are left out
    assert area.width() < driver.canvas.viewport().width()
    assert 2 * area.width() <= QImage(str(tmp_path / "view.png")).width() < 3 * area.width()


def drawn(figure: Figure, scale: float) -> QImage:
    """A figure as the SVG drawing of it looks."""
    image = QImage(figure.size * scale, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    QSvgRenderer(figure.svg()).render(painter)
    painter.end()
    return image


def dark(image: QImage, scale: float, left: int) -> tuple[float, float, float, float]:
    """The rectangle around what is dark right of a column, in the units of the figure."""
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    pixels = np.array(grey.constBits()).reshape(grey.height(), grey.bytesPerLine())
    pixels = pixels[:, : grey.width()]
    rows, columns = np.nonzero(pixels[:, round(left * scale) :] < 128)
    return tuple(float(n) / scale for n in (rows.min(), rows.max(), columns.min(), columns.max()))


@pytest.mark.parametrize("percent", [100, 150])
def test_text_of_a_figure_is_as_large_as_on_the_screen_in_every_format(qtbot, qapp, percent):
    apply_theme(qapp, "light", percent)
    plot = SpectrumPlot()
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    plot.show()
    figure = Figure(plot, "", [LegendEntry("Buildings-Grass-Trees-Drives", (255, 255, 255))])
    left = plot.viewport().width() + 12
    metrics = plot.fontMetrics()
    advance, height = metrics.horizontalAdvance("Buildings-Grass-Trees-Drives"), metrics.height()
    seen = [dark(figure.image(scale), scale, left) for scale in (1.0, 2.0, 4.0)]
    seen.append(dark(drawn(figure, 2.0), 2.0, left))
    apply_theme(qapp, "light", 100)
    for top, bottom, start, end in seen:
        assert end - start == pytest.approx(advance, abs=0.05 * advance)
        assert bottom - top <= height


def test_boxes_of_the_layers_do_not_touch(qtbot):
    choices = [LayerChoice(f"Layer {n}", "numbers", lambda: None) for n in range(3)]
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = LayersDialog(choices, "", "field", parent, georeferenced=True)
    dialog.show()
    tops = [dialog.list.visualItemRect(dialog.list.item(n)).y() for n in range(3)]
    box = dialog.style().pixelMetric(QStyle.PixelMetric.PM_IndicatorHeight, None, dialog.list)
    assert min(np.diff(tops)) > box + 2
