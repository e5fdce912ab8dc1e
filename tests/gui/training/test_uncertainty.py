"""Layers of uncertainty, class sets under the cursor, and doubtful pixels left unclassified."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog
from rasterio.crs import CRS
from scipy.io import loadmat
from zarr.core.sync import cleanup_resources

from hsi_viewer import explain
from hsi_viewer.core.assessment.map_assessment import conformal_of
from hsi_viewer.core.assessment.uncertainty import entropy, margin
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.prediction import Prediction
from hsi_viewer.io.labels.label_file import read_labels
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.jobs.bundle.verify import VerifyJob, verify
from hsi_viewer.ui.widgets.why_panel import PICK
from tests.gui.exporting.test_exporting import export
from tests.gui.training.test_accuracy import PLACES, Bench, made_scene
from tests.unit.jobs.report.made import leave_undrawn

UTM = Georeference((10.0, 0, 5e5, 0, -10.0, 5.1e6), CRS.from_epsg(32633).to_wkt())
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def bench(driver, tmp_path) -> Iterator[Bench]:
    """The window with a map of the made scene, measured."""
    scene = made_scene()
    scene[12:18, 10:20] += 8  # like nothing that is labelled
    path = tmp_path / "scene.tif"
    write_cube(HyperCube.from_array(scene, georeference=UTM), path)
    driver.open(str(path))
    for _ in PLACES:
        driver.document.add_class()
    driver.trigger("tool.brush")
    driver.window.panel("training").choose_classifier("lda")
    bench = Bench(driver)
    for class_id, places in PLACES.items():
        bench.paint(class_id, *places)
    bench.train()
    bench.wait_for_figures()
    yield bench
    cleanup_resources()  # threads of the library, which it keeps until the program ends


def test_layers_sets_and_doubtful_pixels(bench, make_driver, tmp_path, monkeypatch):
    layers(bench)
    under_the_cursor(bench)
    why_this_class(bench)
    measured = left_unclassified(bench)
    path = what_leaves_the_window(bench, tmp_path, monkeypatch)
    whole = bench.driver.document.prediction.class_map.copy()
    bench.driver.let_go()
    again = make_driver()
    again.window.open(str(path))
    comes_back_with_the_session(again, path, whole, measured)


def test_where_the_exits_disagree_is_a_layer_with_its_bar(driver, tmp_path):
    np.save(tmp_path / "scene.npy", made_scene())
    driver.open(str(tmp_path / "scene.npy"))
    driver.document.add_class()
    values = np.linspace(0, 1, 2000, dtype=np.float32).reshape(40, 50)
    ids = np.ones((40, 50), np.uint16)
    made = Prediction(ids, 1 - values / 2, (1,), disagreement=values, source="SDHSI-Net")
    driver.document.set_prediction(made)
    driver.window.context.docking.show("display")
    box, stack = driver.window.panel("display").layer, driver.window.context.viewing.layers
    box.setFocus()
    for _ in range(2):
        QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentText() == "Exit disagreement"
    layer = stack["Exit disagreement"]
    assert layer.visible
    np.testing.assert_allclose(painted(layer), values, atol=0.01)
    assert (layer.bar.title, layer.bar.low, layer.bar.high) == ("Exit disagreement", 0, 1)
    assert driver.window.feature("legend").legend.bar is layer.bar
    assert not stack["Class map"].visible
    driver.document.set_prediction(Prediction(ids, 1 - values, (1,), source="LDA"))
    assert layer.name in stack.names
    assert stack["Exit disagreement"].raster is None  # nothing of the map before is left


def added(bench, command: str, title: str):
    stack = bench.window.context.viewing.layers
    bench.driver.trigger(command)
    bench.driver.qtbot.waitUntil(lambda: title in stack.names)
    return stack[title]


def painted(layer) -> np.ndarray:
    """The values that a layer shows, from its colours: place of each colour in the bar."""
    rows, columns = layer.raster.shape
    shown = layer.raster.rgba(slice(0, rows, 1), slice(0, columns, 1)).astype(int)
    bar = layer.bar.colours.astype(int)
    at = np.abs(shown[:, :, None, :3] - bar[None, None, :, :3]).sum(axis=3).argmin(axis=2)
    return layer.bar.low + (layer.bar.high - layer.bar.low) * at / (len(bar) - 1)


def layers(bench) -> None:
    """Each is what its name says, has a colour bar, and is also offered in the Layers panel."""
    prediction, evidence = bench.driver.document.prediction, bench.results.evidence
    p = prediction.probabilities
    for command, title, expected in (
        ("doubt.confidence", "Confidence", prediction.confidence),
        ("doubt.margin", "Margin", margin(p)),
        ("doubt.entropy", "Entropy", entropy(p)),
        ("doubt.sets", "Class set size", conformal_of(evidence).sizes(p)),
    ):
        layer = added(bench, command, title)
        assert layer.removable
        assert bench.window.feature("legend").legend.bar is layer.bar
        step = abs(layer.bar.high - layer.bar.low) / 100
        within = np.clip(expected, *sorted((layer.bar.low, layer.bar.high)))
        np.testing.assert_allclose(painted(layer), within, atol=step)

    bench.driver.trigger("doubt.exits")
    bench.driver.qtbot.waitUntil(
        lambda: any("network has no part" in t for t in bench.window.notices.texts())
    )
    panel = bench.window.panel("layers").layout().itemAt(0).widget()
    offered = [action.text() for action in panel.more.menu().actions()]
    assert "Area of applicability" in [text.replace("&", "") for text in offered]
    far = added(bench, "doubt.applicability", "Area of applicability")
    assert "Threshold: " in far.about
    labelled = bench.driver.document.labels.ids > 0
    shown = painted(far)
    assert shown[labelled].max() < 0.02 * far.bar.high  # a training pixel is its own neighbour


def under_the_cursor(bench) -> None:
    """The status bar names the classes that a pixel may have."""
    document, readout = bench.driver.document, bench.window.context.readout
    sets = conformal_of(bench.results.evidence)
    inside = sets.contains(document.prediction.probabilities[4, 4])
    names = [document.legend.name_of(k + 1) for k in np.flatnonzero(inside)]
    bench.driver.hover(4, 4)
    assert readout.doubt.text() == f"90 % set: {', '.join(names)}"
    assert names
    class_map = document.prediction.class_map
    mapped, class_map[4, 5] = class_map[4, 5], 0  # as without data or outside of a region
    bench.driver.hover(4, 5)
    assert readout.mapped.text() == "Map: Unclassified"
    assert readout.doubt.text() == ""
    class_map[4, 5] = mapped
    document.prediction_changed.emit()  # the cursor rests
    bench.driver.qtbot.waitUntil(lambda: readout.doubt.text().startswith("90 % set: "))


def why_this_class(bench) -> None:
    """A click on the image explains the pixel; only the latest one is shown."""
    driver, document = bench.driver, bench.driver.document
    driver.trigger("map.why")
    panel = bench.window.panel("why")
    assert panel.title.text() == PICK
    driver.trigger("tool.navigate")
    driver.click(20, 5)
    driver.click(4, 4)
    driver.qtbot.waitUntil(lambda: panel.found is not None and panel.found.row == 4)
    found, prediction = panel.found, document.prediction
    assert (found.row, found.column) == (4, 4)
    assert found.class_id == prediction.class_map[4, 4]
    name = document.legend.name_of(found.class_id)
    assert panel.title.text().startswith(f"{name}, ")
    assert panel.title.text().endswith("at row 5, column 5")
    model, labels = bench.results.model.model, bench.results.evidence.labels
    wanted = explain(model, document.cube, 4, 4, found.class_id, labels=labels)
    assert [g.effect for g in found.groups] == pytest.approx([g.effect for g in wanted.groups])
    assert max(found.groups, key=lambda g: g.effect).title == "Band 1"  # where the classes differ
    bands = panel.tables["bands"]
    assert bands.rowCount() == 8
    assert bands.item(0, 0).text() == "Band 1"
    assert panel.tables["voices"].item(0, 0).text() == "Linear discriminant"
    (spectrum,) = [c for c in [panel.plot.live_values()[1]] if c is not None]
    np.testing.assert_allclose(spectrum, document.cube.spectrum(4, 4), rtol=1e-5)
    assert len(panel.plot.curves.curves) == 2
    # both plots are whole: the panel isn't rolled
    bar = bench.window.context.docking.docks["why"].widget().verticalScrollBar()
    driver.qtbot.waitUntil(lambda: panel.effects.height() > 40)
    assert bar.maximum() == 0

    nearest = panel.tables["nearest"]
    panel.tabs.setCurrentWidget(nearest)
    assert nearest.item(0, 3).text() == "0.000"  # it is a training pixel itself
    nearest.setFocus()
    driver.type(Qt.Key.Key_C, modifier=CTRL)
    copied = QApplication.clipboard().text().splitlines()
    assert copied[1] == "Class\tRow\tColumn\tDistance"
    assert len(copied) == 2 + nearest.rowCount()
    last = nearest.rowCount() - 1
    at = nearest.visualItemRect(nearest.item(last, 0)).center()
    QTest.mouseClick(nearest.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert bench.window.feature("why")._outline.shown

    driver.click(15, 15)  # like nothing that is labelled
    driver.qtbot.waitUntil(lambda: panel.found is not None and panel.found.row == 15)
    assert not bench.window.feature("why")._outline.shown
    assert "Outside the area of applicability" in panel.note.text()
    driver.trigger("tool.brush")


def left_unclassified(bench) -> str:
    """By a slider, seen at once, applied as a run, undone, and by the area of applicability."""
    driver, document = bench.driver, bench.driver.document
    whole, entries = document.prediction, bench.window.feature("legend").legend
    measured = bench.panel.overall.text()
    driver.trigger("map.doubtful")
    panel = bench.window.feature("uncertainty").dialog
    assert not panel.apply_button.isEnabled()
    panel.confidence.setFocus()
    middle = round(100 * float(np.median(whole.confidence)))
    for _ in range(middle):
        QTest.keyClick(panel.confidence, Qt.Key.Key_Right)
    least = panel.confidence.value() / 100
    doubtful = whole.confidence.astype(np.float16) < np.float32(least)  # as runs keep it
    assert 0 < doubtful.sum() < doubtful.size
    assert panel.summary.text().startswith(f"{doubtful.sum():,} of {doubtful.size:,} pixels (")
    assert document.prediction is whole  # seen, but not done
    assert panel.percent.text() == f"{middle} %"

    driver.click_on(panel.apply_button)
    np.testing.assert_array_equal(document.prediction.class_map == 0, doubtful)
    np.testing.assert_array_equal(
        document.prediction.class_map[~doubtful], whole.class_map[~doubtful]
    )
    told = f"Unclassified: confidence below {100 * least:g} %"
    for name in ("Confidence", "Margin", "Entropy", "Class set size", "Area of applicability"):
        assert name not in bench.window.context.viewing.layers.names  # they were of the other map
    driver.qtbot.waitUntil(lambda: told in [entry.name for entry in entries.entries])
    runs = bench.window.context.sessions.session.training_runs
    driver.qtbot.waitUntil(lambda: len(runs.runs) == 2)
    assert runs.runs[1].config["unclassified"] == f"confidence below {100 * least:g} %"

    driver.qtbot.waitUntil(lambda: "made of another one" in bench.panel.state.text())

    bench.window.activateWindow()  # as a click on it does
    driver.qtbot.waitUntil(bench.window.isActiveWindow)
    driver.key(Qt.Key.Key_Z, CTRL)
    assert document.prediction is whole
    assert panel.confidence.value() == 0
    driver.qtbot.waitUntil(lambda: bench.panel.overall.isVisibleTo(bench.panel))
    assert bench.panel.overall.text() == measured
    assert told not in [entry.name for entry in entries.entries]

    driver.click_on(panel.applicable, _on_box(panel.applicable))
    driver.qtbot.waitUntil(lambda: "pixels (" in panel.summary.text())
    area = bench.window.feature("uncertainty").leaving_out._area
    outside = area.values > area.threshold
    assert panel.summary.text().startswith(f"{outside.sum():,} of ")
    assert outside[12:18, 10:20].all()
    assert not outside[document.labels.ids > 0].any()
    driver.click_on(panel.apply_button)
    np.testing.assert_array_equal(document.prediction.class_map == 0, outside)
    driver.click_on(panel.applicable, _on_box(panel.applicable))
    assert panel.summary.text() == "Every pixel gets its class back."
    driver.click_on(panel.apply_button)
    assert document.prediction is whole
    panel.close()
    return measured


def what_leaves_the_window(bench, tmp_path, monkeypatch):
    """Files, areas, polygons, bundle and session have class 0 where pixels were left out."""
    driver, document = bench.driver, bench.driver.document
    driver.trigger("map.doubtful")
    panel = bench.window.feature("uncertainty").dialog
    panel.confidence.setFocus()
    middle = round(100 * float(np.median(document.prediction.confidence)))
    for _ in range(middle):
        QTest.keyClick(panel.confidence, Qt.Key.Key_Right)
    driver.click_on(panel.apply_button)
    panel.close()
    sessions, ids = bench.window.context.sessions, document.prediction.class_map
    driver.qtbot.waitUntil(lambda: not sessions.run_pending and sessions.shown_run is not None)
    left = ids == 0
    assert 0 < left.sum() < left.size

    bench.window.activateWindow()  # as a click on it does
    driver.qtbot.waitUntil(bench.window.isActiveWindow)
    export(driver, before=lambda dialog: tick(driver, dialog, "cog", "zarr"))
    header = tmp_path / f"scene_run{sessions.shown_run}_classes.hdr"
    assert header.exists(), sorted(p.name for p in tmp_path.iterdir())
    np.testing.assert_array_equal(read_labels(header).ids, ids)
    for suffix in (".tif", ".cog.tif"):
        with rasterio.open(header.with_suffix(suffix)) as file:
            np.testing.assert_array_equal(file.read(1), ids)
    np.testing.assert_array_equal(read_labels(header.with_suffix(".zarr")).ids, ids)
    np.testing.assert_array_equal(np.load(header.with_suffix(".npy")), ids)
    np.testing.assert_array_equal(loadmat(header.with_suffix(".mat"))["class_map"], ids)

    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    target = tmp_path / "areas.csv"
    driver.trigger("map.areas")
    dialog = bench.window.feature("map")._areas
    driver.qtbot.waitUntil(lambda: dialog.table.rowCount() > 0)
    first = dialog.areas[0].square_metres
    for key, name, metres in ((Qt.Key.Key_End, "acres", 4046.8564224), (Qt.Key.Key_Up, "km²", 1e6)):
        driver.qtbot.keyClick(dialog.unit, key)
        value, unit = dialog.table.item(0, 3).text().split()
        assert float(value) == pytest.approx(first / metres, abs=6e-3)
        assert unit == driver.window.workspace.settings.area_unit == name
    driver.click_on(dialog.save)
    driver.qtbot.waitUntil(target.exists)
    with target.open(encoding="utf-8", newline="") as file:
        assert sum(int(row["pixels"]) for row in csv.DictReader(file)) == (~left).sum()
    dialog.close()
    target = tmp_path / "fields.gpkg"
    with monkeypatch.context() as patch:
        patch.setattr(QDialog, "exec", lambda _self: 1)
        driver.trigger("map.polygons")
    driver.qtbot.waitUntil(target.exists)
    driver.settle()
    shapes, fields = pyogrio.raw.read(target)[2:]
    assert shapely.area(shapely.from_wkb(shapes)).sum() == pytest.approx(100 * (~left).sum())
    assert 0 not in fields[0]

    leave_undrawn(monkeypatch)
    target = tmp_path / "left.zip"
    driver.trigger("file.bundle")
    driver.settle()
    assert target.exists(), bench.window.notices.texts()
    found = verify(VerifyJob(target))
    assert (found.share, found.warnings) == (1, ())

    target = tmp_path / "work.hsiproj"
    driver.trigger("file.save")
    driver.qtbot.waitUntil(lambda: not sessions.unsaved())
    driver.settle()
    return target


def comes_back_with_the_session(driver, path, left_out, measured) -> None:
    """A session that is opened again has the map; moving the slider back restores all pixels."""
    driver.qtbot.waitUntil(
        lambda: driver.document is not None and driver.document.prediction is not None
    )
    driver.settle()
    document, panel = driver.document, driver.window.feature("uncertainty").dialog
    np.testing.assert_array_equal(document.prediction.class_map, left_out)
    assert document.prediction.unclassified.startswith("confidence below ")
    driver.trigger("map.doubtful")
    driver.qtbot.waitUntil(lambda: panel.confidence.value() > 0)
    assert document.prediction.unclassified == f"confidence below {panel.confidence.value()} %"
    assert not panel.apply_button.isEnabled()
    panel.confidence.setFocus()
    QTest.keyClick(panel.confidence, Qt.Key.Key_Home)
    assert panel.summary.text() == "Every pixel gets its class back."
    driver.click_on(panel.apply_button)
    assert (document.prediction.class_map > 0).all()
    kept = left_out > 0
    np.testing.assert_array_equal(document.prediction.class_map[kept], left_out[kept])
    accuracy = driver.window.panel("accuracy")
    driver.qtbot.waitUntil(lambda: accuracy.overall.text() == measured)
    assert driver.window.context.sessions.shown_run == 1


def tick(driver, dialog, *formats: str) -> None:
    """Click boxes of the export dialog that are not ticked at first."""
    for name in formats:
        box = dialog.formats[name]
        assert not box.isChecked()
        driver.click_on(box, _on_box(box))
        assert box.isChecked()


def _on_box(box) -> QPoint:
    """The middle of the square that is ticked."""
    return QPoint(box.height() // 2, box.height() // 2)
