"""Every step of cleaning in the window: seen before, kept, undone, reported; polygons, styles."""

from __future__ import annotations

import csv
import json

import numpy as np
import pyogrio
import pytest
import shapely
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from rasterio.crs import CRS

from hsi_viewer.analysis.pixel_area import pixel_area
from hsi_viewer.core.cube.cube import HyperCube
from hsi_viewer.core.cube.georeference import Georeference
from hsi_viewer.core.labels.classes import LabelClass
from hsi_viewer.core.postprocess.clean import Cleaning, cleaned
from hsi_viewer.core.postprocess.map_regions import map_regions
from hsi_viewer.io.labels.legend_file import read_legend
from hsi_viewer.io.writers.cube_writer import write_cube
from hsi_viewer.learning.classifiers import fit
from hsi_viewer.ui.features.after_map import applying
from hsi_viewer.ui.features.after_map.polygons_dialog import SAVE, PolygonsDialog
from hsi_viewer.ui.features.exporting.layers_dialog import SAVE as SAVE_LAYERS
from hsi_viewer.ui.features.exporting.layers_dialog import LayersDialog
from tests.gui.after_map.shown import shown_ids
from tests.gui.exporting.test_layers_and_figures import PLACE, answer
from tests.unit.jobs.report.made import leave_undrawn

CTRL = Qt.KeyboardModifier.ControlModifier
NAMES = {1: "one", 2: "two", 3: "three", 4: "four"}
OPEN, CLOSE, INTO = 1, 2, 3  # columns of the panel's table


@pytest.fixture
def mapped(driver, tmp_path, monkeypatch):
    """A georeferenced scene that a model maps pixel by pixel as it was made.

    Fields of four classes, noise, a line, a gap, and no data, also all around one pixel.
    """
    class_map = np.where(np.arange(24) + np.arange(20)[:, None] < 22, 1, 2)
    class_map[np.random.default_rng(5).random((20, 24)) < 0.1] = 3
    class_map[15:] = 4
    class_map[12:18, 8] = 2
    class_map[17:19, 18] = 1
    class_map[:2] = class_map[6:9, 4:7] = 0
    class_map[7, 5] = 3
    rng = np.random.default_rng(2)
    values = rng.uniform(0.1, 0.9, (5, 6))[class_map] + rng.normal(0, 1e-3, (20, 24, 6))
    values[class_map == 0] = -1
    place = Georeference(PLACE, CRS.from_epsg(32633).to_wkt())
    waves = np.linspace(450, 900, 6)
    cube = HyperCube.from_array(
        values.astype(np.float32), wavelengths=waves, georeference=place, nodata=-1.0
    )
    write_cube(cube, tmp_path / "field.hdr")
    legend = [LabelClass(i, name, (60 * i, 20, 200)) for i, name in NAMES.items()]
    fit(cube, class_map.astype(np.uint16), classifier="lda", legend=legend).save(tmp_path / "model")
    monkeypatch.setattr(applying, "import_trainer", lambda _token, _port: None)
    path = str(tmp_path / "model" / "model.json")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_a, **_k: (path, ""))
    driver.open(str(tmp_path / "field.hdr"))
    driver.trigger("map.apply")
    driver.qtbot.waitUntil(lambda: driver.document.prediction is not None)
    driver.settle()
    np.testing.assert_array_equal(driver.document.prediction.class_map, class_map)
    sessions = driver.window.context.sessions
    driver.qtbot.waitUntil(lambda: not sessions.run_pending)
    driver.trigger("map.clean")
    return driver


def tick(panel, row: int, column: int) -> None:
    panel.table.setFocus()
    panel.table.setCurrentCell(row, column)
    QTest.keyClick(panel.table, Qt.Key.Key_Space)


def least(panel, number: str, unit: int = 0) -> None:
    panel.unit.setFocus()
    for _ in range(unit):
        QTest.keyClick(panel.unit, Qt.Key.Key_Down)
    panel.minimum.setFocus()
    panel.minimum.selectAll()
    QTest.keyClicks(panel.minimum, number)


def down(box) -> None:
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Down)


