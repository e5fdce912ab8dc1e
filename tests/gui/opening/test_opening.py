from __future__ import annotations

import shutil
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel

from hsi_viewer.core.display.contrast import Contrast, sample_bands
from hsi_viewer.core.display.stretch import composite
from hsi_viewer.core.labels.classes import legend_for
from hsi_viewer.io.files import probe
from hsi_viewer.io.regions.import_export import export_regions
from hsi_viewer.session.storage.session_folder import sessions_folder
from tests.patience import PATIENCE
from tests.unit.io.laboratory import scan_files


@pytest.fixture
def driver(shared):
    return shared


def test_the_sample_scene_is_shown_as_numpy_computes_it(sample):
    cube = sample.document.cube
    assert cube.shape == (145, 145, 200)
    bands = sample.window.context.viewing.picture.bands
    np.testing.assert_allclose(cube.wavelengths[list(bands)], (640, 550, 470), atol=6)
    stored = cube.read(bands=bands)
    limits = Contrast().transfers(sample_bands(cube, bands))
    expected = composite(stored, cube.is_data(stored), limits)
    shown = sample.canvas.picture.image
    np.testing.assert_array_equal(shown, expected)
    rect = sample.canvas.picture.mapRectToParent(sample.canvas.picture.boundingRect())
    assert (rect.width(), rect.height()) == (145, 145)


def drop(driver, *paths) -> None:
    """Drag files over the window and let them go, and wait until one is open."""
    with driver.qtbot.waitSignal(driver.window.context.opening.opened):
        let_go(driver, *paths)


