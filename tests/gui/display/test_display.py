"""The picture: bands, colours, contrast and derived images, by hand and by key."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialogButtonBox, QListWidgetItem

from hsi_viewer.core.display.contrast import Contrast
from hsi_viewer.core.display.stretch import Limits, composite, percentile_limits, to_bytes
from hsi_viewer.preferences.settings import Settings
from hsi_viewer.preferences.view_memory import ViewMemory
from hsi_viewer.ui.features.display.derived_images import DerivedFeature
from hsi_viewer.ui.features.display.picture import PictureFeature
from hsi_viewer.ui.plots.colour_maps import colour_map
from hsi_viewer.ui.widgets.preset_editor import PresetEditor
from tests.patience import PATIENCE


@pytest.fixture
def driver(shared):
    return shared


def feature(driver, kind):
    return next(f for f in driver.window.features if isinstance(f, kind))


def picture(driver):
    return driver.window.context.viewing.picture


def choose(driver, box: QComboBox, text: str) -> None:
    """Choose an entry of a list with the keyboard."""
    box.setFocus()
    steps = box.findText(text) - box.currentIndex()
    assert box.findText(text) >= 0, f"{text} is not offered"
    for _ in range(abs(steps)):
        QTest.keyClick(box, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)
    assert box.currentText() == text


def drag(widget, start: QPoint, end: QPoint) -> None:
    """Press, move in steps and release the left button on a plot."""
    viewport, none = widget.viewport(), Qt.MouseButton.NoButton

    def send(kind, point, button, held):
        event = QMouseEvent(
            kind,
            point.toPointF(),
            viewport.mapToGlobal(point).toPointF(),
            button,
            held,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(viewport, event)

    left = Qt.MouseButton.LeftButton
    pg.setConfigOption("mouseRateLimit", 0)  # moves that come at once are passed over otherwise
    send(QMouseEvent.Type.MouseMove, start, none, none)
    send(QMouseEvent.Type.MouseButtonPress, start, left, left)
    for step in range(1, 11):
        point = start + (end - start) * (step / 10)
        send(QMouseEvent.Type.MouseMove, point, none, left)
    send(QMouseEvent.Type.MouseButtonRelease, end, left, none)


def place_in(plot, x: float, y: float) -> QPoint:
    """Where a point of a plot is drawn, in its viewport."""
    from PySide6.QtCore import QPointF

    scene = plot.getPlotItem().vb.mapViewToScene(QPointF(x, y))
    return plot.mapFromScene(scene)


@pytest.fixture
def front(make_driver):
    """The sample scene with the Contrast panel in front, in a window of its own."""
    sample = make_driver()
    sample.open("sample:indian-pines")
    sample.trigger("image.contrast")
    panel = feature(sample, PictureFeature).panel
    sample.qtbot.waitUntil(lambda: panel.plot.isVisible() and panel.plot.width() > 60)
    QApplication.processEvents()
    return sample


# bands -----------------------------------------------------------------------------------------


def test_presets_have_keys_show_their_wavelengths_and_are_kept_as_layers(sample):
    sample.key(Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    sample.settle()
    nm = sample.document.cube.wavelengths[list(picture(sample).bands)]
    np.testing.assert_allclose(nm, (860, 650, 550), atol=6)
    assert sample.window.panel("display").preset.currentText() == "Colour infrared"
    shown = picture(sample).rgba
    sample.trigger("image.keep")
    choose(sample, sample.window.panel("display").preset, "Short-wave infrared")
    sample.settle()
    layer = sample.window.context.viewing.layers["Colour infrared"]
    np.testing.assert_array_equal(layer.raster.rgba(slice(0, 145, 1), slice(0, 145, 1)), shown)
    assert layer.removable
    nm = sample.document.cube.wavelengths[list(picture(sample).bands)]
    np.testing.assert_allclose(nm, (2200, 1650, 850), atol=10)


def test_lists_show_wavelength_and_number_and_mark_bad_bands(driver, data_dir):
    driver.open(str(data_dir / "envi/ang20140912t192359_corr_v1c_img_2580-2590_540-550.hdr"))
    cube, box = driver.document.cube, driver.window.panel("display").bands[0]
    assert box.count() == cube.bands
    for band in (0, int(np.flatnonzero(~cube.good_bands)[0])):
        text = box.itemText(band)
        assert f"{cube.wavelengths[band]:.1f} nm · band {band + 1}" in text
        assert ("bad" in text) == (not cube.good_bands[band])
        grey = box.itemData(band, Qt.ItemDataRole.ForegroundRole)
        assert (grey is not None) == (not cube.good_bands[band])


def test_a_preset_is_saved_changed_used_and_deleted(sample):
    sample.trigger("image.presets")
    editor = sample.window.findChild(PresetEditor)
    editor.add_shown()
    editor.table.item(0, 0).setText("Minerals")
    for column, nm in enumerate(("2300", "2200", "x"), 1):
        editor.table.item(0, column).setText(nm)
    save = editor.buttons.button(QDialogButtonBox.StandardButton.Save)
    assert not save.isEnabled()
    assert "Blue (nm) needs a wavelength" in editor.message.text()
    editor.table.item(0, 3).setText("1000")
    QTest.mouseClick(save, Qt.MouseButton.LeftButton)
    assert sample.window.workspace.settings.band_presets == [["Minerals", 2300.0, 2200.0, 1000.0]]
    choose(sample, sample.window.panel("display").preset, "Minerals")
    sample.settle()
    nm = sample.document.cube.wavelengths[list(picture(sample).bands)]
    np.testing.assert_allclose(nm, (2300, 2200, 1000), atol=10)
    sample.qtbot.waitUntil(lambda: sample.window.findChild(PresetEditor) is None)
    sample.trigger("image.presets")
    editor = sample.window.findChild(PresetEditor)
    editor.table.setCurrentCell(0, 0)
    QTest.mouseClick(editor.delete, Qt.MouseButton.LeftButton)
    QTest.mouseClick(
        editor.buttons.button(QDialogButtonBox.StandardButton.Save), Qt.MouseButton.LeftButton
    )
    assert sample.window.workspace.settings.band_presets == []
    assert sample.window.panel("display").preset.findText("Minerals") < 0


def test_a_line_in_the_plot_is_dragged_to_another_band(sample):
    plot, cube = sample.window.context.plot, sample.document.cube
    sample.hover(20, 20)
    QApplication.processEvents()
    before = picture(sample).bands
    (_, (low, high)) = plot.getPlotItem().vb.viewRange()
    middle = (low + high) / 2
    start = place_in(plot, float(cube.wavelengths[before[0]]), middle)
    drag(plot, start, place_in(plot, 1650.0, middle))
    sample.qtbot.waitUntil(
        lambda: picture(sample).composite is sample.window.context.viewing.pictures.composite
    )
    after = picture(sample).bands
    assert after[1:] == before[1:]
    assert abs(cube.wavelengths[after[0]] - 1650.0) < 25
    assert sample.window.panel("display").bands[0].currentIndex() == after[0]
    assert sample.window.panel("display").preset.currentText() == "Custom"


def test_a_single_band_is_drawn_in_a_colour_map(sample):
    choose(sample, sample.window.panel("display").preset, "Single band")
    choose(
        sample,
        sample.window.panel("display").band,
        sample.window.panel("display").band.itemText(99),
    )
    choose(sample, sample.window.panel("display").colours, "Viridis")
    sample.settle()
    cube = sample.document.cube
    stored = cube.read(bands=[99])[:, :, 0]
    levels = to_bytes(stored, percentile_limits(stored, cube.is_data(stored)))
    expected = colour_map("Viridis").table[levels]
    np.testing.assert_array_equal(sample.canvas.picture.image[:, :, :3], expected)
    sample.hover(3, 4)
    nm = f"{cube.wavelengths[99]:.0f} nm"
    assert sample.window.context.readout.values.text() == f"{nm} {stored[3, 4]:.5g}"
    sample.key(Qt.Key.Key_PageDown)
    sample.settle()
    assert picture(sample).composite.bands == (100,)
    assert not sample.window.panel("display").bands[0].isVisible()
    sample.trigger("image.single")
    sample.settle()
    assert len(picture(sample).composite.bands) == 3


def test_playing_shows_one_good_band_after_the_other(sample):
    player = feature(sample, PictureFeature).player
    sample.window.panel("display").speed.setValue(20)
    sample.window.panel("display").band_slider.setValue(0)
    sample.trigger("image.single")
    sample.trigger("image.single")
    choose(sample, sample.window.panel("display").preset, "Single band")
    sample.settle()
    shown = []
    sample.window.context.viewing.pictures.drawn.connect(
        lambda p: shown.append(p.composite.bands[0])
    )
    first = picture(sample).bands[0]
    with sample.qtbot.waitSignal(player.playing_changed):
        QTest.mouseClick(sample.window.panel("display").play, Qt.MouseButton.LeftButton)
    sample.qtbot.waitUntil(lambda: len(shown) >= 4)
    QTest.mouseClick(sample.window.panel("display").play, Qt.MouseButton.LeftButton)
    assert not player.playing
    assert shown == list(range(first + 1, first + 1 + len(shown)))


def test_playing_skips_bad_bands_and_begins_again():
    from hsi_viewer.core.cube.cube import HyperCube
    from hsi_viewer.ui.features.display.band_player import next_good_band

    good = np.array([False, True, False, True, False])
    cube = HyperCube.from_array(np.zeros((2, 2, 5)), good_bands=good)
    assert [next_good_band(cube, b) for b in range(5)] == [1, 3, 3, 1, 1]
    assert [next_good_band(cube, b, forward=False) for b in range(5)] == [3, 3, 1, 1, 3]


# contrast --------------------------------------------------------------------------------------


def test_kinds_of_stretch_change_the_picture_as_numpy_does(sample):
    cube = sample.document.cube
    for kind in ("Minimum to maximum", "Gaussian", "Equalised"):
        choose(sample, sample.window.panel("display").stretch, kind)
        sample.settle()
        shown = picture(sample)
        stored = cube.read(bands=shown.bands)
        expected = composite(stored, cube.is_data(stored), shown.transfers)
        np.testing.assert_array_equal(sample.canvas.picture.image, expected)
        if kind == "Minimum to maximum":
            bands = np.moveaxis(stored, 2, 0)
            assert list(shown.transfers) == [Limits(float(b.min()), float(b.max())) for b in bands]
        else:
            assert abs(float(np.median(sample.canvas.picture.image[:, :, 0])) - 128) < 3
    sample.trigger("view.in")
    np.testing.assert_array_equal(sample.canvas.picture.image, expected)


def test_limits_are_typed_for_one_band_and_put_back_when_they_make_no_sense(front):
    panel = feature(front, PictureFeature).panel
    choose(front, panel.channel, "Green")
    for field, text in ((panel.low, "3000"), (panel.high, "5000")):
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
    front.settle()
    transfers = picture(front).transfers
    assert transfers[1] == Limits(3000.0, 5000.0)
    assert transfers[0] != transfers[1]
    assert front.window.panel("display").stretch.currentText() == "Custom limits"
    before, text = picture(front), panel.low.text()
    panel.low.setFocus()
    panel.low.selectAll()
    QTest.keyClicks(panel.low, "999999")
    QTest.keyClick(panel.low, Qt.Key.Key_Return)
    assert panel.low.text() == text
    assert picture(front) is before


def test_a_limit_is_dragged_in_the_histogram_for_one_band_or_all(front):
    panel = feature(front, PictureFeature).panel
    low, high = panel.plot.region.getRegion()
    drag(panel.plot, place_in(panel.plot, high, 0.5), place_in(panel.plot, (low + high) / 2, 0.5))
    pictures = front.window.context.viewing.pictures
    front.qtbot.waitUntil(lambda: picture(front).composite is pictures.composite)
    red, green, _ = picture(front).transfers
    assert picture(front).composite.contrast.kind == "typed"
    assert red.low == pytest.approx(low)
    assert red.high == pytest.approx((low + high) / 2, rel=0.03)
    assert green != red
    assert float(panel.high.text()) == pytest.approx(red.high, rel=1e-4)
    QTest.mouseClick(
        panel.linked, Qt.MouseButton.LeftButton, pos=QPoint(8, panel.linked.height() // 2)
    )
    front.settle()
    assert picture(front).transfers == (red,) * 3
    choose(front, panel.kind, "Percentiles")
    front.settle()
    red, green, blue = picture(front).transfers
    assert red == green == blue
    stored = front.document.cube.read(bands=picture(front).bands)
    np.testing.assert_allclose((red.low, red.high), np.percentile(stored, (2, 98)))


def test_contrast_is_remembered_for_each_preset_and_cube(sample):
    pictures = sample.window.context.viewing.pictures
    limits = (Limits(3000.0, 6000.0),) * 3
    sample.trigger("image.preset.2")
    sample.settle()
    pictures.set_contrast(Contrast("typed", limits=limits))
    sample.settle()
    sample.trigger("image.preset.1")
    sample.settle()
    assert picture(sample).composite.contrast.kind == "percentile"
    sample.trigger("image.preset.2")
    sample.settle()
    assert picture(sample).transfers == limits
    sample.open("sample:indian-pines")
    sample.qtbot.waitUntil(lambda: picture(sample).composite is pictures.composite)
    assert sample.window.panel("display").preset.currentText() == "Colour infrared"
    assert picture(sample).transfers == limits
    feature(sample, PictureFeature).close()
    written = ViewMemory().of(sample.document.cube)
    assert written.bands == picture(sample).bands
    assert written.contrasts["Colour infrared"] == Contrast("typed", limits=limits)


def test_the_usual_stretch_comes_from_the_preferences(make_driver):
    driver = make_driver(Settings(theme="light", stretch="minmax"))
    driver.open("sample:indian-pines")
    driver.settle()
    pictures = driver.window.context.viewing.pictures
    driver.qtbot.waitUntil(lambda: picture(driver).composite is pictures.composite)
    assert picture(driver).composite.contrast.kind == "minmax"


# derived images --------------------------------------------------------------------------------


def test_principal_components_become_the_picture(sample):
    sample.trigger("image.pca")
    sample.settle()
    sample.qtbot.waitUntil(lambda: picture(sample).composite.image is not None)
    image = picture(sample).cube
    assert image.shape == (145, 145, 10)
    assert sample.window.panel("display").image.currentText() == "Principal components"
    assert sample.window.panel("display").bands[0].itemText(0).startswith("PC 1 (")
    sample.hover(10, 20)
    first = image.read()[10, 20, 0]
    assert sample.window.context.readout.values.text().startswith(f"R {first:.5g}")
    choose(sample, sample.window.panel("display").image, "The scene")
    sample.settle()
    assert picture(sample).composite.image is None
    assert sample.window.panel("display").preset.currentText() == "True colour"
    sample.trigger("image.anomalies")
    sample.settle()
    sample.qtbot.waitUntil(lambda: picture(sample).composite.image is not None)
    assert picture(sample).cube.band_names == ("Anomalies (RX)",)
    assert picture(sample).composite.bands == (0,)


def test_an_index_is_the_ratio_of_its_bands_or_says_why_not(sample):
    panel = feature(sample, DerivedFeature).panel
    QTest.mouseClick(sample.window.panel("display").derive, Qt.MouseButton.LeftButton)
    sample.qtbot.waitUntil(lambda: panel.isVisible())
    item: QListWidgetItem = panel.indices.findItems("NDVI", Qt.MatchFlag.MatchExactly)[0]
    panel.indices.setCurrentItem(item)
    panel.indices.setFocus()
    QTest.keyClick(panel.indices, Qt.Key.Key_Return)
    sample.settle()
    cube = sample.document.cube
    near = [int(np.argmin(np.abs(cube.wavelengths - nm))) for nm in (860, 650)]
    infrared, red = np.moveaxis(cube.read(bands=near).astype(float), 2, 0)
    expected = (infrared - red) / (infrared + red)
    np.testing.assert_allclose(picture(sample).cube.read()[:, :, 0], expected, rtol=1e-6)
    sample.hover(7, 8)
    assert sample.window.context.readout.values.text() == f"NDVI {np.float32(expected[7, 8]):.5g}"
    assert sample.window.panel("display").colours.currentText() == "Viridis"
    sample.trigger("image.remove")
    sample.settle()
    assert picture(sample).composite.image is None
    assert sample.window.panel("display").image.count() == 1
    item = panel.indices.findItems("EVI", Qt.MatchFlag.MatchExactly)[0]
    assert not item.flags() & Qt.ItemFlag.ItemIsEnabled
    assert "gives no scale factor" in item.toolTip()
    action = sample.window.commands.action("image.index.evi")
    assert not action.isEnabled()
    assert "gives no scale factor" in action.toolTip()


def test_a_formula_is_checked_while_it_is_typed(sample):
    sample.trigger("image.derive")
    panel = feature(sample, DerivedFeature).panel
    panel.formula.setFocus()
    QTest.keyClicks(panel.formula, "sqrt(b300)")
    assert "has 200 bands" in panel.message.text()
    assert not panel.show_formula.isEnabled()
    QTest.keyClick(panel.formula, Qt.Key.Key_Return)
    assert picture(sample).composite.image is None
    panel.formula.selectAll()
    QTest.keyClicks(panel.formula, "sqrt(b30) / 2")
    assert "band 12" in panel.message.text()
    QTest.keyClick(panel.formula, Qt.Key.Key_Return)
    sample.settle()
    expected = np.sqrt(sample.document.cube.read(bands=[29]).astype(float)) / 2
    np.testing.assert_allclose(picture(sample).cube.read(), expected, rtol=1e-6)


def test_deriving_is_cancelled_and_leaves_the_picture(sample, monkeypatch):
    import threading

    from hsi_viewer.ui.features.display import derived_images

    gate = threading.Event()
    real = derived_images.component_image

    def slow(cube, kind, token, port):
        gate.wait(PATIENCE)
        return real(cube, kind, token, port)

    monkeypatch.setattr(derived_images, "component_image", slow)
    before = picture(sample)
    sample.trigger("image.mnf")
    assert sample.window.context.busy.isVisible()
    sample.trigger("edit.cancel")
    gate.set()
    tasks = sample.window.workspace.tasks
    sample.qtbot.waitUntil(lambda: not tasks._tasks)
    assert picture(sample) is before


def test_a_cube_of_one_band_is_a_single_band(driver, tmp_path):
    path = tmp_path / "one.npy"
    np.save(path, np.arange(600, dtype=np.float32).reshape(20, 30, 1))
    driver.open(str(path))
    driver.qtbot.waitUntil(lambda: picture(driver).composite.bands == (0,))
    assert driver.window.panel("display").preset.currentText() == "Single band"
    assert not driver.window.panel("display").play.isVisible()
    assert not driver.window.commands.action("image.pca").isEnabled()