def least_with_corners(panel) -> None:
    panel.corners.setFocus()
    QTest.keyClick(panel.corners, Qt.Key.Key_Space)
    least(panel, "60", unit=1)


def close_with_corners(panel) -> None:
    panel.corners.setFocus()
    QTest.keyClick(panel.corners, Qt.Key.Key_Space)
    tick(panel, 3, CLOSE)


# each on the map that the one before has left, and what the record and the report say of it
STEPS = (
    (lambda panel: tick(panel, 1, OPEN), Cleaning(open=(2,)), "two opened"),
    (close_with_corners, Cleaning(close=(4,), corners=True), "four closed (8 neighbours)"),
    (lambda panel: least(panel, "2"), Cleaning(minimum=2.0), "regions below 2 pixels removed"),
    (
        least_with_corners,
        Cleaning(square_metres=60.0, corners=True),
        "regions below 60 m² removed (8 neighbours)",
    ),
    (
        lambda panel: least(panel, "0.02", unit=2),
        Cleaning(square_metres=200.0),
        "regions below 200 m² removed",
    ),
    (lambda panel: down(panel.majority), Cleaning(majority=3), "majority of 3 x 3 pixels"),
    (
        lambda panel: down(panel.table.cellWidget(3, INTO)),
        Cleaning(merge={4: 1}),
        "four merged into one",
    ),
)


def test_every_step_is_seen_kept_undone_and_reported(mapped, tmp_path, monkeypatch):
    document, panel = mapped.document, mapped.window.panel("clean-map")
    sessions, first = mapped.window.context.sessions, document.prediction
    row_area = pixel_area(document.cube.georeference, 20, 24)  # about 25 square metres
    for number, (choose, cleaning, sentence) in enumerate(STEPS, start=1):
        before = document.prediction
        wanted = cleaned(before.class_map, cleaning, row_area)
        changed = np.count_nonzero(wanted != before.class_map)
        assert changed, sentence
        choose(panel)
        mapped.qtbot.waitUntil(lambda: panel.apply_button.isEnabled())
        assert panel.cleaning() == cleaning
        assert panel.summary.text().startswith(f"{changed} of ")
        np.testing.assert_array_equal(shown_ids(mapped), wanted)
        assert document.prediction is before
        mapped.click_on(panel.apply_button)
        mapped.qtbot.waitUntil(lambda before=before: document.prediction is not before)
        mapped.settle()
        np.testing.assert_array_equal(document.prediction.class_map, wanted)
        np.testing.assert_array_equal(wanted == 0, first.class_map == 0)
        assert not panel.anything  # the next step starts from none
        mapped.qtbot.waitUntil(lambda: not sessions.run_pending)
        run = sessions.session.training_runs.runs[-1]
        assert run.config["cleaned"].split("; ")[-1] == sentence
        assert len(run.config["cleaning"]) == number
        after = document.prediction
        mapped.type("z", modifier=CTRL)
        assert document.prediction is before
        np.testing.assert_array_equal(shown_ids(mapped), before.class_map)
        mapped.trigger("edit.redo")
        assert document.prediction is after
    assert document.prediction.class_map[7, 5] == 3
    reported(mapped, tmp_path, monkeypatch)


def reported(driver, tmp_path, monkeypatch) -> None:
    leave_undrawn(monkeypatch)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: str(tmp_path))
    driver.trigger("file.report")
    driver.settle()
    (path,) = tmp_path.glob("*_report/report.json")
    facts = json.loads(path.read_text("utf-8"))
    for _, _, sentence in STEPS:
        assert f"Afterwards the map was cleaned: {sentence}." in facts["methods"]
    steps = [cleaning for _, cleaning, _ in STEPS]
    assert [c["square_metres"] for c in facts["cleanings"]] == [s.square_metres for s in steps]
    assert [c["corners"] for c in facts["cleanings"]] == [s.corners for s in steps]


def test_reset_smoothed_polygons_objects_and_styles(mapped, tmp_path, monkeypatch):
    reset_chooses_no_step_and_shows_the_map_as_it_is(mapped)
    smoothed_polygons_are_gapless_and_objects_are_measured(mapped, tmp_path, monkeypatch)
    for suffix in (".tif", ".hdr"):
        a_style_for_qgis_lies_beside_a_map_that_is_exported_as_a_layer(mapped, tmp_path, suffix)