def let_go(driver, *paths) -> None:
    """Drag files over the window and let them go."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, mime, left, none)
    QApplication.sendEvent(driver.window, enter)
    assert enter.isAccepted()
    event = QDropEvent(QPoint(50, 50).toPointF(), copy, mime, left, none)
    QApplication.sendEvent(driver.window, event)


def test_a_dropped_file_opens(driver, tmp_path):
    path = tmp_path / "scene.npy"
    np.save(path, np.random.default_rng(0).integers(0, 900, (20, 30, 6)).astype(np.uint16))
    drop(driver, path)
    assert driver.document.cube.shape == (20, 30, 6)
    assert driver.window.workspace.settings.recent_files == [str(path)]


def test_a_dropped_folder_of_a_laboratory_scan_opens_as_reflectance(driver, tmp_path):
    bench = scan_files.Bench()
    drop(driver, scan_files.specim(tmp_path, bench))
    driver.settle()
    cube = driver.document.cube
    np.testing.assert_allclose(cube.physical(cube.read()), bench.reflectance, atol=2e-3)
    texts = driver.window.notices.texts()
    assert any("the reflectance is corrected for them" in text for text in texts), texts


def test_of_several_dropped_files_it_is_reported_which_opens(driver, tmp_path):
    for name, rows in (("one.npy", 5), ("two.npy", 7)):
        np.save(tmp_path / name, np.ones((rows, 6, 4), np.float32))
    with driver.qtbot.waitSignal(driver.window.context.opening.opened):
        let_go(driver, tmp_path / "one.npy", tmp_path / "two.npy")
        driver.window.notices.elapse(1500)  # to open it takes as long
    assert driver.document.cube.rows == 5
    assert "one.npy is opened" in driver.window.notices.texts()[0]


@pytest.mark.parametrize("name", ["one.npy", "one.text"])
def test_a_format_of_another_package_that_is_broken_is_reported_once(
    driver, tmp_path, monkeypatch, name
):
    untold = ["The plug-in acme could not be loaded."]

    def problems():
        problems_found = tuple(untold)
        untold.clear()
        return problems_found

    monkeypatch.setattr("hsi_viewer.io.registry.problems", problems)
    (tmp_path / "one.text").write_text("words")
    for good in ("one.npy", "two.npy"):
        np.save(tmp_path / good, np.ones((5, 6, 4), np.float32))
    received = []
    driver.window.workspace.noticed.connect(lambda text, level: received.append((text, level)))
    let_go(driver, tmp_path / name)
    driver.qtbot.waitUntil(lambda: bool(received))
    drop(driver, tmp_path / "two.npy")
    assert received.count(("The plug-in acme could not be loaded.", "warning")) == 1


def test_a_header_that_is_dropped_with_its_data_is_one_scene(driver, tmp_path):
    (tmp_path / "x.img").write_bytes(np.ones((5, 6, 4), np.float32).tobytes())
    (tmp_path / "x.img.hdr").write_text(
        "ENVI\nsamples = 6\nlines = 5\nbands = 4\ndata type = 4\ninterleave = bip\nbyte order = 0\n"
    )
    drop(driver, tmp_path / "x.img.hdr", tmp_path / "x.img")
    assert driver.document.cube.shape == (5, 6, 4)
    assert driver.window.notices.texts() == []


def test_of_the_parts_of_a_shapefile_the_shapes_are_taken(driver, tmp_path):
    np.save(tmp_path / "scene.npy", np.zeros((20, 30, 4), np.float32))
    driver.open(str(tmp_path / "scene.npy"))
    ids = np.zeros((20, 30), np.uint16)
    ids[3:8, 4:9] = 1
    export_regions(tmp_path / "a.shp", ids, legend_for([1]), driver.document.cube)
    parts = sorted(tmp_path.glob("a.*"))
    assert parts[0].suffix != ".shp"
    let_go(driver, *parts)
    driver.qtbot.waitUntil(lambda: bool(driver.window.context.offers.texts()))
    assert (
        "a.shp isn't a cube. Use it in the open scene?" in driver.window.context.offers.texts()[0]
    )


def test_recent_files_open_again(driver, tmp_path):
    path = tmp_path / "scene.npy"
    np.save(path, np.ones((5, 6, 4), np.float32))
    driver.open(str(path))
    driver.window.menus.recent.aboutToShow.emit()
    actions = driver.window.menus.recent.actions()
    assert [a.text() for a in actions] == [str(path)]
    with driver.qtbot.waitSignal(driver.window.context.opening.opened):
        actions[0].trigger()


@pytest.mark.real_data
def test_real_files_open_and_show_a_picture(driver, data_dir):
    for name, shape in (
        ("envi/ang20140912t192359_corr_v1c_img_2580-2590_540-550.hdr", (10, 10, 432)),
        ("envi/f080702t01p00r08rdn_c_sc01_ort_img_123_456.img", (1, 1, 224)),
        ("envi/berlin_um/envi", (7, 10, 177)),
        ("indian_pines/Indian_pines_corrected.mat", (145, 145, 200)),
    ):
        driver.open(str(data_dir / name))
        assert driver.document.cube.shape == shape
        assert driver.canvas.picture.image.shape == (*shape[:2], 4)
        driver.hover(0, 0)
        x, y = driver.window.context.plot.live_values()
        assert x.size == y.size == shape[2]


@pytest.mark.real_data
def test_bad_bands_are_gaps(driver, data_dir):
    driver.open(str(data_dir / "envi/ang20140912t192359_corr_v1c_img_2580-2590_540-550.hdr"))
    cube = driver.document.cube
    bad = ~cube.good_bands
    assert 0 < bad.sum() < cube.bands
    driver.hover(3, 4)
    _, y = driver.window.context.plot.live_values()
    np.testing.assert_array_equal(np.isnan(y), bad)
    assert not set(driver.window.context.viewing.picture.bands) & set(np.flatnonzero(bad))


def test_a_file_that_is_no_cube_says_so_and_keeps_the_old_one(sample, tmp_path):
    before = sample.document
    path = tmp_path / "notes.txt"
    path.write_text("not a cube")
    sample.window.open(str(path))
    sample.qtbot.waitUntil(lambda: bool(sample.window.notices.texts()))
    assert str(path) in sample.window.notices.texts()[-1]
    assert sample.document is before


def test_a_session_that_was_ready_when_its_opening_was_cancelled_is_closed(driver, monkeypatch):
    """What a worker hands over in the moment of the cancel isn't taken; its lock would stay."""
    ready, opening, before = Event(), driver.window.context.opening, driver.document
    prepare = opening.prepare

    def folders() -> set[Path]:
        return {*sessions_folder().glob("*")}

    known = folders()

    def prepared(*about):
        session = prepare(*about)
        ready.set()
        return session

    monkeypatch.setattr(opening, "prepare", prepared)
    driver.window.open("sample:indian-pines")
    assert ready.wait(PATIENCE)
    assert folders() > known
    driver.trigger("edit.cancel")
    driver.qtbot.waitUntil(lambda: folders() == known)
    assert driver.document is before


def test_cancelled_opening_is_dropped(driver, monkeypatch, tmp_path):
    import threading

    from hsi_viewer.ui.features.opening import opening

    before = driver.document
    gate = threading.Event()
    real = opening.open_cube

    def slow(source, token, port):
        gate.wait(PATIENCE)
        return real(source, token, port)

    monkeypatch.setattr(opening, "open_cube", slow)
    driver.window.open("sample:indian-pines")
    assert driver.window.context.busy.isVisible()
    driver.trigger("edit.cancel")
    assert not driver.window.context.busy.isVisible()
    gate.set()
    driver.qtbot.waitUntil(lambda: not driver.window.workspace.tasks._tasks)
    assert driver.document is before


HANG = Path(__file__).parents[2] / "data" / "hostile" / "hang.h5"


