"""Spectra: views, means, the list below the plot, libraries, and pictures of the plot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QImage, QPainter, QPicture
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLineEdit, QMenu

from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.spectra.library_match import Match, compare, ranked
from hsi_viewer.core.spectra.spectrum import continuum_removed, spectral_angle
from hsi_viewer.io.libraries.spectral_library import read_library
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.ui.features.opening.metadata_dialog import MetadataDialog
from hsi_viewer.ui.plots.axes import plain_axes
from hsi_viewer.ui.widgets.figure_dialog import FigureDialog
from hsi_viewer.ui.widgets.library_panel import LibraryPanel, LibraryRow

LEFT = Qt.MouseButton.LeftButton
NM = np.concatenate([np.linspace(450, 1340, 40), np.linspace(1460, 2400, 35)])


@pytest.fixture
def small(driver, tmp_path):
    """A window with a small cube: reflectance as whole numbers, a bad band, a gap at the water."""
    rng = np.random.default_rng(5)
    shapes = 3000 + 1500 * np.sin(NM / 200 + rng.uniform(0, 6, (3, 1)))
    field = (np.arange(30)[:, None] + np.arange(40)) // 24
    values = (shapes[field] * rng.uniform(0.8, 1.2, (30, 40, 1))).astype(np.uint16)
    good = np.ones(75, bool)
    good[7] = False
    cube = HyperCube.from_array(values, NM, good_bands=good, scale=0.0001, name="small")
    path = tmp_path / "small.hdr"
    write_cube(cube, path)
    driver.open(str(path))
    return driver


def choose(box, data) -> None:
    """Choose an entry of a list by the keys."""
    box.setFocus()
    for _ in range(box.count()):
        QTest.keyClick(box, Qt.Key.Key_Up)
    for _ in range(box.findData(data)):
        QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentData() == data


def feature(driver, name: str):
    return driver.window.feature(name)


def test_spectra_are_drawn_as_the_panel_says(small):
    panel, plot, cube = (
        small.window.panel("spectrum"),
        small.window.context.plot,
        small.document.cube,
    )
    spectrum = np.where(cube.good_bands, cube.spectrum(4, 5), np.nan)
    small.hover(4, 5)
    x, y = plot.live_values()
    np.testing.assert_array_equal(x, NM)
    np.testing.assert_array_equal(y, spectrum)
    assert np.isnan(y[7])
    connect = plot._live.opts["connect"]
    assert connect[:39].sum() == 37  # not to, nor from, the bad band
    assert connect[39] == 0  # nor across the gap
    assert [r.isVisible() for r in plot._water] == [True, True]

    choose(panel.view, "continuum")
    np.testing.assert_array_equal(plot.live_values()[1], continuum_removed(NM, spectrum))
    choose(panel.unit, "um")
    np.testing.assert_array_equal(plot.live_values()[0], NM / 1000)
    choose(panel.unit, "band")
    np.testing.assert_array_equal(plot.live_values()[0], np.arange(1, 76))
    assert small.window.workspace.settings.spectrum_unit == "band"
    choose(panel.normalisation, "range")
    drawn = plot.live_values()[1]
    assert (np.nanmin(drawn), np.nanmax(drawn)) == (0.0, 1.0)
    panel.water.click()
    assert not any(r.isVisible() for r in plot._water)

    small.trigger("spectra.value")
    choose(panel.normalisation, "none")
    panel.smoothing.setFocus()
    for _ in range(3):
        QTest.keyClick(panel.smoothing, Qt.Key.Key_Up)
    small.qtbot.waitUntil(lambda: plot.treatment.window == 7)  # the filter is imported first
    assert not np.allclose(plot.live_values()[1], spectrum, equal_nan=True)


def test_without_wavelengths_the_axis_has_bands_and_the_choice_waits(small, tmp_path):
    panel, chosen = small.window.panel("spectrum"), str(small.document.cube.path)
    choose(panel.unit, "um")
    np.save(tmp_path / "plain.npy", np.arange(4 * 5 * 30, dtype=np.float32).reshape(4, 5, 30))
    small.open(str(tmp_path / "plain.npy"))
    assert panel.unit.currentText() == "band"
    assert not panel.unit.isEnabled()
    assert "No wavelengths" in panel.unit.toolTip()
    assert small.window.workspace.settings.spectrum_unit == "um"
    small.open(chosen)
    assert panel.unit.currentText() == "µm"
    np.testing.assert_array_equal(small.window.context.plot.x_values(), NM / 1000)


def test_a_pixel_that_is_pinned_already_is_chosen_by_another_click(small):
    curves, panel = small.window.context.plot.curves, small.window.panel("spectrum")
    for pixel in ((4, 5), (20, 30), (4, 5)):
        small.click(*pixel)
    first, second = curves.of("pin")
    assert [c.position for c in curves.of("pin")] == [(4, 5), (20, 30)]
    assert curves.picked is first
    assert panel.curves.chosen() == [first.id]
    item = panel.curves.topLevelItem(0)
    box = panel.curves.visualItemRect(item).topLeft() + QPoint(8, 8)
    QTest.mouseClick(panel.curves.viewport(), LEFT, pos=box)  # hidden, by its check box
    assert not curves.pin_of((4, 5)).visible
    small.click(20, 30)
    assert curves.picked.id == second.id
    small.click(4, 5)  # shown again
    assert curves.picked.id == first.id
    assert curves.picked.visible
    assert len(curves.of("pin")) == 2
    assert small.document.history.count == 0  # a look is not undone


def test_class_means_in_class_colours_by_one_click(small):
    document, panel = small.document, small.window.panel("spectrum")
    assert not panel.means.isEnabled()
    document.load_labels(np.pad(np.full((5, 6), 2, np.uint16), ((3, 22), (4, 30))), {2: "grass"})
    QTest.mouseClick(panel.means, LEFT)
    small.settle()
    (curve,) = small.window.context.plot.curves.of("class")
    pixels = document.cube.read(slice(3, 8), slice(4, 10)).reshape(-1, 75) * 0.0001
    np.testing.assert_allclose(curve.values, pixels.mean(axis=0))
    np.testing.assert_allclose(curve.statistics.std, pixels.std(axis=0))
    assert curve.name == "grass"
    assert curve.colour == document.legend[2].colour
    drawn = small.window.context.plot._drawn[-1]
    assert drawn.opts["pen"].color().getRgb()[:3] == curve.colour

    document.recolour_class(2, (10, 20, 30))
    assert small.window.context.plot.curves.of("class")[0].colour == (10, 20, 30)
    shades = len(small.window.context.plot._drawn)
    choose(panel.spread, "percentiles")
    assert len(small.window.context.plot._drawn) == shades + 2  # 5-95 and 25-75
    QTest.mouseClick(panel.means, LEFT)  # again: in place of the others
    small.settle()
    assert len(small.window.context.plot.curves.of("class")) == 1


def test_the_list_renames_hides_and_removes(small):
    small.click(4, 5)
    small.click(20, 30)
    curves, listed = (
        small.window.context.plot.curves,
        small.window.panel("spectrum").curves,
    )
    assert [listed.topLevelItem(k).text(0) for k in range(2)] == ["row 5 col 6", "row 21 col 31"]
    assert len(small.canvas._marks.data) == 2
    listed.editItem(listed.topLevelItem(0), 0)
    editor = listed.findChild(QLineEdit)
    QTest.keyClicks(editor, "barley")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    small.qtbot.waitUntil(lambda: curves.curves[0].name == "barley")
    assert curves.picked is curves.curves[1]
    listed.setFocus()
    QTest.keyClick(listed, Qt.Key.Key_Up)
    assert curves.picked is curves.curves[0]
    QTest.keyClick(listed, Qt.Key.Key_Space)
    assert not curves.curves[0].visible
    assert len(small.canvas._marks.data) == 1
    QTest.mouseClick(small.window.panel("spectrum").remove, LEFT)
    assert [c.name for c in curves.curves] == ["row 21 col 31"]


def test_a_library_is_searched_ranked_and_drawn(small, tmp_path, monkeypatch):
    fine = np.arange(400.0, 2500.0, 2.0)
    small.click(4, 5)
    cube, plot = small.document.cube, small.window.context.plot
    own = np.interp(fine, NM, cube.spectrum(4, 5))
    rows = "\n".join(
        f"{w},{0.5 * a},{b},{c}"
        for w, a, b, c in zip(fine, own, fine / 3000, np.sin(fine / 90) + 1.5, strict=True)
    )
    path = tmp_path / "mine.csv"
    path.write_text(f"wavelength (nm),same field,ramp,waves\n{rows}\n")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_a, **_k: ([str(path)], ""))
    small.trigger("spectra.library")
    panel = feature(small, "libraries").panel
    small.qtbot.waitUntil(lambda: "row 5" in panel.compared.text())
    assert panel.isVisible()

    loaded = feature(small, "libraries").loaded[0]
    spectrum = np.where(cube.good_bands, cube.spectrum(4, 5), np.nan)
    best = ranked(compare(spectrum, loaded.on_sensor.spectra, NM), "angle")
    shown = [panel.sorted.index(k, 0).data() for k in range(3)]
    assert shown == [loaded.library.names[m.index] for m in best]
    assert shown[0] == "same field"
    assert panel.sorted.index(0, 1).data() == f"{best[0].angle:.3f}"
    assert "rad" in panel.sorted.headerData(1, Qt.Orientation.Horizontal)

    QTest.keyClicks(panel.search, "RAM")
    assert panel.sorted.rowCount() == 1
    panel.search.clear()
    panel.table.selectRow(0)
    QTest.mouseClick(panel.plot_button, LEFT)
    (curve,) = plot.curves.of("library")
    common = np.isfinite(curve.values)
    np.testing.assert_allclose(curve.values[common], cube.spectrum(4, 5)[common], rtol=0.02)
    assert curve.name.startswith("same field × 2")
    assert plot.curves.picked.name == "row 5 col 6"  # a library spectrum does not take its place
    another_cube_keeps_the_library_and_radiance_is_warned_of(small, tmp_path, monkeypatch)


def another_cube_keeps_the_library_and_radiance_is_warned_of(small, tmp_path, monkeypatch):
    cube = replace(small.document.cube, scale=1.0, nodata=None)
    write_cube(cube, tmp_path / "radiance.hdr")
    library = feature(small, "libraries")
    dock = small.window.context.docking.docks["libraries"]
    dock.close()
    small.open(str(tmp_path / "radiance.hdr"))
    small.qtbot.waitUntil(lambda: len(library.loaded) == 1)
    assert dock.isHidden()  # nobody asked for it
    assert library.panel.model.rowCount() == 3
    soil = "".join(f"{w:.0f},{0.1 + w / 9000}\n" for w in range(400, 2500, 10))
    (tmp_path / "soil.csv").write_text(f"wavelength (nm),soil\n{soil}")
    library.load(tmp_path / "soil.csv")
    doubted = "radiance or digital numbers"
    bar = small.window.notices
    small.qtbot.waitUntil(lambda: any(doubted in text for text in bar.texts()))
    came: list[str] = []
    monkeypatch.setattr(MetadataDialog, "exec", lambda d: came.append(d.windowTitle()) or 0)
    (button,) = next(n for n in bar.notices if doubted in n.text).buttons
    assert button.text() == "Edit metadata…"
    small.click_on(button)
    assert len(came) == 1


def test_a_library_of_pins_regions_and_classes_is_saved(small, tmp_path, monkeypatch):
    small.click(4, 5)
    mask = np.zeros((30, 40), bool)
    mask[10:14, 10:20] = True
    small.document.selection.select(mask, "field")
    QTest.mouseClick(small.window.panel("spectrum").selection_mean, LEFT)
    small.settle()
    path = tmp_path / "made.sli"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))
    QTest.mouseClick(small.window.panel("spectrum").save, LEFT)
    small.qtbot.waitUntil(path.exists)
    small.settle()
    library = read_library(path)
    assert library.names == ("row 5 col 6", "field (mean of 40 pixels)")
    np.testing.assert_allclose(library.wavelengths, NM)
    pixels = small.document.cube.read()[mask] * 0.0001
    np.testing.assert_allclose(library.spectra[1], pixels.mean(axis=0))


def test_the_menu_of_a_plot_exports_it_or_copies_its_numbers(small):
    small.click(4, 5)
    viewport = small.window.context.plot.viewport()
    at = viewport.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, viewport.mapToGlobal(at))
    QApplication.sendEvent(viewport, event)
    menu = next(m for m in small.window.findChildren(QMenu) if m.isVisible())
    actions = {a.text().replace("&", ""): a for a in menu.actions()}
    assert next(iter(actions)) == "Spectrum plot"
    actions["Copy its numbers"].trigger()
    rows = QGuiApplication.clipboard().text().split("\n")
    assert rows[0] == "wavelength_nm\trow 5 col 6"
    assert len(rows) == 76
    asked = []

    def press() -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, FigureDialog):
            QTimer.singleShot(0, press)
            return
        asked.append(dialog.views.currentText())
        dialog.reject()

    QTimer.singleShot(0, press)
    actions["Export this plot…"].trigger()
    assert asked == ["Spectrum plot"]


def test_the_plot_and_the_view_become_pictures_with_a_legend(small, tmp_path, monkeypatch):
    small.click(4, 5)
    small.document.load_labels(np.eye(30, 40, dtype=np.uint16), {1: "diagonal"})
    path = {"now": tmp_path / "plot.svg"}
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path["now"]), ""))

    def answer(kind: str) -> None:
        dialog = QApplication.activeModalWidget()
        if not isinstance(dialog, FigureDialog):
            QTimer.singleShot(20, lambda: answer(kind))
            return
        dialog.title.setText("A title")
        dialog.format.setCurrentIndex(dialog.format.findData(kind))
        save = QDialogButtonBox.StandardButton.Save
        QTest.mouseClick(dialog.findChild(QDialogButtonBox).button(save), LEFT)

    QTimer.singleShot(20, lambda: answer("svg"))
    QTest.mouseClick(small.window.panel("spectrum").picture, LEFT)
    small.settle()
    text = path["now"].read_text(encoding="utf-8")
    for words in ("A title", "row 5 col 6", "Wavelength (nm)"):
        assert words in text

    path["now"] = tmp_path / "view.png"
    QTimer.singleShot(20, lambda: answer("png"))
    small.trigger("file.figure")
    small.settle()
    image = QImage(str(path["now"]))
    right = 2 * small.canvas.scene_area().width()
    assert image.width() > right  # the legend stands beside it
    colour = small.document.legend[1].colour
    column = [
        image.pixelColor(x, y).getRgb()[:3]
        for x in range(right, min(right + 60, image.width()), 4)
        for y in range(0, image.height(), 4)
    ]
    assert colour in column


def test_the_spectral_angle_is_mapped_thresholded_and_labelled(small):
    small.click(4, 5)
    document, panel = small.document, feature(small, "spectral-angle").panel
    small.trigger("spectra.angle")
    small.settle()
    assert panel.isVisible()
    layers = small.window.context.viewing.layers
    assert {"Spectral angle", "Within the angle"} <= set(layers.names)
    panel.number.setFocus()
    panel.number.selectAll()
    QTest.keyClicks(panel.number, "0.009")
    QTest.keyClick(panel.number, Qt.Key.Key_Return)
    panel.slider.setFocus()
    QTest.keyClick(panel.slider, Qt.Key.Key_Right)
    cube = document.cube
    good = cube.good_bands
    angles = spectral_angle(cube.read().astype(float)[:, :, good], cube.spectrum(4, 5)[good])
    near = angles.astype(np.float32) <= np.float32(0.010)
    assert 20 < near.sum() < 1200
    assert panel.count.text().startswith(f"{near.sum():,} pixels within 0.010 rad")
    whole = layers["Within the angle"].raster.rgba(slice(0, 30, 1), slice(0, 40, 1))
    np.testing.assert_array_equal(whole[:, :, 3] > 0, near)

    kept = document.add_class("kept").id
    like = document.add_class("alike").id
    document.load_labels(np.where(np.arange(1200).reshape(30, 40) < 40, kept, 0).astype(np.uint16))
    small.window.context.labelling.choose_class(like)
    steps = document.history.undo_title
    QTest.mouseClick(panel.label_button, LEFT)
    small.qtbot.waitUntil(lambda: document.labels.count(like) > 0)
    expected = near.copy()
    expected[0] = False  # labels that were there are kept
    np.testing.assert_array_equal(document.labels.ids == like, expected)
    small.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert document.history.undo_title == steps
    assert document.labels.count(like) == 0
    the_button_undoes_that_step_and_no_other(small, panel, like)
    assert panel.visible.isChecked()
    small.click_on(panel.visible, QPoint(8, panel.visible.height() // 2))
    assert not layers["Spectral angle"].visible
    assert not layers["Within the angle"].visible
    assert small.window.context.viewing.layers["Image"].visible
    layers.remove("Spectral angle")
    assert "Within the angle" not in layers
    assert not panel.slider.isEnabled()


def the_button_undoes_that_step_and_no_other(driver, panel, like: int) -> None:
    document, bar = driver.document, driver.window.notices
    for paint_after in (False, True):
        bar.elapse(10**6)
        driver.click_on(panel.label_button)
        driver.qtbot.waitUntil(lambda: "pixels were labelled" in (bar.texts() or [""])[-1])
        labelled = document.labels.count(like)
        if paint_after:
            document.add_class("later")
        driver.click_on(bar.notices[-1].buttons[0])
        assert document.labels.count(like) == (labelled if paint_after else 0)
    assert bar.texts() == ["Other steps came after this one: choose the step to go back to."]
    driver.click_on(bar.notices[-1].buttons[0])
    assert driver.window.context.docking.docks["history"].isVisible()
    for _ in range(2):
        driver.trigger("edit.undo")


def test_a_long_library_is_sorted_at_once_and_keeps_what_is_selected(qtbot):
    """A library of a thousand spectra is nothing unusual; the interface must not wait for it."""
    rng = np.random.default_rng(0)
    angles = rng.permutation(1365) / 1000
    rows = [
        LibraryRow(0, k, f"spectrum {k}", "made", Match(k, float(a), float(-a), float("nan")))
        for k, a in enumerate(angles)
    ]
    panel = LibraryPanel()
    qtbot.addWidget(panel)
    panel.resize(400, 500)
    panel.show()
    panel.show_rows(rows)
    assert [panel.model.row(r).index for r in (0, 1)] == list(np.argsort(angles)[:2])
    panel.table.selectRow(0)
    (best,) = panel.chosen()
    header = panel.table.horizontalHeader()
    for column in (0, 2):
        QTest.mouseClick(
            header.viewport(),
            Qt.MouseButton.LeftButton,
            pos=QPoint(header.sectionViewportPosition(column) + 8, header.height() // 2),
        )
        assert panel.chosen() == [best]
    assert panel.model.row(0).index == np.argmax(-angles)
    panel.search.setText("spectrum 12")
    assert all(r.name.startswith("spectrum 12") for r in shown(panel))


def shown(panel) -> list[LibraryRow]:
    """The rows of a library panel as they stand."""
    indices = (panel.sorted.index(r, 0) for r in range(panel.sorted.rowCount()))
    return [panel.model.row(panel.sorted.mapToSource(p).row()) for p in indices]


def test_the_words_and_numbers_of_the_axes_stand_where_they_are_read(driver, tmp_path):
    np.save(tmp_path / "bands.npy", np.arange(240.0).reshape(5, 6, 8))
    driver.open(str(tmp_path / "bands.npy"))
    driver.open("sample:indian-pines")
    plot = driver.window.context.plot
    driver.trigger("spectra.continuum")
    QApplication.processEvents()
    for side in ("bottom", "left"):
        axis = plot.getPlotItem().getAxis(side)
        words = axis.label.mapRectToParent(axis.label.boundingRect()).center()
        middle = axis.boundingRect().center()
        off = words - middle
        assert abs(off.x() if side == "bottom" else off.y()) < 4
    top = plot.mapFromScene(plot.getPlotItem().vb.sceneBoundingRect().topRight())
    assert top.y() >= plot.fontMetrics().height() / 2  # room for the upper half of a number


def drawn_points(plot) -> list[tuple[list[float], list[float]]]:
    items = [i for i in plot.getPlotItem().items if isinstance(i, pg.ScatterPlotItem)]
    return [tuple(v.tolist() for v in item.getData()) for item in items if item.getData()[0].size]


def test_a_band_without_neighbours_is_a_point(driver, tmp_path):
    image = np.arange(12.0).reshape(3, 4, 1)
    np.save(tmp_path / "one.npy", image)
    driver.open(str(tmp_path / "one.npy"))
    driver.hover(1, 2)
    assert drawn_points(driver.window.context.plot) == [([1.0], [6.0])]
    low, high = driver.window.context.plot.getPlotItem().viewRange()[0]
    assert low < 1 < high

    np.save(tmp_path / "five.npy", np.stack([image[:, :, 0]] * 5, axis=2))
    driver.open(str(tmp_path / "five.npy"))
    driver.hover(1, 2)
    assert drawn_points(driver.window.context.plot) == []
    cube = driver.document.cube
    driver.document.set_cube(replace(cube, good_bands=np.array([1, 0, 1, 0, 1], bool)))
    driver.hover(1, 1)
    assert drawn_points(driver.window.context.plot) == [([1.0, 3.0, 5.0], [5.0, 5.0, 5.0])]
    driver.click(2, 3)  # which pins it
    driver.hover(0, 0)
    pinned = ([1.0, 3.0, 5.0], [11.0, 11.0, 11.0])
    assert pinned in drawn_points(driver.window.context.plot)


def test_the_axes_are_those_of_the_scene_that_is_open(driver, tmp_path):
    """Before anything is drawn of it, too."""
    np.save(tmp_path / "bright.npy", np.full((12, 16, 40), 9000.0))
    np.save(tmp_path / "dark.npy", np.full((12, 16, 5), 0.2))
    plot = driver.window.context.plot
    driver.open(str(tmp_path / "bright.npy"))
    driver.click(4, 4)
    driver.qtbot.waitUntil(lambda: plot.viewRange()[1][1] > 8000)
    driver.open(str(tmp_path / "dark.npy"))
    driver.qtbot.waitUntil(lambda: plot.viewRange()[1][1] < 2)
    assert plot.viewRange()[0][1] < 6
    low, high = plot.viewRange()[0]
    ticks = plot.getPlotItem().getAxis("bottom").tickValues(low, high, 900)
    assert sorted(v for _, values in ticks for v in values) == [1, 2, 3, 4, 5]  # no half bands
    every_plot_writes_its_numbers_as_they_are(driver)


def every_plot_writes_its_numbers_as_they_are(driver):
    """After a change of the theme, too: 0.2 is never written as 200."""
    for key in driver.window.context.docking.docks:
        driver.window.panel(key)
    plots = driver.window.findChildren(pg.PlotWidget)
    assert driver.window.context.plot in plots
    assert len(plots) >= 4
    for plot in plots:
        plot.setRange(xRange=(0, 0.4), yRange=(0, 0.4), padding=0)
    driver.trigger("theme.dark")
    try:
        for plot in plots:
            for axis in (plot.getPlotItem().getAxis(side) for side in ("left", "bottom")):
                assert drawn_numbers(axis) < 10, plot.accessibleName()  # 5 bands
    finally:
        driver.trigger("theme.light")


def drawn_numbers(axis) -> float:
    """The largest number that an axis writes; 0 if it writes none."""
    picture = QPicture()
    painter = QPainter(picture)
    written = axis.generateDrawSpecs(painter)
    painter.end()
    texts = [text.removesuffix(" %") for _, _, text in (written or (None, None, []))[2]]
    return max((float(t) for t in texts if t and "%" not in t), default=0.0)


def test_the_numbers_of_an_axis_are_those_of_its_range(qtbot, monkeypatch):
    plot = pg.PlotWidget(axisItems=plain_axes())
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    plot.show()
    drawn = {}
    for side in ("left", "bottom"):
        axis = plot.getPlotItem().getAxis(side)
        monkeypatch.setattr(
            axis,
            "drawPicture",
            lambda _painter, _line, _ticks, texts, side=side: drawn.update(
                {side: [float(text) for _, _, text in texts]}
            ),
        )
    for low, high in ((0.0, 1.0), (700.0, 6700.0), (0.2, 0.4)):
        plot.setRange(xRange=(low, high), yRange=(low, high), padding=0)
        QApplication.processEvents()
        plot.grab()
        for numbers in drawn.values():
            assert low <= min(numbers) < max(numbers) <= high
            assert max(numbers) - min(numbers) > (high - low) / 3