def reset_chooses_no_step_and_shows_the_map_as_it_is(mapped) -> None:
    panel, original = mapped.window.panel("clean-map"), mapped.document.prediction
    tick(panel, 1, OPEN)
    mapped.qtbot.waitUntil(lambda: panel.apply_button.isEnabled())
    mapped.click_on(panel.reset_button)
    assert not panel.anything
    mapped.qtbot.waitUntil(lambda: not panel.apply_button.isEnabled())
    np.testing.assert_array_equal(shown_ids(mapped), original.class_map)
    assert mapped.document.prediction is original


def smoothed_polygons_are_gapless_and_objects_are_measured(mapped, tmp_path, monkeypatch) -> None:
    path, ids = tmp_path / "fields.gpkg", mapped.document.prediction.class_map
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(path), ""))

    def save(dialog: PolygonsDialog) -> None:
        if not dialog.buttons.button(SAVE).isEnabled():  # the regions are being counted
            QTimer.singleShot(5, lambda: save(dialog))
            return
        dialog.smooth.selectAll()
        QTest.keyClicks(dialog.smooth, "2")
        mapped.click_on(dialog.objects)
        mapped.click_on(dialog.spectra)
        mapped.click_on(dialog.buttons.button(SAVE))

    QTimer.singleShot(0, lambda: answer(PolygonsDialog, save))
    mapped.trigger("map.polygons")
    mapped.settle()
    assert QApplication.activeModalWidget() is None
    _, _, wkb, _ = pyogrio.raw.read(path)
    shapes = shapely.from_wkb(wkb)
    assert shapely.is_valid(shapes).all()
    whole = shapely.union_all(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(whole.area) == 25 * np.count_nonzero(ids)
    along_pixels = sum(region_border(ids, n) for n in range(1, len(map_regions(ids)) + 1))
    assert shapely.length(shapes).sum() < 0.95 * 5 * along_pixels
    with path.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    regions, values = map_regions(ids), mapped.document.cube.read()
    assert len(rows) == len(shapes) == len(regions)
    for number, row in enumerate(rows, start=1):
        own = regions.numbers == number
        assert row["class_name"] == mapped.document.legend.name_of(int(ids[own][0]))
        assert float(row["area_m2"]) == pytest.approx(25 * own.sum(), rel=0.01)
        middle = np.argwhere(own).mean(axis=0) + 0.5
        assert (float(row["row"]), float(row["column"])) == pytest.approx(middle.tolist())
        spectrum = [float(row[f"{w:g} nm"]) for w in mapped.document.cube.wavelengths]
        assert spectrum == pytest.approx(values[own].mean(axis=0).tolist(), rel=1e-5)


def region_border(ids: np.ndarray, number: int) -> int:
    """Pixel sides around a region."""
    own = np.pad(map_regions(ids).numbers == number, 1)
    return int(sum(np.count_nonzero(np.diff(own, axis=axis)) for axis in (0, 1)))


def a_style_for_qgis_lies_beside_a_map_that_is_exported_as_a_layer(
    mapped, tmp_path, suffix: str
) -> None:
    def export(dialog: LayersDialog) -> None:
        for n in range(dialog.list.count()):
            row = dialog.list.item(n)
            wanted = row.text().split("   ")[0] == "Class map"
            row.setCheckState(Qt.CheckState.Checked if wanted else Qt.CheckState.Unchecked)
        dialog.format.setCurrentIndex(dialog.format.findData(suffix))
        mapped.click_on(dialog.buttons.button(SAVE_LAYERS))

    QTimer.singleShot(0, lambda: answer(LayersDialog, export))
    mapped.trigger("file.export_layers")
    mapped.settle()
    (path,) = tmp_path.glob(f"field*class_map{suffix}")
    style = read_legend(path.with_suffix(".qml"))
    path.with_suffix(".qml").unlink()  # of the other image, too
    assert [(c.id, c.name, c.colour) for c in style] == [
        (c.id, c.name, c.colour) for c in mapped.document.legend
    ]