def test_a_file_on_which_its_library_hangs_leaves_the_window_alive(driver, monkeypatch, tmp_path):
    """Many rounds of the event loop while it is examined, and Cancel ends it."""
    rounds, before = [], driver.document
    timer = QTimer()
    timer.timeout.connect(lambda: rounds.append(1))
    timer.start(10)
    path = shutil.copy(HANG, tmp_path / "hang.h5")
    monkeypatch.setattr(probe, "SILENT_SECONDS", PATIENCE)  # a round may take long, too
    driver.window.open(str(path))
    driver.qtbot.waitUntil(lambda: len(rounds) >= 50, timeout=60_000)
    assert driver.window.context.busy.isVisible()
    driver.trigger("edit.cancel")
    assert not driver.window.context.busy.isVisible()
    driver.qtbot.waitUntil(lambda: not driver.window.workspace.tasks._tasks, timeout=60_000)
    assert driver.document is before


def test_a_file_on_which_its_library_hangs_is_refused_in_the_window(driver, monkeypatch, tmp_path):
    monkeypatch.setattr(probe, "SILENT_SECONDS", 1.0)
    notices = []
    driver.window.workspace.noticed.connect(lambda text, level: notices.append((text, level)))
    path = shutil.copy(HANG, tmp_path / "hang.h5")
    driver.window.open(str(path))
    driver.qtbot.waitUntil(lambda: bool(notices), timeout=60_000)
    assert notices[0][0].startswith(f"{path} cannot be opened: the HDF5 library hangs")
    assert notices[0][1] == "error"


def test_notices_are_bounded_and_plain(driver):
    notices = []
    driver.window.workspace.noticed.connect(lambda text, level: notices.append(text))
    driver.window.workspace.notify("<b>a</b>\x1b[2J\u202e" + "x" * 70_000, "error")
    assert notices[0].startswith("<b>a</b>\\x1b[2J\\u202exxx")
    assert len(notices[0]) == 2000
    labels = [w.text() for w in driver.window.findChildren(QLabel) if "<b>a</b>" in w.text()]
    formats = {w.textFormat() for w in driver.window.findChildren(QLabel) if "<b>a</b>" in w.text()}
    assert labels
    assert formats == {Qt.TextFormat.PlainText}


def test_bands_and_presets_change_the_picture(sample):
    panel = sample.window.panel("display")
    before = sample.canvas.picture.image.copy()
    panel.preset.setCurrentText("Colour infrared")
    panel.preset.activated.emit(panel.preset.currentIndex())
    sample.settle()
    nm = sample.document.cube.wavelengths[list(sample.window.context.viewing.picture.bands)]
    np.testing.assert_allclose(nm, (860, 650, 550), atol=6)
    assert not np.array_equal(sample.canvas.picture.image, before)
    panel.bands[0].setCurrentIndex(100)
    sample.settle()
    assert sample.window.context.viewing.picture.bands[0] == 100
    assert panel.preset.currentText() == "Custom"


def test_about_this_scene_gives_licence_and_citation(sample):
    sample.trigger("help.scene")
    from hsi_viewer.ui.dialogs import TextDialog

    dialog = sample.window.findChild(TextDialog)
    text = dialog.browser.toPlainText()
    assert "10.4231/R7RX991C" in text
    assert "Creative Commons Attribution 3.0" in text
    dialog.close()


def test_a_scene_without_data_says_why_nothing_is_seen(driver, tmp_path):
    np.save(tmp_path / "nan.npy", np.full((20, 30, 4), np.nan, np.float32))
    driver.open(str(tmp_path / "nan.npy"))
    assert any("contain no data, so nothing is drawn" in t for t in driver.window.notices.texts())


def test_a_no_data_value_without_effect_is_said_in_the_window(driver, tmp_path):
    (tmp_path / "a.img").write_bytes(np.full((8, 9, 4), 7, "u2").tobytes())
    head = "ENVI\nsamples = 9\nlines = 8\nbands = 4\ndata type = 12\ninterleave = bip\n"
    (tmp_path / "a.hdr").write_text(f"{head}byte order = 0\ndata ignore value = -9999\n")
    driver.open(str(tmp_path / "a.hdr"))
    assert [t for t in driver.window.notices.texts() if "-9999 has no effect" in t]


def test_a_part_that_is_not_in_a_file_is_named(sample, tmp_path):
    np.savez(tmp_path / "z.npz", a=np.zeros((20, 30, 4)), b=np.zeros((20, 30, 4)))
    sample.window.open(f"{tmp_path / 'z.npz'}:nope")
    sample.qtbot.waitUntil(lambda: bool(sample.window.notices.texts()))
    assert 'has no array "nope"' in sample.window.notices.texts()[0]
    assert sample.window.context.offers.texts() == []
