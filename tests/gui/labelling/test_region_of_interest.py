"""The region of interest by mouse and keys: drawn, from files, shown, trained on, undone."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from hsi_viewer.core.display.layers import OUTSIDE
from hsi_viewer.core.progress import CancelToken, SilentPort
from hsi_viewer.session.document.map_scoring import scoring_of
from hsi_viewer.ui.dialogs import accept_button
from hsi_viewer.ui.features.labelling.region_of_interest import CORNERS
from tests.gui.hands import SIZE, Hands, made_cube

SQUARE = ((10, 10), (10, 59), (49, 59), (49, 10))


@pytest.fixture
def hands(driver, tmp_path) -> Hands:
    path = tmp_path / "made.npy"
    np.save(path, made_cube())
    driver.open(str(path))
    return Hands(driver)


def inside(hands: Hands) -> np.ndarray | None:
    return hands.driver.document.region.now.inside


def legend(hands: Hands) -> list[str]:
    return [entry.name for entry in hands.driver.window.feature("legend").legend.entries]


def test_a_region_is_drawn_shown_trained_on_and_cleared(hands, monkeypatch, tmp_path):
    driver, window = hands.driver, hands.driver.window
    layers = window.context.viewing.layers
    panel = window.feature("training").panel
    before = window.feature("labelling").labelling.tool
    a_region_is_drawn_as_one_step(hands, layers, panel, before)
    only_the_inside_is_trained_on(hands, panel)
    a_map_keeps_the_region_that_it_was_made_of(hands)
    it_is_inverted_undone_and_taken_from_what_is_there(hands)
    files_say_what_is_inside_and_what_is_left_out(hands, monkeypatch, tmp_path)
    bands_are_chosen_as_text(hands, panel)
    driver.click_on(panel.clear_region)
    assert inside(hands) is None
    assert driver.document.region.now.bands is None
    assert driver.document.history.undo_title == "Use the whole scene"
    assert panel.region.isHidden()
    assert OUTSIDE not in layers
    driver.trigger("edit.undo")
    assert panel.region.text().endswith("; 3 of 8 bands")


def a_region_is_drawn_as_one_step(hands, layers, panel, before):
    driver = hands.driver
    assert not driver.window.commands.action("roi.clear").isEnabled()
    assert panel.clear_region.isHidden()
    tools = driver.window.feature("labelling").tools
    hands.tool("brush")
    driver.trigger("roi.draw")
    assert tools.options.hint.text() == f"Region of interest: c{CORNERS[1:]}"
    assert [box.isVisible() for box in (tools.options.smooth, tools.options.brush_size)] == [1, 0]
    assert not driver.window.commands.action("tool.brush").isChecked()
    for corner in SQUARE:
        hands.click(corner)
    driver.type("]")  # the brush of later grows, the polygon stays
    assert tools.options.accept.isVisible()
    driver.key(Qt.Key.Key_Escape)  # drops the outline
    assert inside(hands) is None
    assert tools.options.hint.text().startswith("Brush: ")
    driver.trigger("roi.draw")
    driver.type("v")  # another tool
    assert tools.options.hint.text().startswith("Select regions: ")
    hands.tool(before)
    driver.trigger("roi.draw")
    for corner in SQUARE:
        hands.click(corner)
    driver.type("]")
    driver.click_on(tools.options.accept)
    found = inside(hands)
    assert found[15:45, 15:55].all()
    assert not found[:8].any()
    assert not found[:, 62:].any()
    assert not hands.ids.any()
    assert driver.document.history.undo_title == "Draw region of interest"
    assert driver.window.feature("labelling").labelling.tool == before
    assert layers[OUTSIDE].visible
    assert legend(hands) == [OUTSIDE]
    share = round(100 * found.sum() / found.size)
    assert panel.region.text() == f"Region of interest: {share} % of the scene"
    assert panel.clear_region.isVisibleTo(panel)
    driver.trigger("edit.undo")
    assert inside(hands) is None
    assert OUTSIDE not in layers
    driver.trigger("edit.redo")
    assert np.array_equal(inside(hands), found)


def only_the_inside_is_trained_on(hands, panel):
    driver = hands.driver
    ids = np.zeros(SIZE, np.uint16)
    ids[15:19, 15:19], ids[15:19, 45:49], ids[2:5, 70:75] = 1, 2, 2
    driver.document.load_labels(ids)
    told = []
    driver.window.workspace.noticed.connect(lambda text, _level: told.append(text))
    panel.choose_classifier("lda")
    driver.click_on(panel.train_button)
    driver.qtbot.waitUntil(lambda: driver.document.prediction is not None)
    driver.settle()
    assert np.array_equal(driver.document.prediction.class_map > 0, inside(hands))
    assert "15 of 47 labels lie outside the region of interest and aren't used." in told
    assert hands.ids[3, 72] == 2  # it is still there
    assert not driver.document.trained_on[3, 72]
    assert legend(hands)[-1] == OUTSIDE
    figure = driver.window.feature("figures").legend_of(driver.canvas)
    assert [entry.name for entry in figure] == legend(hands)
    hands.hover((3, 72))
    assert driver.window.context.readout.mapped.text() == "Map: Unclassified"
    driver.document.set_truth(np.ones(SIZE, np.uint16))
    test = scoring_of(driver.document).test_pixels()
    assert not test[~inside(hands)].any()
    driver.document.set_truth(None)


def a_map_keeps_the_region_that_it_was_made_of(hands):
    driver, document = hands.driver, hands.driver.document
    context, reports = driver.window.context, driver.window.feature("exporting").reports
    drawn = inside(hands)
    driver.qtbot.waitUntil(lambda: context.sessions.shown_run is not None)
    document.set_truth(np.ones(SIZE, np.uint16))
    driver.settle()
    scored = scoring_of(document).test_pixels()
    report = reports._run(document)
    driver.trigger("roi.invert")
    driver.settle()
    assert np.array_equal(document.used_cube.inside, ~drawn)
    assert np.array_equal(document.mapped_cube.inside, drawn)
    assert document.mapped_cube is document.mapped_cube
    assert np.array_equal(scoring_of(document).test_pixels(), scored)
    found = scoring_of(document).assessment()
    assert (found.separated or found.random).total == np.count_nonzero(scored)
    after = reports._run(document)
    mapped = after.mapped(CancelToken(), SilentPort())
    assert np.array_equal(mapped.cube.inside, report.cube.inside)
    assert np.array_equal(mapped.test > 0, scored > 0)
    # and so does the run, shown again from the disk
    document.set_prediction(None)
    context.runs.show_run(context.sessions.shown_run)
    driver.qtbot.waitUntil(lambda: document.prediction is not None)
    assert np.array_equal(document.mapped_cube.inside, drawn)
    document.set_truth(None)
    driver.trigger("edit.undo")
    assert np.array_equal(inside(hands), drawn)


def it_is_inverted_undone_and_taken_from_what_is_there(hands):
    driver, document = hands.driver, hands.driver.document
    drawn = inside(hands)
    driver.trigger("roi.invert")
    assert np.array_equal(inside(hands), ~drawn)
    driver.trigger("edit.undo")
    assert np.array_equal(inside(hands), drawn)
    selected = document.labels.ids == 2
    document.selection.select(selected, "two")
    driver.trigger("roi.selection")
    assert np.array_equal(inside(hands), selected)
    panel = hands.driver.window.feature("training").panel
    reason = "Fewer than two classes have labels inside the region of interest: "
    train = driver.window.commands.action("train.start")
    assert not panel.train_button.isEnabled()  # only one class has labels there
    assert panel.reason.text().startswith(reason)
    assert not train.isEnabled()
    assert reason in train.toolTip()
    assert not driver.window.commands.action("labels.guide").isEnabled()
    driver.trigger("edit.undo")
    assert panel.train_button.isEnabled()
    driver.trigger("edit.redo")
    assert not panel.train_button.isEnabled()
    assert not driver.window.commands.action("roi.picked").isEnabled()
    hands.tool("select")
    hands.click((16, 16))
    driver.qtbot.waitUntil(lambda: driver.window.commands.action("roi.picked").isEnabled())
    driver.trigger("roi.picked")
    assert np.array_equal(inside(hands), document.labels.ids == 1)


def files_say_what_is_inside_and_what_is_left_out(hands, monkeypatch, tmp_path):
    driver = hands.driver
    ring = [[0, 0], [40, 0], [40, 30], [0, 30], [0, 0]]
    shape = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon"}}
    shape["geometry"]["coordinates"] = [ring]
    field, clouds = tmp_path / "field.geojson", tmp_path / "clouds.npy"
    field.write_text(json.dumps({"type": "FeatureCollection", "features": [shape]}))
    mask = np.zeros(SIZE, np.uint8)
    mask[:10] = 7
    np.save(clouds, mask)
    for path, command in ((field, "roi.file"), (clouds, "roi.mask")):
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, p=path: (str(p), ""))
        driver.trigger(command)
        title = driver.document.history
        driver.qtbot.waitUntil(lambda h=title, p=path: p.name in (h.undo_title or ""))
    wanted = np.zeros(SIZE, bool)
    wanted[10:30, :40] = True
    assert np.array_equal(inside(hands), wanted)
    mask[:] = 1
    np.save(clouds, mask)
    told = []
    driver.window.workspace.noticed.connect(lambda text, _level: told.append(text))
    driver.trigger("roi.mask")
    driver.qtbot.waitUntil(lambda: any("leave no pixel" in text for text in told))
    assert np.array_equal(inside(hands), wanted)


def bands_are_chosen_as_text(hands, panel):
    driver = hands.driver
    driver.trigger("roi.bands")
    dialog = driver.window.feature("region_of_interest")._bands
    dialog.ranges.setFocus()
    driver.qtbot.keyClicks(dialog.ranges, "2-9")
    assert "has the bands 1 to 8" in dialog.state.text()
    assert not accept_button(dialog.buttons).isEnabled()
    dialog.ranges.clear()
    driver.qtbot.keyClicks(dialog.ranges, "1-2, 7")
    assert dialog.state.text() == "3 of 8 bands"
    driver.qtbot.keyClick(dialog.ranges, Qt.Key.Key_Return)
    assert np.flatnonzero(driver.document.region.now.bands).tolist() == [0, 1, 6]
    assert panel.region.text().endswith("; 3 of 8 bands")
    assert driver.document.history.undo_title == "Choose bands"
    driver.trigger("roi.bands")
    again = driver.window.feature("region_of_interest")._bands
    assert again.ranges.text() == "bands 1-2, 7"
    again.reject()
