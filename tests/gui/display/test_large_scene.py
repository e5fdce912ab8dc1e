"""A large scene by real events: drawn as it is looked at, never whole, never in the way."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage, QMouseEvent

from benchmarks.big_scene import write_big_scene
from hsi_viewer import app
from hsi_viewer.app import Screenshot
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.display.contrast import Contrast, sample_bands
from hsi_viewer.core.display.rasters import RgbaRaster
from hsi_viewer.core.display.stretch import composite
from hsi_viewer.rendering.cube_raster import CubeRaster
from hsi_viewer.rendering.overview import OverviewSource, cache_bytes
from hsi_viewer.ui.features.display import picture_controller
from hsi_viewer.ui.scene import layer_item, mini_map, tiles
from tests.patience import PATIENCE

SHAPE = (6000, 2000, 50)  # 1.2 GB to whoever reads it, 13 MB of the disk


@pytest.fixture(scope="module")
def header(tmp_path_factory):
    return write_big_scene(tmp_path_factory.mktemp("big"), SHAPE, "bil", groups=61)


@pytest.fixture
def large(driver, header):
    driver.open(str(header))
    drawn(driver)
    return driver


def drawn(driver) -> None:
    """Wait until every visible tile is as it should be."""
    driver.settle()

    def complete() -> bool:
        driver.canvas.viewport().grab()  # asks for what is missing
        return driver.window.context.viewing.tiles.idle

    driver.qtbot.waitUntil(complete)


def screen(driver) -> np.ndarray:
    """RGB bytes of the canvas as it is on the screen, (rows, columns, 3)."""
    image = driver.canvas.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGBA8888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return flat[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[:, :, :3].copy()


def colours(cube: HyperCube, rows, columns) -> np.ndarray:
    """What numpy makes of pixels, with the contrast of the whole scene."""
    stored = cube.read()[rows, columns][:, None]
    return composite(
        stored, cube.is_data(stored), Contrast().transfers(sample_bands(cube, (0, 1, 2)))
    )[:, 0]


def assert_screen_is_exact(driver, cube: HyperCube) -> None:
    """Each scene pixel seen large enough has on the screen the colour that numpy computes."""
    shot, viewport = screen(driver), driver.canvas.viewport().rect()
    rng = np.random.default_rng(0)
    view = driver.canvas._box.viewRect()
    rows, columns, points = [], [], []
    for _ in range(400):
        row = int(rng.uniform(max(view.top(), 0), min(view.bottom(), SHAPE[0] - 1)))
        column = int(rng.uniform(max(view.left(), 0), min(view.right(), SHAPE[1] - 1)))
        point = driver.point(row, column)
        if viewport.adjusted(2, 2, -60, -60).contains(point):
            rows.append(row)
            columns.append(column)
            points.append(point)
    assert len(points) > 50
    expected = colours(cube, np.array(rows), np.array(columns))
    assert (expected[:, 3] == 255).sum() > 20
    background = driver.canvas.backgroundBrush().color()
    outside = (background.red(), background.green(), background.blue())
    for point, colour in zip(points, expected.tolist(), strict=True):
        found = tuple(shot[point.y(), point.x()].tolist())
        assert found == (tuple(colour[:3]) if colour[3] else outside)


def test_what_is_on_the_screen_is_what_numpy_computes_at_any_zoom(large):
    cube, picture = large.document.cube, large.window.context.viewing.picture
    assert isinstance(cube.source, OverviewSource)
    assert not cube.in_memory
    shown = HyperCube.from_array(cube.read(bands=picture.bands), nodata=0.0)
    large.canvas.centre_on(3000, 1000)
    for _ in range(40):
        large.wheel(large.canvas.rect().center(), 120)
    drawn(large)
    assert large.canvas._box.viewRect().width() < 40
    # A group of lines that hold data lies in the middle.
    group = int(np.linspace(0, SHAPE[0] - 16, 61).astype(int)[30])
    large.canvas.centre_on(group + 8, 1000)
    large.canvas.pan(0, (group + 8 - large.canvas._box.viewRect().center().y()) / 25)
    drawn(large)
    assert_screen_is_exact(large, shown)
    assert picture.transfers == Contrast().transfers(sample_bands(shown, (0, 1, 2)))


def test_zoomed_out_only_the_overview_is_read(large, monkeypatch):
    source = large.document.cube.source
    bands = large.window.context.viewing.picture.bands
    large.qtbot.waitUntil(lambda: not source.missing(bands))
    large.settle()
    reads = []
    real = source._source.read
    monkeypatch.setattr(source._source, "read", lambda *a: reads.append(a) or real(*a))
    large.window.context.viewing.tiles.clear()
    large.canvas.fit()
    drawn(large)
    level = large.canvas.picture._level(large.canvas.width() / large.canvas._box.viewRect().width())
    assert 2**level >= source.step
    assert reads == []
    assert (screen(large).std(axis=(0, 1)) > 0).all()
    assert cache_bytes() > 0


def test_spectra_are_read_in_a_worker_and_the_latest_pixel_wins(large):
    large.canvas.centre_on(3000, 1000)
    large.canvas.zoom(60)
    for row in range(2990, 3010):
        large.hover(row, 1000)
    assert large.window.context.readout.position.text() == "Row 3010, column 1001"
    expected = large.document.cube.spectrum(3009, 1000)
    good = large.document.cube.good_bands

    def shown() -> bool:
        _, y = large.window.context.plot.live_values()
        return y is not None and np.array_equal(y[good], expected[good], equal_nan=True)

    large.qtbot.waitUntil(shown)
    large.click(3009, 1000)
    large.qtbot.waitUntil(lambda: large.window.context.viewing.pins == 1)


def test_a_stroke_is_on_the_screen_at_once_and_undone(large):
    large.trigger("class.add")
    large.window.feature("labelling").tools.options.brush_size.setValue(25)
    large.canvas.centre_on(3000, 1000)
    for _ in range(20):
        large.wheel(large.canvas.rect().center(), 120)
    drawn(large)
    view = large.canvas._box.viewRect().center()
    row, column = int(view.y()), int(view.x())
    large.mouse(QMouseEvent.Type.MouseMove, QPoint(2, 2))  # the brush's outline is drawn there
    before = screen(large)
    large.stroke((row, column - 10), (row, column + 10))
    colour = large.document.legend.classes[0].colour
    large.mouse(QMouseEvent.Type.MouseMove, QPoint(2, 2))
    after = screen(large)
    for at in range(column - 10, column + 11):
        point = large.point(row, at)
        assert tuple(after[point.y(), point.x()]) == colour
    large.trigger("edit.undo")
    np.testing.assert_array_equal(screen(large), before)


def test_the_cache_can_be_cleaned(large):
    large.trigger("view.clean")
    large.qtbot.waitUntil(lambda: cache_bytes() == 0)
    large.window.context.viewing.tiles.clear()
    large.canvas.fit()
    drawn(large)
    assert (screen(large).std(axis=(0, 1)) > 0).all()


@pytest.fixture
def held_back(monkeypatch):
    """The sharp picture waits until this event is set."""
    event, real = threading.Event(), picture_controller.render_scene

    def render(*wanted, **named):
        assert event.wait(PATIENCE)
        return real(*wanted, **named)

    monkeypatch.setattr(picture_controller, "render_scene", render)
    yield event
    event.set()


def open_coarse(driver, header) -> None:
    with driver.qtbot.waitSignal(driver.window.context.opening.opened, timeout=20_000):
        driver.window.open(str(header))


def test_a_coarse_picture_is_seen_before_the_sharp_one(driver, header, held_back):
    open_coarse(driver, header)
    picture = driver.window.context.viewing.picture
    assert picture.coarse
    assert isinstance(picture.raster, RgbaRaster)  # in memory: drawn as soon as it is painted
    assert (screen(driver).std(axis=(0, 1)) > 0).all()
    held_back.set()
    drawn(driver)
    sharp = driver.window.context.viewing.picture
    assert not sharp.coarse
    assert isinstance(sharp.raster, CubeRaster)
    assert sharp.composite == picture.composite


def test_who_cancels_the_sharp_picture_still_sees_the_scene_as_it_is(driver, header, held_back):
    open_coarse(driver, header)
    coarse = driver.window.context.viewing.picture
    driver.window.feature("application").activity.cancel_all()
    assert isinstance(driver.window.context.viewing.picture.raster, CubeRaster)
    assert driver.window.context.viewing.picture.transfers == coarse.transfers
    held_back.set()
    drawn(driver)
    assert (screen(driver).std(axis=(0, 1)) > 0).all()


def test_a_screenshot_does_not_wait_for_the_overview(driver, header, tmp_path, monkeypatch):
    started = threading.Event()

    def fill(_source, _bands, token, _port) -> None:
        started.set()
        while not token.cancelled:
            threading.Event().wait(0.01)

    monkeypatch.setattr(OverviewSource, "fill", fill)
    monkeypatch.setattr(OverviewSource, "missing", lambda _source, bands: tuple(bands))
    open_coarse(driver, header)
    driver.qtbot.waitUntil(started.is_set, timeout=20_000)
    shot = Screenshot(driver.window, tmp_path / "shot.png")
    driver.qtbot.waitUntil(lambda: shot.status == 0, timeout=20_000)
    assert (tmp_path / "shot.png").stat().st_size > 0


def test_a_screenshot_waits_for_the_picture_on_a_machine_that_comes_to_nothing(
    driver, tmp_path, monkeypatch
):
    """The time for a frame has passed before it begins, and the time of rest by then, too."""
    for module in (tiles, layer_item, mini_map):
        monkeypatch.setattr(module, "FRAME_SECONDS", -1.0)
    monkeypatch.setattr(app, "PAINTED_MS", 0)
    np.save(tmp_path / "scene.npy", np.random.default_rng(0).random((120, 160, 8), np.float32))
    driver.window.open(str(tmp_path / "scene.npy"))
    shot = Screenshot(driver.window, tmp_path / "shot.png")
    driver.qtbot.waitUntil(lambda: shot.status == 0)
    image = QImage(str(tmp_path / "shot.png"))
    assert len({image.pixel(x, 400) for x in range(420, 860)}) > 50


def test_who_cancels_the_overview_of_the_last_scene_gets_that_of_the_open_one(
    driver, header, tmp_path, monkeypatch
):
    begun = []

    def fill(source, _bands, token, _port) -> None:
        begun.append(source)
        while not token.cancelled:
            threading.Event().wait(0.01)
        token.check()

    monkeypatch.setattr(OverviewSource, "fill", fill)
    monkeypatch.setattr(OverviewSource, "missing", lambda _source, bands: tuple(bands))
    open_coarse(driver, header)
    driver.qtbot.waitUntil(lambda: len(begun) == 1)
    open_coarse(driver, write_big_scene(tmp_path, SHAPE, "bil", groups=61))
    driver.window.feature("application").activity.cancel_all()
    driver.trigger("image.single")
    driver.qtbot.waitUntil(lambda: len(begun) == 2)
    assert begun[1] is driver.document.cube.source


@pytest.fixture
def overviews(monkeypatch):
    """The bands of overviews that were begun."""
    begun = []
    monkeypatch.setattr(OverviewSource, "fill", lambda _s, bands, _t, _p: begun.append(bands))
    monkeypatch.setattr(OverviewSource, "missing", lambda _s, bands: () if begun else tuple(bands))
    return begun


def test_an_overview_does_not_take_the_disk_from_the_visible_part(
    driver, header, overviews, monkeypatch
):
    tiles, go, reads = driver.window.context.viewing.tiles, threading.Event(), []
    real = CubeRaster.rgba

    def rgba(raster, rows, columns):
        reads.append(rows)
        assert go.wait(PATIENCE)
        return real(raster, rows, columns)

    monkeypatch.setattr(CubeRaster, "rgba", rgba)
    open_coarse(driver, header)
    feature = driver.window.feature("overviews")
    with driver.qtbot.waitSignal(feature._soon.timeout, check_params_cb=lambda: bool(reads)):
        driver.canvas.viewport().grab()
    assert not tiles.idle
    assert feature._task is None
    go.set()
    drawn(driver)
    driver.qtbot.waitUntil(lambda: bool(overviews))


def test_for_a_screenshot_nothing_is_prepared_for_later(driver, header, overviews, tmp_path):
    shot = Screenshot(driver.window, tmp_path / "shot.png")
    open_coarse(driver, header)
    driver.qtbot.waitUntil(lambda: shot.status == 0, timeout=20_000)
    assert overviews == []
    assert not driver.window.feature("training").preload.started
